"""A site whose settings are not in order: whatever is started ends with one sentence, and says so by its exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chatbot_site.processes import ROOT, environment, manage

SECRET = "hunter2"
DATABASE = f"postgres://chat:{SECRET}#x@127.0.0.1:5432/chat"


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that it said."""
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert SECRET not in line
    return line


@pytest.mark.parametrize(
    "command",
    ["serve", "check", "migrate", "doctor --json", "backup --output x", "cleanup", "help", "--version", "nonsense", ""],
)
def test_every_command_ends_with_one_sentence(tmp_path: Path, command: str) -> None:
    done = manage(*command.split(), env=environment(tmp_path, APP_ENV="development", DATABASE_URL=DATABASE))

    assert told(done).startswith("The settings are not in order: DATABASE_URL is no address as it stands")


def test_so_does_a_server_that_imports_the_application(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="production", HTTPS="yess")
    done = subprocess.run(
        [sys.executable, "-c", "import chatbot_site.asgi"],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )

    assert told(done) == "The settings are not in order: HTTPS is neither true nor false; for example: HTTPS=true"


@pytest.mark.parametrize("kind", ["test", "prod", "staging"])
def test_a_site_is_for_development_or_production_alone(tmp_path: Path, kind: str) -> None:
    assert "APP_ENV is none of production, development" in told(
        manage("check", env=environment(tmp_path, APP_ENV=kind))
    )


def test_a_folder_that_cannot_be_made_is_named_by_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = environment(tmp_path / "file", APP_ENV="development")

    assert "VAR_DIR names a folder that cannot be made" in told(manage("check", env=env))


def test_a_settings_module_that_is_none_is_named(tmp_path: Path) -> None:
    env = environment(tmp_path, APP_ENV="development", DJANGO_SETTINGS_MODULE=f"{SECRET}.settings")

    assert "DJANGO_SETTINGS_MODULE names no module" in told(manage("check", env=env))
    assert manage("check", env=env | {"DJANGO_SETTINGS_MODULE": ""}).returncode == 0
