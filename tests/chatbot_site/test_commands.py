"""What every command of the site does with what it is given: English, one sentence, an exit code, no traceback."""

from __future__ import annotations

import re
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.utils import translation

from accounts.models import User
from chatbot_site.commands import SiteCommand
from tests.chatbot_site.processes import environment, manage
from tests.site import Site

APPS = {"accounts", "chatbot_site", "conversations", "moderation", "operations", "providers"}
OURS = sorted(name for name, app in get_commands().items() if app in APPS)
OF_DJANGO = {"version", "verbosity", "settings", "pythonpath", "database", "app_label", "migration_name"}
# What each command needs besides; {folder} is an empty one.
BASE = {
    "audit export": ["--output", "{folder}/audit.jsonl"],
    "backup": ["--output", "{folder}/backups"],
    "batch": ["{folder}/in", "{folder}/out"],
    "export_conversations": ["--user", "alice", "--output", "{folder}/all.zip"],
    "import_conversations": ["--user", "alice", "{folder}/in"],
    "make_admin": ["--username", "dora"],
    "restore": ["{folder}/in"],
}
EMPTY, BLANK, WORD, NOWHERE, FOLDER = "", "  ", "nonsense", "/no/where/at/all", "{folder}"
NEGATIVE, HUGE, BYTES, NO_NUMBER = "-1", "9" * 400, "\udcff\udcfe", "nan"
ODD = (EMPTY, BLANK, WORD, NOWHERE, FOLDER, NEGATIVE, HUGE, BYTES, NO_NUMBER)
# Where such a value has a meaning: a name that somebody may have, a file that is made, a text that a model is told.
MEANT: dict[tuple[str, str], set[str]] = {
    ("audit export", "output"): {WORD, NEGATIVE, NO_NUMBER, BYTES},
    ("backup", "output"): {WORD, FOLDER, NEGATIVE, NO_NUMBER, BYTES, NOWHERE},  # folders are made
    ("batch", "output"): {WORD, NEGATIVE, NO_NUMBER, BYTES},
    ("batch", "model"): {*ODD} - {EMPTY, BLANK, BYTES},  # what no provider has is said of each line
    ("batch", "system"): {*ODD} - {BYTES},
    ("doctor", "url"): {*ODD} - {EMPTY, BLANK, BYTES},  # each a finding of its own
    ("export_conversations", "output"): {WORD, NEGATIVE, NO_NUMBER, BYTES},
    ("make_admin", "username"): {WORD, NO_NUMBER},
    ("run_generations", "heartbeat_file"): {WORD, NEGATIVE, NO_NUMBER, BYTES},
    ("seed_demo", "password"): {*ODD} - {EMPTY, BLANK, BYTES},
    ("seed_demo", "seed"): {NEGATIVE},
    ("serve", "host"): {*ODD} - {EMPTY, BLANK, BYTES},  # said by the network
}
HANGUL = re.compile(r"[\u3131-\u318e\uac00-\ud7a3]")


