"""Fills a site with people, conversations and cases to look at, and takes them away again."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from chatbot_site import arguments
from chatbot_site.database import is_unreadable
from operations.console import Console, TeachingCommand, add_dry_run, add_json
from operations.demo import removal, rows
from operations.demo.plan import Size, conversations
from operations.demo.review import Cast, Review, flagged
from operations.demo.texts import DOMAIN

USAGE = 2
SMALL = Size()
MOST_SEED = 2**63


class Command(TeachingCommand):
    help = "Fill the site with demo people, conversations and cases, in Korean and English, of any size."
    examples = f"""
examples:
  manage.py seed_demo                                          a small demo; the password is printed once
  manage.py seed_demo --password "correct horse battery"
  manage.py seed_demo --people 300 --conversations 25000 --messages 1000000        for load: some minutes
  manage.py seed_demo --add                                    beside the people who are here already
  manage.py seed_demo --remove                                 takes all demo people away, and all that is theirs
  manage.py seed_demo --remove --dry-run                       only counts them

The people are alice, minjun, bob, ... and the moderators mona and jaehyun, all with the same password. Their e-mail
addresses end in @{DOMAIN}: by that they are known again. The same --seed gives the same conversations.
What the demo's moderators did stays in the audit log, which nothing is ever taken out of.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        for name, what in (("people", "moderators come on top"), ("conversations", ""), ("messages", "in all")):
            default = getattr(SMALL, name)
            text = f"{what}; default: {default}" if what else f"default: {default}"
            parser.add_argument(
                f"--{name}", type=arguments.whole(1, 100_000_000), default=default, metavar="N", help=text
            )
        parser.add_argument(
            "--seed",
            type=arguments.whole(-MOST_SEED, MOST_SEED),
            default=SMALL.seed,
            metavar="N",
            help="another number, another demo",
        )
        parser.add_argument("--password", type=arguments.text, help="of all demo people; default: made up and printed")
        parser.add_argument("--add", action="store_true", help="also where the site has people already")
        parser.add_argument("--remove", action="store_true", help="take the demo away again")
        parser.add_argument("--yes", action="store_true", help="also where APP_ENV is production")
        add_dry_run(parser)
        add_json(parser)

    def handle(
        self,
        *,
        people: int,
        conversations: int,
        messages: int,
        seed: int,
        password: str | None,
        add: bool,
        remove: bool,
        yes: bool,
        dry_run: bool,
        **options: Any,
    ) -> None:
        console = Console(self, options)
        if settings.PRODUCTION and not yes and not dry_run:
            raise CommandError("This is a production site (APP_ENV). Nothing was done; --yes does it nevertheless.")
        if remove:
            _remove_readable(console, dry_run=dry_run)
            return
        size = _checked(Size(people, conversations, messages, seed))
        if User.objects.exists() and not add:
            raise CommandError("This site has people already. Nothing was done; --add puts the demo beside them.")
        if dry_run:
            console.result(_counts(size), f"{_described(size)} would be made.")
            return
        _seed(console, size, password)


def _seed(console: Console, size: Size, given: str | None) -> None:
    password = given or secrets.token_urlsafe(12)
    now = timezone.now()
    # Beside an earlier demo of the same seed, conversations have other ids.
    before = removal.demo_people().count()
    salt = f" beside {before}" if before else ""
    people, moderators = rows.make_people(size.people, password, now)
    folders = rows.make_folders(people, now)
    review = Review(Cast(people, moderators), f"{size.seed}{salt}")
    with console.progress(size.messages, "Messages", "") as progress:
        batches = rows.store(conversations(size, salt), people, folders, now, progress.advance)
        flagged(batches, review)
    names = [person.username for person in people[:3]]
    values = _counts(size) | {"people_names": names, "moderators": [person.username for person in moderators]}
    values["password"] = password
    moderating = " and ".join(person.username for person in moderators)
    text = f"{_described(size)}. Log in as {', '.join(names)}, or as {moderating} to moderate."
    console.result(values, text if given else f"{text} The password of all: {password}")


def _remove_readable(console: Console, *, dry_run: bool) -> None:
    try:
        _remove(console, dry_run=dry_run)
    except Exception as error:
        if not is_unreadable(error):
            raise
        raise CommandError(
            f"The rows of the demo cannot be read ({type(error).__name__}): the database is damaged. "
            "Some of it may be removed already."
        ) from error


def _remove(console: Console, *, dry_run: bool) -> None:
    counts = removal.counts()
    if dry_run:
        console.result(counts, f"{_listed(counts)} would be removed.")
        return
    with console.progress(counts["conversations"], "Removed", "") as progress:
        stays = removal.remove(progress.advance)
    counts["people"] -= len(stays)
    console.result(counts, f"{_listed(counts)} were removed.")
    if stays:
        raise CommandError(f"Still here, since a row of it cannot be read: {', '.join(stays)}.")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _checked(size: Size) -> Size:
    if size.messages < 2 * size.conversations:
        raise CommandError("There must be at least two messages a conversation.", returncode=USAGE)
    if size.conversations < size.people:
        raise CommandError("There must be at least one conversation a person.", returncode=USAGE)
    return size


def _counts(size: Size) -> dict[str, Any]:
    return {"people": size.people, "conversations": size.conversations, "messages": size.messages}


def _described(size: Size) -> str:
    return f"{size.people:,} people with {size.conversations:,} conversations and {size.messages:,} messages"
