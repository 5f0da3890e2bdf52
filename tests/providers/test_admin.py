"""The admin's pages of this app: keys go in and never come out."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from providers.models import Credential, ModelOverride
from tests.scripted_provider.fixture import ScriptedProvider

KEY = "sk-test-0123456789abcdef"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(client: Client) -> Client:
    boss = get_user_model().objects.create_superuser("charlie", "charlie@example.org", "correct horse battery staple")
    client.force_login(boss)
    with translation.override("en"):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client


def _save(admin: Client, **data: str):
    form = {"provider": "openai", "base_url": "", "api_key": ""} | data
    return admin.post(reverse("admin:providers_credential_add"), form, follow=True)


def _everything_shown(admin: Client, credential: Credential) -> str:
    pages = [
        reverse("admin:providers_credential_changelist"),
        reverse("admin:providers_credential_change", args=[credential.pk]),
        reverse("admin:providers_credential_history", args=[credential.pk]),
        reverse("admin:providers_credential_delete", args=[credential.pk]),
        reverse("admin:index"),
    ]
    return "".join(admin.get(page).content.decode() for page in pages)


def test_a_key_is_stored_and_tried(admin: Client, scripted_provider: ScriptedProvider) -> None:
    page = _save(admin, base_url=scripted_provider.openai_url, api_key=KEY)

    assert page.status_code == 200
    assert Credential.objects.get().key() == KEY
    assert scripted_provider.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert "The key of openai works" in page.content.decode()


def test_a_key_that_does_not_work_is_stored_and_said(admin: Client, scripted_provider: ScriptedProvider) -> None:
    page = _save(admin, base_url=scripted_provider.openai_url, api_key="wrong-key")

    assert Credential.objects.count() == 1
    assert "did not accept the API key" in page.content.decode()


def test_the_key_is_nowhere_to_be_seen(admin: Client, scripted_provider: ScriptedProvider) -> None:
    page = _save(admin, base_url=scripted_provider.openai_url, api_key=KEY)
    credential = Credential.objects.get()
    shown = page.content.decode() + _everything_shown(admin, credential)
    history = "".join(f"{entry.object_repr}{entry.change_message}" for entry in LogEntry.objects.all())

    assert KEY not in shown + history
    assert credential.encrypted_key not in shown + history
    assert "…cdef" in shown


def test_an_empty_key_keeps_the_stored_one(admin: Client, scripted_provider: ScriptedProvider) -> None:
    _save(admin, base_url=scripted_provider.openai_url, api_key=KEY)
    credential = Credential.objects.get()
    form = {"provider": "openai", "base_url": scripted_provider.openai_url + "/", "api_key": ""}
    admin.post(reverse("admin:providers_credential_change", args=[credential.pk]), form)

    credential.refresh_from_db()
    assert credential.key() == KEY
    assert credential.base_url.endswith("/")


def test_a_server_without_a_key(admin: Client, scripted_provider: ScriptedProvider) -> None:
    _save(admin, provider="mine", base_url=scripted_provider.openai_url)
    assert Credential.objects.get().key() == ""


@pytest.mark.parametrize(
    "data",
    [
        {"api_key": ""},
        {"api_key": "열쇠"},
        {"api_key": "two words"},
        {"api_key": "line\nbreak"},
        {"provider": "local", "api_key": KEY},
        {"provider": "Not A Name", "api_key": KEY},
        {"api_key": KEY, "base_url": "ftp://example.com"},
        {"api_key": KEY, "base_url": "no address"},
    ],
)
def test_what_is_refused(admin: Client, data: dict[str, str]) -> None:
    page = _save(admin, **data)
    assert "errorlist" in page.content.decode()
    assert KEY not in page.content.decode()
    assert not Credential.objects.exists()


def test_without_an_encryption_key_nothing_is_stored(admin: Client, settings) -> None:
    settings.ENCRYPTION_KEY = ""
    page = _save(admin, api_key=KEY)
    assert "ENCRYPTION_KEY" in page.content.decode()
    assert not Credential.objects.exists()


def test_a_key_that_cannot_be_read_does_not_break_the_pages(admin: Client) -> None:
    credential = Credential.objects.create(provider="openai", encrypted_key="nonsense", last_four="abcd")
    assert "…abcd" in _everything_shown(admin, credential)


def test_trying_keys_by_the_action(admin: Client, scripted_provider: ScriptedProvider) -> None:
    good = Credential.objects.create(provider="mine", base_url=scripted_provider.openai_url)
    bad = Credential.objects.create(provider="openai", encrypted_key="nonsense")
    form = {"action": "try_keys", "_selected_action": [good.pk, bad.pk]}
    page = admin.post(reverse("admin:providers_credential_changelist"), form, follow=True).content.decode()

    assert "The key of mine works" in page
    assert "The key of openai is stored, but trying it failed" in page


def test_model_overrides(admin: Client) -> None:
    form = {"model": "openai/gpt-4o", "label": "Ours", "context_window": "1000", "input_price": "0.5"}
    admin.post(reverse("admin:providers_modeloverride_add"), form)
    assert ModelOverride.objects.get().label == "Ours"


@pytest.mark.parametrize(("field", "value"), [("model", "gpt-4o"), ("input_price", "-1"), ("context_window", "-5")])
def test_senseless_overrides_are_refused(admin: Client, field: str, value: str) -> None:
    form = {"model": "openai/gpt-4o"} | {field: value}
    page = admin.post(reverse("admin:providers_modeloverride_add"), form)
    assert page.status_code == 200
    assert not ModelOverride.objects.exists()
