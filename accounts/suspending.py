"""Suspending people and letting them in again. Saving the account is what ends sessions and sockets: see receivers."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.signals import suspension_changed

REASON_LENGTH = 500


def suspend(person: User, reason: str, by: User | None = None) -> bool:
    """`reason` is what the person reads when they try to log in. False when they were suspended already.

    Then the new reason replaces the old one, unless it is empty.
    """
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        changed = row.is_active
        row.is_active = False
        row.suspension_reason = reason[:REASON_LENGTH] or row.suspension_reason
        row.save(update_fields=["is_active", "suspension_reason"])
        _take_over(person, row, by, changed)
    return changed


def reinstate(person: User, by: User | None = None) -> bool:
    """False when the person was not suspended."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        changed = not row.is_active
        row.is_active, row.suspension_reason = True, ""
        row.save(update_fields=["is_active", "suspension_reason"])
        _take_over(person, row, by, changed)
    return changed


def _take_over(person: User, row: User, by: User | None, changed: bool) -> None:
    person.is_active, person.suspension_reason = row.is_active, row.suspension_reason
    if changed:
        suspension_changed.send(User, person=row, by=by)
