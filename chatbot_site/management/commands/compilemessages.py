"""Django's compilemessages without gettext: newcomers have Python and make, and many containers nothing else either."""

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import CommandError

from chatbot_site.commands import SiteCommand


class Command(SiteCommand):
    asks_database = False
    help = (
        "Compile the site's translations (locale/*/LC_MESSAGES/*.po to .mo). Needs no msgfmt. Skips what is up to date."
    )
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        files = (file for folder in settings.LOCALE_PATHS for file in Path(folder).glob("*/LC_MESSAGES/*.po"))
        for source in sorted(files):
            if compile_catalogue(source) and options["verbosity"]:
                self.stdout.write(f"Compiled {source.parent.parent.name}/{source.stem}")


def compile_catalogue(source: Path) -> bool:
    """Write `source`'s .mo beside it, in one step; False if it was newer already. Raises CommandError."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
        return False
    try:
        catalogue = polib.pofile(str(source), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{source}: {error}") from None
    unfinished = target.with_suffix(".mo.new")  # a server that is just starting must not read half a file
    catalogue.save_as_mofile(str(unfinished))
    unfinished.replace(target)
    return True
