"""This machine's clock beside others: sessions, links and heartbeats of several machines go by it."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from operations.doctor.findings import Finding, Findings, ok, problem, warning

WRONG_SECONDS, VERY_WRONG_SECONDS = 5, 60
HTTP_SECONDS = 5
_OWN_ADDRESSES = {"openai": "https://api.openai.com/v1/models", "anthropic": "https://api.anthropic.com/v1/models"}
_SET = "Let the machine set its clock by itself: timedatectl set-ntp true"


def look() -> Findings:
    if connection.vendor != "postgresql":
        yield ok(f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC; the database has no other.")
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs = cursor.fetchone()[0]
    except DatabaseError:
        yield warning("The database's clock could not be asked.", "See Database.")
        return
    yield compared(theirs, timezone.now(), "the database's")


def look_at_a_provider() -> Findings:
    """By the Date header of the first provider that answers; no key is sent, and what it answers does not matter."""
    for name, provider in settings.PROVIDERS.items():
        address = provider.get("base_url") or _OWN_ADDRESSES.get(name, "")
        if provider.get("api_key") and (theirs := _date_at(address)):
            yield compared(theirs, datetime.now(UTC), f"that of {name}", slack=1 + HTTP_SECONDS)
            return


def _date_at(address: str) -> datetime | None:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - an address of the settings
    try:
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as response:  # noqa: S310 - the same
            date = response.headers.get("Date", "")
    except urllib.error.HTTPError as refusal:
        with refusal:
            date = refusal.headers.get("Date", "")
    except (OSError, ValueError):
        return None
    try:
        return parsedate_to_datetime(date)
    except ValueError:
        return None


def compared(theirs: datetime, ours: datetime, whose: str, slack: float = 0) -> Finding:
    off = abs((ours - theirs).total_seconds()) - slack
    told = f"{ours:%Y-%m-%d %H:%M:%S} UTC; beside {whose} it is {off:.0f} seconds off."
    if off > VERY_WRONG_SECONDS:
        return problem(told, _SET)
    return warning(told, _SET) if off > WRONG_SECONDS else ok(f"It agrees with {whose}.")
