"""Conversations whose time has come go with everything that hangs on them; the others stay."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from conversations.models import Attachment, Conversation, Generation, Message, SearchEntry, Share, WaitingMessage
from conversations.search.index import index_own
from moderation.models import Case, Notice, Opening
from operations.cleanup import conversations, rows
from tests.operations.cleanup.conftest import ago, chat, share_of

Cleanup = Callable[..., dict[str, Any]]


def _attachment(owner: User, message: Message | None = None, waiting: WaitingMessage | None = None) -> Attachment:
    one = Attachment(owner=owner, message=message, waiting=waiting, kind="text", name="a.txt", size=1)
    one.file = ContentFile(b"a", name="a")
    one.save()
    return one


def test_an_expired_temporary_chat_goes_and_a_living_one_stays(alice: User, cleanup: Cleanup) -> None:
    chat(alice, expires_at=ago(hours=1))
    living, ordinary = chat(alice, expires_at=ago(hours=-1)), chat(alice)

    report = cleanup()

    assert report["removed"]["temporary_chats"] == 1
    assert set(Conversation.objects.all()) == {living, ordinary}
    assert Message.objects.count() == 4


def test_a_deleted_conversation_goes_when_its_grace_is_over(alice: User, cleanup: Cleanup, settings: Any) -> None:
    settings.DELETED_KEEP_DAYS = 10
    chat(alice, deleted_at=ago(days=11))
    restorable = chat(alice, deleted_at=ago(days=9))

    report = cleanup()

    assert report["removed"]["deleted_conversations"] == 1
    assert list(Conversation.objects.all()) == [restorable]


def test_everything_that_hangs_on_it_goes_too(alice: User, bob: User, cleanup: Cleanup) -> None:
    gone = chat(alice, turns=3, deleted_at=ago(days=31))
    stays = chat(alice)
    waiting = WaitingMessage.objects.create(conversation=gone, content="and?", client_id=gone.pk)
    files = [_attachment(alice, message=gone.messages.first()), _attachment(alice, waiting=waiting)]
    notice = Notice.objects.create(person=alice, kind="locked", conversation=gone)
    Opening.objects.create(moderator=bob, conversation=gone, reason="asked")
    closed = Case.objects.create(
        person=alice, conversation=gone, message=gone.leaf, share=share_of(gone), reason="spam", resolved_at=ago(days=1)
    )
    index_own(alice)

    cleanup()

    assert list(Conversation.objects.all()) == [stays]
    for model in (Generation, SearchEntry, Share, WaitingMessage, Attachment, Opening):
        assert not model._default_manager.exclude(**_of(stays, model)).exists(), model
    assert not any(default_storage.exists(file.file.name) for file in files)
    notice.refresh_from_db()
    closed.refresh_from_db()
    assert (notice.conversation, closed.conversation, closed.message, closed.share) == (None, None, None, None)


def _of(conversation: Conversation, model: Any) -> dict[str, Any]:
    return {"message__conversation": conversation} if model is Attachment else {"conversation": conversation}


def test_search_finds_nothing_of_what_went_and_its_index_is_sound(alice: User, cleanup: Cleanup) -> None:
    chat(alice, turns=2, deleted_at=ago(days=31))
    chat(alice)
    index_own(alice)

    cleanup()

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO conversations_search(conversations_search) VALUES ('integrity-check')")


def test_a_copy_of_an_attachment_keeps_the_file(alice: User, cleanup: Cleanup) -> None:
    gone, stays = chat(alice, deleted_at=ago(days=31)), chat(alice)
    original = _attachment(alice, message=gone.messages.first())
    copy = _attachment(alice, message=stays.messages.first())
    Attachment.objects.filter(pk=copy.pk).update(file=original.file.name)

    cleanup()

    assert default_storage.exists(original.file.name)


def test_what_an_open_case_is_about_stays_until_it_is_decided(alice: User, bob: User, cleanup: Cleanup) -> None:
    by_itself, by_message, by_share = (chat(alice, deleted_at=ago(days=31)) for _ in range(3))
    chat(bob, deleted_at=ago(days=31))
    cases = [
        Case.objects.create(person=alice, conversation=by_itself, reason="spam"),
        Case.objects.create(person=alice, message=by_message.leaf, reason="spam"),
        Case.objects.create(person=alice, share=share_of(by_share), reason="spam"),
    ]

    first = cleanup()
    assert set(Conversation.objects.all()) == {by_itself, by_message, by_share}
    assert first["kept_for_review"] == 3
    assert first["removed"]["deleted_conversations"] == 1

    Case.objects.filter(pk__in=[case.pk for case in cases]).update(resolved_at=ago(minutes=1))
    assert cleanup()["removed"]["deleted_conversations"] == 3


def test_a_dry_run_counts_and_removes_nothing(alice: User, cleanup: Cleanup) -> None:
    chat(alice, deleted_at=ago(days=31))
    chat(alice, expires_at=ago(hours=1))

    report = cleanup("--dry-run")

    assert report["dry_run"] is True
    assert report["removed"]["deleted_conversations"] == report["removed"]["temporary_chats"] == 1
    assert Conversation.objects.count() == 2


def test_a_run_that_was_broken_off_is_ended_by_the_next_and_shows_nothing_meanwhile(
    alice: User, cleanup: Cleanup, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = chat(alice, turns=2, deleted_at=ago(days=31))
    with monkeypatch.context() as patch:
        patch.setattr(rows, "delete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cleanup()
    assert not Conversation.objects.deleted_by(alice).exists()  # nobody can restore half of it
    assert Conversation.objects.filter(pk=half.pk).exists()

    cleanup()

    assert not Conversation.objects.exists()


def test_what_is_restored_at_the_last_moment_stays(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = chat(alice, deleted_at=ago(days=31))
    found = conversations._next

    def restored_after_it_was_found(*arguments: Any) -> Any:
        ids = found(*arguments)
        Conversation.objects.filter(pk=conversation.pk).update(deleted_at=None)
        return ids

    monkeypatch.setattr(conversations, "_next", restored_after_it_was_found)

    assert conversations.remove(conversations.deleted_long_ago()) == 0
    assert Conversation.objects.owned_by(alice).exists()


def test_ten_thousand_messages_in_a_line_cost_few_queries(alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice, deleted_at=ago(days=31))
    first = (Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1000
    line = (
        Message(pk=first + i, conversation=conversation, parent_id=first + i - 1 if i else None, role="user")
        for i in range(10_000)
    )
    Message.objects.bulk_create(line, batch_size=1000)
    Conversation.objects.filter(pk=conversation.pk).update(leaf_id=first + 9_999)

    with CaptureQueriesContext(connection) as captured:
        assert conversations.remove(conversations.deleted_long_ago()) == 1

    assert not Message.objects.exists()
    assert len(captured) < 400


# --- Retention by group -----------------------------------------------------------------------------------------------


@pytest.fixture
def groups(alice: User, bob: User, charlie: User) -> None:
    """alice is an intern, bob an intern and a member, charlie is in no group."""
    interns, members = Group.objects.create(name="Interns"), Group.objects.get_or_create(name="Members")[0]
    for person in (alice, bob, charlie):
        person.groups.clear()
    interns.user_set.add(alice, bob)
    members.user_set.add(bob)


@pytest.mark.usefixtures("groups")
def test_retention_goes_by_group_and_the_longest_wins(
    alice: User, bob: User, charlie: User, cleanup: Cleanup, settings: Any
) -> None:
    settings.RETENTION_DAYS = {"Members": 365, "Interns": 30}
    gone = [chat(alice, updated_at=ago(days=31)), chat(bob, updated_at=ago(days=366))]
    stays = [
        chat(alice, updated_at=ago(days=29)),
        chat(bob, updated_at=ago(days=31)),
        chat(charlie, updated_at=ago(days=5000)),
    ]

    report = cleanup()

    assert report["removed"]["outdated_conversations"] == len(gone)
    assert set(Conversation.objects.all()) == set(stays)


@pytest.mark.usefixtures("groups")
def test_retention_takes_pinned_and_archived_ones_too(alice: User, cleanup: Cleanup, settings: Any) -> None:
    settings.RETENTION_DAYS = {"Interns": 30}
    chat(alice, updated_at=ago(days=31), pinned_at=ago(days=31))
    chat(alice, updated_at=ago(days=31), archived_at=ago(days=31))

    assert cleanup()["removed"]["outdated_conversations"] == 2


@pytest.mark.usefixtures("groups")
def test_retention_counts_from_the_import_where_that_is_later(alice: User, cleanup: Cleanup, settings: Any) -> None:
    settings.RETENTION_DAYS = {"Interns": 30}
    fresh = chat(alice, updated_at=ago(days=900), imported_at=ago(days=29))
    chat(alice, updated_at=ago(days=900), imported_at=ago(days=31))
    gone_on_with = chat(alice, updated_at=ago(days=1), imported_at=ago(days=31))

    assert cleanup()["removed"]["outdated_conversations"] == 1
    assert set(Conversation.objects.all()) == {fresh, gone_on_with}


@pytest.mark.usefixtures("groups")
def test_keep_means_for_ever(alice: User, bob: User, cleanup: Cleanup, settings: Any) -> None:
    settings.RETENTION_DAYS = {"Interns": 30, "Members": None}
    chat(alice, updated_at=ago(days=31))
    old = chat(bob, updated_at=ago(days=5000))

    cleanup()

    assert list(Conversation.objects.all()) == [old]
