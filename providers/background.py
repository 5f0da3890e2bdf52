"""Small errands in daemon threads, one of a name at a time: a page never waits for them."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)
_running: set[str] = set()
_lock = threading.Lock()


def run_once(name: str, errand: Callable[[], object]) -> threading.Thread | None:
    """Run `errand` in the background, unless one of this name is at it; gives the new thread."""
    with _lock:
        if name in _running:
            return None
        _running.add(name)
    thread = threading.Thread(target=_run, args=(name, errand), name=name, daemon=True)
    thread.start()
    return thread


def _run(name: str, errand: Callable[[], object]) -> None:
    try:
        errand()
    except Exception as failure:
        logger.warning("%s failed: %s", name, type(failure).__name__)
    finally:
        with _lock:
            _running.discard(name)
