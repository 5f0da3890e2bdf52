"""Versions of a message: by other models, in other wordings, and walking between them."""

import pytest
from django.test import Client

from accounts.models import User
from conversations.branching import select_branch
from conversations.generation import outlook, records
from conversations.generation.frames import Key
from conversations.models import Conversation, Generation, Message
from conversations.siblings import Siblings, siblings_of
from conversations.submission import regenerate
from conversations.views import tree
from providers import ModelGroup, model_info
from tests.conversations.conftest import MODEL, converse
from tests.conversations.tree.conftest import HTMX, Form, _add, _messages, _url

pytestmark = pytest.mark.usefixtures("provider")


# --- Another model ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("offered", "is_told"), [([MODEL], False), ([MODEL, "openai/other"], True), ([], False)])
def test_the_menu_speaks_of_other_models_only_where_there_are_some(
    alice_client: Client, conversation: Conversation, monkeypatch, offered: list[str], is_told: bool
) -> None:
    Message.objects.filter(pk=conversation.leaf_id).update(model=MODEL)
    group = ModelGroup("openai", "OpenAI", tuple(map(model_info, offered)))
    monkeypatch.setattr(tree, "models_for_menu", lambda _user: [group])
    page = alice_client.get(_url(conversation, conversation.leaf_id, "menu"), headers=HTMX).content.decode()
    assert ("Write again with" in page) is is_told
    assert ('value="openai/other"' in page) is is_told
    assert f'value="{MODEL}"' not in page
    assert "Go on in a new conversation" in page


def test_another_model_writes_a_sibling_and_the_conversation_keeps_its_own(
    alice_client: Client, conversation: Conversation
) -> None:
    url = _url(conversation, conversation.leaf_id, "regenerate")
    response = alice_client.post(url, {"model": "anthropic/claude-sonnet-4-5"}, headers=HTMX)
    assert response.status_code == 200
    assert "2 / 2" in response.content.decode()
    generation = Generation.objects.get()
    assert generation.model == generation.message.model == "anthropic/claude-sonnet-4-5"
    conversation.refresh_from_db()
    assert (conversation.model, conversation.leaf_id) == (MODEL, generation.message_id)


def test_another_model_is_asked_within_its_limits(alice_client: Client, conversation: Conversation) -> None:
    Conversation.objects.update(temperature=1.7)
    url = _url(conversation, conversation.leaf_id, "regenerate")
    alice_client.post(url, {"model": "anthropic/claude-sonnet-4-5"}, headers=HTMX)
    assert Generation.objects.get().temperature == 1.0


