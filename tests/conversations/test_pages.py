import re
import uuid

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Generation, Message
from tests.conversations.conftest import MODEL, converse

HTMX = {"HX-Request": "true"}


@pytest.mark.usefixtures("provider")
def test_a_new_chat_has_a_composer_and_four_suggestions(alice_client: Client) -> None:
    html = alice_client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert html.count("data-suggestion=") == 4
    assert re.search(r'hx-post="/c/[0-9a-f-]{36}/messages/"', html)
    assert not Conversation.objects.exists()


@override_settings(DEFAULT_MODEL="", PROVIDERS={})
def test_without_a_model_the_page_says_how_to_set_one_up(alice_client: Client) -> None:
    html = alice_client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert "OPENAI_API_KEY" in html


@pytest.mark.usefixtures("provider")
def test_a_conversation_shows_its_messages_and_the_list(alice_client: Client, conversation: Conversation) -> None:
    html = alice_client.get(f"/c/{conversation.pk}/").content.decode()
    assert "<em>line</em>" in html
    assert f'id="conversation-{conversation.pk}"' in html
    assert f'ws-connect="/ws/c/{conversation.pk}/' in html


@pytest.mark.usefixtures("provider")
def test_htmx_gets_the_pane_alone(alice_client: Client, conversation: Conversation) -> None:
    html = alice_client.get(f"/c/{conversation.pk}/", headers=HTMX).content.decode()
    assert "<html" not in html
    assert '<section id="conversation"' in html
    whole = alice_client.get(f"/c/{conversation.pk}/", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("headers", "has_focus"),
    [
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}, True),
        ({"User-Agent": "Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0.0.0 Mobile Safari/537.36"}, False),
        ({"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148"}, False),
        (HTMX, False),
    ],
)
def test_a_page_begins_in_the_message_box_where_no_keyboard_comes_up(
    alice_client: Client, headers: dict[str, str], has_focus: bool
) -> None:
    """A pane does not: htmx would take whoever is in another field out of it."""
    box = re.search(r'<textarea id="composer-text"[^>]*>', alice_client.get("/", headers=headers).content.decode())
    assert box
    assert ("autofocus" in box[0]) == has_focus


@pytest.mark.usefixtures("provider")
def test_a_constant_number_of_queries(alice: User, alice_client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    short, long = converse(alice, "a", "b"), converse(alice, *[f"message {i}" for i in range(300)])
    Conversation.objects.bulk_create([Conversation(owner=alice, updated_at=timezone.now()) for _ in range(60)])
    alice_client.get("/")
    for conversation in (short, long):
        with django_assert_num_queries(11):
            alice_client.get(f"/c/{conversation.pk}/")


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("status", "extra", "sentence"),
    [
        ("failed", {"error_code": "rate_limit"}, "Regenerate"),
        ("interrupted", {}, "broke off"),
        ("stopped", {}, "stopped this answer"),
        ("complete", {"finish_reason": "length"}, "length limit"),
        ("complete", {"earlier_left_out": True}, "Earlier messages were left out"),
    ],
)
def test_every_ending_says_what_happened_and_what_to_do(
    alice_client: Client, conversation: Conversation, status: str, extra: dict[str, object], sentence: str
) -> None:
    Generation.objects.create(
        conversation=conversation, message_id=conversation.leaf_id, model=MODEL, max_tokens=1, status=status, **extra
    )
    html = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert f'data-status="{status}"' in html
    assert sentence in html


TOOL = "wanted to use a tool, which this site does not offer"
UNKNOWN = "ended for a reason this site does not know: "


def _complete(conversation: Conversation, **extra: str) -> None:
    leaf_id = conversation.leaf_id
    Generation.objects.create(
        conversation=conversation, message_id=leaf_id, model=MODEL, max_tokens=1, status="complete", **extra
    )


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("content", "reasoning", "extra", "sentence"),
    [
        ("", "", {"finish_reason": "stop"}, "The answer is empty."),
        (" \n\u200b\u3164", "", {"finish_reason": "stop"}, "The answer is empty."),
        ("", "Hm.", {"finish_reason": "stop"}, "The model thought, but wrote no answer."),
        ("", "Hm.", {"finish_reason": "length"}, "before it began to answer"),
        ("", "Hm.", {"finish_reason": "tool_call"}, TOOL),
        ("Let me see.", "", {"finish_reason": "tool_call"}, TOOL),
        ("Text", "", {"finish_reason": "other", "error_code": "out_of_ideas"}, f"{UNKNOWN}out_of_ideas"),
        ("", "", {"finish_reason": "other", "error_code": "7"}, "It has no text."),
        ("Text", "", {"finish_reason": "other", "error_code": "<b>x"}, f"{UNKNOWN}&lt;b&gt;x"),
        ("", "", {"finish_reason": "refusal"}, "content rules"),
    ],
)
def test_a_complete_answer_without_text_or_with_a_strange_end_says_so(
    alice: User, alice_client: Client, content: str, reasoning: str, extra: dict[str, str], sentence: str
) -> None:
    conversation = converse(alice, "What is a queue?", content)
    Message.objects.filter(pk=conversation.leaf_id).update(reasoning=reasoning)
    _complete(conversation, **extra)
    html = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert 'data-status="complete"' in html
    assert sentence in html
    card = html.partition('<div class="card"')[2].partition("</footer>")[0]
    assert "Regenerate" in card
    assert ("data-copy" in card) == bool(content.strip(" \n\u200b\u3164"))
    korean = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "ko"}).content.decode()
    assert sentence.partition(":")[0] not in korean


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("extra", [{"finish_reason": "stop"}, {"finish_reason": "other"}])
def test_an_answer_that_came_to_its_own_end_has_no_card(
    alice_client: Client, conversation: Conversation, extra: dict[str, str]
) -> None:
    _complete(conversation, **extra)
    html = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert 'class="card"' not in html


@pytest.mark.usefixtures("provider")
def test_an_answer_in_progress_shows_the_checkpoint_and_how_to_see_the_rest(
    alice_client: Client, conversation: Conversation
) -> None:
    answer = Message.objects.create(conversation=conversation, parent=conversation.leaf, role="assistant")
    Conversation.objects.update(leaf=answer)
    Generation.objects.create(
        conversation=conversation, message=answer, model=MODEL, max_tokens=1, status="running", draft="**half", seq=6
    )
    html = alice_client.get(f"/c/{conversation.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert "**half" in html
    assert 'data-seq="6"' in html
    assert "Reload to see the rest" in html


@pytest.mark.usefixtures("provider")
def test_titles_and_names_are_inert(alice: User, alice_client: Client) -> None:
    converse(alice, "<script>alert(1)</script>", "<img src=x onerror=alert(1)> ![x](https://evil.example/x.png)")
    html = alice_client.get(f"/c/{Conversation.objects.get().pk}/").content.decode()
    assert "<script>alert" not in html
    assert "<img" not in html


def test_logged_out_people_go_to_the_login_and_come_back(client: Client) -> None:
    address = f"/c/{uuid.uuid4()}/"
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.usefixtures("provider")
def test_pages_are_not_kept_by_caches_and_forbid_everything_foreign(alice_client: Client) -> None:
    response = alice_client.get("/")
    assert "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    assert " style=" not in html
    assert not re.search(r"\son[a-z]+=", html)
