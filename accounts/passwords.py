"""A password is the same however its letters were put together: macOS types Hangul and accents apart, others together.

New passwords are stored in one form (NFKC). One that was stored before, as it had been typed, still opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from django.contrib.auth import password_validation as django_validation

if TYPE_CHECKING:
    from accounts.models import User


def normal(password: str) -> str:
    """The form in which passwords are judged and stored."""
    return normalize("NFKC", password)


def spellings(password: str) -> tuple[str, ...]:
    """What a stored hash may have been made of, the likeliest first; one alone where all are the same."""
    return tuple(dict.fromkeys((normal(password), password, normalize("NFC", password), normalize("NFD", password))))


class UserAttributeSimilarityValidator(django_validation.UserAttributeSimilarityValidator):
    def validate(self, password: str, user: User | None = None) -> None:
        super().validate(normal(password), user)


class MinimumLengthValidator(django_validation.MinimumLengthValidator):
    def validate(self, password: str, user: Any = None) -> None:
        super().validate(normal(password), user)


class CommonPasswordValidator(django_validation.CommonPasswordValidator):
    def validate(self, password: str, user: Any = None) -> None:
        super().validate(normal(password), user)
