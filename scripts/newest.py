"""The newest Python of this machine, ready to run the tests beside the default one: prints its path.

    python=$(.venv/bin/python scripts/newest.py) && "$python" -m pytest ...

Where there is none that is newer than this one, or its packages cannot be had, it prints this one's path and says why
on stderr. Cheap, since CI waits for it: what has no compiled parts is taken from this environment as it is, and only
the rest is installed anew, into .venv-newest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv-newest"
NOT_FOR_TESTS = {"mypy", "librt", "ast_serialize", "ast-serialize", "xllamacpp", "pip"}
LAST_MINOR = 30
_ASK = "import sys, venv; v = sys.version_info; print(v.minor if v.major == 3 and v.releaselevel == 'final' else 0)"


def main() -> None:
    found = newest()
    if found is None:
        say("no newer Python here; the tests run with the default one alone")
    elif _is_ready(made := PLACE / "bin" / "python", found) or _make(found, made):
        print(made)
        return
    print(sys.executable)


def newest() -> str | None:
    """Path of the newest Python that is newer than this one."""
    by_minor = {minor: path for path in _candidates() if (minor := _minor(path)) > sys.version_info.minor}
    return by_minor[max(by_minor)] if by_minor else None


def _candidates() -> Iterator[str]:
    for minor in range(sys.version_info.minor + 1, LAST_MINOR):
        if path := shutil.which(f"python3.{minor}"):
            yield path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, pyenv.glob("versions/3.*/bin/python3"))


def _minor(python: str) -> int:
    """0 where it does not run, is not finished, or makes no virtual environments."""
    try:
        done = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    return int(done.stdout) if done.returncode == 0 else 0


def _is_ready(made: Path, found: str) -> bool:
    stamp = PLACE / "made"
    return made.is_file() and stamp.is_file() and stamp.read_text() == _wanted(found)


def _wanted(found: str) -> str:
    return "\n".join([found, *sorted(_compiled())])


def _make(found: str, made: Path) -> bool:
    say(f"preparing {found}")
    shutil.rmtree(PLACE, ignore_errors=True)
    if subprocess.run([found, "-m", "venv", "--without-pip", str(PLACE)], stdout=sys.stderr, check=False).returncode:
        say(f"{found} is left out: it makes no virtual environment")
        return False
    pip = [sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet", "--disable-pip-version-check"]
    # Building from sources could take longer than all tests.
    options = ["--no-deps", "--no-compile", "--only-binary=:all:"]
    if subprocess.run([*pip, *options, *_compiled()], stdout=sys.stderr, check=False).returncode:
        say(f"{found} is left out: not every package can be had for it")
        return False
    [packages] = (PLACE / "lib").glob("python3.*/site-packages")
    (packages / "default.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (PLACE / "made").write_text(_wanted(found))
    return True


def _compiled() -> list[str]:
    """What is installed here and was compiled for this Python alone, as pip is told."""
    here = [one for one in distributions(path=[sysconfig.get_paths()["platlib"]]) if _is_compiled(one)]
    return [f"{one.name}=={one.version}" for one in here if one.name.lower() not in NOT_FOR_TESTS]


def _is_compiled(one: Distribution) -> bool:
    mark = f".cpython-3{sys.version_info.minor}"
    return any(mark in file.name and file.suffix == ".so" for file in one.files or ())


def say(text: str) -> None:
    print(f"newest Python: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
