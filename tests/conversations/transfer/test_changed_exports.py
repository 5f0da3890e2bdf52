"""The same conversation again, with other texts under the same ids, without ids, or by way of another site."""

from pathlib import Path
from typing import Any

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.transfer.checking import check
from conversations.transfer.exporting import as_json, gather
from conversations.transfer.importing import store
from tests.conversations.transfer.conftest import Make, chatgpt, chatgpt_node, parsed
from tests.conversations.transfer.test_later_exports import _longer


def _saved(conversation: Conversation, path: Path) -> Path:
    path.write_text(as_json(gather(conversation)), encoding="utf-8")
    return path


def _other(*texts: str) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {"id": "c", "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]}


def test_of_two_copies_in_one_file_neither_hides_the_other(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([chatgpt()])))
    path = make([_longer(), chatgpt()])
    assert check(path, alice, tmp_path / "shelf").grown == 1
    assert store(alice, parsed(path)).messages == 3


def test_another_text_under_the_same_id_stands_beside_the_old_one(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([chatgpt()])))
    edited = chatgpt()["mapping"] | {"a": chatgpt_node("a", "q", "assistant", "Edited")}
    path = make([chatgpt(mapping=edited)])
    assert check(path, alice, tmp_path / "shelf").grown == 1
    assert store(alice, parsed(path)).messages == 1
    assert {(m.content, m.parent and m.parent.content) for m in Message.objects.filter(role="assistant")} == {
        ("Answer", "Question"),
        ("Edited", "Question"),
    }
    assert check(path, alice, tmp_path / "shelf").new == 0
    assert store(alice, parsed(path)).messages == store(alice, parsed(make([chatgpt()]))).messages == 0


def test_an_older_export_of_an_answer_that_has_grown_is_no_news(alice: User, make: Make, tmp_path: Path) -> None:
    whole = chatgpt()["mapping"] | {"a": chatgpt_node("a", "q", "assistant", "Answer, and the rest of it")}
    store(alice, parsed(make([chatgpt(mapping=whole)])))
    assert check(make([chatgpt()]), alice, tmp_path / "shelf").new == 0


def test_messages_without_ids_are_known_by_their_texts(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([_other("One", "Two")])))
    assert set(Message.objects.values_list("source_id", flat=True)) == {""}
    assert check(make([_other("One", "Two")]), alice, tmp_path / "shelf").new == 0
    longer = make([_other("One", "Two", "Three", "Four")])
    assert check(longer, alice, tmp_path / "shelf").grown == 1
    assert store(alice, parsed(longer)).messages == 2
    assert store(alice, parsed(make([_other("One", "Two, and more")]))).extended == 1
    one = Conversation.objects.get()
    branch = [message.content for message in Message.objects.branch(one.pk, one.leaf_id, 9)]
    assert branch == ["One", "Two, and more", "Three", "Four"]


def test_what_comes_back_from_another_site_goes_on_here(alice: User, bob: User, tmp_path: Path) -> None:
    hers = Conversation.objects.create(owner=alice, title="T")
    question = Message.objects.create(conversation=hers, role="user", content="Question")
    hers.leaf = Message.objects.create(conversation=hers, parent=question, role="assistant", content="Answer")
    hers.save()
    store(bob, parsed(_saved(hers, tmp_path / "one.json")))
    his = Conversation.objects.get(owner=bob)
    his.leaf = Message.objects.create(conversation=his, parent=his.leaf, role="user", content="And then?")
    his.save()
    back = _saved(his, tmp_path / "two.json")
    assert check(back, alice, tmp_path / "shelf").grown == 1
    assert store(alice, parsed(back)).extended == 1
    hers = Conversation.objects.get(owner=alice)
    branch = [message.content for message in Message.objects.branch(hers.pk, hers.leaf_id, 9)]
    assert branch == ["Question", "Answer", "And then?"]
    assert store(alice, parsed(back)).messages == store(bob, parsed(_saved(hers, tmp_path / "one.json"))).messages == 0


def test_a_hidden_message_in_an_export_from_here_is_no_news(alice: User, make: Make, tmp_path: Path) -> None:
    store(alice, parsed(make([chatgpt()])))
    Message.objects.filter(role="assistant").update(hidden_at="2025-01-01T00:00:00Z")
    path = _saved(Conversation.objects.get(), tmp_path / "own.json")
    assert check(path, alice, tmp_path / "shelf").new == 0
    assert store(alice, parsed(path)).messages == 0
