"""Stored keys: encryption at rest, several keys, bad keys."""

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks

from providers import credentials
from providers.credentials import CannotDecrypt, EncryptionKeyError, decrypt, encrypt, rotate
from providers.models import Credential

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "sk-test-0123456789abcdef"


def test_what_is_encrypted_comes_back() -> None:
    token = encrypt(SECRET)
    assert SECRET not in token
    assert decrypt(token) == SECRET


def test_rotation(settings) -> None:
    settings.ENCRYPTION_KEY = OLD
    token = encrypt(SECRET)

    settings.ENCRYPTION_KEY = f"{NEW}, {OLD}"
    assert decrypt(token) == SECRET
    renewed = rotate(token)

    settings.ENCRYPTION_KEY = NEW
    assert decrypt(renewed) == SECRET
    with pytest.raises(CannotDecrypt):
        decrypt(token)


def test_the_first_key_encrypts(settings) -> None:
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    token = encrypt(SECRET)
    settings.ENCRYPTION_KEY = NEW
    assert decrypt(token) == SECRET


@pytest.mark.parametrize("token", ["", "nonsense", "gAAAAA", "한국어"])
def test_what_is_no_ciphertext(token: str) -> None:
    for read in (decrypt, rotate):
        with pytest.raises(CannotDecrypt):
            read(token)


@pytest.mark.parametrize("key", ["", " ", ",", "secret", "0123456789abcdef" * 2, "NEW,oops", "한국어"])
def test_a_string_that_is_no_fernet_key_is_refused(settings, key: str) -> None:
    settings.ENCRYPTION_KEY = key.replace("NEW", NEW)  # not in the name of the test, which is the same at every run
    with pytest.raises(EncryptionKeyError) as caught:
        encrypt(SECRET)
    assert "Fernet" in str(caught.value)
    assert NEW not in str(caught.value)
    assert "oops" not in str(caught.value)


@pytest.mark.django_db
def test_a_row_never_shows_its_key() -> None:
    credential = Credential(provider="openai")
    credential.set_key(SECRET)
    credential.save()

    row = Credential.objects.get()
    assert row.key() == SECRET
    assert row.last_four == "cdef"
    assert SECRET not in f"{row} {row!r} {row.__dict__}"
    assert SECRET not in repr(credentials.cipher())


def test_a_short_key_shows_nothing() -> None:
    credential = Credential(provider="openai")
    credential.set_key("short-key")
    assert credential.last_four == ""


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("PROVIDER_LIMITS", {"patience": 1}, "providers.E002"),
        ("PROVIDER_LIMITS", {"silence_seconds": 0}, "providers.E002"),
    ],
)
def test_settings_that_would_only_fail_later(settings, name: str, value: object, code: str) -> None:
    setattr(settings, name, value)
    assert code in [error.id for error in run_checks()]
