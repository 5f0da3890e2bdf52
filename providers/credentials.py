"""Encryption of stored keys: MultiFernet over settings.ENCRYPTION_KEY, several Fernet keys separated by commas.

The first key encrypts, each of them decrypts; so a new key is put in front, `rotate` is run over what is stored, and
the old key may go.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_HOW_TO_MAKE = (
    'Make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class EncryptionKeyError(ImproperlyConfigured):
    """ENCRYPTION_KEY is missing, or one of its parts is no Fernet key."""


class CannotDecrypt(Exception):
    """None of the configured keys made this ciphertext, or it was damaged."""


def cipher() -> MultiFernet:
    """The cipher of the present settings. Raises EncryptionKeyError, which never shows the key."""
    keys = [part.strip() for part in settings.ENCRYPTION_KEY.split(",") if part.strip()]
    if not keys:
        raise EncryptionKeyError(f"ENCRYPTION_KEY is not set, so no API key can be stored. {_HOW_TO_MAKE}")
    fernets = []
    for position, key in enumerate(keys, start=1):
        try:
            fernets.append(Fernet(key))
        except (ValueError, TypeError):
            which = "ENCRYPTION_KEY" if len(keys) == 1 else f"Part {position} of ENCRYPTION_KEY"
            raise EncryptionKeyError(
                f"{which} is not a Fernet key (32 random bytes in URL-safe base64). {_HOW_TO_MAKE}"
            ) from None
    return MultiFernet(fernets)


def encrypt(secret: str) -> str:
    """The secret under the first key. Raises EncryptionKeyError."""
    return cipher().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """The secret again. Raises CannotDecrypt, EncryptionKeyError."""
    try:
        return cipher().decrypt(token).decode()
    except (InvalidToken, ValueError, TypeError):
        raise CannotDecrypt from None


def is_current(token: str) -> bool:
    """Whether the token is under the first key, so that the others may go. Raises EncryptionKeyError."""
    cipher()
    first = next(part.strip() for part in settings.ENCRYPTION_KEY.split(",") if part.strip())
    try:
        Fernet(first).decrypt(token)
    except (InvalidToken, ValueError, TypeError):
        return False
    return True


def rotate(token: str) -> str:
    """The same secret, encrypted anew under the first key. Raises CannotDecrypt, EncryptionKeyError."""
    try:
        return cipher().rotate(token).decode()
    except (InvalidToken, ValueError, TypeError):
        raise CannotDecrypt from None
