"""All looks in their order. Works on a broken site too: a look that fails is itself a finding, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import Error as DatabaseTrouble

from chatbot_site.database import Trouble, trouble_of
from chatbot_site.logging import redact
from operations.doctor import (
    backups,
    clock,
    database,
    disk,
    keys,
    mail,
    providers,
    redis,
    site_settings,
    static,
    workers,
)
from operations.doctor.findings import Finding, Level, Look, problem


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    label: str
    look: Look
    asks_others: bool = False
    """Whether it goes out to the internet: left out with --offline."""


SUBJECTS = (
    Subject("settings", "Settings", site_settings.look),
    Subject("database", "Database", database.look),
    Subject("keys", "Stored keys", keys.look),
    Subject("providers", "Providers", providers.look, asks_others=True),
    Subject("redis", "Redis", redis.look),
    Subject("workers", "Answers", workers.look),
    Subject("disk", "Disk", disk.look),
    Subject("clock", "Clock", clock.look),
    Subject("provider_clock", "Clock of a provider", clock.look_at_a_provider, asks_others=True),
    Subject("static_files", "Static files", static.look_at_files),
    Subject("translations", "Translations", static.look_at_translations),
    Subject("email", "E-mail", mail.look),
    Subject("backup", "Backup", backups.look),
)


def examine(subjects: Sequence[Subject] = SUBJECTS) -> Iterator[tuple[Subject, Finding]]:
    """Every finding, as it is found."""
    for subject in subjects:
        for finding in _found(subject.look):
            yield subject, Finding(finding.level, redact(finding.text), redact(finding.mend))


def _found(look: Look) -> Iterator[Finding]:
    try:
        yield from look()
    except DatabaseTrouble as error:
        trouble = trouble_of(error) or Trouble(f"The database refuses ({type(error).__name__}).", "See Database.")
        yield problem(trouble.text, trouble.mend)
    except Exception as error:  # whatever a driver or a library raises: the other looks must go on
        text = " ".join(f"{type(error).__name__}: {error}".split())
        yield problem(f"Could not be looked at. {text}", "What stands above it may be the cause; mend that first.")


def is_well(findings: Sequence[tuple[Subject, Finding]]) -> bool:
    return all(finding.level is not Level.PROBLEM for _subject, finding in findings)
