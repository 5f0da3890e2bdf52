"""People who may no longer look lose their open pages at once."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_disabled, session_ended
from conversations.generation import engine


@receiver(account_disabled)
def _account_disabled(user_id: int, **_: Any) -> None:
    engine.disable_person(user_id)


@receiver(session_ended)
def _session_ended(session_key: str, **_: Any) -> None:
    engine.end_session(session_key)
