"""Encrypting stored keys anew, row by row: each is its own transaction, so it may be stopped and run again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from providers import credentials
from providers.credentials import CannotDecrypt
from providers.models import Credential
from providers.stored import forget


@dataclass(slots=True)
class Rotated:
    """What became of the stored keys; the lists hold names of providers."""

    dry_run: bool = False
    rotated: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "rotated": self.rotated,
            "current": self.current,
            "unreadable": self.unreadable,
        }

    def sentence(self) -> str:
        done = "would be encrypted anew" if self.dry_run else "encrypted anew"
        counts = f"{len(self.rotated)} {done}, {len(self.current)} under the first key already"
        end = f", {len(self.unreadable)} unreadable" if self.unreadable else ""
        return f"Stored keys: {counts}{end}."


def rotate_all(result: Rotated) -> Iterator[tuple[str, str]]:
    """Bring every stored key under the first ENCRYPTION_KEY; yields each provider and what became of its key.

    Raises EncryptionKeyError.
    """
    for pk, provider in list(Credential.objects.exclude(encrypted_key="").values_list("pk", "provider")):
        became = _rotate(pk, dry_run=result.dry_run)
        getattr(result, became).append(provider)
        yield provider, became
    forget()


def _rotate(pk: int, *, dry_run: bool) -> str:
    """Its fate: "rotated", "current" or "unreadable". A key that somebody saves in between is never overwritten."""
    while True:
        token = Credential.objects.filter(pk=pk).values_list("encrypted_key", flat=True).first()
        if not token or credentials.is_current(token):
            return "current"
        try:
            renewed = credentials.rotate(token)
        except CannotDecrypt:
            return "unreadable"
        if dry_run or Credential.objects.filter(pk=pk, encrypted_key=token).update(encrypted_key=renewed):
            return "rotated"
