"""manage.py rotate_keys: encrypt the stored keys anew under the first ENCRYPTION_KEY."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import CommandError

from chatbot_site.commands import SiteCommand
from providers.credentials import EncryptionKeyError, cipher
from providers.rotation import Rotated, rotate_all

_HOW = """
How to replace ENCRYPTION_KEY:
  1. Make a new key and put it in front of the old one, with a comma in between: ENCRYPTION_KEY=new,old
  2. Restart the site. It encrypts with the new key and still reads what the old one encrypted.
  3. Run this command. It may be stopped at any time and run again.
  4. When it says that every key is under the first ENCRYPTION_KEY, take the old one out and restart.

The exit code is 1 when a stored key could not be opened with any part of ENCRYPTION_KEY.
"""


class Command(SiteCommand):
    help = "Encrypt every stored API key of a provider anew under the first part of ENCRYPTION_KEY."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, epilog=_HOW, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, dry_run: bool, verbosity: int, **options: Any) -> None:
        try:
            cipher()
        except EncryptionKeyError as error:
            raise CommandError(str(error)) from None
        as_json = options["json"]
        talks = verbosity > 0 and self.stdout.isatty() and not as_json
        result = Rotated(dry_run=dry_run)
        for provider, what in rotate_all(result):
            if talks:
                self.stdout.write(f"{provider}: {what}")
        self.stdout.write(json.dumps(result.as_dict()) if as_json else result.sentence())
        if result.unreadable:
            raise CommandError(
                f"No part of ENCRYPTION_KEY opens the stored key of {', '.join(result.unreadable)}. "
                "Add the key that encrypted it, or enter the provider's key again in the admin."
            )
