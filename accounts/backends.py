"""Who a request comes from."""

from typing import Any

from allauth.account import auth_backends
from asgiref.sync import sync_to_async
from django.http import HttpRequest

from accounts import passwords
from accounts.models import User, normal_email


class AuthenticationBackend(auth_backends.AuthenticationBackend):  # type: ignore[misc]  # allauth ships no types
    """allauth's check of name or e-mail and password. A request's user arrives together with their preferences, so
    language and theme cost no query of their own and are up to date on every device."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Looks at one password. allauth's own looks at one for each way to read what was typed, and for each account
        that only claims the address: how long it took told that somebody has it (see addresses.py)."""
        typed = credentials.get("email") or credentials.get("username") or ""
        named = {"email": normal_email(typed)} if "@" in typed else {"username": User.normalize_username(typed)}
        person = User.objects.filter(**named).first()
        return person if self._check_password(person, credentials["password"]) else None

    def _mitigate_timing_attack(self, password: str) -> None:
        """An unknown name takes as long as a wrong password."""
        for _ in passwords.spellings(password):
            super()._mitigate_timing_attack(password)

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    async def aget_user(self, user_id: Any) -> User | None:
        return await sync_to_async(self.get_user)(user_id)
