"""Does ENCRYPTION_KEY open every key that is stored."""

from __future__ import annotations

from django.db import DatabaseError

from operations.doctor.findings import Findings, ok, problem, warning
from providers.credentials import CannotDecrypt, EncryptionKeyError
from providers.models import Credential

_LOST = "Put the ENCRYPTION_KEY back that it was stored with (new,old), or enter the key again in the admin."


def look() -> Findings:
    try:
        stored = list(Credential.objects.all())
    except DatabaseError:
        yield warning("Stored keys could not be looked at: the database cannot be read.", "See Database.")
        return
    closed = [credential.provider for credential in stored if not _opens(credential)]
    for provider in closed:
        yield problem(f"ENCRYPTION_KEY does not open the stored key of {provider}.", _LOST)
    if not closed:
        yield ok(
            f"ENCRYPTION_KEY opens all of them ({len(stored)})." if stored else "None; keys come from the settings."
        )


def _opens(credential: Credential) -> bool:
    try:
        credential.key()
    except (CannotDecrypt, EncryptionKeyError):
        return False
    return True
