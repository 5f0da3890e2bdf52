"""manage.py run_local_model: serve the small local model in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from providers.local import CONTEXT_WINDOW, MODEL, model_path
from providers.local_server import CannotServe, serve


class Command(SiteCommand):
    asks_database = False
    help = (
        "Serve the small local model as an OpenAI-compatible server on 127.0.0.1, in the foreground. "
        "The site starts such a server by itself when it needs one; this command is for trying it by hand."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        port, context = arguments.whole(0, 65_535), arguments.whole(1, 1_000_000)
        parser.add_argument("--port", type=port, default=0, help="port to listen on; 0 (the default) takes a free one")
        parser.add_argument("--context", type=context, default=CONTEXT_WINDOW, help="context window in tokens")
        parser.add_argument("--leashed", action="store_true", help="end when standard input closes")

    def handle(self, *_args: Any, port: int, context: int, leashed: bool, **_options: Any) -> None:
        if not model_path().is_file():
            raise CommandError("The local model is not there yet. Get it with: manage.py fetch_local_model")
        try:
            serve(model_path(), port=port, context=context, alias=MODEL, leashed=leashed)
        except CannotServe as reason:
            raise CommandError(str(reason)) from None
