"""The settings: what Django's checks and our own say of them, and where the log goes."""

from __future__ import annotations

import os
from contextlib import suppress

from django.conf import settings
from django.contrib.auth.models import Group
from django.core import checks
from django.db import DatabaseError

from operations.cleanup.retention import policies, unknown_groups
from operations.doctor.findings import Finding, Findings, Level, ok, warning

_KINDS = {"development": "a developer's own machine: not for strangers", "production": "strict"}


def look() -> Findings:
    kind = _KINDS.get(settings.APP_ENV, "neither production nor development")
    yield ok(
        f"APP_ENV is {settings.APP_ENV} ({kind}). Names of the site: {', '.join(settings.ALLOWED_HOSTS) or 'none'}."
    )
    yield from _checks()
    yield from _limits()
    yield from _retention()
    if not os.access(settings.LOG_DIR, os.W_OK):
        yield warning(
            "The log goes to the console only.", f"Make {settings.LOG_DIR} writable for the account that runs the site."
        )


def _checks() -> Findings:
    """What `check --deploy` says: with the checks for deployment where strangers are let in."""
    found = checks.run_checks(include_deployment_checks=settings.PRODUCTION)
    shown = [message for message in found if message.level >= checks.WARNING and not message.is_silenced()]
    yield from map(_finding, shown)
    if not shown:
        yield ok("Django's checks and those of this site find nothing.")


def _finding(message: checks.CheckMessage) -> Finding:
    level = Level.PROBLEM if message.level >= checks.ERROR else Level.WARNING
    text = " ".join(str(message.msg).split())
    return Finding(level, f"{message.id}: {text}", " ".join(str(message.hint or "").split()))


def _limits() -> Findings:
    """What one person may start."""
    shown = {
        "LIMIT_OPEN_ANSWERS": "{} answers open at once",
        "LIMIT_MESSAGES_PER_MINUTE": "{} messages a minute",
        "LIMIT_MESSAGES_PER_DAY": "{} messages a day",
        "LIMIT_CONVERSATIONS_PER_MINUTE": "{} new conversations a minute",
        "LIMIT_UPLOAD_BYTES_PER_DAY": "{:,} bytes of uploads a day",
    }
    values = {name: int(getattr(settings, name)) for name in shown}
    in_force = ", ".join(shown[name].format(value) for name, value in values.items() if value > 0)
    exempt = ", ".join(["superusers", *settings.LIMIT_EXEMPT_GROUPS])
    yield ok(f"One person may start {in_force or 'any number of answers'}. Not limited: {exempt}.")
    with suppress(DatabaseError):
        known = set(Group.objects.filter(name__in=settings.LIMIT_EXEMPT_GROUPS).values_list("name", flat=True))
        for name in sorted(set(settings.LIMIT_EXEMPT_GROUPS) - known):
            yield warning(
                f"LIMIT_EXEMPT_GROUPS names the group {name!r}, which this site does not have.",
                "Correct the name, or make the group in the admin.",
            )


def _retention() -> Findings:
    with suppress(DatabaseError):  # said where the database is looked at
        for name in unknown_groups(policies()):
            yield warning(
                f"RETENTION_DAYS names the group {name!r}, which this site does not have.",
                "Correct the name, or make the group in the admin.",
            )