def _parsers(name: str) -> Iterator[tuple[str, ArgumentParser]]:
    """Of a command, or of each of its parts."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parts = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    for part in parts:
        yield from ((f"{name} {choice}", below) for choice, below in part.choices.items())
    if not parts:
        yield name, parser


def _options() -> Iterator[Any]:
    for name in OURS:
        for called, parser in _parsers(name):
            for action in parser._actions:
                takes_a_value = action.nargs != 0 and action.dest != SUPPRESS
                if takes_a_value and action.dest not in OF_DJANGO | {"help"}:
                    yield pytest.param(called, action, id=f"{called} {action.dest}")


def _arguments(called: str, action: Action, value: str, folder: Path) -> list[str]:
    """A command line that is in order but for that value."""
    name, *rest = called.split()
    base = [one.format(folder=folder) for one in BASE.get(called, [])]
    if action.option_strings:
        option = action.option_strings[-1]
        if option in base:
            at = base.index(option)
            del base[at : at + 2]
        return [name, *rest, *base, f"{option}={value}"]
    parser = dict(_parsers(name))[called]
    positionals = [one.dest for one in parser._actions if not one.option_strings and one.nargs != 0]
    values = base[-len(positionals) :]
    values[positionals.index(action.dest)] = value
    return [name, *rest, *base[: -len(positionals)], "--", *values]


@pytest.mark.parametrize(("called", "action"), [*_options()])
def test_an_odd_value_is_one_sentence(
    called: str, action: Action, alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Whatever language the site speaks."""
    settings.BACKUP_KEY = ""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in").write_text('{"id": 1, "prompt": "Hi"}\n')
    for value in ODD:
        arguments = _arguments(called, action, value.format(folder=tmp_path / "folder"), tmp_path / "folder")
        if value in MEANT.get((called, action.dest), ()):
            name, *rest = arguments
            load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(rest)
            continue
        with translation.override("ko"), pytest.raises(CommandError) as refused:
            call_command(*arguments, stdout=StringIO(), stderr=StringIO())
        said = str(refused.value)
        assert refused.value.returncode != 0, value
        assert said.strip(), value
        assert "\n" not in said.strip(), value
        assert not HANGUL.search(said), value
        assert "Traceback" not in said, value
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["in"], "nothing was written"


def test_the_table_names_what_there_is() -> None:
    there = {(param.values[0], param.values[1].dest) for param in _options()}
    assert set(MEANT) <= there
    assert len(there) > 20


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_site(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    assert isinstance(command, SiteCommand)
    with translation.override("ko"):
        assert not HANGUL.search(command.create_parser("manage.py", name).format_help())


KOREAN = {"LANG": "ko_KR.UTF-8", "LC_ALL": "ko_KR.UTF-8", "LANGUAGE": "ko", "APP_ENV": "development"}


def test_from_end_to_end_in_a_korean_terminal(tmp_path: Path) -> None:
    env = Site(tmp_path, provider_url="").prepare().env | KOREAN
    (tmp_path / "broken.json").write_text("[{")
    for arguments, code, told in (
        (["make_admin", "--username", "no spaces please"], 1, "username: Use letters, digits, dots"),
        (["make_admin", "--username", "dora", "--email", "nobody"], 2, "argument --email: must be an e-mail address"),
        (["backup", "--output", ""], 2, "argument --output: must not be empty"),
        (["doctor", "--send-test", "nonsense"], 2, "argument --send-test: must be an e-mail address"),
        (["import_conversations", "--user", "dora"], 2, "the following arguments are required: file"),
        (["audit", "verify", "--against", str(tmp_path / "broken.json")], 2, "This is no export of the audit log."),
        (["check", "--settings", "nonsense"], 1, "There are no settings called 'nonsense'"),
        (["createsuperuser", "--noinput"], 1, "You must use --username with --noinput."),
    ):
        done = manage(*arguments, env=env | {"ADMIN_PASSWORD": "correct horse battery staple"})
        assert (done.returncode, told in done.stderr) == (code, True), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert not HANGUL.search(done.stdout + done.stderr)


def test_the_language_of_a_broken_file_is_english(alice: User, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("[{")
    with translation.override("ko"), pytest.raises(CommandError, match="ends in the middle of the JSON"):
        call_command("import_conversations", "--user", "alice", str(tmp_path / "broken.json"))


def test_a_terminal_that_knows_latin_letters_alone(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development", PYTHONIOENCODING="latin-1")
    assert manage("migrate", env=env).returncode == 0
    done = manage("export_conversations", "--user", "이름", "--output", str(tmp_path / "x"), env=env)
    assert done.returncode == 1
    assert "Nobody here is called" in done.stderr
    assert "Traceback" not in done.stderr


def test_before_the_database_has_its_tables(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development", ADMIN_PASSWORD="correct horse battery staple")
    done = manage("make_admin", "--username", "dora", env=env)
    assert done.returncode == 1
    assert "The database is not up to date. Run: python manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr
