"""The admin's pages of this app: keys go in and never come out."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from providers import listed, stored
from providers.connections import Connection
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
    form = {"provider": "openai", "base_url": "", "api_key": "", "allow_inside": "on"} | data
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
    assert "The key of OpenAI works" in page.content.decode()
    assert scripted_provider.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_that_does_not_work_is_stored_and_said(admin: Client, scripted_provider: ScriptedProvider) -> None:
    page = _save(admin, base_url=scripted_provider.openai_url, api_key="wrong-key")

    assert Credential.objects.count() == 1
    assert "The connection to OpenAI is saved, but cannot be used yet" in page.content.decode()
    assert "does not accept this key" in page.content.decode()


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
    scripted_provider.reset()
    form = {"provider": "openai", "base_url": scripted_provider.openai_url + "/", "api_key": "", "allow_inside": "on"}
    page = admin.post(reverse("admin:providers_credential_change", args=[credential.pk]), form, follow=True)

    credential.refresh_from_db()
    assert credential.key() == KEY
    assert credential.base_url.endswith("/")
    assert "The key of OpenAI works" in page.content.decode()  # a changed address is tried with it
    assert scripted_provider.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.fixture
def keyed() -> Credential:
    """A credential whose key may go to one address inside, and to no other."""
    row = Credential(provider="mine", base_url="https://api.example/v1", allow_inside=True)
    row.set_key(KEY)
    row.save()
    return row


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "http://{evil}/v1"},
        {"base_url": "http://{evil}"},
        {"base_url": "https://api.example.evil.example/v1"},
        {"base_url": "http://api.example/v1"},
        {"base_url": "https://api.example:8443/v1"},
        {"base_url": "https://api.example/v1/other"},
        {"base_url": "https://api.example/v1?to=evil"},
        {"base_url": "", "provider": "openai"},
        {"provider": "anthropic", "base_url": "http://{evil}/v1"},
        {"allow_inside": ""},
    ],
)
def test_a_stored_key_goes_to_no_address_but_its_own(
    admin: Client, keyed: Credential, scripted_provider: ScriptedProvider, changed: dict[str, str]
) -> None:
    """Else whoever administers could have it sent to a server of theirs and read it there."""
    evil = scripted_provider.openai_url.removeprefix("http://").removesuffix("/v1")
    form = {"provider": "mine", "base_url": keyed.base_url, "allow_inside": "on", "api_key": ""} | changed
    form = {name: value.format(evil=evil) for name, value in form.items()}
    page = admin.post(reverse("admin:providers_credential_change", args=[keyed.pk]), form)

    assert "enter it again" in page.content.decode()
    row = Credential.objects.get()
    assert (row.destination, row.key()) == (keyed.destination, KEY)
    assert scripted_provider.requests == []


def test_a_key_that_is_entered_again_goes_to_the_new_address(
    admin: Client, keyed: Credential, scripted_provider: ScriptedProvider
) -> None:
    form = {"provider": "mine", "base_url": scripted_provider.openai_url, "allow_inside": "on", "api_key": "another"}
    admin.post(reverse("admin:providers_credential_change", args=[keyed.pk]), form)

    assert Credential.objects.get().key() == "another"
    sent = {request.headers["authorization"] for request in scripted_provider.requests}
    assert sent == {"Bearer another"}


def test_neither_the_list_nor_its_actions_change_where_a_key_goes(
    admin: Client, keyed: Credential, scripted_provider: ScriptedProvider
) -> None:
    listed_at = reverse("admin:providers_credential_changelist")
    edited = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": keyed.pk, "_save": "Save"}
    admin.post(listed_at, edited | {"form-0-base_url": scripted_provider.openai_url})
    chosen = {"action": "try_keys", "_selected_action": [keyed.pk], "base_url": scripted_provider.openai_url}
    admin.post(listed_at, chosen)

    assert Credential.objects.get().destination == keyed.destination
    assert scripted_provider.requests == []


def test_a_new_credential_takes_no_key_of_another(admin: Client, keyed: Credential) -> None:
    """Nor the settings' key, for an address that the settings do not name."""
    form = {"provider": "other", "base_url": "https://evil.example/v1", "encrypted_key": keyed.encrypted_key}
    as_new = {"_saveasnew": "1", "api_key": "", "allow_inside": "on"}  # Django knows it on every form
    admin.post(reverse("admin:providers_credential_change", args=[keyed.pk]), form | as_new)
    assert Credential.objects.get(provider="other").key() == ""


