"""scripts/retest.py: failed tests get one more run, alone; what passes then is named and forgiven."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import retest

ROOT = Path(__file__).resolve().parents[2]
PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): assert 0\n"
# Each leaves a mark and fails until the mark is there; RUNS counts the lines.
FAILS_ONCE = """
from pathlib import Path
RUNS = Path(__file__).parent / "runs"
def test_races():
    before = RUNS.read_text() if RUNS.exists() else ""
    RUNS.write_text(before + "run\\n")
    assert before
"""
LEAVES_BADLY_ONCE = """
import pytest
from pathlib import Path
LEFT = Path(__file__).parent / "left"
@pytest.fixture
def thing():
    yield
    if not LEFT.exists():
        LEFT.touch()
        raise OSError
def test_leaves(thing): pass
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").touch()
    command = [sys.executable, ROOT / "scripts/retest.py", "-q", "-p", "xdist.plugin", *arguments, "."]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def flaky(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith("FLAKY:")]


def test_what_passes_is_run_once(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(PASSES)
    done = run(tmp_path)
    assert done.returncode == 0
    assert flaky(done) == []
    assert "once more" not in done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_passes_the_second_time_is_named_and_forgiven(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_a.py").write_text(PASSES + FAILS_ONCE)
    done = run(tmp_path, "-n", workers)
    assert done.returncode == 0
    assert flaky(done) == ["FLAKY: test_a.py::test_races"]


def test_a_fault_while_tidying_up_counts_as_well(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(LEAVES_BADLY_ONCE)
    done = run(tmp_path)
    assert done.returncode == 0
    assert flaky(done) == ["FLAKY: test_a.py::test_leaves"]


def test_what_fails_twice_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(FAILS + FAILS_ONCE)
    done = run(tmp_path)
    assert done.returncode == 1
    assert flaky(done) == ["FLAKY: test_a.py::test_races"]
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


def test_many_failures_are_no_race(tmp_path: Path) -> None:
    every = "".join(f"def test_{number}(): assert 0\n" for number in range(retest.MOST_RERUN + 1))
    (tmp_path / "test_a.py").write_text(every)
    done = run(tmp_path)
    assert done.returncode == 1
    assert "once more" not in done.stdout


def test_a_broken_file_fails_at_once(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("import nothing_of_that_name\n")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "once more" not in done.stdout
