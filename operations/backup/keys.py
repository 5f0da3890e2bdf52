"""The key of backups: 32 random bytes in base64, or a passphrase. Not ENCRYPTION_KEY, which opens stored API keys."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from operations.backup.problems import NeedsKey

KEY_BYTES = 32
PASSPHRASE_AT_LEAST = 16
# 64 MB and a fifth of a second: once for a backup, and for each guess of somebody who found one.
_SCRYPT_COST = 2**16
HOW_TO_MAKE = 'python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"'


class BackupKey:
    """What opens a backup. Never shows itself."""

    def __init__(self, text: str) -> None:
        """Raises NeedsKey where `text` is too weak."""
        text = text.strip()
        self._raw = _random_bytes(text)
        self._passphrase = text.encode()
        if self._raw is None and len(text) < PASSPHRASE_AT_LEAST:
            raise NeedsKey(
                f"The key of the backup is neither 32 random bytes in base64 nor a passphrase of at least "
                f"{PASSPHRASE_AT_LEAST} characters. Make one with: {HOW_TO_MAKE}"
            )

    def __repr__(self) -> str:
        return "<BackupKey>"

    @property
    def is_passphrase(self) -> bool:
        return self._raw is None

    def master(self, salt: bytes) -> bytes:
        """32 bytes; of a passphrase other ones for each `salt`."""
        if self._raw is not None:
            return self._raw
        return Scrypt(salt=salt, length=KEY_BYTES, n=_SCRYPT_COST, r=8, p=1).derive(self._passphrase)


def key_from(file: Path | None, text: str) -> BackupKey | None:
    """The key in `file`, else `text`, else none. Raises NeedsKey."""
    if file is None:
        return BackupKey(text) if text.strip() else None
    try:
        return BackupKey(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NeedsKey(f"The key file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise NeedsKey(f"The key file {file} is not text. Make a key with: {HOW_TO_MAKE}") from None


def _random_bytes(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None
