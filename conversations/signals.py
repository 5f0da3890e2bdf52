"""People who may no longer look lose their open pages at once, and what was being written for them ends."""

import shutil
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from accounts.signals import account_disabled, session_ended
from conversations.generation import engine
from conversations.models import ImportJob
from conversations.moderating import stop_answers_of
from conversations.transfer.jobs import folder_of


def connect() -> None:
    account_disabled.connect(_account_disabled)
    session_ended.connect(_session_ended)
    post_delete.connect(_import_deleted, sender=ImportJob)


def _account_disabled(user_id: int, **_: Any) -> None:
    engine.disable_person(user_id)
    stop_answers_of(user_id)


def _import_deleted(instance: ImportJob, **_: Any) -> None:
    """Its file goes with it, whoever deleted it: its owner, a cleanup, or whoever deleted its owner."""
    transaction.on_commit(partial(shutil.rmtree, folder_of(instance.pk), ignore_errors=True))


def _session_ended(session_key: str, **_: Any) -> None:
    engine.end_session(session_key)
