"""What stands between installed packages and a start: tables, translations, static files and the small local model."""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError

from chatbot_site import database, privacy
from chatbot_site.commands import SiteCommand
from chatbot_site.schema import unapplied_migrations
from providers import local
from providers.models import Credential


class Command(SiteCommand):
    help = "Bring database, translations, static files and, if no provider is set up, the local model up to date."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        call_command("compilemessages", verbosity=0)
        self._migrate()
        self._collect_static()
        self._fetch_local_model()
        privacy.tighten()

    def _migrate(self) -> None:
        missing = unapplied_migrations()
        if missing:
            if trouble := database.lacking(to_create=True):
                raise CommandError(str(trouble))
            self.stdout.write(f"Bringing the database up to date ({len(missing)} migrations) ...")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect_static(self) -> None:
        stamp = static_stamp()
        now = static_fingerprint()
        if stamp.is_file() and stamp.read_text() == now and Path(settings.STATIC_ROOT).is_dir():
            return
        self.stdout.write("Collecting static files ...")
        # Nothing is removed from a folder that was filled by somebody else.
        is_ours = (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file()
        call_command("collectstatic", interactive=False, clear=is_ours, verbosity=0)
        stamp.write_text(now)

    def _fetch_local_model(self) -> None:
        if not local_model_wanted() or local.model_path().is_file():
            return
        try:
            call_command("fetch_local_model")
        except CommandError as error:
            self.stderr.write(f"{error}\nThe chat starts all the same. Give it a provider in .env: see .env.example")


def local_model_wanted() -> bool:
    """Whether LOCAL_MODEL, or the want of any other provider, asks for it, and this machine can run it."""
    if importlib.util.find_spec("xllamacpp") is None:
        return False
    keys = (provider.get("api_key") or provider.get("base_url") for provider in settings.PROVIDERS.values())
    others = any(keys) or settings.OPENAI_COMPATIBLE_SERVERS or Credential.objects.exists()
    return settings.LOCAL_MODEL == "on" or (settings.LOCAL_MODEL == "auto" and not others)


def static_stamp() -> Path:
    """Where the fingerprint of what was collected last is kept."""
    return Path(settings.STATIC_ROOT).with_suffix(".stamp")


def static_fingerprint() -> str:
    """A digest over name, size and age of every static file: collecting and compressing them all takes seconds."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for line in sorted(_static_files()):
        digest.update(line.encode())
    return digest.hexdigest()


def _static_files() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            yield f"{name} {status.st_size} {status.st_mtime_ns}\n"
