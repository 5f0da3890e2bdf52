"""Names that look like those of others: refused wherever a name is given."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.lookalikes import skeleton
from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
ALIKE = ["аlice", "аliсе", "a1ice", "𝐚𝐥𝐢𝐜𝐞", "alıce", "αlice", "ａｌｉｃｅ", "ALICE", "Аlice"]
ADD = "/admin/accounts/user/add/"
KOREAN = [
    "김철수",
    "김철우",
    "이영희",
    "이영히",
    "박서연",
    "박서언",
    "최민",
    "쵸민",
    "홍길동",
    "흥길동",
    "민수",
    "만수",
    "이",
    "오이",
]


@pytest.fixture
def boss(db: None) -> Client:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(User.objects.create_superuser("root", "root@example.org", PASSWORD))
    return browser


def _added(boss: Client, name: str, email: str = "") -> int:
    form = {"username": name, "email": email, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return boss.post(ADD, form).status_code


@pytest.mark.parametrize("name", ALIKE)
def test_at_the_sign_up(alice: User, client: Client, name: str) -> None:
    response = client.post("/accounts/signup/", {"username": name, "password1": PASSWORD})
    assert response.status_code == 200
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ALIKE)
def test_in_the_administration_new_and_renamed(alice: User, bob: User, boss: Client, name: str) -> None:
    assert _added(boss, name) == 200
    form = {"username": name, "email": bob.email, "is_active": "on"}
    response = boss.post(f"/admin/accounts/user/{bob.pk}/change/", form)
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    bob.refresh_from_db()
    assert bob.username == "bob"
    assert User.objects.count() == 3


@pytest.mark.parametrize("email", ["ALICE@example.org", "ａlice@example.org", " alice@example.org"])
def test_an_address_of_another_case_or_width_is_an_error_of_the_form(alice: User, boss: Client, email: str) -> None:
    assert _added(boss, "zoe", email) == 200
    assert not User.objects.filter(username="zoe").exists()


def test_by_the_command(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    with pytest.raises(CommandError):
        call_command("make_admin", username="аlice", verbosity=0)


def test_whoever_is_second_at_the_same_moment_is_refused_by_the_database(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("аlice", password=PASSWORD)


def test_a_person_may_keep_the_name_or_take_one_that_looks_like_the_old(alice: User, boss: Client) -> None:
    form = {"username": "a1ice", "email": alice.email, "is_active": "on"}
    assert boss.post(f"/admin/accounts/user/{alice.pk}/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.username == "a1ice"


@pytest.mark.parametrize("name", ["alicia", "alic", "alicé", "alice2", "al.ice", "ализа"])
def test_names_that_differ_to_the_eye_are_free(alice: User, client: Client, name: str) -> None:
    client.post("/accounts/signup/", {"username": name, "password1": PASSWORD})
    assert User.objects.filter(username=name).exists()


def test_korean_names_are_told_apart(db: None) -> None:
    assert len({skeleton(name) for name in KOREAN}) == len(KOREAN)
    for name in KOREAN:
        User.objects.create_user(name, password=PASSWORD)
    with pytest.raises(ValidationError):
        User(username="김철수", password="x").full_clean()


@pytest.mark.parametrize("name", ["кam", "КAM", "Кam", "ĸam", "каm"])
def test_what_looks_alike_in_capitals_does_in_small_letters(name: str) -> None:
    assert skeleton(name) == skeleton("kam") == skeleton("KAM")


@pytest.mark.parametrize("sign", ["\u3164", "\u115f", "\u1160", "\uffa0", "\u200b", "\ufe0f", "\u00ad", "\u2800"])
def test_a_name_with_what_nobody_sees_is_refused(alice: User, client: Client, sign: str) -> None:
    for name in (f"alice{sign}", f"al{sign}ice", sign, f"{sign}zoe"):
        client.post("/accounts/signup/", {"username": name, "password1": PASSWORD})
        assert list(User.objects.values_list("username", flat=True)) == ["alice"]
        assert skeleton(f"alice{sign}") == skeleton("alice") or sign == "\u2800"
