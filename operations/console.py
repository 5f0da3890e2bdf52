"""How the site's commands speak: to a person at a terminal, to cron, to a script.

    terminal            progress bars and steps on stderr, the result in a sentence on stdout
    cron, a pipe        the result in one sentence on stdout, nothing else; with --verbosity 0 not even that
    --json              one JSON object on stdout; an error is one too: {"error": "…"}

Exit codes: 0 done, 1 refused or failed (one sentence on stderr: CommandError), 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder
from tqdm import tqdm

from chatbot_site.commands import SiteCommand
from chatbot_site.storable import has_every_letter

T = TypeVar("T")
EXIT_CODES = "exit codes: 0 done, 1 refused or failed, 2 wrong usage"


def add_json(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the result as one JSON object")


def add_dry_run(parser: CommandParser, what: str = "only say what would be done") -> None:
    parser.add_argument("--dry-run", action="store_true", help=what)


class TeachingCommand(SiteCommand):
    """A command whose --help ends with `examples`, and whose errors with --json are JSON as well."""

    examples = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"{self.examples.strip()}\n\n{EXIT_CODES}"
        return super().create_parser(
            prog_name, subcommand, epilog=epilog, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            if options.get("as_json"):
                out = options.get("stdout") or sys.stdout
                out.write(json.dumps({"error": str(error)}, ensure_ascii=not has_every_letter(out)) + "\n")
            raise


class Progress:
    """A bar on a terminal, nothing elsewhere. A context manager; the bar goes away at its end."""

    def __init__(self, out: Any, total: int | None, label: str, unit: str, is_shown: bool) -> None:
        self._bar = tqdm(
            total=total,
            desc=label,
            unit=unit,
            unit_scale=unit == "B",
            unit_divisor=1024 if unit == "B" else 1000,
            file=out,
            disable=not is_shown,
            leave=False,
            dynamic_ncols=True,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()

    def advance(self, by: int = 1) -> None:
        self._bar.update(by)

    def note(self, text: str) -> None:
        """Behind the bar: the cost so far, say."""
        self._bar.set_postfix_str(text)

    def of(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            yield item
            self.advance()


class Console:
    """What one run of `command` says. `options` are those that its `handle` was called with."""

    def __init__(self, command: BaseCommand, options: Mapping[str, Any]) -> None:
        self._command = command
        self.as_json = bool(options.get("as_json"))
        self.verbosity = int(options.get("verbosity", 1))
        self._is_terminal = bool(command.stderr.isatty()) and not self.as_json and self.verbosity > 0

    def progress(self, total: int | None, label: str, unit: str = "") -> Progress:
        """How far it has come; `total` None when nobody knows. With the unit "B" numbers read as bytes."""
        return Progress(_stream(self._command.stderr), total, label, unit, self._is_terminal)

    def say(self, text: str) -> None:
        """A step, for who watches: on a terminal, or with --verbosity 2."""
        if self._is_terminal or self.verbosity > 1:
            self._command.stderr.write(text, lambda plain: plain)

    def warn(self, text: str) -> None:
        """What must be read whatever the way it was called: on stderr, always."""
        self._command.stderr.write(text, self._command.style.WARNING)

    def result(self, values: Mapping[str, Any], sentence: str) -> None:
        """The end: `values` with --json, else `sentence`, which may have several lines."""
        if self.as_json:
            only_ascii = not has_every_letter(self._command.stdout)
            self._command.stdout.write(json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=only_ascii, indent=2))
        elif self.verbosity > 0:
            self._command.stdout.write(sentence)


def _stream(out: OutputWrapper | Any) -> Any:
    """What is below Django's wrapper, which would end every piece of a bar with a line break."""
    return getattr(out, "_out", out)
