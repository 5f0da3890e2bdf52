"""Asks a file of questions and writes the answers into another."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser

from chatbot_site import arguments
from chatbot_site.files import Occupied
from operations.batch import summary
from operations.batch.ledger import INTERRUPTED, Ledger, Refused, is_failure
from operations.batch.run import AskedTwiceToStop, run
from operations.batch.settings import Settings
from operations.batch.stopping import Stop
from operations.batch.survey import RepeatedId, Survey, survey
from operations.console import Console, TeachingCommand, add_dry_run, add_json
from providers import default_model

USAGE = 2
MOST_AT_ONCE = 500


class Command(TeachingCommand):
    help = "Ask every line of a file and write the answers into another file, one JSON object a line."
    examples = """
examples:
  manage.py batch questions.jsonl answers.jsonl --model openai/gpt-4o-mini --concurrency 20
  manage.py batch questions.jsonl answers.jsonl --dry-run                 how much, and what it may cost
  manage.py batch questions.jsonl answers.jsonl --budget 5 --cache
  zcat questions.gz | manage.py batch - answers.jsonl                     the file by way of a pipe

a line of IN:
  {"id": "a", "prompt": "What is a queue?"}
  {"id": 7, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
   "model": "anthropic/claude-sonnet-4-5", "system": "...", "temperature": 0.2, "max_tokens": 300}

a line of OUT, as they finish:
  {"line": 1, "id": "a", "model": "...", "answer": "...", "finish_reason": "stop", "cached": false,
   "usage": {"input_tokens": 12, "output_tokens": 30, ...}, "cost": 0.00033}
  {"line": 2, "id": 7, "model": "...", "error": {"code": "timeout", "sentence": "..."}}

Stopped by Ctrl-C, kill -9 or a power cut, the same command goes on where it was, with the same IN. OUT.journal keeps
what was asked; leave it beside OUT. No line is asked twice: what was in flight when the process was killed may have
been answered and charged, so it becomes the error "interrupted", unless --ask-again-interrupted is given. Only what
the provider refused or never answered a word to (too many requests, overloaded, unreachable) is tried again.
Input from a pipe can be gone on with too: by piping the same lines in again.

--budget counts what all runs into this OUT have cost. A question goes out only if it fits with its longest answer
(max_tokens), so --max-tokens makes it go further.