def test_an_unknown_model_is_refused_with_a_sentence(alice_client: Client, conversation: Conversation) -> None:
    url = _url(conversation, conversation.leaf_id, "regenerate")
    response = alice_client.post(url, {"model": "nobody/knows"}, headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#composer-error"
    assert "This model is not available." in response.content.decode()
    assert not Generation.objects.exists()


def test_the_menu_offers_the_other_models(alice_client: Client, conversation: Conversation) -> None:
    Message.objects.update(model="anthropic/claude-sonnet-4-5")
    response = alice_client.get(_url(conversation, conversation.leaf_id, "menu"), headers=HTMX)
    html = response.content.decode()
    assert "<html" not in html
    assert 'name="model"' in html
    assert 'value="anthropic/claude-sonnet-4-5"' not in html
    question, _answer = _messages(conversation)
    assert 'name="model"' not in alice_client.get(_url(conversation, question, "menu"), headers=HTMX).content.decode()
    assert "<html" in alice_client.get(_url(conversation, question, "menu")).content.decode()


# --- Another wording --------------------------------------------------------------------------------------------


def test_an_edited_question_is_a_sibling_and_the_old_one_stays(
    alice_client: Client, conversation: Conversation, form: Form
) -> None:
    question, answer = _messages(conversation)
    response = alice_client.post(_url(conversation, question, "edit"), form("What is a stack?"), headers=HTMX)
    assert response.status_code == 200
    assert "2 / 2" in response.content.decode()
    edited, new_answer = _messages(conversation)[2:]
    assert (edited.content, edited.parent_id, new_answer.parent) == ("What is a stack?", None, edited)
    conversation.refresh_from_db()
    assert conversation.leaf == new_answer
    assert [m.content for m in (question, answer)] == ["What is a queue?", "A *line* of things that wait."]


def test_the_form_of_an_edit_has_the_text_as_it_was_written(alice_client: Client, alice: User) -> None:
    conversation = converse(alice, "\n<b>a</b> & b", "answer")
    question = _messages(conversation)[0]
    for headers, page in ((HTMX, False), ({}, True)):
        html = alice_client.get(_url(conversation, question, "edit"), headers=headers).content.decode()
        assert ">\n\n&lt;b&gt;a&lt;/b&gt; &amp; b</textarea>" in html
        assert ("<html" in html) == page


def test_an_edit_sent_twice_is_one(alice_client: Client, conversation: Conversation, form: Form) -> None:
    question, sent = _messages(conversation)[0], form("What is a stack?")
    for _ in range(2):
        assert alice_client.post(_url(conversation, question, "edit"), sent, headers=HTMX).status_code == 200
    assert conversation.messages.count() == 4


def test_an_edit_without_javascript_leads_back(alice_client: Client, conversation: Conversation, form: Form) -> None:
    url = _url(conversation, _messages(conversation)[0], "edit")
    refused = alice_client.post(url, form("  "), headers={"Accept-Language": "en"})
    assert refused.status_code == 422
    assert "Write a message first." in refused.content.decode()
    assert alice_client.post(url, form("Anew"))["Location"] == f"/c/{conversation.pk}/"


def test_an_edit_is_refused_in_its_own_form(alice_client: Client, conversation: Conversation, form: Form) -> None:
    question = _messages(conversation)[0]
    url = _url(conversation, question, "edit")
    regenerate(conversation.owner, conversation, _messages(conversation)[1])
    response = alice_client.post(url, form("What is a stack?"), headers=HTMX)
    assert (response.status_code, response["HX-Retarget"]) == (422, f"#edit-{question.pk}-error")
    assert "still being written" in response.content.decode()
    assert conversation.messages.filter(role="user").count() == 1


def test_an_answer_cannot_be_edited(alice_client: Client, conversation: Conversation, form: Form) -> None:
    url = _url(conversation, conversation.leaf_id, "edit")
    assert alice_client.get(url).status_code == alice_client.post(url, form("x")).status_code == 404


# --- Siblings ---------------------------------------------------------------------------------------------------


def test_the_place_among_siblings(conversation: Conversation) -> None:
    question, first = _messages(conversation)
    second, third = (_add(conversation, question, "assistant", text) for text in ("b", "c"))
    other = _add(conversation, None, "user", "another root")
    places = siblings_of([question, first, second, third])
    assert places[question.pk] == Siblings(1, 2, None, other.pk)
    assert places[first.pk] == Siblings(1, 3, None, second.pk)
    assert places[second.pk] == Siblings(2, 3, first.pk, third.pk)
    assert places[third.pk] == Siblings(3, 3, second.pk, None)


def test_siblings_are_of_the_same_conversation(alice: User, conversation: Conversation) -> None:
    converse(alice, "another conversation", "answer")
    assert siblings_of(_messages(conversation))[_messages(conversation)[0].pk] == Siblings()


def test_places_cost_one_query_for_any_number_of_messages(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    conversation = converse(alice, *[f"message {i}" for i in range(40)])
    for message in _messages(conversation)[::2]:
        _add(conversation, message, "assistant", "another answer")
    for part in (_messages(conversation)[:2], _messages(conversation)):
        with django_assert_num_queries(1):
            siblings_of(part)


def test_selecting_shows_the_branch_down_to_its_newest_end(alice_client: Client, conversation: Conversation) -> None:
    question, answer = _messages(conversation)
    other = _add(conversation, question, "assistant", "the other answer")
    older = _add(conversation, answer, "user", "older way on")
    newer = _add(conversation, answer, "user", "newer way on")
    end = _add(conversation, newer, "assistant", "the end of it")
    Conversation.objects.update(leaf=other)
    html = alice_client.post(_url(conversation, answer, "select"), headers=HTMX).content.decode()
    assert [f"message-{m.pk}-body" in html for m in (question, answer, newer, end)] == [True] * 4
    assert not [m for m in (other, older) if f"message-{m.pk}-body" in html]
    conversation.refresh_from_db()
    assert conversation.leaf == end


def test_selecting_without_javascript_leads_to_the_message(alice_client: Client, conversation: Conversation) -> None:
    question = _messages(conversation)[0]
    response = alice_client.post(_url(conversation, question, "select"))
    assert response["Location"] == f"/c/{conversation.pk}/#message-{question.pk}"


def test_selecting_goes_down_in_one_query(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for length in (4, 200):
        conversation = converse(alice, *[f"message {i}" for i in range(length)])
        first = _messages(conversation)[0]
        with django_assert_num_queries(2):  # the way down, and the leaf
            assert select_branch(conversation, first) == length - 1


def test_what_was_selected_is_on_the_page_also_far_from_the_end(alice: User, alice_client: Client) -> None:
    conversation = converse(alice, *[f"message {i}" for i in range(80)])
    message = _messages(conversation)[10]
    html = alice_client.post(_url(conversation, message, "select"), headers=HTMX).content.decode()
    assert f'id="message-{message.pk}"' in html
    assert f'id="message-{conversation.leaf_id}"' in html


def test_footers_of_the_websocket_have_the_arrows(alice: User, conversation: Conversation) -> None:
    sibling = regenerate(alice, conversation, _messages(conversation)[1])
    end = outlook.end_of(sibling.pk, {"en"})
    assert end is not None
    assert "2 / 2" in end.footers["en"]
    generation = Generation.objects.select_related("conversation").get()
    job = records.job_of(generation, sibling, Key(alice.pk, conversation.pk))
    assert job.siblings.total == 2


def test_pages_show_the_arrows(alice_client: Client, conversation: Conversation) -> None:
    question, _answer = _messages(conversation)
    _add(conversation, question, "assistant", "b")
    html = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert "1 / 2" in html
    assert html.count("Previous version") == 2  # its name and its title: of the answer alone
