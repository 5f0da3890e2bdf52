"""The same conversation again, in a later export that has more of it."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.transfer.checking import check
from conversations.transfer.exporting import as_json, gather
from conversations.transfer.importing import store
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed

MORE = chatgpt()["mapping"] | {
    "q2": chatgpt_node("q2", "a", "user", "And then?"),
    "a2": chatgpt_node("a2", "q2", "assistant", "The end."),
    "b": chatgpt_node("b", "q", "assistant", "Another answer"),
}


def _longer(**changes: Any) -> dict[str, Any]:
    return chatgpt(mapping=MORE, current_node="a2", update_time=1750000000, **changes)


def _branch(one: Conversation) -> list[str]:
    one.refresh_from_db()
    return [message.content for message in Message.objects.branch(one.pk, one.leaf_id, 20)]


def test_what_is_new_is_added_to_the_tree(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([chatgpt()])))
    one = Conversation.objects.get()
    report = check(make([_longer()]), alice, tmp_path / "shelf")
    assert (report.duplicates, report.grown, report.new) == (1, 1, 1)
    stored = store(alice, parsed(make([_longer()])))
    assert (stored.conversations, stored.extended, stored.messages) == (0, 1, 3)
    assert _branch(one) == ["Question", "Answer", "And then?", "The end."]
    assert one.messages.get(content="Another answer").parent == one.messages.get(content="Question")
    assert one.updated_at.year == 2025


def test_once_more_changes_nothing(alice: User, make: Make, tmp_path: Path) -> None:
    for _ in range(2):
        store(alice, parsed(make([_longer()])))
    before = list(Message.objects.order_by("pk").values())
    assert check(make([_longer()]), alice, tmp_path / "shelf").new == 0
    shorter = store(alice, parsed(make([chatgpt()])))
    assert (shorter.duplicates, shorter.messages) == (1, 0)
    assert list(Message.objects.order_by("pk").values()) == before


def test_both_in_one_file(alice: User, make: Make) -> None:
    stored = store(alice, parsed(make([chatgpt(), _longer()])))
    assert (stored.conversations, stored.extended, stored.messages) == (1, 1, 5)


def test_what_went_on_here_stays_what_is_shown(alice: User, make: Make) -> None:
    store(alice, parsed(make([chatgpt()])))
    one = Conversation.objects.get()
    here = Message.objects.create(conversation=one, parent=one.leaf, role="user", content="Asked here")
    Conversation.objects.update(leaf=here)
    assert store(alice, parsed(make([_longer()]))).messages == 3
    assert _branch(one) == ["Question", "Answer", "Asked here"]


def test_an_answer_that_had_only_begun_grows(alice: User, make: Make) -> None:
    store(alice, parsed(make([chatgpt()])))
    Message.objects.update(html="<p>old</p>", is_indexed=True)
    whole = chatgpt()["mapping"] | {"a": chatgpt_node("a", "q", "assistant", "Answer, and the rest of it")}
    assert store(alice, parsed(make([chatgpt(mapping=whole)]))).extended == 1
    answer = Message.objects.get(role="assistant")
    assert (answer.content, answer.html, answer.is_indexed) == ("Answer, and the rest of it", "", False)


@pytest.mark.parametrize("state", [{"locked_at": timezone.now()}, {"source_id": ""}])
def test_nothing_is_added_to_a_locked_conversation(alice: User, make: Make, state: dict[str, Any]) -> None:
    store(alice, parsed(make([chatgpt(conversation_id="x")])))
    Conversation.objects.update(**state)
    store(alice, parsed(make([_longer(conversation_id="x")])))
    assert Conversation.objects.order_by("created_at").first().messages.count() in (2, 5)  # type: ignore[union-attr]
    assert Message.objects.filter(conversation__locked_at__isnull=False).count() in (0, 2)


def test_by_way_of_another_site_of_this_product(alice: User, bob: User, make: Make, tmp_path: Path) -> None:
    """Messages keep the ids of the product that they come from."""
    store(alice, parsed(make([chatgpt()])))
    path = tmp_path / "own.json"
    path.write_text(as_json(gather(Conversation.objects.get())), encoding="utf-8")
    store(bob, parsed(path))
    assert store(bob, parsed(make([_longer()]))).messages == 3
    assert Conversation.objects.get(owner=bob).messages.count() == 5


def test_an_export_from_here_has_nothing_new(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([chatgpt()])))
    one = Conversation.objects.get()
    Message.objects.create(conversation=one, parent=one.leaf, role="user", content="Asked here")
    path = tmp_path / "own.json"
    path.write_text(as_json(gather(one)), encoding="utf-8")
    assert check(path, alice, tmp_path / "shelf").new == 0
    assert store(alice, parsed(path)).messages == 0


def test_an_answer_in_pieces_that_was_joined_is_not_repeated_below_itself(alice: User, make: Make) -> None:
    pieces = chatgpt()["mapping"] | {"a2": chatgpt_node("a2", "a", "assistant", "Second part")}
    store(alice, parsed(make([chatgpt(mapping=pieces, current_node="a2")])))
    pieces |= {
        "b2": chatgpt_node("b2", "a", "assistant", "Another second part"),
        "q2": chatgpt_node("q2", "b2", "user", "And then?"),
        "q3": chatgpt_node("q3", "a2", "user", "Thanks."),
    }
    later = make([chatgpt(mapping=pieces, current_node="q2")])
    assert store(alice, parsed(later)).messages == 3
    one = Conversation.objects.get()
    assert _branch(one) == ["Question", "Answer\n\nAnother second part", "And then?"]
    assert one.messages.get(content="Thanks.").parent == one.messages.get(content="Answer\n\nSecond part")
    assert store(alice, parsed(later)).messages == 0
    assert one.messages.count() == 5


def test_an_answer_in_many_pieces_stays_whole_whichever_of_them_have_other_versions(alice: User, make: Make) -> None:
    pieces = chatgpt()["mapping"] | {
        "a2": chatgpt_node("a2", "a", "assistant", "Second part"),
        "a3": chatgpt_node("a3", "a2", "assistant", "Third part"),
        "a4": chatgpt_node("a4", "a3", "assistant", "Fourth part"),
    }
    store(alice, parsed(make([chatgpt(mapping=pieces, current_node="a4")])))
    pieces |= {
        "b2": chatgpt_node("b2", "a", "assistant", "Another second part"),
        "b3": chatgpt_node("b3", "a2", "assistant", "Another third part"),
        "b4": chatgpt_node("b4", "a3", "assistant", "Another fourth part"),
    }
    later = make([chatgpt(mapping=pieces, current_node="a4")])
    assert store(alice, parsed(later)).messages == 3
    one = Conversation.objects.get()
    assert set(one.messages.filter(role="assistant").values_list("content", flat=True)) == {
        "Answer\n\nSecond part\n\nThird part\n\nFourth part",
        "Answer\n\nAnother second part",
        "Answer\n\nSecond part\n\nAnother third part",
        "Answer\n\nSecond part\n\nThird part\n\nAnother fourth part",
    }
    assert {message.parent.role for message in one.messages.filter(role="assistant")} == {"user"}
    assert store(alice, parsed(later)).messages == 0
