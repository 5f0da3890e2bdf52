"""`scripts/newest.py`: which Python the tests also run with."""

import sys
from pathlib import Path

import pytest

from scripts import newest


def _python(folder: Path, name: str, minor: int) -> str:
    """A program that says that it is Python 3.`minor`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {minor}\n")
    path.chmod(0o755)
    return str(path)


def test_the_newest_that_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    own = sys.version_info.minor
    paths = [_python(tmp_path, "a", own + 1), _python(tmp_path, "b", own + 3), _python(tmp_path, "c", own - 1)]
    monkeypatch.setattr(newest, "_candidates", lambda: [*paths, str(broken), str(tmp_path / "none")])
    assert newest.newest() == str(tmp_path / "b")


def test_none_that_is_newer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(newest, "_candidates", lambda: [sys.executable])
    newest.main()
    said = capsys.readouterr()
    assert said.out.strip() == sys.executable
    assert "no newer Python here" in said.err
