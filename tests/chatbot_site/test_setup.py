import base64
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from chatbot_site.environment import Environment
from chatbot_site.settings import env
from scripts import setup

EXAMPLE = setup.ROOT / ".env.example"


def values(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_writes_env_with_fresh_keys_for_its_owner_only(tmp_path: Path) -> None:
    assert setup.write_env(tmp_path / ".env", EXAMPLE)

    written = values(tmp_path / ".env")
    assert len(written["SECRET_KEY"]) >= 50
    Fernet(written["ENCRYPTION_KEY"])
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_never_overwrites_env(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")

    assert not setup.write_env(tmp_path / ".env", EXAMPLE)

    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


def test_two_sites_have_different_keys(tmp_path: Path) -> None:
    setup.write_env(tmp_path / "one", EXAMPLE)
    setup.write_env(tmp_path / "two", EXAMPLE)

    assert values(tmp_path / "one")["SECRET_KEY"] != values(tmp_path / "two")["SECRET_KEY"]
    assert values(tmp_path / "one")["ENCRYPTION_KEY"] != values(tmp_path / "two")["ENCRYPTION_KEY"]


def test_the_key_is_one_that_fernet_takes() -> None:
    assert len(base64.urlsafe_b64decode(setup.fernet_key())) == 32


def test_env_example_explains_every_variable_of_the_settings() -> None:
    elsewhere = {"STATIC_ROOT", "ENV_FILE", "ADMIN_PASSWORD", "TEST_DATABASE_URL", "TEST_REDIS_URL", "REQUIRE_SERVICES"}
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))

    assert explained - {"BACKUP_KEY_FILE", "VLLM_API_KEY"} == {*env.settings, *env.read_elsewhere} - elsewhere


def test_every_example_of_env_example_is_understood(tmp_path: Path) -> None:
    lines = re.findall(r"^#? ?([A-Z_]+=.*)$", EXAMPLE.read_text(), re.MULTILINE)
    (tmp_path / ".env").write_text("\n".join(line for line in lines if "_FILE=" not in line))
    example = Environment(tmp_path, {})

    for setting in env.settings.values():
        example.read(setting.name, setting.kind, setting.default)


def test_an_old_python_is_told_what_to_do() -> None:
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed; this is 3\.9"):
        setup.require_python((3, 9))


def test_packages_are_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.chdir(tmp_path)
    calls = tmp_path / "calls"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n')
    python.chmod(0o755)

    for _ in range(2):
        setup.install(str(python), ("requirements.txt",))
    assert len(calls.read_text().splitlines()) == 1

    (tmp_path / "requirements.txt").write_text("# changed\n")
    setup.install(str(python), ("requirements.txt",))
    assert len(calls.read_text().splitlines()) == 2


def test_a_failed_installation_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit, match="could not be installed"):
        setup.install("/bin/false", ("requirements.txt",))

    assert not (tmp_path / "installed").exists()


def test_a_change_of_an_included_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    (tmp_path / "dev.txt").write_text("-r base.txt\n")
    (tmp_path / "base.txt").write_text("")
    before = setup.fingerprint("dev.txt")

    (tmp_path / "base.txt").write_text("# changed\n")

    assert setup.fingerprint("dev.txt") != before
