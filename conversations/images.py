"""Images are decoded outside of the site's processes, two at once and one of a person, and nobody waits for a turn."""

from __future__ import annotations

import fcntl
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from chatbot_site.caches import limits

logger = logging.getLogger(__name__)

AT_ONCE = 2  # of all processes on this machine; each takes 430 MB at most
REST_SECONDS = 15  # after an image that took too long: others get the place; pages try longer than that
SECONDS = 30  # on a machine that has much else to do; the program itself has fewer, of CPU
MEGAPIXELS = 24  # see MAX_PIXELS of the program
PROGRAM = Path(__file__).with_name("picture_process.py")

_people: set[int] = set()  # whose image this process is at
_lock = threading.Lock()


class Busy(Exception):
    """As many images are being read as may be at once; to be tried again in a few seconds."""


class Damaged(Exception):
    """No decoder could read it to its end."""


class TooManyPixels(Exception):
    """Decoding it would take too much memory."""


class TooSlow(Exception):
    """Decoding it takes too much time; how many pixels it has does not say so."""


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    media_type: str
    width: int
    height: int


def cleaned(file: IO[bytes], person_id: int) -> Picture:
    """The image in `file`, made anew; of an animation the first frame. Raises Busy, Damaged, TooManyPixels, TooSlow."""
    rest = f"image-rest:{person_id}"
    with _only_one_of(person_id), _one_of_few():
        if limits.get(rest):
            raise Busy
        file.seek(0)
        try:
            said = _run(file.read())
        except TooSlow:
            limits.set(rest, True, REST_SECONDS)
            raise
    head, _, data = said.partition(b"\n")
    match head.decode("ascii", "replace").split():
        case ["image", media_type, width, height]:
            return Picture(data, media_type, int(width), int(height))
        case ["large"]:
            raise TooManyPixels
        case _:  # a hostile file makes decoders do anything, also end
            raise Damaged


def _run(data: bytes) -> bytes:
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=data, capture_output=True, timeout=SECONDS, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        raise Busy from None
    if done.returncode > 0:
        last = (done.stderr.splitlines() or [b""])[-1].partition(b":")[0]  # the kind of error, nothing of the file
        logger.error("The program that decodes images failed: %s", last.decode("utf-8", "replace"))
    if done.returncode == -signal.SIGXCPU:
        raise TooSlow
    if done.returncode == -signal.SIGKILL:  # by a system that had no memory left
        raise TooManyPixels
    return done.stdout


@contextmanager
def _only_one_of(person_id: int) -> Iterator[None]:
    with _lock:
        if person_id in _people:
            raise Busy
        _people.add(person_id)
    try:
        yield
    finally:
        with _lock:
            _people.discard(person_id)


@contextmanager
def _one_of_few() -> Iterator[None]:
    """One of the places that all processes share: a file that is locked, which the end of a process undoes."""
    with ExitStack() as opened:
        for number in range(AT_ONCE):
            place = opened.enter_context((settings.VAR_DIR / f"decoding-{number}.lock").open("w"))
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield
            return
        raise Busy
