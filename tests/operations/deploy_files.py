"""What the files for deployment say, for the tests that check it and the one that does it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
TIMERS = sorted((ROOT / "deploy/systemd").glob("*.timer"))
CHAT_CONF = ROOT / "deploy/nginx/chat.conf"


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def compose_environment(service: str) -> dict[str, str]:
    return {name: str(value) for name, value in compose()["services"][service].get("environment", {}).items()}


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _colon, command in (line.partition(":") for line in lines)}


def unit(path: Path) -> RawConfigParser:
    parsed = RawConfigParser(strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(path)
    return parsed


def manage_commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of manage.py that a file for deployment makes, with the place where it stands."""
    for name, service in compose()["services"].items():
        yield from _calls(f"compose: {name}", shlex.join(service.get("command", [])))
    for name, line in procfile().items():
        yield from _calls(f"Procfile: {name}", line)
    for path in UNITS:
        yield from _calls(path.name, unit(path)["Service"]["ExecStart"].replace("%i", "8000"))
    yield from _calls("schedule.sh", (ROOT / "deploy/schedule.sh").read_text())
    [command] = re.findall(r"^CMD \[(.+)\]$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    yield from _calls("Dockerfile", command.replace(",", " "))


def _calls(place: str, text: str) -> Iterator[tuple[str, list[str]]]:
    for found in re.findall(r"manage\.py['\"]? ([^&|;\n]+)", text):
        yield place, shlex.split(found)
