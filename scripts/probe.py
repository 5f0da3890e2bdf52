"""Ask the server on this machine for a sign of life; exit code 1 if there is none. For a container's health check.

Asks under one of the site's own names, since it answers to no other. Standard library only: a probe must cost little.
"""

import http.client
import os
import sys


def main() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": own_name()})
        status = connection.getresponse().status
    except OSError as error:
        sys.exit(f"no answer: {error}")
    if status != http.client.OK:
        sys.exit(f"answered with status {status}")


def own_name() -> str:
    hosts = os.environ.get("ALLOWED_HOSTS", "")
    if path := os.environ.get("ALLOWED_HOSTS_FILE"):
        with open(path, encoding="utf-8") as file:
            hosts = file.read()
    return hosts.split(",")[0].strip().lstrip(".") or "localhost"


if __name__ == "__main__":
    main()
