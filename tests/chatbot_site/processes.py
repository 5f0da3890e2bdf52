"""Starting the site's commands as processes of their own, and waiting for what they do."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, **site: str) -> dict[str, str]:
    """A site in `folder` that knows nothing of the developer's .env or of the tests' own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    own = {"ENV_FILE": "tests/no.env", "VAR_DIR": str(folder), "LOCAL_MODEL": "off", "PYTHONUNBUFFERED": "1"}
    return kept | own | site


def manage(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=120)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Return once `condition()` holds; fails if `process` ends first or PATIENCE seconds go by."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, f"ended with {process.returncode}"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
