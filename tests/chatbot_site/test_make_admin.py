import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def given_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "correct horse battery staple")


def test_makes_an_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("make_admin", username="alice", email="alice@example.org")

    alice = User.objects.get(username="alice")
    assert alice.is_staff
    assert alice.is_superuser
    assert alice.check_password("correct horse battery staple")
    assert "alice is an administrator now" in capsys.readouterr().out


def test_asks_for_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda question: " Charlie ")

    call_command("make_admin")

    assert User.objects.get().username == "charlie"


def test_somebody_with_an_account_keeps_the_password(bob: User, password: str) -> None:
    call_command("make_admin", username="Bob")

    bob.refresh_from_db()
    assert bob.is_superuser
    assert bob.check_password(password)


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "12345")

    with pytest.raises(CommandError):
        call_command("make_admin", username="alice")

    assert not User.objects.exists()


def test_a_name_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("make_admin", username="no spaces please")

    assert not User.objects.exists()


def test_two_different_passwords_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADMIN_PASSWORD")
    typed = iter(["one of them", "the other one"])
    monkeypatch.setattr("getpass.getpass", lambda question: next(typed))

    with pytest.raises(CommandError, match="differ"):
        call_command("make_admin", username="alice")
