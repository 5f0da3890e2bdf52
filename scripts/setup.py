"""Everything but starting: virtual environment, packages, .env, and then `manage.py prepare`.

Standard library only, since it runs before there is an environment to import from: `python3 scripts/setup.py [--dev]`.
What is done already is not done again, and a second run needs no network.
"""

from __future__ import annotations  # so that an old Python gets as far as saying that it is too old

import argparse
import base64
import hashlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
LOCAL = "requirements-local.lock"  # may be missing for this machine
RUN, DEVELOP = ("requirements.lock", LOCAL), ("requirements-dev.lock",)
UV = "uv>=0.13,<0.14"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Set up the chat in this folder.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    require_python(sys.version_info[:2])
    python = ensure_venv(VENV)
    install(python, RUN + DEVELOP if options.dev else RUN)
    write_env(ROOT / ".env", ROOT / ".env.example")
    run([python, "manage.py", "prepare"], "The set-up could not be finished; what is missing is said above.")


def require_python(version: tuple[int, ...]) -> None:
    """Exit with a sentence unless `version` is one that the project runs on."""
    if version < OLDEST:
        wanted, found = ".".join(map(str, OLDEST)), ".".join(map(str, version))
        sys.exit(
            f"Python {wanted} or newer is needed; this is {found}. Install one, or name it: make run PYTHON=python3.12"
        )


def ensure_venv(folder: Path) -> str:
    """Path of the environment's Python; the environment is made if there is none that runs."""
    python = folder / "bin" / "python"
    if not _runs(python):
        say("Making the virtual environment .venv ...")
        command = [sys.executable, "-m", "venv", "--clear", str(folder)]
        run(command, "Python's venv is missing or broken. On Debian and Ubuntu: apt install python3-venv")
    return str(python)


def _runs(python: Path) -> bool:
    test = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(python: str, files: tuple[str, ...]) -> None:
    """Install the packages that `files` name, unless these very files were installed from before."""
    stamp = VENV / "installed"
    done = set(stamp.read_text().split()) if stamp.is_file() else set()
    missing = [name for name in files if fingerprint(name) not in done]
    if not missing:
        return
    say(f"Installing the packages of {' and '.join(missing)} ...")
    if not _install_all(python, [name for name in missing if name != LOCAL]):
        sys.exit("The packages could not be installed; pip says above why. Is there a connection to the network?")
    if LOCAL in missing and not _install_all(python, [LOCAL]):
        say("The small local model cannot run on this machine; the chat works with any other provider.")
    stamp.write_text("\n".join(sorted(done | {fingerprint(name) for name in files})) + "\n")


def _install_all(python: str, files: list[str]) -> bool:
    """By uv, which takes a fifth of the time; where that does not work, by pip, which says what is in the way."""
    if not files:
        return True
    named = ["--quiet", "--require-hashes", *(part for name in files for part in ("-r", name))]
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = [python, "-m", "uv", "pip", "install", "--python", python, "--compile-bytecode"]
    if _quietly([*pip, "--quiet", UV]) and _quietly([*uv, *named], env=environment_for_uv(python)):
        return True
    return subprocess.run([*pip, *named], check=False).returncode == 0


def _quietly(command: list[str], env: dict[str, str] | None = None) -> bool:
    return subprocess.run(command, env=env, capture_output=True, check=False).returncode == 0


def environment_for_uv(python: str) -> dict[str, str]:
    """The environment in which uv takes packages from where pip would."""
    env = {"UV_SYSTEM_CERTS": "true", **os.environ}
    command = [python, "-m", "pip", "config", "get", "global.index-url"]
    named = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if index := os.environ.get("PIP_INDEX_URL") or named:
        env.setdefault("UV_DEFAULT_INDEX", index)
    return env


def fingerprint(name: str) -> str:
    """Digest of a lock file and of the Python that its packages are for."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return hashlib.sha256("\0".join([name, text, str(sys.version_info[:2])]).encode()).hexdigest()


def write_env(target: Path, example: Path) -> bool:
    """Copy `example` to `target` with fresh keys, readable by its owner only; a file that is there is left alone."""
    text = example.read_text(encoding="utf-8")
    text = text.replace("\nSECRET_KEY=\n", f"\nSECRET_KEY={secrets.token_urlsafe(50)}\n")
    text = text.replace("\nENCRYPTION_KEY=\n", f"\nENCRYPTION_KEY={fernet_key()}\n")
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    say("Wrote .env with new keys. Keep it: ENCRYPTION_KEY is what stored API keys are read with.")
    return True


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def run(command: list[str], complaint: str) -> None:
    """Run `command`, its output shown; exit with `complaint` if it fails."""
    if subprocess.run(command, check=False).returncode:
        sys.exit(complaint)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
