"""Commands on conversations."""

import re
import uuid

import pytest
from django.test import Client

from accounts.models import User
from conversations import waiting
from conversations.forms import SettingsForm
from conversations.generation import engine
from conversations.models import Conversation, Generation, Message
from conversations.submission import submit_message
from tests.conversations.conftest import MODEL, converse

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
pytestmark = pytest.mark.usefixtures("provider")


def _url(conversation: Conversation, command: str) -> str:
    return f"/c/{conversation.pk}/{command}/"


def test_rename(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(_url(conversation, "rename"), {"title": "  My   queue "}, headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.title == "My queue"
    assert "My queue" in response.content.decode()


def test_rename_without_javascript(alice_client: Client, conversation: Conversation) -> None:
    assert "<html" in alice_client.get(_url(conversation, "rename")).content.decode()
    response = alice_client.post(_url(conversation, "rename"), {"title": "New"})
    assert response["Location"] == f"/c/{conversation.pk}/"


def test_a_title_keeps_its_signs_and_turns_nothing_round(alice_client: Client, conversation: Conversation) -> None:
    alice_client.post(_url(conversation, "rename"), {"title": "__init__.py \u202e**C#** 👨‍👩‍👧‍👦"}, headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.title == "__init__.py **C#** 👨‍👩‍👧‍👦"


@pytest.mark.parametrize("title", ["", "  ", "\u200b\u202e", "x" * 121])
def test_a_title_that_will_not_do_is_refused(alice_client: Client, conversation: Conversation, title: str) -> None:
    response = alice_client.post(_url(conversation, "rename"), {"title": title}, headers=HTMX)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()


def test_delete_and_undo(alice_client: Client, conversation: Conversation) -> None:
    response = alice_client.post(_url(conversation, "delete"), headers=HTMX)
    assert "Undo" in response.content.decode()
    assert alice_client.get(f"/c/{conversation.pk}/").status_code == 404
    response = alice_client.post(_url(conversation, "restore"), headers=HTMX)
    assert f'id="conversation-{conversation.pk}"' in response.content.decode()
    assert alice_client.get(f"/c/{conversation.pk}/").status_code == 200


def test_deleting_stops_the_answer(alice_client: Client, conversation: Conversation) -> None:
    Generation.objects.create(
        conversation=conversation, message_id=conversation.leaf_id, model=MODEL, max_tokens=1, status="running"
    )
    alice_client.post(_url(conversation, "delete"), headers=HTMX)
    assert Generation.objects.get().stop_requested


@pytest.mark.parametrize("address", ["/c/{}/delete/", "/conversations/"])
def test_what_waits_is_not_asked_while_a_conversation_is_deleted(
    alice: User, alice_client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Whoever is told of the answer's end asks the next question, in any process: even then nothing is asked."""
    conversation = Conversation(owner=alice, model=MODEL)
    for text in ("First", "Waits"):
        submit_message(alice, conversation, text, uuid.uuid4())
        conversation = Conversation.objects.get()
    monkeypatch.setattr(engine, "tell_stopped", lambda key, *_: waiting.submit_next(key))
    alice_client.post(address.format(conversation.pk), {"action": "delete", "conversation": conversation.pk})
    assert Generation.objects.get().status == "stopped"
    assert Message.objects.filter(role="user").get().content == "First"


def test_a_message_to_a_deleted_conversation_is_not_found(alice_client: Client, conversation: Conversation) -> None:
    alice_client.post(_url(conversation, "delete"))
    form = {"text": "Hello", "client_id": str(uuid.uuid4())}
    assert alice_client.post(f"/c/{conversation.pk}/messages/", form).status_code == 404


def test_restoring_what_is_not_deleted_is_not_found(alice_client: Client, conversation: Conversation) -> None:
    assert alice_client.post(_url(conversation, "restore")).status_code == 404


def test_settings_are_saved_as_they_change(alice_client: Client, conversation: Conversation) -> None:
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700", "streaming": "on"}
    response = alice_client.post(_url(conversation, "settings"), form, headers=HTMX)
    assert response.status_code == 200
    conversation.refresh_from_db()
    assert (conversation.temperature, conversation.max_tokens, conversation.streaming) == (1.1, 700, True)


def test_a_message_stored_while_settings_are_saved_stays_the_newest(
    alice_client: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Message.objects.create(conversation=conversation, parent_id=conversation.leaf_id, role="user", content="!")
    is_valid = SettingsForm.is_valid

    def after_a_message(form: SettingsForm) -> bool:
        Conversation.objects.filter(pk=conversation.pk).update(leaf=stored)
        return is_valid(form)

    monkeypatch.setattr(SettingsForm, "is_valid", after_a_message)
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700"}
    assert alice_client.post(_url(conversation, "settings"), form, headers=HTMX).status_code == 200
    conversation.refresh_from_db()
    assert (conversation.temperature, conversation.leaf_id) == (1.1, stored.pk)


def test_settings_beyond_the_models_limit_are_refused_and_named(
    alice_client: Client, conversation: Conversation
) -> None:
    form = {"model": "anthropic/claude-sonnet-4-5", "temperature": "1.4", "max_tokens": "700"}
    response = alice_client.post(_url(conversation, "settings"), form, headers=HTMX)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    conversation.refresh_from_db()
    assert conversation.temperature == 0.7


def test_settings_of_a_conversation_to_be_are_only_checked(alice_client: Client) -> None:
    form = {"model": MODEL, "temperature": "1.1", "max_tokens": "700"}
    assert alice_client.post(f"/c/{uuid.uuid4()}/settings/", form, headers=HTMX).status_code == 200
    assert not Conversation.objects.exists()


def _fields(html: str) -> dict[str, str]:
    """What the page's message box sends, as a browser would."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"([^>]*)>', html)
    fields = {name: rest.partition('value="')[2].partition('"')[0] for name, rest in hidden}
    fields["model"] = html.partition('id="settings-model"')[2].partition(" selected")[0].rpartition('value="')[2][:-1]
    for name in ("temperature", "max_tokens"):
        fields[name] = re.search(rf'name="{name}" form="composer" value="([^"]+)"', html)[1]  # type: ignore[index]
    for name in ("streaming", "cache_answers"):
        fields |= {name: "on"} if re.search(rf'name="{name}" form="composer" checked', html) else {}
    return {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"} | {"system_prompt": ""}


@pytest.fixture
def page(alice_client: Client, conversation: Conversation) -> dict[str, str]:
    """What a tab shows that is then left behind."""
    return _fields(alice_client.get(_url(conversation, "")[:-1]).content.decode())


def _elsewhere(conversation: Conversation) -> None:
    """Another tab has been busy."""
    Conversation.objects.filter(pk=conversation.pk).update(
        model="anthropic/claude-sonnet-4-5",
        temperature=0.2,
        max_tokens=1100,
        streaming=False,
        system_prompt="In verse.",
        cache_answers=True,
    )


def _settings(conversation: Conversation) -> list[object]:
    names = ("model", "temperature", "max_tokens", "streaming", "system_prompt", "cache_answers")
    return list(Conversation.objects.filter(pk=conversation.pk).values_list(*names).get())


BUSY = ["anthropic/claude-sonnet-4-5", 0.2, 1100, False, "In verse.", True]


@pytest.mark.parametrize("command", ["messages", "settings"])
@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({}, {}),
        ({"temperature": "0.9"}, {1: 0.9}),
        ({"max_tokens": "500"}, {2: 500}),
        ({"system_prompt": "Briefly."}, {4: "Briefly."}),
        ({"model": MODEL}, {}),  # it shows that one, and nobody has chosen it
    ],
)
def test_an_older_page_changes_what_was_changed_on_it(
    alice_client: Client,
    conversation: Conversation,
    page: dict[str, str],
    command: str,
    headers: dict[str, str],
    change: dict[str, str],
    place: dict[int, object],
) -> None:
    _elsewhere(conversation)
    form = page | {"text": "Hello", "client_id": str(uuid.uuid4())} | change
    assert alice_client.post(_url(conversation, command), form, headers=headers).status_code in (200, 302)
    expected = [place.get(number, value) for number, value in enumerate(BUSY)]
    assert _settings(conversation) == expected
    if command == "messages":
        assert Generation.objects.get().model == BUSY[0]
        assert Generation.objects.get().temperature == expected[1]


@pytest.mark.parametrize("command", ["messages", "settings"])
def test_an_older_page_is_not_refused_for_what_it_shows(
    alice_client: Client, conversation: Conversation, page: dict[str, str], command: str
) -> None:
    """Its temperature is beyond the limit of the model that was chosen elsewhere."""
    _elsewhere(conversation)
    Conversation.objects.update(temperature=1.7)
    form = page | {"text": "Hello", "client_id": str(uuid.uuid4()), "initial-temperature": "1.7", "temperature": "1.7"}
    assert alice_client.post(_url(conversation, command), form | {"streaming": ""}).status_code == 302
    assert _settings(conversation)[:4] == [BUSY[0], 1.7, 1100, False]
    if command == "messages":
        assert Generation.objects.get().temperature == 1.0
    form |= {"model": BUSY[0], "client_id": str(uuid.uuid4())}  # chosen here, by somebody who sees the rest
    form["initial-model"] = MODEL
    assert alice_client.post(_url(conversation, "settings"), form).status_code == 422


def test_a_box_that_was_unticked_on_an_older_page(
    alice_client: Client, conversation: Conversation, page: dict[str, str]
) -> None:
    Conversation.objects.update(temperature=0.2)
    del page["streaming"]
    alice_client.post(_url(conversation, "settings"), page, headers=HTMX)
    assert _settings(conversation)[1:4] == [0.2, 2000, False]


def test_changing_back_what_went_with_a_message(
    alice_client: Client, conversation: Conversation, page: dict[str, str]
) -> None:
    """A change whose saving was lost goes with the message; from then on the page shows that."""
    form = page | {"text": "Hello", "client_id": str(uuid.uuid4()), "temperature": "1.1"}
    html = alice_client.post(_url(conversation, "messages"), form, headers=HTMX).content.decode()
    shown = html.partition('<div id="settings-shown"')[2].partition("</div>")[0]
    assert 'hx-swap-oob="true"' in shown
    page |= dict(re.findall(r'name="([^"]+)" value="([^"]*)"', shown.replace(' form="composer"', "")))
    alice_client.post(_url(conversation, "settings"), page, headers=HTMX)
    assert _settings(conversation)[1] == 0.7


def test_without_javascript_a_refused_message_keeps_what_was_chosen(
    alice_client: Client, conversation: Conversation, page: dict[str, str]
) -> None:
    form = page | {"text": "", "client_id": str(uuid.uuid4()), "temperature": "1.1"}
    refused = alice_client.post(_url(conversation, "messages"), form).content.decode()
    assert _settings(conversation)[1] == 0.7
    alice_client.post(_url(conversation, "messages"), _fields(refused) | {"text": "Hello"})
    assert _settings(conversation)[1] == 1.1


def test_a_value_between_the_steps_of_the_slider_is_not_changed_by_a_message(
    alice_client: Client, conversation: Conversation
) -> None:
    Conversation.objects.update(temperature=0.75)
    page = _fields(alice_client.get(f"/c/{conversation.pk}/").content.decode())
    assert page["temperature"] in page["initial-temperature"] in ("0.7", "0.8")
    alice_client.post(_url(conversation, "messages"), page | {"text": "Hello"})
    assert _settings(conversation)[1] == 0.75


def test_older_conversations_come_on_scrolling(alice: User, alice_client: Client) -> None:
    for i in range(45):
        converse(alice, f"Conversation {i}")
    page = alice_client.get("/", headers=HTMX | {"HX-History-Restore-Request": "true"}).content.decode()
    next_url = page.partition('hx-get="/c/?')[2].partition('"')[0].replace("&amp;", "&")
    more = alice_client.get(f"/c/?{next_url}", headers=HTMX).content.decode()
    assert "Conversation 0<" in more
    assert "Conversation 44<" not in more
    assert "<html" in alice_client.get(f"/c/?{next_url}").content.decode()
