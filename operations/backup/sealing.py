"""Encryption of a stream: nothing of it can be read, changed, left out, put elsewhere or added without the key.

The STREAM construction with ChaCha20-Poly1305 (RFC 8439), as the age format has it. The file is a header and chunks:

    header   8 bytes MAGIC, 1 byte kind of key (0 random, 1 passphrase), 32 bytes salt,
             16 bytes check of the key, 8 bytes SHA-256 of what is before
    chunk    65,536 bytes (the last one: fewer, at least one), encrypted, and a tag of 16 bytes

Each file has a key of its own: HKDF-SHA256 of the master key with the salt, bound to the whole header. The nonce of a
chunk is its number in 11 bytes and one byte that says whether it is the last: no chunk passes in another's place, and
none but the last at the end.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from operations.backup.keys import KEY_BYTES, BackupKey
from operations.backup.problems import Damaged, NotABackup, Truncated, WrongKey

MAGIC = b"chatbak\x01"
CHUNK, TAG = 2**16, 16
_SALT, _CHECK, _DIGEST = 32, 16, 8
HEADER = len(MAGIC) + 1 + _SALT + _CHECK + _DIGEST
_ALTERED = "The backup was altered, or is not whole: what is in it cannot be trusted."


class SealingWriter:
    """Encrypts what is written to it into `out`. `close` writes the last chunk and leaves `out` open."""

    def __init__(self, out: IO[bytes], key: BackupKey) -> None:
        self._out = out
        salt = os.urandom(_SALT)
        master = key.master(salt)
        head = MAGIC + bytes([key.is_passphrase]) + salt + _derived(master, salt, b"chat backup key check", _CHECK)
        head += _digest(head)
        self._cipher = ChaCha20Poly1305(_derived(master, salt, b"chat backup chunks" + head, KEY_BYTES))
        self._waiting = bytearray()
        self._number = 0
        out.write(head)

    def write(self, data: bytes | memoryview) -> int:
        self._waiting += data
        while len(self._waiting) > CHUNK:  # a chunk that is just full may be the last one
            self._put(CHUNK, is_last=False)
        return len(data)

    def flush(self) -> None:
        """Chunks go out when they are full."""

    def close(self) -> None:
        self._put(len(self._waiting), is_last=True)

    def _put(self, size: int, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last), bytes(self._waiting[:size]), None)
        del self._waiting[:size]
        self._number += 1
        self._out.write(sealed)


class SealedReader:
    """What was sealed, a chunk at a time; nothing is given out before it is proved.

    Raises NotABackup, Damaged, Truncated, WrongKey.
    """

    def __init__(self, source: IO[bytes], key: BackupKey) -> None:
        self._source = source
        self._cipher = _opened(_header(source), key)
        self._next = source.read(CHUNK + TAG)
        self._ready = b""
        self._number = 0
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        if not self._ready and not self._ended:
            self._open_chunk()
        wanted = len(self._ready) if size < 0 else size
        found, self._ready = self._ready[:wanted], self._ready[wanted:]
        return found

    def _open_chunk(self) -> None:
        sealed, self._next = self._next, self._source.read(CHUNK + TAG)
        self._ended = not self._next
        try:
            self._ready = self._cipher.decrypt(_nonce(self._number, self._ended), sealed, None)
        except InvalidTag:
            raise self._problem(sealed) from None
        self._number += 1

    def _problem(self, sealed: bytes) -> Damaged:
        if self._ended and _opens(self._cipher, _nonce(self._number, False), sealed):
            return Truncated("The backup ends too early: its end is missing.")
        if not self._ended and _opens(self._cipher, _nonce(self._number, True), sealed):
            return Truncated("The backup goes on after its end: something was added.")
        return Damaged(_ALTERED)


def is_sealed(start: bytes) -> bool:
    return start.startswith(MAGIC)


def _header(source: IO[bytes]) -> bytes:
    head = source.read(HEADER)
    if not is_sealed(head):
        raise NotABackup("This is not a backup of this product.")
    if len(head) < HEADER:
        raise Truncated("The backup ends too early: its end is missing.")
    if _digest(head[:-_DIGEST]) != head[-_DIGEST:]:
        raise Damaged(_ALTERED)
    return head


def _opened(head: bytes, key: BackupKey) -> ChaCha20Poly1305:
    kind, salt, check = head[8], head[9 : 9 + _SALT], head[9 + _SALT : 9 + _SALT + _CHECK]
    master = key.master(salt)
    same = hmac.compare_digest(check, _derived(master, salt, b"chat backup key check", _CHECK))
    if kind != key.is_passphrase or not same:
        raise WrongKey("The key does not open this backup: it was made with another one.")
    return ChaCha20Poly1305(_derived(master, salt, b"chat backup chunks" + head, KEY_BYTES))


def _derived(master: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(master)


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _digest(head: bytes) -> bytes:
    return hashlib.sha256(head).digest()[:_DIGEST]


def _opens(cipher: ChaCha20Poly1305, nonce: bytes, sealed: bytes) -> bool:
    try:
        cipher.decrypt(nonce, sealed, None)
    except InvalidTag:
        return False
    return True
