"""What a guest sees of a shared conversation and what never: a snapshot, in pages when it is long."""

import re
from typing import Any

import pytest
from django.core import signing
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Attachment, Conversation, Generation, Message, Share
from conversations.rendering import render
from conversations.sharing import PAGE, share, snapshot
from tests.conversations.conftest import MODEL, converse
from tests.conversations.sharing.conftest import address, page

pytestmark = pytest.mark.django_db


def reply(conversation: Conversation, text: str, role: str = "assistant") -> Message:
    """Another message at the end of `conversation`."""
    message = Message.objects.create(conversation=conversation, parent=conversation.leaf, role=role, content=text)
    conversation.leaf = message
    conversation.save()
    return message


def generation(message: Message, status: str, **fields: object) -> Generation:
    return Generation.objects.create(
        conversation_id=message.conversation_id, message=message, model=MODEL, max_tokens=1, status=status, **fields
    )


def go_on(message: Message, text: str) -> None:
    """As Continue does: the text goes behind that of `message`."""
    generation(message, "complete", kept_text=len(text), finished_at=timezone.now())
    content = message.content + text
    Message.objects.filter(pk=message.pk).update(content=content, html=render(content))


# --- What a guest sees ------------------------------------------------------------------------------


def test_a_guest_reads_the_conversation(guest: Client, link: Share) -> None:
    html = page(guest, link)
    assert "<h1>What is a queue?</h1>" in html
    assert "<em>line</em>" in html
    assert html.count("<article") == 2


def test_in_korean_too(link: Share) -> None:
    html = page(Client(headers={"Accept-Language": "ko"}), link)
    assert '<html lang="ko"' in html
    assert 'aria-label="질문"' in html


def test_nothing_tells_whose_it_is_or_how_it_was_made(alice: User, guest: Client, conversation: Conversation) -> None:
    Conversation.objects.update(model="openai/gpt-secret", system_prompt="You are a secret pirate.")
    Message.objects.update(reasoning="secret thoughts", model="openai/gpt-secret")
    link = share(conversation, days=None)
    html = page(guest, link)
    for secret in (
        "alice",
        "example.org",
        "secret",
        str(conversation.pk),
        conversation.pk.hex,
        "data-message-id",
        'id="message',
    ):
        assert secret not in html
    assert not re.search(rf'"{conversation.leaf_id}"', html)


def test_it_is_kept_from_search_engines_caches_and_the_next_site(guest: Client, link: Share) -> None:
    response = guest.get(address(link))
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    assert '<meta name="robots" content="noindex,nofollow">' in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_a_guest_gets_no_cookie_and_no_script(guest: Client, link: Share) -> None:
    response = guest.get(address(link))
    assert not response.cookies
    assert "<script" not in response.content.decode()


def test_everything_in_it_is_inert(alice: User, guest: Client) -> None:
    hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)>"
    link = share(converse(alice, hostile, f"{hostile} [x](javascript:alert(1)) ![x](https://evil.example/x.png)"), 7)
    Share.objects.update(title=hostile)
    html = page(guest, link)
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:alert(1)" not in re.sub(r">[^<]*<", "><", html)


def test_attachments_are_only_named(alice: User, guest: Client, conversation: Conversation) -> None:
    question = Message.objects.get(role="user")
    for kind, name in (("text", "<b>&notes.txt"), ("text", "plan.md"), ("image", "face.png"), ("image", "cat.png")):
        Attachment.objects.create(
            owner=alice, message=question, kind=kind, name=name, size=9, media_type="x/y", text="the secret content"
        )
    html = page(guest, share(conversation, days=7))
    assert "Not shared, only named: &lt;b&gt;&amp;notes.txt, plan.md" in html
    assert "2 images, not shared" in html
    for hidden in ("face.png", "secret content", "<img", "/attachments/"):
        assert hidden not in html


def test_a_title_can_be_missing(guest: Client, conversation: Conversation) -> None:
    Conversation.objects.update(title="")
    conversation.refresh_from_db()
    assert "<h1>Untitled</h1>" in page(guest, share(conversation, days=7))


# --- A snapshot -------------------------------------------------------------------------------------


def test_what_comes_later_is_not_in_it(guest: Client, conversation: Conversation, link: Share) -> None:
    before = page(guest, link)
    reply(conversation, "a later question", "user")
    reply(conversation, "a later answer")
    Conversation.objects.update(title="a later title")
    assert page(guest, link) == before


def test_another_branch_is_not_in_it(guest: Client, conversation: Conversation, link: Share) -> None:
    question = conversation.leaf.parent if conversation.leaf else None
    other = Message.objects.create(conversation=conversation, parent=question, role="assistant", content="the other")
    Conversation.objects.update(leaf=other)
    assert "the other" not in page(guest, link)


def test_an_answer_that_went_on_is_cut_to_what_it_was(guest: Client, conversation: Conversation, link: Share) -> None:
    before = page(guest, link)
    assert conversation.leaf
    go_on(conversation.leaf, " And **more** of it.")
    assert page(guest, link) == before


def test_an_earlier_answer_that_went_on_is_cut_too(guest: Client, conversation: Conversation) -> None:
    first = conversation.leaf
    assert first
    reply(conversation, "the second question", "user")
    link = share(conversation, days=7)
    before = page(guest, link)
    go_on(first, " And more.")
    assert page(guest, link) == before
    assert "And more." in page(guest, share(conversation, days=7))


