"""An import stays within the limits that the site's forms have."""

from pathlib import Path
from typing import Any

import pytest
from django.db import DataError

from accounts.models import User
from conversations.forms import MAX_FOLDERS, MAX_TOKENS_CEILING, MAX_TOKENS_STEP, SYSTEM_PROMPT_LENGTH
from conversations.models import Conversation, Folder
from conversations.models.conversation import TITLE_LENGTH
from conversations.sidebar import MAX_PINNED
from conversations.transfer import importing
from conversations.transfer.importing import screened, store
from tests.conversations.transfer.conftest import Make, chatgpt, parsed


def _own(number: int = 0, **changes: Any) -> dict[str, Any]:
    message = {"id": 1, "parent": None, "role": "user", "content": "Question"}
    conversation = {"id": f"c{number}", "title": "T", "leaf": 1, "messages": [message]} | changes
    return {"format": "chat-conversation", "version": 1, "conversation": conversation}


@pytest.mark.parametrize(
    ("given", "kept"),
    [(10**400, MAX_TOKENS_CEILING), (-5, MAX_TOKENS_STEP), ("900", 900), (1e300, MAX_TOKENS_CEILING), ("x", 2000)],
)
def test_the_longest_answer(alice: User, make: Make, given: Any, kept: int) -> None:
    store(alice, parsed(make(_own(settings={"max_tokens": given}))))
    assert Conversation.objects.get().max_tokens == kept


@pytest.mark.parametrize(("given", "kept"), [(99, 2.0), (-1, 0.0), ("0.7", 0.7), (None, 0.7), ([], 0.7)])
def test_the_temperature(alice: User, make: Make, given: Any, kept: float) -> None:
    store(alice, parsed(make(_own(settings={"temperature": given}))))
    assert Conversation.objects.get().temperature == kept


def test_the_instructions_and_the_title(alice: User, make: Make) -> None:
    stored = store(alice, parsed(make(_own(title="x" * 5000, settings={"system_prompt": "y" * 50_000}))))
    one = Conversation.objects.get()
    assert (len(one.title), len(one.system_prompt), stored.notes["prompts"]) == (TITLE_LENGTH, SYSTEM_PROMPT_LENGTH, 1)


def test_folders(alice: User, make: Make) -> None:
    Folder.objects.bulk_create([Folder(owner=alice, name=f"{n}") for n in range(MAX_FOLDERS - 1)])
    files = [_own(n, folder=name) for n, name in enumerate(["5", "new\x00\u202e one", "one too many"])]
    stored = store(alice, parsed(make(files)))
    names = [one.folder and one.folder.name for one in Conversation.objects.order_by("source_id")]
    assert (names, stored.notes["folders"]) == (["5", "new\ufffd one", None], 1)


def test_stars_become_pins_as_far_as_there_is_room(alice: User, make: Make) -> None:
    Conversation.objects.create(owner=alice, pinned_at="2026-01-01T00:00:00Z")
    path = make([chatgpt(conversation_id=str(n), is_starred=1) for n in range(MAX_PINNED + 1)])
    stored = store(alice, parsed(path))
    assert Conversation.objects.listed_for(alice).filter(pinned_at__isnull=False).count() == MAX_PINNED
    assert (stored.conversations, stored.notes["pins"]) == (MAX_PINNED + 1, 2)


def test_what_cannot_be_stored_is_named_and_the_rest_is_stored(
    alice: User, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a database would refuse what nobody thought of."""
    real = importing.store_turns

    def picky(rows: Any, conversations: Any) -> int:
        if any(row.title == "Odd" for row in rows):
            raise DataError
        return real(rows, conversations)

    monkeypatch.setattr(importing, "store_turns", picky)
    titles = {"1": "One", "2": "Odd", "3": "Three"}
    stored = store(alice, parsed(make([chatgpt(conversation_id=key, title=title) for key, title in titles.items()])))
    assert sorted(Conversation.objects.values_list("title", flat=True)) == ["One", "Three"]
    assert [(one.code, one.params["title"]) for one in stored.refused] == [("not_stored", "Odd")]


def test_each_text_passes_the_sites_screen_once(
    alice: User, make: Make, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def screen(user: User, conversation: Conversation, text: str) -> str:
        asked.append(text)
        return "Not here." if text == "Bad" else ""

    monkeypatch.setattr("conversations.transfer.screening.refusal_of", screen)
    bad = _own(2, messages=[{"id": 1, "role": "user", "content": "Bad"}])
    passed, refused = screened(alice, parsed(make([_own(1, settings={"system_prompt": "Brief"}), bad])))
    assert ([one.source_id for one in passed], asked) == (["c1"], ["T", "Brief", "Question", "T", "Bad"])
    assert [one.params["sentence"] for one in refused.refused] == ["Not here."]
    store(alice, passed)
    screened(alice, parsed(make([_own(1)])))
    assert len(asked) == 5


@pytest.mark.parametrize("where", ["content", "reasoning"])
def test_what_a_file_says_that_an_answer_said_is_screened_too(
    alice: User, make: Make, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whoever makes a file can write its answers, and a model is told them as its own."""
    monkeypatch.setattr(
        "conversations.transfer.screening.refusal_of", lambda user, conversation, text: "No." if text == "Bad" else ""
    )
    answer = {"id": 2, "parent": 1, "role": "assistant", "content": "Fine", where: "Bad"}
    file = _own(1, messages=[{"id": 1, "role": "user", "content": "Question"}, answer])
    assert screened(alice, parsed(make([file])))[0] == []
