"""A site to look at: made from a seed, and taken away again."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Folder, Generation, Message, Share
from conversations.rendering import render
from moderation import audit
from moderation.models import Case, Flag, Notice, Rule
from operations.demo.removal import demo_people
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a password of the demo"
SMALL = {"people": 6, "conversations": 40, "messages": 260, "password": PASSWORD}


def seed(**options: Any) -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, **(SMALL | options))
    return out.getvalue()


def said() -> list[tuple[str, str, str]]:
    """Whose conversation, and what is said in it, in the order of the plan."""
    rows = Message.objects.order_by("pk").select_related("conversation__owner")
    return [(row.conversation.owner.username, row.conversation.title, row.content) for row in rows]


def test_a_demo_has_something_of_everything() -> None:
    told = seed()
    assert "6 people with 40 conversations and 260 messages" in told
    assert PASSWORD not in told
    assert set(demo_people().values_list("username", flat=True)) == {
        *("alice", "minjun", "bob", "seoyeon", "charlie", "jihoon", "mona", "jaehyun")
    }
    assert Conversation.objects.count() == 40
    assert Message.objects.count() == 260
    contents = "\n".join(Message.objects.values_list("content", flat=True))
    for sign in ("```python", "| --- |", "$$", "예요", "- [ ]"):
        assert sign in contents
    for field in ("pinned_at", "archived_at", "deleted_at", "folder", "locked_at"):
        assert Conversation.objects.filter(**{f"{field}__isnull": False}).exists(), field
    assert Share.objects.exists()
    assert Folder.objects.exists()
    assert {rule.name for rule in Rule.objects.all()} == {
        *("Demo: advertising", "Demo: personal numbers", "Demo: threats")
    }
    assert set(Flag.objects.values_list("source", flat=True)) == {"report", "rule", "provider"}
    assert Case.objects.open().exists()
    assert {"hidden", "locked", "warned", "suspended"} <= set(Case.objects.values_list("resolution", flat=True))
    assert Case.objects.exclude(blocked_text="").count() == 2
    assert {"warning", "hidden", "locked", "opened"} <= set(Notice.objects.values_list("kind", flat=True))
    assert audit.verify().ok


def test_every_conversation_is_a_tree_with_a_leaf() -> None:
    seed()
    branched = 0
    for conversation in Conversation.objects.all():
        messages = list(conversation.messages.order_by("pk"))
        branch = Message.objects.branch(conversation.pk, conversation.leaf_id, 1000)
        assert branch[0].parent_id is None
        assert [message.role for message in branch] == (["user", "assistant"] * len(branch))[: len(branch)]
        branched += len(messages) > len(branch)
        for message in messages:
            if message.role == "assistant":
                assert message.html == (render(message.content) if message.content else "")
                assert message.generations.count() == 1
    assert branched
    assert not Generation.objects.open().exists()


def test_people_log_in_and_moderators_moderate(client: Client) -> None:
    seed()
    assert client.login(username="alice", password=PASSWORD)
    assert client.get("/").status_code == 200
    conversation = Conversation.objects.filter(owner__username="alice", deleted_at=None).first()
    assert conversation is not None
    assert client.get(f"/c/{conversation.pk}/").status_code == 200
    moderator = User.objects.get(username="mona")
    assert moderator.is_staff
    assert moderator.has_perm("moderation.moderate")
    assert User.objects.filter(is_active=False).count() == 1


def test_the_same_seed_gives_the_same_and_another_one_something_else() -> None:
    seed()
    first, keys = said(), set(Conversation.objects.values_list("pk", flat=True))
    call_command("seed_demo", remove=True, stdout=io.StringIO())
    seed()
    assert said() == first
    assert set(Conversation.objects.values_list("pk", flat=True)) == keys
    call_command("seed_demo", remove=True, stdout=io.StringIO())
    seed(seed=2)
    assert said() != first


def test_a_password_is_made_up_and_told_once(client: Client) -> None:
    told = seed(password="")
    password = told.rpartition("The password of all: ")[2].strip()
    assert len(password) >= 12
    assert client.login(username="bob", password=password)


@pytest.mark.parametrize(
    ("people", "conversations", "messages"), [(1, 1, 2), (1, 1, 3), (2, 9, 18), (3, 9, 19), (40, 45, 1501)]
)
def test_it_is_as_large_as_asked_for(people: int, conversations: int, messages: int) -> None:
    seed(people=people, conversations=conversations, messages=messages)
    assert demo_people().count() == people + 2
    assert Conversation.objects.count() == conversations
    assert Message.objects.count() == messages
    assert Conversation.objects.filter(leaf=None).count() == 0


def test_a_site_with_people_is_left_alone(alice: User) -> None:
    with pytest.raises(CommandError, match="has people already"):
        seed()
    assert User.objects.count() == 1


def test_beside_others_and_beside_an_earlier_demo(alice: User) -> None:
    seed(add=True)
    seed(add=True)
    assert Conversation.objects.count() == 80
    assert alice.conversations.count() == 0
    assert {"minjun", "bob", "emma", "mona", "mona2"} <= set(demo_people().values_list("username", flat=True))


def test_removing_leaves_what_others_have(alice: User, bob: User) -> None:
    own = converse(alice, "Mine?", "Yours.")
    rule = Rule.objects.create(name="Mine", text="word")
    seed(add=True)
    case = Case.objects.create(person=alice, message=own.leaf, conversation=own, reason="spam")
    Flag.objects.create(case=case, source="report", reason="spam", reporter=demo_people().first())
    out = io.StringIO()
    call_command("seed_demo", remove=True, stdout=out)
    assert "8 people, 40 conversations, 260 messages, 3 rules were removed." in out.getvalue()
    assert set(User.objects.all()) == {alice, bob}
    assert list(Conversation.objects.all()) == [own]
    assert Message.objects.count() == 2
    assert list(Rule.objects.all()) == [rule]
    assert list(Case.objects.all()) == [case]
    assert Flag.objects.get().reporter is None


ODD = (b"\xff\xfe", "9999-99-99 00:00:00")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="another database does not keep such values")
@pytest.mark.parametrize("odd", ODD)
def test_damaged_conversations_go_and_damaged_people_are_named(odd: bytes | str) -> None:
    seed()
    person = demo_people()[0].pk
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_conversation SET created_at = %s", [odd])
        cursor.execute("UPDATE conversations_message SET created_at = %s", [odd])
        cursor.execute("UPDATE accounts_user SET last_login = %s WHERE id = %s", [odd, person])
    out = io.StringIO()
    with pytest.raises(CommandError, match=rf"Still here, since a row of it cannot be read: account {person} \("):
        call_command("seed_demo", remove=True, stdout=out)
    assert "7 people, 40 conversations" in out.getvalue()
    assert list(User.objects.values_list("pk", flat=True)) == [person]
    assert not Conversation.objects.exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="another database does not keep such values")
def test_an_id_that_is_none_is_one_sentence() -> None:
    seed()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("UPDATE conversations_conversation SET id = 'nonsense' WHERE rowid = 2")
        try:
            with pytest.raises(CommandError, match=r"rows of the demo cannot be read \(ValueError\)"):
                call_command("seed_demo", remove=True, stdout=io.StringIO())
        finally:
            cursor.execute("DELETE FROM conversations_conversation WHERE id = 'nonsense'")
            cursor.execute("PRAGMA foreign_keys = ON")


def test_a_dry_run_changes_nothing() -> None:
    assert "would be made" in seed(dry_run=True)
    assert not User.objects.exists()
    seed()
    out = io.StringIO()
    call_command("seed_demo", remove=True, dry_run=True, as_json=True, stdout=out)
    assert json.loads(out.getvalue())["messages"] == 260
    assert Message.objects.count() == 260


def test_production_asks_for_a_word(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production site"):
        seed()
    with pytest.raises(CommandError, match="production site"):
        call_command("seed_demo", remove=True)
    seed(yes=True)
    assert demo_people().count() == 8


def test_sizes_that_do_not_fit_together() -> None:
    with pytest.raises(CommandError, match="two messages a conversation") as refusal:
        seed(messages=79)
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError, match="one conversation a person"):
        seed(people=41)


def test_new_messages_of_people_come_after_it(alice: User) -> None:
    """The ids that were taken beforehand are not given out again."""
    seed(add=True)
    newest = Message.objects.order_by("-pk")[0].pk
    assert converse(alice, "Next", "One").leaf.pk > newest  # type: ignore[union-attr]
