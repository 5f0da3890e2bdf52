"""Says in one screen what is wrong with this installation and how to mend it; see `operations.doctor`."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from chatbot_site import arguments
from operations.console import Console, TeachingCommand, add_json
from operations.doctor import mail, public_address
from operations.doctor.examination import SUBJECTS, Subject, examine, is_well
from operations.doctor.findings import Finding, Level

_EXAMPLES = """
examples:
  manage.py doctor                                look at everything
  manage.py doctor --offline                      but ask no provider
  manage.py doctor --only database --only redis   look at these
  manage.py doctor --send-test me@example.org     also send a test mail
  manage.py doctor --url https://chat.example.org ask this address for a page and a websocket, as browsers do
  manage.py doctor --json                         for monitoring

Every provider that is set up is asked for its models, and for a few tokens of an answer by its cheapest one, which
costs a fraction of a cent. Nothing is changed, and no key or password is shown. Exit code 1 means that there is a
problem; warnings alone end with 0.
"""


class Command(TeachingCommand):
    help = "Say what is wrong with this installation, and how to mend it."
    examples = _EXAMPLES
    asks_database = False  # so is the database
    requires_system_checks: list[str] = []  # they are part of what is told

    def add_arguments(self, parser: CommandParser) -> None:
        names = [subject.name for subject in SUBJECTS]
        parser.add_argument("--only", action="append", choices=names, metavar="SUBJECT", help=f"of {', '.join(names)}")
        parser.add_argument("--offline", action="store_true", help="ask nobody on the internet")
        parser.add_argument(
            "--send-test", type=arguments.email_address, metavar="ADDRESS", help="send a mail to this address"
        )
        parser.add_argument(
            "--url",
            type=arguments.text,
            metavar="ADDRESS",
            help="the site's public address: does its proxy pass everything?",
        )
        add_json(parser)

    def handle(
        self, *, only: list[str] | None, offline: bool, send_test: str | None, url: str | None, **options: Any
    ) -> None:
        console = Console(self, options)
        subjects = [one for one in SUBJECTS if (not only or one.name in only) and not (offline and one.asks_others)]
        if url:
            subjects.append(Subject("public_address", "Public address", partial(public_address.look, url)))
        found: list[tuple[Subject, Finding]] = []
        with console.progress(None, "Looking", " findings") as progress:
            for subject, finding in progress.of(examine(subjects)):
                progress.note(subject.label)
                found.append((subject, finding))
        if send_test:
            found.append((_EMAIL, mail.send_test(send_test)))
        well = is_well(found)
        console.result({"ok": well, "findings": [_as_dict(*one) for one in found]}, self._screen(found))
        if not well:
            raise SystemExit(1)

    def _screen(self, found: list[tuple[Subject, Finding]]) -> str:
        width = max(len(subject.label) for subject, _finding in found) if found else 0
        lines = [line for subject, finding in found for line in self._lines(subject.label.ljust(width), finding)]
        counts = {level: sum(finding.level is level for _subject, finding in found) for level in Level}
        return "\n".join([*lines, "", _summary(counts[Level.PROBLEM], counts[Level.WARNING])])

    def _lines(self, label: str, finding: Finding) -> list[str]:
        paint = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.PROBLEM: self.style.ERROR}
        lines = [f"{paint[finding.level](finding.level.ljust(7))}  {label}  {finding.text}"]
        return [*lines, f"         {' ' * len(label)}  -> {finding.mend}"] if finding.mend else lines


_EMAIL = next(subject for subject in SUBJECTS if subject.name == "email")


def _as_dict(subject: Subject, finding: Finding) -> dict[str, str]:
    return {"subject": subject.name, "level": finding.level.value, "text": finding.text, "mend": finding.mend}


def _summary(problems: int, warnings: int) -> str:
    if not problems and not warnings:
        return "All is well."
    return f"Problems: {problems}. Warnings: {warnings}."
