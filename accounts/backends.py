"""Who a request comes from."""

from typing import Any

from allauth.account import auth_backends
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from asgiref.sync import sync_to_async
from django.http import HttpRequest

from accounts import passwords
from accounts.models import User


class AuthenticationBackend(auth_backends.AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's check of name or e-mail and password. A request's user arrives together with their preferences, so
    language and theme cost no query of their own and are up to date on every device."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Looks at a password once. allauth's own looks at it again for each way to read what was typed: of a known
        e-mail address a wrong one took twice as long as of an unknown one."""
        typed = {credentials.get(name) or "" for name in ("username", "email")} - {""}
        people: dict[int, User] = {}
        for text in typed:
            named = get_user_by_username(text)
            for person in (*filter_users_by_email(text, prefer_verified=True, for_login=True), named):
                if person is not None:
                    people[person.pk] = person
        return next(
            (person for person in people.values() if self._check_password(person, credentials["password"])), None
        )

    def _mitigate_timing_attack(self, password: str) -> None:
        """An unknown name takes as long as a wrong password."""
        for _ in passwords.spellings(password):
            super()._mitigate_timing_attack(password)

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    async def aget_user(self, user_id: Any) -> User | None:
        return await sync_to_async(self.get_user)(user_id)
