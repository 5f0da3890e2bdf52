"""pytest, and once more, alone and one at a time, what failed: `python scripts/retest.py PYTEST-ARGUMENTS`.

For tests of browsers and services, where a race can fail a test that is right. What passes the second time is named on
a line "FLAKY: name" and does not fail the run; what fails twice does. A flaky test is a fault to be mended.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MOST_RERUN = 10  # more failures than this are no race
ONE_AT_A_TIME = ("-n", "0")  # comes last, so it wins over the -n of the first run


def main(arguments: Sequence[str]) -> int:
    """The exit status of the run: 0 also when all that failed passed the second time."""
    with tempfile.TemporaryDirectory(prefix="retest-") as cache:
        command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments]
        status = subprocess.run(command, check=False).returncode
        failed = _last_failed(Path(cache))
        if status != 1 or not 0 < len(failed) <= MOST_RERUN:
            return status
        print(f"\n{len(failed)} failed and run once more, one at a time.", flush=True)
        status = subprocess.run([*command, "--last-failed", *ONE_AT_A_TIME], check=False).returncode
        for name in sorted(failed - _last_failed(Path(cache))):
            print(f"FLAKY: {name}", flush=True)
        return status


def _last_failed(cache: Path) -> set[str]:
    """Names of the tests that failed and have not passed since, as pytest keeps them."""
    file = cache / "v/cache/lastfailed"
    return set(json.loads(file.read_text())) if file.is_file() else set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
