"""Conversations that are stored: once, with branches, dates and settings."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.transfer import importing
from conversations.transfer.checking import check, shelved
from conversations.transfer.importing import Stored, batches, store
from conversations.transfer.reports import Report
from tests.conversations.transfer.conftest import SAMPLES, Make, chatgpt, chatgpt_node, parsed


def _imported(owner: User, path: Path, shelf: Path) -> Report:
    report = check(path, owner, shelf)
    for batch in batches(shelved(shelf)):
        stored = store(owner, batch)
        report.imported += stored.conversations
        report.skipped += stored.duplicates
    return report


def test_the_whole_tree_is_stored(alice: User, tmp_path: Path) -> None:
    _imported(alice, SAMPLES / "chatgpt.json", tmp_path / "shelf")
    one = Conversation.objects.get(source_id="6b0f0d9c-0000-4000-8000-000000000001")
    assert (one.owner, one.title, one.source, one.system_prompt) == (
        alice,
        "Rolling back",
        "chatgpt",
        "Answer briefly.",
    )
    assert one.archived_at is not None
    assert one.updated_at == datetime.fromtimestamp(1756000400.65, UTC)
    messages = list(one.messages.order_by("pk"))
    assert [m.parent_id for m in messages] == [None, messages[0].pk, None, messages[2].pk]
    assert one.leaf_id == messages[3].pk
    assert [m.content for m in Message.objects.branch(one.pk, one.leaf_id, 10)] == [
        "How do I roll back a release?",
        "With `helm rollback NAME REVISION`.",
    ]
    assert messages[0].created_at == datetime.fromtimestamp(1756000001, UTC)


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.json")))
def test_importing_twice_changes_nothing(alice: User, tmp_path: Path, name: str) -> None:
    first = _imported(alice, SAMPLES / name, tmp_path / "shelf")
    before = list(Conversation.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())
    second = _imported(alice, SAMPLES / name, tmp_path / "shelf")
    assert first.imported == first.conversations == second.duplicates == second.skipped > 0
    assert (second.imported, second.new) == (0, 0)
    assert before == (list(Conversation.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values()))


def test_without_an_id_the_texts_tell(alice: User, make: Make, tmp_path: Path) -> None:
    path = make([chatgpt(id=None, conversation_id=None), chatgpt(id="", conversation_id=None, title="Other")])
    assert _imported(alice, path, tmp_path / "shelf").imported == 2
    assert _imported(alice, path, tmp_path / "shelf").imported == 0


def test_the_same_conversation_twice_in_one_file(alice: User, make: Make, tmp_path: Path) -> None:
    report = _imported(alice, make([chatgpt(), chatgpt()]), tmp_path / "shelf")
    assert (report.duplicates, report.imported, report.skipped) == (1, 1, 1)


def test_two_people_import_the_same_file(alice: User, bob: User, make: Make, tmp_path: Path) -> None:
    path = make([chatgpt()])
    assert _imported(alice, path, tmp_path / "shelf").imported == 1
    assert _imported(bob, path, tmp_path / "shelf").imported == 1


def test_a_deleted_conversation_may_be_imported_again(alice: User, make: Make, tmp_path: Path) -> None:
    path = make([chatgpt()])
    _imported(alice, path, tmp_path / "shelf")
    Conversation.objects.update(deleted_at=timezone.now())
    assert _imported(alice, path, tmp_path / "shelf").imported == 1
    assert Conversation.objects.owned_by(alice).count() == 1


def test_a_rival_that_was_faster(alice: User, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes look at the same moment: the second meets the constraint, and finds what the first has stored."""
    batch = parsed(make([chatgpt()]))
    store(alice, batch)
    known, blind = importing.known, iter([True])

    def blind_once(owner: User, wanted: Any) -> Any:
        return set() if next(blind, False) else known(owner, wanted)

    monkeypatch.setattr(importing, "known", blind_once)
    assert store(alice, batch) == Stored(0, 0, 1)


def test_settings_of_a_model_that_is_not_here_are_the_persons_own(alice: User, make: Make) -> None:
    store(alice, parsed(make([chatgpt()])))
    one = Conversation.objects.get()
    assert (one.model, one.temperature, one.max_tokens) == ("", 0.7, 2000)


def test_html_is_never_taken_from_a_file(alice: User, make: Make) -> None:
    mapping = {"q": chatgpt_node("q", None, "assistant", "<script>alert(1)</script>")}
    store(alice, parsed(make([chatgpt(mapping=mapping)])))
    assert Message.objects.get().html == ""


def test_queries_do_not_grow_with_the_messages(alice: User, make: Make) -> None:
    def line(count: int, key: str) -> dict[str, Any]:
        nodes = {f"m{n}": chatgpt_node(f"m{n}", f"m{n - 1}" if n else None, "user", "x") for n in range(count)}
        return chatgpt(conversation_id=key, mapping=nodes)

    small, large = (parsed(make([line(count, str(count))])) for count in (2, 70))
    store(alice, parsed(make([line(1, "first")])))
    counts = []
    for batch in (small, large):
        with CaptureQueriesContext(connection) as captured:
            store(alice, batch)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def test_the_report(alice: User, make: Make, tmp_path: Path) -> None:
    path = make(
        [chatgpt(), chatgpt(mapping=3), chatgpt(conversation_id="empty", mapping={}), chatgpt(conversation_id="c2")]
    )
    report = check(path, alice, tmp_path / "shelf")
    assert (report.conversations, report.messages, report.duplicates, report.unreadable_count) == (2, 4, 0, 1)
    assert report.source_labels() == "ChatGPT"
    assert report.note_sentences() == ["1 conversation without messages is left out."]
    assert report.unreadable_sentences() == [("[1].mapping", "There should be an object, and there is a number.")]
    assert json.loads(json.dumps(report.as_dict())) == report.as_dict()


def test_a_batch_is_what_one_transaction_should_write(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_MESSAGES", 4)
    found = parsed(make([chatgpt(conversation_id=str(n)) for n in range(5)]))
    assert [len(batch) for batch in batches(found)] == [2, 2, 1]