exit codes of its own: 1 also when a line has an error, 3 the budget is used up, 130 stopped by a signal
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "input", type=arguments.text, metavar="IN", help="the questions, JSONL; - for standard input"
        )
        parser.add_argument("output", metavar="OUT", type=arguments.path, help="the answers, JSONL")
        parser.add_argument("--model", type=arguments.text, metavar="M", help="provider/model (default: the site's)")
        parser.add_argument(
            "--concurrency",
            type=arguments.whole(1, MOST_AT_ONCE),
            default=4,
            metavar="N",
            help="questions at once (default: %(default)s)",
        )
        parser.add_argument(
            "--system", type=arguments.any_text, default="", metavar="TEXT", help="what is told to the model first"
        )
        parser.add_argument("--temperature", type=_temperature, metavar="T", help="0 to 2 (default: the model's own)")
        parser.add_argument(
            "--max-tokens",
            type=arguments.whole(1, 1_000_000),
            metavar="N",
            help="longest answer (default: the model's own)",
        )
        parser.add_argument("--budget", type=_dollars, metavar="DOLLARS", help="ask no more when this may be passed")
        parser.add_argument("--allow-unpriced", action="store_true", help="--budget: count unknown prices as nothing")
        parser.add_argument("--cache", action="store_true", help="take and keep answers in the response cache")
        parser.add_argument(
            "--ask-again-interrupted", action="store_true", help="ask what was in flight when a run was killed"
        )
        parser.add_argument("--ask-again-failed", action="store_true", help="ask anew what the provider failed at")
        add_dry_run(parser, "only count lines, tokens and cost")
        add_json(parser)

    def handle(self, *, input: str, output: Path, dry_run: bool, allow_unpriced: bool, **options: Any) -> None:
        console, settings = Console(self, options), _settings(options)
        try:
            with _opened(input, output) as file:
                found = _surveyed(file, settings)
                if dry_run:
                    console.result(summary.dry_run_values(found), summary.dry_run_sentence(found))
                    return
                if settings.budget is not None and not allow_unpriced:
                    _refuse_unpriced(found)
                self._run(console, file, output, found, settings)
        except (Refused, RepeatedId, Occupied) as refusal:
            raise CommandError(f"{refusal} Nothing was asked.") from None

    def _run(self, console: Console, file: IO[bytes], output: Path, found: Survey, settings: Settings) -> None:
        try:
            with closing(Ledger(output, found)) as ledger:
                _take_back(ledger, settings)
                stop = self._ask(console, file, found, settings, ledger)
                self._end(console, output, found, ledger, stop)
        except OSError as error:
            why = error.strerror or error
            raise CommandError(f"{output} cannot be written: {why}. The same command goes on.") from None

    def _ask(self, console: Console, file: IO[bytes], found: Survey, settings: Settings, ledger: Ledger) -> Stop:
        with console.progress(found.lines, "Asked", "line") as progress:
            progress.advance(ledger.outcomes.total())

            def done() -> None:
                progress.advance()
                progress.note(summary.dollars(ledger.cost))

            try:
                return asyncio.run(run(file, settings, ledger, done))
            except AskedTwiceToStop:
                raise CommandError(
                    "Stopped at once. What was in flight may have been answered, and counts as interrupted."
                    " The same command goes on.",
                    returncode=130,
                ) from None

    def _end(self, console: Console, output: Path, found: Survey, ledger: Ledger, stop: Stop) -> None:
        code = summary.exit_code(ledger, stop)
        text = summary.sentence(output, found, ledger, stop)
        if not code or console.as_json:
            console.result(summary.values(output, found, ledger, stop), text)
        if code and console.as_json:
            raise SystemExit(code)
        if code:
            raise CommandError(text, returncode=code)


def _settings(options: dict[str, Any]) -> Settings:
    return Settings(
        model=options["model"] or default_model(),
        system=options["system"],
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        concurrency=options["concurrency"],
        budget=options["budget"],
        use_cache=options["cache"],
        ask_again_interrupted=options["ask_again_interrupted"],
        ask_again_failed=options["ask_again_failed"],
    )


@contextmanager
def _opened(name: str, output: Path) -> Iterator[IO[bytes]]:
    """IN, to be read twice: what comes through a pipe is kept in a file until the end."""
    if name == "-":
        with _kept(sys.stdin.buffer) as kept:
            yield kept
        return
    path = Path(name)
    if output.exists() and path.exists() and output.samefile(path):
        raise CommandError("IN and OUT are the same file.", returncode=USAGE)
    try:
        file = path.open("rb")
        file.peek(1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        if file.seekable():
            yield file
            return
        with _kept(file) as kept:  # <(zcat questions.gz), say
            yield kept


@contextmanager
def _kept(pipe: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(pipe, kept)
        yield kept


def _surveyed(file: IO[bytes], settings: Settings) -> Survey:
    found = survey(file, settings)
    if not found.lines:
        raise CommandError("IN is empty. Nothing was asked.")
    if found.without_model:
        raise CommandError(
            f"{found.without_model:,} lines name no model, and this site has none: give --model.", returncode=USAGE
        )
    return found


def _refuse_unpriced(found: Survey) -> None:
    if found.unpriced:
        raise CommandError(
            f"No price is known for {', '.join(found.unpriced)}, so --budget could not hold. Enter prices in the admin"
            " (model overrides), or give --allow-unpriced. Nothing was asked."
        )


def _take_back(ledger: Ledger, settings: Settings) -> None:
    """Lines that were given up in an earlier run, and are wanted after all."""

    def wanted(code: str) -> bool:
        if code == INTERRUPTED:
            return settings.ask_again_interrupted
        return settings.ask_again_failed and is_failure(code)

    ledger.ask_again(wanted)


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 2:
        raise ArgumentTypeError("must be a number from 0 to 2")
    return value


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError("must be an amount in dollars, such as 5 or 0.50")
    return amount
