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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing but a lock file; its environment is the same folder."""
    (tmp_path / "requirements.lock").write_text("")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calls_of_a_python(folder: Path, *, fails_at: str) -> tuple[str, Path]:
    """A Python that notes how it is called and fails where it is called with `fails_at`; and its notes."""
    python, calls = folder / "python", folder / "calls"
    python.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\ncase "$*" in {fails_at}) exit 1 ;; esac\n')
    python.chmod(0o755)
    return str(python), calls


def test_packages_are_installed_once_and_again_when_they_change(folder: Path) -> None:
    python, calls = calls_of_a_python(folder, fails_at="never")
    for _ in range(2):
        setup.install(python, ("requirements.lock",))
    assert calls.read_text().count("-r requirements.lock") == 1

    (folder / "requirements.lock").write_text("# changed\n")
    setup.install(python, ("requirements.lock",))
    assert calls.read_text().count("-r requirements.lock") == 2


@pytest.mark.parametrize("fails_at", ["*' uv>'*", "*'-m uv '*"])
def test_without_uv_pip_installs_the_same(folder: Path, fails_at: str) -> None:
    python, calls = calls_of_a_python(folder, fails_at=fails_at)
    setup.install(python, ("requirements.lock",))
    last = calls.read_text().splitlines()[-1]
    assert last.startswith("-m pip install")
    assert last.endswith("--require-hashes -r requirements.lock")
    assert (folder / "installed").exists()


def test_a_failed_installation_is_tried_again(folder: Path) -> None:
    with pytest.raises(SystemExit, match="could not be installed"):
        setup.install("/bin/false", ("requirements.lock",))

    assert not (folder / "installed").exists()


def test_a_model_that_cannot_run_here_stops_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / setup.LOCAL).write_text("")
    python, _ = calls_of_a_python(folder, fails_at=f"*{setup.LOCAL}")
    setup.install(python, ("requirements.lock", setup.LOCAL))
    assert "The small local model cannot run on this machine" in capsys.readouterr().out
    assert (folder / "installed").exists()


@pytest.mark.parametrize("variable", [True, False])
def test_uv_asks_where_pip_would(folder: Path, monkeypatch: pytest.MonkeyPatch, variable: bool) -> None:
    """A company's own index is named for pip alone, by a variable or in a file."""
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    python = folder / "python"
    python.write_text("#!/bin/sh\n" + ("" if variable else "echo https://packages.example.org/simple\n"))
    python.chmod(0o755)
    if variable:
        monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.org/simple")
    assert setup.environment_for_uv(str(python))["UV_DEFAULT_INDEX"] == "https://packages.example.org/simple"
