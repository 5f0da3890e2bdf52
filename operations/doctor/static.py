"""What is made from the sources: collected static files and compiled translations."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from chatbot_site.management.commands.prepare import static_fingerprint, static_stamp
from operations.doctor.findings import Findings, ok, problem, warning

_COLLECT = "python manage.py prepare (or, in an image, python manage.py collectstatic --noinput)"


def look_at_files() -> Findings:
    root = Path(settings.STATIC_ROOT)
    manifest = root / "staticfiles.json"
    if not manifest.is_file():
        yield problem(f"They have not been collected into {root}: pages fail.", _COLLECT)
        return
    known: dict[str, str] = json.loads(manifest.read_text())["paths"]
    missing = sorted(_source_names() - known.keys())
    gone = sorted(hashed for hashed in known.values() if not (root / hashed).is_file())
    if missing or gone:
        lack = (missing or gone)[0]
        yield problem(f"{len(missing) + len(gone)} of them are missing in {root}, {lack} first: pages fail.", _COLLECT)
    elif _is_outdated():
        yield warning("They have changed since they were collected.", _COLLECT)
    else:
        yield ok(f"{len(known)} collected.")


def _source_names() -> set[str]:
    return {name for finder in get_finders() for name, _storage in finder.list([])}


def _is_outdated() -> bool:
    """As far as `prepare` has collected them; an image, which does without, never changes."""
    stamp = static_stamp()
    return stamp.is_file() and stamp.read_text() != static_fingerprint()


def look_at_translations() -> Findings:
    sources = [source for folder in settings.LOCALE_PATHS for source in Path(folder).glob("*/LC_MESSAGES/*.po")]
    stale = [source.parent.parent.name for source in sources if _is_stale(source)]
    if stale:
        mend = "python manage.py compilemessages, then restart"
        yield warning(f"Not compiled, or older than their source: {', '.join(stale)}.", mend)
    else:
        yield ok("Compiled.")


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.is_file() or compiled.stat().st_mtime < source.stat().st_mtime
