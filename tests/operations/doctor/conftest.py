"""The doctor, asked about one subject."""

import json
from collections.abc import Callable
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command

Found = list[dict[str, str]]
Look = Callable[..., Found]


@pytest.fixture
def look() -> Look:
    """Runs the command on one subject and gives what it found."""

    def run(subject: str, *arguments: str) -> Found:
        out = StringIO()
        with suppress(SystemExit):
            call_command("doctor", "--json", "--only", subject, *arguments, stdout=out)
        report = json.loads(out.getvalue())
        assert report["ok"] == all(one["level"] != "problem" for one in report["findings"])
        found: Found = report["findings"]
        return found

    return run


def levels(found: Found) -> list[str]:
    return [one["level"] for one in found]
