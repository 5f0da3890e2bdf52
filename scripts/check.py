"""`make check`: everything about the code that can be judged without running it. All of it runs; any failure fails."""

import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import polib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "chatbot_site", "conversations", "moderation", "operations", "providers")
CATALOGUE = Path("locale/ko/LC_MESSAGES/django.po")


def main() -> None:
    os.chdir(ROOT)
    checks: dict[str, Callable[[], bool]] = {
        "style": lambda: python("-m", "ruff", "check", "--quiet", "."),
        "format": lambda: python("-m", "ruff", "format", "--check", "--quiet", "."),
        "types": lambda: python("-m", "mypy", "--no-error-summary", *APPS),
        "migrations": lambda: python("manage.py", "makemigrations", "--check", "--dry-run", env=development()),
        "settings for production": check_production,
        "translations": check_translations,
        "packages": lambda: python("-m", "pip", "check", "--quiet", "--disable-pip-version-check"),
        "lock files": check_locks,
    }
    failed = [name for name, check in checks.items() if not _passes(name, check)]
    if failed:
        sys.exit(f"Not in order: {', '.join(failed)}.")
    print("Everything is in order.")


def _passes(name: str, check: Callable[[], bool]) -> bool:
    passed = check()
    print(f"{'ok  ' if passed else 'FAIL'} {name}", flush=True)
    return passed


def python(*arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> bool:
    """Run this Python with `arguments`; what it printed is shown only if it failed."""
    done = subprocess.run([sys.executable, *arguments], env=env, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def development() -> dict[str, str]:
    """An environment that owes nothing to the developer's own .env."""
    return _plain_environment() | {"APP_ENV": "development"}


def production() -> dict[str, str]:
    """The environment of a well-kept site."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    site = {"SECRET_KEY": secrets.token_urlsafe(50), "ENCRYPTION_KEY": key, "ALLOWED_HOSTS": "chat.example.org"}
    return _plain_environment() | site | {"APP_ENV": "production"}


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"ENV_FILE": os.devnull, "VAR_DIR": _scratch.name}


def check_production() -> bool:
    """Django's checks for deployment find nothing, and a start without keys is refused."""
    clean = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", env=production())
    bare = _plain_environment() | {"APP_ENV": "production"}
    refused = subprocess.run(
        [sys.executable, "manage.py", "check", "--tag", "site"], env=bare, check=False, capture_output=True
    )
    if refused.returncode == 0:
        print("A production start without SECRET_KEY, ENCRYPTION_KEY and ALLOWED_HOSTS was not refused.")
    return clean and refused.returncode != 0


def check_translations() -> bool:
    """Every text has a Korean one, and (where xgettext is installed) every text of the code is in the catalogue."""
    catalogue = polib.pofile(str(CATALOGUE))
    problems = [f"fuzzy: {entry.msgid!r}" for entry in catalogue.fuzzy_entries()]
    problems += [f"untranslated: {entry.msgid!r}" for entry in catalogue.untranslated_entries()]
    problems += [
        f"{path}: xgettext finds no text of {name!r}: import it as _, or as it is" for path, name in _aliases()
    ]
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue if not entry.obsolete}
    if shutil.which("xgettext"):
        problems += [
            f"not in the catalogue: {text!r}" for context, text in _texts_of_code() if (context, text) not in known
        ]
    else:
        print("     (xgettext is not installed: texts that are missing from the catalogue were not looked for)")
    print("".join(f"{CATALOGUE}: {problem}\n" for problem in problems), end="")
    return not problems


def check_locks() -> bool:
    """Whatever the ranges ask for is in the lock files, in a version that they admit."""
    problems = []
    for ranges in sorted(ROOT.glob("requirements*.txt")):
        lock = ranges.with_suffix(".lock")
        locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==([^ ;]+)", lock.read_text(), re.MULTILINE))
        lines = [line.split("#")[0].strip() for line in ranges.read_text().splitlines()]
        for wanted in [Requirement(line) for line in lines if line]:
            version = locked.get(canonicalize_name(wanted.name), "")
            if not version or version not in wanted.specifier:
                problems.append(f"{lock.name} has {version or 'no version'} for {wanted}: `make lock`")
    print("".join(f"{problem}\n" for problem in problems), end="")
    return not problems


def _aliases() -> list[tuple[str, str]]:
    """Where Django's functions for translation go by a name that makemessages does not look for."""
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    found = [(path, re.findall(r"\bn?p?gettext(?:_lazy)? as (?!_\b)(\w+)", path.read_text())) for path in sources]
    return [(str(path.relative_to(ROOT)), name) for path, names in found for name in names]


def _texts_of_code() -> list[tuple[str | None, str]]:
    """What makemessages finds in a copy of the sources, so that the catalogue itself is left as it is."""
    copy = Path(_scratch.name) / "sources"
    for name in (*APPS, "templates"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "manage.py", copy)
    (copy / "locale").mkdir()
    if not python("manage.py", "makemessages", "--locale", "ko", "--no-location", env=development(), cwd=copy):
        sys.exit("makemessages failed.")
    return [(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(copy / CATALOGUE))]


_scratch = tempfile.TemporaryDirectory(prefix="chat-check-")

if __name__ == "__main__":
    main()
