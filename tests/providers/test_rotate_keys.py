"""manage.py rotate_keys: every stored key under the first ENCRYPTION_KEY, whatever happens in between."""

import json
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from providers import rotation
from providers.credentials import encrypt, is_current
from providers.models import Credential

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
KEYS = {name: f"sk-secret-of-{name}-0123456789" for name in ("openai", "anthropic", "mine")}
pytestmark = pytest.mark.django_db(transaction=True)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def old_keys(settings) -> None:
    """Three keys stored under the old ENCRYPTION_KEY, the new one in front of it, and a server that has no key."""
    settings.ENCRYPTION_KEY = OLD
    for name, key in KEYS.items():
        row = Credential(provider=name, base_url="https://api.example/v1")
        row.set_key(key)
        row.save()
    Credential.objects.create(provider="keyless", base_url="https://api.example/v1")
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"


def _run(*arguments: str, out: StringIO | None = None, **options: object) -> str:
    out = out or StringIO()
    call_command("rotate_keys", *arguments, stdout=out, **options)
    return out.getvalue()


def _under_first() -> set[str]:
    return {row.provider for row in Credential.objects.exclude(encrypted_key="") if is_current(row.encrypted_key)}


def test_every_key_is_under_the_new_one_and_still_the_same(old_keys: None, settings) -> None:
    said = _run()

    settings.ENCRYPTION_KEY = NEW
    assert {row.provider: row.key() for row in Credential.objects.all()} == KEYS | {"keyless": ""}
    assert said == "Stored keys: 3 encrypted anew, 0 under the first key already.\n"


def test_running_it_again_changes_nothing(old_keys: None) -> None:
    _run()
    before = list(Credential.objects.values_list("encrypted_key", flat=True))
    assert "0 encrypted anew, 3 under" in _run()
    assert list(Credential.objects.values_list("encrypted_key", flat=True)) == before


def test_a_dry_run_changes_nothing(old_keys: None) -> None:
    assert "3 would be encrypted anew" in _run("--dry-run")
    assert _under_first() == set()


def test_stopped_half_way_it_goes_on_where_it_was(old_keys: None, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    original = rotation._rotate
    done: list[int] = []

    def killed(pk: int, *, dry_run: bool) -> str:
        if done:
            raise KeyboardInterrupt
        done.append(pk)
        return original(pk, dry_run=dry_run)

    monkeypatch.setattr(rotation, "_rotate", killed)
    with pytest.raises(KeyboardInterrupt):
        _run()
    assert len(_under_first()) == 1
    assert {row.key() for row in Credential.objects.exclude(encrypted_key="")} == set(KEYS.values())
    monkeypatch.setattr(rotation, "_rotate", original)
    assert "2 encrypted anew, 1 under" in _run()


def test_a_key_saved_in_between_is_not_overwritten(old_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    original = rotation.credentials.rotate

    def meanwhile(token: str) -> str:
        row = Credential.objects.get(encrypted_key=token)
        row.set_key(f"sk-newer-key-of-{row.provider}")
        row.save()
        return original(token)

    monkeypatch.setattr(rotation.credentials, "rotate", meanwhile)
    _run()
    kept = {row.provider: row.key() for row in Credential.objects.exclude(encrypted_key="")}
    assert kept == {name: f"sk-newer-key-of-{name}" for name in KEYS}


def test_a_key_that_nothing_opens_is_named_and_the_others_are_done(old_keys: None, settings, capsys) -> None:
    settings.ENCRYPTION_KEY = LOST
    Credential.objects.filter(provider="mine").update(encrypted_key=encrypt("sk-lost"))
    settings.ENCRYPTION_KEY = f"{NEW},{OLD}"
    out = StringIO()

    with pytest.raises(CommandError, match="mine") as caught:
        _run(out=out)
    assert caught.value.returncode == 1
    assert "openai" not in str(caught.value)
    assert _under_first() == {"openai", "anthropic"}
    assert "1 unreadable" in out.getvalue()


def test_json(old_keys: None) -> None:
    said = json.loads(_run("--json", out=Terminal()))
    assert said == {"dry_run": False, "rotated": sorted(KEYS), "current": [], "unreadable": []}


def test_a_terminal_is_told_of_each(old_keys: None) -> None:
    said = _run(out=Terminal())
    assert "openai: rotated" in said
    assert len(said.splitlines()) == 4


def test_it_is_quiet_elsewhere(old_keys: None) -> None:
    assert len(_run().splitlines()) == 1
    assert len(_run(out=Terminal(), verbosity=0).splitlines()) == 1


def test_it_never_shows_a_key(old_keys: None, caplog) -> None:
    tokens = list(Credential.objects.exclude(encrypted_key="").values_list("encrypted_key", flat=True))
    said = _run(out=Terminal()) + caplog.text
    for secret in (*KEYS.values(), *tokens, OLD, NEW):
        assert secret not in said


@pytest.mark.parametrize("key", ["", "nonsense"])
def test_without_a_proper_encryption_key_it_says_so(old_keys: None, settings, key: str) -> None:
    settings.ENCRYPTION_KEY = key
    with pytest.raises(CommandError, match="ENCRYPTION_KEY"):
        _run()


def test_nothing_is_stored() -> None:
    assert "0 encrypted anew" in _run()
