"""Is there room, and may the site, and nobody else, use the place where it keeps its data."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from chatbot_site.privacy import open_to_all
from operations.doctor.findings import Findings, ok, problem, warning

_MB = 2**20
FULL_BYTES, NEARLY_FULL_BYTES = 200 * _MB, 1000 * _MB
_ROOM = "Run manage.py cleanup, remove old backups, or give it a larger disk."


def look() -> Findings:
    media = Path(settings.MEDIA_ROOT)
    for path in dict.fromkeys((Path(settings.VAR_DIR), media if media.exists() else media.parent)):
        yield from _look_at(path)
    for path in open_to_all():
        how = f"chmod {'700' if path.is_dir() else '600'} {path} (the next start does it, if it may)"
        yield warning(f"{path} can be read by everybody on this machine.", how)


def _look_at(path: Path) -> Findings:
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
        free = shutil.disk_usage(path).free
    except OSError as error:
        yield problem(f"{path} cannot be written: {error.strerror}.", "Give it to the account that runs the site.")
        return
    told = f"{filesizeformat(free)} free at {path}.".replace("\xa0", " ")
    if free < FULL_BYTES:
        yield problem(told, _ROOM)
    elif free < NEARLY_FULL_BYTES:
        yield warning(told, _ROOM)
    else:
        yield ok(told)
