"""The list with pinned conversations and folders in it: its cost, its pages, and the open one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation
from conversations.sidebar import PAGE, folder_listing, listing
from tests.conversations.conftest import converse
from tests.conversations.organise.conftest import ENGLISH, HTMX, _folder, _post

pytestmark = pytest.mark.usefixtures("provider")


def test_the_list_costs_three_queries_whatever_is_in_it(alice: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    now = timezone.now()
    folders = [_folder(alice, f"Folder {i}") for i in range(20)]
    made = [Conversation(owner=alice, updated_at=now - timedelta(minutes=i)) for i in range(3 * PAGE)]
    for i, conversation in enumerate(made):
        conversation.pinned_at = now if i % 9 == 0 else None
        conversation.folder = folders[i % 20] if i % 5 == 0 else None
    Conversation.objects.bulk_create(made)
    with django_assert_num_queries(3):
        first = listing(alice)
    assert first.next_url
    with django_assert_num_queries(1):
        listing(alice, first.next_url.partition("before=")[2])
    with django_assert_num_queries(1):
        folder_listing(alice, folders[0])


def test_pages_of_the_list_leave_pinned_and_filed_ones_out(alice: User) -> None:
    made = [converse(alice, f"Topic {i}") for i in range(PAGE + 12)]
    Conversation.objects.filter(pk__in=[c.pk for c in made[:5]]).update(pinned_at=timezone.now())
    _folder(alice, "Work", *made[5:10])
    first = listing(alice)
    second = listing(alice, (first.next_url or "").partition("before=")[2])
    seen = [c for page in (first, second) for group in page.groups for c in group.conversations]
    assert len(seen) == len(set(seen)) == PAGE + 2
    assert not {c.pk for c in seen} & {c.pk for c in made[:10]}
    assert (second.pinned, second.folders) == (None, [])


def test_the_plain_list_shows_pinned_ones_and_folders(alice: User, alice_client: Client) -> None:
    _folder(alice, "Work")
    _post(alice_client, converse(alice, "Kept on top"), "pin")
    html = alice_client.get("/c/", headers=ENGLISH).content.decode()
    assert html.index("Pinned") < html.index("Kept on top") < html.index("Work")


def test_a_commands_answer_knows_which_conversation_is_open(alice_client: Client, conversation: Conversation) -> None:
    here = HTMX | {"HX-Current-URL": f"http://testserver/c/{conversation.pk}/"}
    html = alice_client.post(f"/c/{conversation.pk}/pin/", headers=here).content.decode()
    assert 'aria-current="page"' in html
    assert 'aria-current="page"' not in _post(alice_client, conversation, "unpin")