def test_an_answer_in_progress_is_cut_where_it_was(guest: Client, conversation: Conversation) -> None:
    reply(conversation, "the second question", "user")
    answer = reply(conversation, "")
    running = generation(answer, "running", draft="One *two* ")
    link = share(conversation, days=7)
    assert link.leaf_length == 10
    before = page(guest, link)
    assert "One <em>two</em>" in before
    Generation.objects.filter(pk=running.pk).update(draft="One *two* three")
    assert page(guest, link) == before
    Generation.objects.filter(pk=running.pk).update(draft="", status="complete", kept_text=15)
    Message.objects.filter(pk=answer.pk).update(content="One *two* three", html="<p>One two three</p>")
    assert page(guest, link) == before


def test_an_answer_that_had_not_begun_stays_away(guest: Client, conversation: Conversation) -> None:
    reply(conversation, "the second question", "user")
    answer = reply(conversation, "")
    generation(answer, "queued")
    link = share(conversation, days=7)
    Message.objects.filter(pk=answer.pk).update(content="written later", html="<p>written later</p>")
    html = page(guest, link)
    assert html.count("<article") == 3
    assert "written later" not in html


# --- Long ones --------------------------------------------------------------------------------------


@pytest.fixture
def long_link(alice: User) -> Share:
    return share(converse(alice, *[f"message {number:03d}." for number in range(PAGE + 51)]), days=7)


def test_a_long_one_comes_in_pages(guest: Client, long_link: Share) -> None:
    html = page(guest, long_link)
    assert html.count("<article") == PAGE
    assert "message 250." in html
    assert "message 050." not in html
    earlier = re.search(r'href="(\?before=[^"]+)"', html)
    assert earlier
    html = page(guest, long_link, earlier[1])
    assert html.count("<article") == 51
    assert "message 000." in html
    assert "message 051." not in html
    assert "?before=" not in html
    assert f'href="{address(long_link)}"' in html


def test_a_cursor_opens_nothing_but_its_own_share(guest: Client, alice: User, long_link: Share) -> None:
    later = reply(long_link.conversation, "written later", "user")
    forged = signing.Signer(salt="share:0").sign(str(later.pk))
    for cursor in (str(later.pk), forged, "x", f"{later.pk}:", ":"):
        response = guest.get(address(long_link), {"before": cursor})
        assert response.status_code == 404, cursor


def test_a_constant_number_of_queries(guest, link, long_link, django_assert_num_queries):  # type: ignore[no-untyped-def]
    for shared in (link, long_link):
        with django_assert_num_queries(7):
            page(guest, shared)
        with django_assert_num_queries(2):  # whether it still works, and what is hidden
            page(guest, shared)
    found = snapshot(long_link)
    assert found
    with django_assert_num_queries(4):
        snapshot(long_link, found.earlier)


# --- Many looks, and dear ones ----------------------------------------------------------------------


def test_an_imported_answer_is_rendered_at_the_first_look_only(guest: Client, link: Share) -> None:
    Message.objects.update(html="")
    caches["pages"].clear()
    assert "<em>line</em>" in page(guest, link)
    assert "<em>line</em>" in Message.objects.get(role="assistant").html


def test_what_is_hidden_leaves_a_page_that_is_kept(guest: Client, conversation: Conversation, link: Share) -> None:
    assert "<em>line</em>" in page(guest, link)
    Message.objects.filter(pk=conversation.leaf_id).update(hidden_at=timezone.now())
    assert "<em>line</em>" not in page(guest, link)
    Message.objects.filter(pk=conversation.leaf_id).update(hidden_at=None)
    assert "<em>line</em>" in page(guest, link)


def test_a_page_that_is_kept_ends_with_its_link(guest: Client, link: Share) -> None:
    page(guest, link)
    Share.objects.update(revoked_at=timezone.now())
    assert guest.get(address(link)).status_code == 404


def test_each_language_has_its_own(guest: Client, link: Share) -> None:
    assert 'aria-label="Question"' in page(guest, link)
    assert 'aria-label="질문"' in page(Client(headers={"Accept-Language": "ko"}), link)


def test_a_page_of_very_long_messages_has_fewer_of_them(guest: Client, conversation: Conversation) -> None:
    for number in range(4):
        reply(conversation, f"message {number} " + "word " * 70_000, "user")
    html = page(guest, share(conversation, days=7))
    assert html.count("<article") == 2
    earlier = re.search(r'href="(\?before=[^"]*)"', html)
    assert earlier
    assert "message 1 " in page(guest, Share.objects.latest("pk"), earlier[1])


def test_many_looks_from_one_address_wait_a_minute(guest: Client, link: Share, settings: Any) -> None:
    settings.SHARE_VIEWS_PER_MINUTE = 2
    assert [guest.get(address(link)).status_code for _ in range(3)] == [200, 200, 429]
    response = guest.get("/share/guessed/")
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert "Wait a minute" in response.content.decode()
    assert guest.get(address(link), REMOTE_ADDR="192.0.2.7").status_code == 200


def test_one_network_of_ipv6_is_one_address(guest: Client, link: Share, settings: Any) -> None:
    settings.SHARE_VIEWS_PER_MINUTE = 1
    codes = [
        guest.get(address(link), REMOTE_ADDR=f"2001:db8:0:{net}::{host}").status_code
        for net, host in ((1, 1), (1, 2), (2, 1))
    ]
    assert codes == [200, 429, 200]
