"""Makes an administrator by asking for a name and a password; someone who has an account already becomes one."""

import getpass
import warnings
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from chatbot_site import arguments
from chatbot_site.commands import SiteCommand
from chatbot_site.settings import env
from chatbot_site.storable import storable_text
from moderation import audit
from moderation.roles import ADMINISTRATORS

User = get_user_model()


class Command(SiteCommand):
    help = (
        "Make an administrator, who may use /admin/. Asks for what is not given; without a terminal the password is "
        "taken from the variable ADMIN_PASSWORD. Whoever has an account already keeps the password and becomes one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", type=arguments.text, help="name to log in with")
        parser.add_argument("--email", type=arguments.email_address, help="address for password resets")

    def handle(self, *, username: str | None, email: str | None, **options: Any) -> None:
        name = User.normalize_username(username or self._ask("Name of the administrator: "))
        user = User.objects.filter(username=name).first()
        if user is None:
            user = User(username=name, email=email or "")
            _prove(user, exclude={"password"})  # before anybody is asked for one
            user.set_password(self._password(user))
        user.is_staff = user.is_superuser = user.is_active = True
        user.suspension_reason = ""
        _prove(user)
        self._store(user)
        self.stdout.write(self.style.SUCCESS(f"{name} is an administrator now. The admin pages are at /admin/"))

    def _store(self, user: Any) -> None:
        with transaction.atomic():
            user.save()
            user.groups.add(Group.objects.get_or_create(name=ADMINISTRATORS)[0])
            audit.record("administrator.made", target=user)

    def _ask(self, question: str) -> str:
        try:
            return input(question).strip()
        except EOFError:
            raise CommandError("There is no terminal to ask at. Give --username, and ADMIN_PASSWORD.") from None

    def _password(self, user: Any) -> str:
        given = env.secret("ADMIN_PASSWORD") or self._ask_password()
        if storable_text(given) != given:
            raise CommandError("The password is no text in UTF-8. Give it in the encoding of this terminal.")
        try:
            validate_password(given, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return given

    def _ask_password(self) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # what is typed would be seen
                first, second = getpass.getpass("Password: "), getpass.getpass("Once more: ")
        except (EOFError, getpass.GetPassWarning):
            raise CommandError("There is no terminal to ask at. Set ADMIN_PASSWORD.") from None
        if first != second:
            raise CommandError("The two passwords differ. Nothing was changed.")
        return first


def _prove(user: Any, exclude: set[str] | None = None) -> None:
    """Raises CommandError, in which each field has its name."""
    try:
        user.full_clean(exclude=exclude)
    except ValidationError as error:
        said = [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]
        raise CommandError(" ".join(said)) from None
