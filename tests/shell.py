"""Runs scripts on a site's database, one after another, in a process that has loaded Django once.

Reads a script as JSON from each line of its input, writes {"output", "error"} as JSON on a line.
"""

import contextlib
import io
import json
import sys
import traceback

import django


def main() -> None:
    django.setup()
    for line in sys.stdin:
        output, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(output):
                exec(json.loads(line), {})
        except Exception:
            error = traceback.format_exc()
        sys.stdout.write(json.dumps({"output": output.getvalue(), "error": error}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
