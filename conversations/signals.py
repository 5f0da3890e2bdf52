"""People who may no longer look lose their open pages at once, and what was being written for them ends."""

from typing import Any

from accounts.signals import account_disabled, session_ended
from conversations.generation import engine
from conversations.moderating import stop_answers_of


def connect() -> None:
    account_disabled.connect(_account_disabled)
    session_ended.connect(_session_ended)


def _account_disabled(user_id: int, **_: Any) -> None:
    engine.disable_person(user_id)
    stop_answers_of(user_id)


def _session_ended(session_key: str, **_: Any) -> None:
    engine.end_session(session_key)
