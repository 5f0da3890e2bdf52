"""What the commands of operations say: to a terminal, to cron, to a script."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError, CommandParser

from operations.console import Console, TeachingCommand, add_dry_run, add_json


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Counting(TeachingCommand):
    help = "Count."
    examples = "examples:\n  manage.py counting 3"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=3)
        add_dry_run(parser)
        add_json(parser)

    def handle(self, *, most: int, **options: Any) -> None:
        console = Console(self, options)
        console.say("Beginning ...")
        if most < 0:
            raise CommandError("There is nothing to count.")
        with console.progress(most, "Counting") as progress:
            for _number in progress.of(range(most)):
                progress.note("going well")
        console.result({"counted": most}, f"Counted {most}.")


def _run(*, err: io.StringIO, **options: Any) -> str:
    out = io.StringIO()
    call_command(Counting(), stdout=out, stderr=err, **options)
    return out.getvalue()


def test_a_terminal_sees_steps_and_a_bar() -> None:
    err = Terminal()
    assert _run(err=err) == "Counted 3.\n"
    assert "Beginning" in err.getvalue()
    assert "Counting" in err.getvalue()


def test_cron_gets_the_result_alone() -> None:
    err = io.StringIO()
    assert _run(err=err) == "Counted 3.\n"
    assert err.getvalue() == ""


def test_no_word_with_verbosity_0() -> None:
    err = Terminal()
    assert _run(err=err, verbosity=0) == err.getvalue() == ""


def test_steps_with_verbosity_2() -> None:
    err = io.StringIO()
    _run(err=err, verbosity=2)
    assert err.getvalue() == "Beginning ...\n"


def test_json_is_one_object_and_nothing_else() -> None:
    err = Terminal()
    assert json.loads(_run(err=err, as_json=True)) == {"counted": 3}
    assert err.getvalue() == ""


def test_an_error_is_json_too() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command(Counting(), most=-1, as_json=True, stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue()) == {"error": "There is nothing to count."}


def test_help_teaches() -> None:
    text = Counting().create_parser("manage.py", "counting").format_help()
    assert "manage.py counting 3" in text
    assert "exit codes: 0 done" in text


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_help_of_each_command_has_examples(name: str) -> None:
    text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
    assert "examples:" in text
    assert f"manage.py {name} " in text