def test_a_server_without_a_key(admin: Client, scripted_provider: ScriptedProvider) -> None:
    page = _save(admin, provider="mine", base_url=scripted_provider.openai_url)
    assert Credential.objects.get().key() == ""
    assert "The server mine answers. It has no key here." in page.content.decode()


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
        {"api_key": KEY, "base_url": "https://me:secret@api.example/v1"},
        {"api_key": KEY, "base_url": "https://api.example?key=secret/v1"},
        {"api_key": KEY, "provider": "mine"},
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
    good = Credential.objects.create(provider="mine", base_url=scripted_provider.openai_url, allow_inside=True)
    bad = Credential.objects.create(provider="openai", encrypted_key="nonsense")
    lost = Credential.objects.create(provider="nowhere", encrypted_key="")
    form = {"action": "try_keys", "_selected_action": [good.pk, bad.pk, lost.pk]}
    page = admin.post(reverse("admin:providers_credential_changelist"), form, follow=True).content.decode()

    assert "The server mine answers." in page
    assert "encrypted with another ENCRYPTION_KEY. Enter it again." in page
    assert "It has no address." in page


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("key", "path", "words"),
    [
        ("wrong-key", "/v1", "does not accept this key"),
        ("no-credit-key", "/v1", "no credit left"),
        ("a-key", "/elsewhere", "nothing that this site can talk to"),
        ("a-key", ":nobody", "cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_plainly(
    admin: Client,
    scripted_provider: ScriptedProvider,
    unused_url: str,
    language: str,
    key: str,
    path: str,
    words: str,
) -> None:
    admin.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    url = unused_url if path == ":nobody" else scripted_provider.url + path
    page = _save(admin, base_url=url, api_key=key)

    warning = page.content.decode().split('class="warning"')[1].split("</li>")[0]
    if language == "en":
        assert words in warning
    assert key not in page.content.decode()


@pytest.mark.parametrize("url", ["http://localhost:9/v1", "http://2130706433/v1", "http://[::ffff:10.0.0.1]/v1"])
def test_an_address_inside_needs_to_be_allowed(admin: Client, url: str) -> None:
    page = _save(admin, provider="mine", base_url=url, allow_inside="")

    assert "tick “inside my network”" in page.content.decode()
    assert ("127.0.0.1" in page.content.decode()) or ("10.0.0.1" in page.content.decode())
    assert not Credential.objects.exists()


def test_taking_the_tick_away_is_refused_while_the_address_is_inside(
    admin: Client, scripted_provider: ScriptedProvider
) -> None:
    row = Credential.objects.create(provider="mine", base_url=scripted_provider.openai_url, allow_inside=True)
    form = {"provider": "mine", "base_url": row.base_url, "api_key": ""}
    page = admin.post(reverse("admin:providers_credential_change", args=[row.pk]), form)
    assert "tick “inside my network”" in page.content.decode()


def test_an_address_that_moved_inside_after_it_was_saved_is_said(
    admin: Client, scripted_provider: ScriptedProvider
) -> None:
    row = Credential.objects.create(provider="mine", base_url=scripted_provider.openai_url)
    form = {"action": "try_keys", "_selected_action": [row.pk]}
    page = admin.post(reverse("admin:providers_credential_changelist"), form, follow=True).content.decode()

    assert "leads to an address of this machine" in page
    assert scripted_provider.requests == []


def test_a_key_in_an_error_report_is_hidden(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Django's reports of errors show of a request."""
    from django.views.debug import SafeExceptionReporterFilter

    seen: list[str] = []

    def fail(self: object, request: HttpRequest, *_args: object) -> None:
        seen.append(str(SafeExceptionReporterFilter().get_post_parameters(request)))
        raise RuntimeError

    monkeypatch.setattr("providers.admin.CredentialAdmin.save_model", fail)
    with pytest.raises(RuntimeError):
        _save(admin, api_key=KEY)
    assert seen
    assert KEY not in seen[0]


def test_model_overrides(admin: Client) -> None:
    form = {"model": "openai/gpt-4o", "label": "Ours", "context_window": "1000", "input_price": "0.5"}
    admin.post(reverse("admin:providers_modeloverride_add"), form)
    assert ModelOverride.objects.get().label == "Ours"


def test_the_list_shows_who_may_use_a_model(admin: Client, django_assert_max_num_queries) -> None:
    staff, testers = (Group.objects.create(name=name) for name in ("Staff", "Testers"))
    for number in range(5):
        ModelOverride.objects.create(model=f"mine/closed-{number}").groups.set([testers, staff])
    ModelOverride.objects.create(model="mine/open")
    with django_assert_max_num_queries(20):
        page = admin.get(reverse("admin:providers_modeloverride_changelist")).content.decode()
    assert page.count("Staff, Testers") == 5
    assert "everybody" in page


def test_groups_are_chosen_in_the_form(admin: Client) -> None:
    staff = Group.objects.create(name="Staff")
    form = {"model": "openai/gpt-4o", "groups": [staff.pk], "supports_images": "unknown"}
    page = admin.post(reverse("admin:providers_modeloverride_add"), form, follow=True)
    assert page.status_code == 200
    assert list(ModelOverride.objects.get().groups.all()) == [staff]
    assert stored.stored().groups == {"openai/gpt-4o": frozenset({staff.pk})}


@pytest.mark.parametrize(
    ("fallback", "words"),
    [("nobody/gpt-4o", "is not set up on this site yet"), ("vllm/unlisted", "is not in the list of vllm")],
)
def test_a_fallback_that_may_never_answer_is_said(
    admin: Client, settings, scripted_provider: ScriptedProvider, fallback: str, words: str
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    listed.refresh(Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url))
    form = {"model": "openai/gpt-4o", "fallback": fallback, "supports_images": "unknown"}
    page = admin.post(reverse("admin:providers_modeloverride_add"), form, follow=True)

    assert words in page.content.decode()
    assert ModelOverride.objects.get().fallback == fallback


def test_a_fallback_that_is_listed_raises_no_doubt(
    admin: Client, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    listed.refresh(Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url))
    form = {"model": "openai/gpt-4o", "fallback": "vllm/scripted-large", "supports_images": "unknown"}
    page = admin.post(reverse("admin:providers_modeloverride_add"), form, follow=True)
    assert 'class="warning"' not in page.content.decode()


@pytest.mark.parametrize(("field", "value"), [("model", "gpt-4o"), ("input_price", "-1"), ("context_window", "-5")])
def test_senseless_overrides_are_refused(admin: Client, field: str, value: str) -> None:
    form = {"model": "openai/gpt-4o"} | {field: value}
    page = admin.post(reverse("admin:providers_modeloverride_add"), form)
    assert page.status_code == 200
    assert not ModelOverride.objects.exists()
