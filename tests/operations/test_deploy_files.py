"""The files for deployment are sound: they parse, and name what is really there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from tests.operations.deploy_files import (
    CHAT_CONF,
    ROOT,
    TIMERS,
    UNITS,
    compose,
    compose_environment,
    manage_commands,
    procfile,
    unit,
)

EXPLAINED = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
OF_THE_SITE = ("migrate", "web", "worker", "scheduler")
CALLS = list(manage_commands())


@pytest.mark.parametrize(("place", "call"), CALLS, ids=[f"{place}-{call[0]}" for place, call in CALLS])
def test_every_command_line_is_one_that_the_command_takes(place: str, call: list[str]) -> None:
    name, *arguments = call
    command = load_command_class(get_commands()[name], name)

    command.create_parser("manage.py", name).parse_args(arguments)


def test_calls_were_found_everywhere() -> None:
    names = [call[0] for _place, call in CALLS]

    assert {"migrate", "serve", "run_generations", "backup", "cleanup", "prepare"} <= set(names)
    assert {place.split(":")[0] for place, _call in CALLS} >= {"compose", "Procfile", "Dockerfile", "schedule.sh"}


# --- docker-compose.yml -----------------------------------------------------------------------------------------------


def test_compose_has_what_a_site_needs() -> None:
    services = compose()["services"]

    assert set(services) == {*OF_THE_SITE, "database", "redis", "proxy"}
    assert services["web"]["deploy"]["replicas"] >= 2


def test_compose_refers_only_to_what_it_has() -> None:
    loaded = compose()
    for name, service in loaded["services"].items():
        assert set(service.get("depends_on", {})) <= set(loaded["services"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            mounted = source in loaded["volumes"] or (ROOT / source).exists()
            assert mounted or source in ("./deploy/certs", "./deploy/acme"), f"{name}: {source}"


def test_compose_looks_after_the_health_of_everything_that_stays() -> None:
    for name, service in compose()["services"].items():
        check = service["healthcheck"]
        assert "test" in check or (check == {"disable": True} and name in ("migrate", "scheduler")), name
    waited_for = [
        dependency
        for service in compose()["services"].values()
        for dependency, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    ]
    assert set(waited_for) == {"database", "redis", "web"}


def test_compose_sets_only_variables_that_are_explained() -> None:
    for name in OF_THE_SITE:
        assert set(compose_environment(name)) <= EXPLAINED, name
    asked = re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())
    assert set(asked) <= EXPLAINED


def test_compose_lets_answers_end_before_the_kill() -> None:
    services = compose()["services"]
    web, worker = services["web"], services["worker"]

    assert _seconds(web["stop_grace_period"]) > settings.DRAIN_SECONDS
    drain = worker["command"][worker["command"].index("--drain") + 1]
    assert _seconds(worker["stop_grace_period"]) > float(drain)


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_compose_shares_uploads_and_keeps_backups_apart() -> None:
    services = compose()["services"]

    assert all("data:/data" in services[name]["volumes"] for name in OF_THE_SITE)
    assert "backups:/backups" in services["scheduler"]["volumes"]
    assert compose_environment("scheduler")["BACKUP_FOLDER"] == "/backups"


def test_no_secret_is_written_into_the_files() -> None:
    for name, service in compose()["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search("KEY|PASSWORD|DATABASE_URL", variable):
                assert "${" in value, f"{name}: {variable}"


# --- Procfile, systemd, schedule --------------------------------------------------------------------------------------


def test_procfile_has_the_three_processes() -> None:
    assert list(procfile()) == ["release", "web", "worker"]
    assert "exec python" in procfile()["web"], "the signal to end must reach the server itself"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_hardened_and_may_write_only_where_they_must(path: Path) -> None:
    service = unit(path)["Service"]

    assert service["User"] == "chat"
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "PrivateDevices", "ProtectKernelTunables"):
        assert service[name] == "yes", name
    assert service["ProtectSystem"] == "strict"
    assert set(service["ReadWritePaths"].split()) <= {"/srv/chat/var", "/var/backups/chat"}


def test_units_let_answers_end_before_the_kill() -> None:
    web, worker = (unit(ROOT / f"deploy/systemd/chat-{name}@.service")["Service"] for name in ("web", "worker"))

    assert float(web["TimeoutStopSec"]) > settings.DRAIN_SECONDS
    assert float(worker["TimeoutStopSec"]) > float(worker["ExecStart"].split("--drain ")[1])


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_timers_have_their_service_and_catch_up(path: Path) -> None:
    assert path.with_suffix(".service") in UNITS
    assert unit(path)["Timer"]["Persistent"] == "true"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing(tmp_path: Path) -> None:
    paths = []
    for path in (*UNITS, *TIMERS):
        # As it would be installed: an instance of a template, with a program and a folder that are here.
        rendered = tmp_path / path.name.replace("@.", "@8000.")
        text = path.read_text().replace("/srv/chat/.venv/bin/python", shutil.which("python3") or "python3")
        rendered.write_text(text.replace("WorkingDirectory=/srv/chat", f"WorkingDirectory={tmp_path}"))
        paths.append(str(rendered))

    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True)

    told = [line for line in done.stderr.splitlines() if any(Path(path).name in line for path in paths)]
    assert told == []


@pytest.fixture
def recorded(tmp_path: Path) -> dict[str, str]:
    """An environment whose `python` only writes down what it is asked for; backups fail if `broken` is there."""
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f'[ "$2" != backup ] || [ ! -e {tmp_path}/broken ] || exit 1\n'
        f"touch {tmp_path}/chat-backup-20261123T000000Z.tar.zst\n"
    )
    python.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "BACKUP_FOLDER": str(tmp_path)}


def _schedule_once(env: dict[str, str]) -> int:
    return subprocess.run(["sh", "deploy/schedule.sh", "--once"], cwd=ROOT, env=env, capture_output=True).returncode


def test_the_schedule_backs_up_and_cleans_up(recorded: dict[str, str], tmp_path: Path) -> None:
    assert _schedule_once(recorded) == 0

    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[0] == f"manage.py backup --output {tmp_path} --keep 14"
    assert calls[-1] == "manage.py cleanup"


def test_the_schedule_cleans_up_although_the_backup_failed_and_says_so(
    recorded: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "broken").touch()

    assert _schedule_once(recorded) == 1
    assert (tmp_path / "calls").read_text().splitlines()[-1] == "manage.py cleanup"


# --- nginx ------------------------------------------------------------------------------------------------------------


def test_the_proxy_lets_through_what_the_site_takes() -> None:
    general, imports = (
        int(megabytes) * 2**20 for megabytes in re.findall(r"client_max_body_size (\d+)m;", CHAT_CONF.read_text())
    )

    assert settings.ATTACHMENT_MAX_BYTES + 2**20 < general < 2 * settings.ATTACHMENT_MAX_BYTES
    assert settings.IMPORT_MAX_BYTES + 2**20 < imports < 2 * settings.IMPORT_MAX_BYTES


def test_the_proxy_says_itself_where_a_request_comes_from() -> None:
    text = CHAT_CONF.read_text()

    assert "$proxy_add_x_forwarded_for" not in text
    assert re.search(r"X-Forwarded-For +\$remote_addr;", text)
    assert re.search(r"X-Forwarded-Proto +\$scheme;", text)
