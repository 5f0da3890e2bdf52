"""Ask the server on this machine for a sign of life; exit code 1 if there is none. For a container's health check.

Asks under one of the site's own names, since it answers to no other. Standard library only: a probe must cost little.
"""

import http.client
import os
import sys
from pathlib import Path


def main() -> None:
    port = os.environ.get("PORT", "").partition(" #")[0].strip(" \t\"'") or "8000"
    if not port.isdecimal():
        sys.exit("PORT is not a whole number; for example: PORT=8000")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": own_name()})
        status = connection.getresponse().status
    except OSError as error:
        sys.exit(f"no answer: {error}")
    if status != http.client.OK:
        sys.exit(f"answered with status {status}")


def own_name() -> str:
    """The first name of ALLOWED_HOSTS, of which the server has refused by now what is no list of names."""
    hosts = os.environ.get("ALLOWED_HOSTS", "")
    if path := os.environ.get("ALLOWED_HOSTS_FILE", "").strip():
        try:
            hosts = Path(path).expanduser().read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            sys.exit(
                "ALLOWED_HOSTS_FILE names no file that can be read; for example: ALLOWED_HOSTS_FILE=/run/secrets/hosts"
            )
    names = [part.strip(" \t\"'").lstrip(".") for part in hosts.replace("\n", ",").partition(" #")[0].split(",")]
    return next((name for name in names if name not in ("", "*")), "localhost")


if __name__ == "__main__":
    main()
