"""The command that runs the site: looks whether it is fit to run, says where it is, serves until it is told to stop."""

import asyncio
import gc
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation

from chatbot_site import arguments, checks, database, privacy
from chatbot_site.commands import SiteCommand
from chatbot_site.gate import MigrationGate
from chatbot_site.schema import unapplied_migrations
from providers import warm_up

SWITCH_SECONDS = 0.001
WARM_UP_AFTER_SECONDS = 1  # the first page comes first: importing a provider's SDK takes most of a second
ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


class Command(SiteCommand):
    asks_database = False  # the settings are looked at first
    help = (
        "Serve the site: pages, websocket and answers, in one process. While the database lacks migrations, every page "
        "says so, and the site opens by itself once they are applied. On SIGTERM or Ctrl+C, open answers may end "
        "(DRAIN_SECONDS, default 20); a second signal stops at once."
    )
    requires_system_checks: list[str] = []  # done in handle(), with those for deployment

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", type=arguments.text, default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", default=str(settings.PORT), help="port to listen on (PORT)")
        parser.add_argument("--migrate", action="store_true", help="first bring the database up to date")

    def handle(self, *, host: str, port: str, migrate: bool, **options: Any) -> None:
        number = _port_number(port)
        self._check_settings()
        database.require()
        self._require_rights(migrate=migrate)
        if migrate:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        self._serve(host, number, self._missing_migrations())

    def _check_settings(self) -> None:
        """Raise SystemCheckError, which lists what is wrong and what to do; warnings are printed."""
        self.check(tags=[checks.TAG], display_num_errors=False)  # first: without keys the others may not even load
        self.check(display_num_errors=False, include_deployment_checks=settings.PRODUCTION)

    def _require_rights(self, *, migrate: bool) -> None:
        """Raise CommandError where a site could not work; close what others on this machine could read."""
        if trouble := database.lacking(to_create=migrate and bool(unapplied_migrations())):
            raise CommandError(str(trouble))
        for path in privacy.tighten():
            self.stderr.write(f"{path} can be read by everybody on this machine, and belongs to another account.")

    def _missing_migrations(self) -> list[str]:
        """Said on stderr too."""
        missing = unapplied_migrations()
        if missing:
            self.stderr.write(
                f"The database is not up to date: {len(missing)} migrations are not applied, {missing[0]} first. "
                "Every page says so until they are. Run: python manage.py migrate (or start with --migrate)"
            )
        return missing

    def _serve(self, host: str, port: int, missing: list[str]) -> None:
        from chatbot_site.server import ChatServer  # not before it is needed: it installs Twisted's reactor

        from chatbot_site.asgi import application, django_application  # isort: skip
        from chatbot_site.bodies import SiteBodies
        from conversations.generation import engine

        gate = MigrationGate(application, probes=django_application, is_open=not missing)
        server = ChatServer(
            gate,
            endpoint=f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}",
            drain=lambda: engine.drain(settings.DRAIN_SECONDS),
            on_listening=lambda: self._begin(host, port, gate),
            body_rules=SiteBodies(),
            body_folder=settings.VAR_DIR,  # /tmp may be memory
        )
        # Pages are made in threads: they must not keep the event loop, which shows the tokens, waiting for long.
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # the modules stay: the collector need not look through them again and again
        translation.deactivate()  # what is made from here on is for people
        server.run()
        if server.failure:
            raise CommandError(f"Port {port} cannot be used ({server.failure}). Choose another one: PORT=8001 make run")

    async def _begin(self, host: str, port: int, gate: MigrationGate) -> None:
        """Say where the site is, take up answers that an earlier process left, get ready for the first question."""
        from conversations.generation import engine

        self._welcome(host, port)
        await gate.opened()
        engine.ensure()
        if settings.RUN_GENERATIONS == "web":
            await asyncio.sleep(WARM_UP_AFTER_SECONDS)
            await warm_up()

    def _welcome(self, host: str, port: int) -> None:
        shown = "localhost" if host in (*ANYWHERE, "127.0.0.1", "::1") else host
        self.stdout.write(
            f"\n  The chat is at {self.style.SUCCESS(f'http://{shown}:{port}/')}\n"
            "  Sign up there, write Hello, and watch the answer arrive.\n"
            "  For the admin pages, make an administrator: make admin. To stop: Ctrl+C\n"
        )
        self.stdout.flush()


def _port_number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 2**16:
        return int(text)
    raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
