"""What is hidden is hidden in every branch that was made of it, and so is what is shared of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Preferences, User
from conversations import moderating
from conversations.branching import branch_off
from conversations.models import Attachment, Conversation, Generation, Message
from conversations.search.index import index_own
from conversations.sharing import share
from tests.conversations.conftest import converse
from tests.conversations.moderated.conftest import ENGLISH, NOTICE, shown
from tests.conversations.pictures import kept
from tests.conversations.sharing.conftest import address

pytestmark = pytest.mark.usefixtures("provider")
SECRET = "zanzibarite"
Branch = Callable[[Conversation], Conversation]


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Its question and its answer hold the secret; it is named after the first."""
    made = converse(alice, f"Where is {SECRET} found?", f"Only *{SECRET}* knows.", "And else?", "Nowhere.")
    Conversation.objects.filter(pk=made.pk).update(title=f"Where is {SECRET} found?")
    made.refresh_from_db()
    return made


@pytest.fixture
def branched(alice: User) -> Branch:
    def branch(conversation: Conversation) -> Conversation:
        conversation.refresh_from_db()
        return branch_off(alice, conversation, Message.objects.get(pk=conversation.leaf_id))

    return branch


def _secrets(conversation: Conversation) -> list[Message]:
    return list(Message.objects.filter(conversation=conversation, content__contains=SECRET).order_by("id"))


def _hide(conversation: Conversation) -> None:
    for message in _secrets(conversation):
        assert moderating.hide(message)


def _says_it(client: Client, conversation: Conversation) -> bool:
    path = f"/c/{conversation.pk}/"
    places = [path, "/", *(f"{path}export/{name}/" for name in ("json", "markdown", "html"))]
    return any(SECRET in shown(client, place) for place in places)


def test_hiding_reaches_branches_made_before_and_branches_of_these(
    alice: User, alice_client: Client, conversation: Conversation, branched: Branch
) -> None:
    first = branched(conversation)
    second = branched(first)
    index_own(alice)
    _hide(conversation)
    for one in (conversation, first, second):
        assert shown(alice_client, f"/c/{one.pk}/").count(NOTICE) == 2
        assert not _says_it(alice_client, one)
    assert not Message.objects.filter(hidden_at__isnull=False, is_indexed=True).exists()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_whichever_of_the_copies_was_the_one_that_was_flagged(
    alice_client: Client, conversation: Conversation, branched: Branch, which: int
) -> None:
    first = branched(conversation)
    family = [conversation, first, branched(first)]
    _hide(family[which])
    assert not any(_says_it(alice_client, one) for one in family)
    for message in _secrets(family[which]):
        assert moderating.show(message)
    assert all(_says_it(alice_client, one) for one in family)


def test_it_reaches_them_where_the_first_conversation_is_gone(
    alice_client: Client, conversation: Conversation, branched: Branch
) -> None:
    first, second = branched(conversation), branched(conversation)
    conversation.delete()
    _hide(first)
    assert not _says_it(alice_client, second)


def test_what_was_branched_off_later_is_shown_again_with_it(
    alice_client: Client, conversation: Conversation, branched: Branch
) -> None:
    _hide(conversation)
    later = branched(conversation)
    assert not _says_it(alice_client, later)
    for message in _secrets(conversation):
        moderating.show(message)
    assert _says_it(alice_client, later)
    assert not Message.objects.filter(hidden_at__isnull=False).exists()


def test_links_to_a_branch_show_nothing_of_it(client: Client, conversation: Conversation, branched: Branch) -> None:
    copy = branched(conversation)
    link = share(copy, days=7)
    assert SECRET in shown(client, address(link))
    _hide(conversation)
    page = shown(client, address(link))
    assert SECRET not in page
    assert page.count(NOTICE) == 2
    copy.refresh_from_db()
    assert SECRET not in shown(client, address(share(copy, days=7)))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_branches_names_go_and_come_back(
    alice: User, alice_client: Client, conversation: Conversation, branched: Branch, language: str
) -> None:
    Preferences.objects.create(user=alice, language=language)
    leaf = conversation.leaf_id
    alice_client.post(f"/c/{conversation.pk}/messages/{leaf}/branch/")
    copy = Conversation.objects.exclude(pk=conversation.pk).get()
    before, twice = copy.title, branched(copy)
    assert before != conversation.title
    _hide(conversation)
    titles = Conversation.objects.values_list("title", flat=True)
    assert set(titles) == {""}
    for message in _secrets(conversation):
        moderating.show(message)
    copy.refresh_from_db()
    twice.refresh_from_db()
    assert copy.title == before
    assert SECRET in twice.title


def test_a_branch_that_was_named_by_its_owner_keeps_its_name(conversation: Conversation, branched: Branch) -> None:
    copy = branched(conversation)
    Conversation.objects.filter(pk=copy.pk).update(title="Stones")
    _hide(conversation)
    copy.refresh_from_db()
    assert copy.title == "Stones"


def test_what_was_attached_is_gone_from_the_branches_too(
    alice: User, alice_client: Client, conversation: Conversation, branched: Branch
) -> None:
    original = kept(alice)
    original.message = _secrets(conversation)[0]
    original.save()
    branched(conversation)
    copied = Attachment.objects.exclude(pk=original.pk).get()
    assert alice_client.get(f"/attachments/{copied.pk}/").status_code == 200
    _hide(conversation)
    assert alice_client.get(f"/attachments/{copied.pk}/").status_code == 404


def test_what_is_being_written_in_a_branch_of_it_is_stopped(
    conversation: Conversation, branched: Branch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    copy = branched(conversation)
    answer = _secrets(copy)[1]
    asked = {"model": "openai/scripted-small", "temperature": 0.7, "max_tokens": 100}
    Generation.objects.create(conversation=copy, message=answer, status="running", **asked)
    with django_capture_on_commit_callbacks(execute=True):
        moderating.hide(_secrets(conversation)[0])
    assert Generation.objects.get().stop_requested


def test_the_same_words_of_another_message_stay(alice: User, bob: User, alice_client: Client) -> None:
    mine, again = (converse(alice, f"About {SECRET}") for _ in range(2))
    theirs = converse(bob, f"About {SECRET}")
    _hide(mine)
    assert SECRET in shown(alice_client, f"/c/{again.pk}/", ENGLISH)
    assert _secrets(theirs)[0].hidden_at is None
