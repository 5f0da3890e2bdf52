"""What was exported comes back the same: any tree, into another account."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from conversations.models import Conversation, Folder, Message
from conversations.transfer.exporting import as_json, gather
from conversations.transfer.importing import store
from tests.conversations.transfer.conftest import parsed

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
# A message: which of those before it is its parent (or none), its role, texts and model.
MESSAGES = st.tuples(
    st.integers(-1, 30), st.sampled_from(["user", "assistant"]), TEXTS, TEXTS, st.sampled_from(["", "openai/gpt-4o"])
)
TREES = st.tuples(st.lists(MESSAGES, min_size=1, max_size=20), st.integers(0, 19), TEXTS, st.floats(0, 2))


def _made(owner: User, tree: Any) -> Conversation:
    messages, leaf, system_prompt, temperature = tree
    conversation = Conversation.objects.create(
        owner=owner,
        title="Any tree",
        system_prompt=system_prompt,
        temperature=temperature,
        max_tokens=700,
        streaming=False,
    )
    made: list[Message] = []
    for parent, role, content, reasoning, model in messages:
        before = made[parent] if 0 <= parent < len(made) else None
        made.append(
            Message.objects.create(
                conversation=conversation, parent=before, role=role, content=content, reasoning=reasoning, model=model
            )
        )
    conversation.leaf = made[leaf % len(made)]
    conversation.save()
    return conversation


def _shape(conversation: Conversation) -> Any:
    """The tree without the ids of this database: a message is known by its path of numbers among its siblings."""
    paths: dict[int | None, tuple[int, ...]] = {None: ()}
    born: dict[int | None, int] = {}
    found = []
    for m in conversation.messages.order_by("pk"):
        number = born[m.parent_id] = born.get(m.parent_id, -1) + 1
        paths[m.pk] = (*paths[m.parent_id], number)
        found.append((paths[m.pk], m.role, m.content, m.reasoning, m.model, m.created_at))
    settings_ = conversation.title, conversation.system_prompt, conversation.temperature, conversation.max_tokens
    return sorted(found), paths[conversation.leaf_id], settings_, conversation.streaming, conversation.created_at


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
@example(tree=([(-1, "user", " ", "", ""), (0, "assistant", "\n", " ", "")], 1, " ", 0.7))
def test_any_tree_comes_back_the_same(tmp_path_factory: pytest.TempPathFactory, tree: Any) -> None:
    names = [f"p{uuid.uuid4().hex[:12]}" for _ in range(2)]
    hers, his = (User.objects.create(username=name) for name in names)
    original = _made(hers, tree)
    path: Path = tmp_path_factory.mktemp("trip") / "one.json"
    path.write_text(as_json(gather(original)), encoding="utf-8")
    assert store(his, parsed(path)).conversations == 1
    copy = Conversation.objects.get(owner=his)
    assert copy.pk != original.pk
    assert _shape(copy) == _shape(original)
    assert store(hers, parsed(path)).duplicates == 1


def test_all_around_the_tree_comes_back(alice: User, bob: User, tmp_path: Path) -> None:
    original = _made(alice, ([(-1, "user", "Hello", "", "")], 0, "", 0.7))
    original.folder = Folder.objects.create(owner=alice, name="Work")
    original.pinned_at = original.archived_at = timezone.now()
    original.source, original.source_id = "claude", "there"
    original.cache_answers = True
    original.save()
    path = tmp_path / "one.json"
    path.write_text(as_json(gather(original)), encoding="utf-8")
    store(bob, parsed(path))
    copy = Conversation.objects.get(owner=bob)
    assert copy.folder is not None
    assert (copy.folder.name, copy.folder.owner) == ("Work", bob)
    assert copy.pinned_at is not None
    assert copy.archived_at is not None
    assert (copy.source, copy.source_id) == ("claude", "there")
    assert copy.cache_answers


# What an export leaves out, and why.
LEFT_OUT = {
    Conversation: {
        "owner": "whoever imports it",
        "expires_at": "a temporary chat is to go",
        "locked_at": "a moderator's, of this site",
        "deleted_at": "what is deleted is not exported",
        "title_is_indexed": "made anew",
        "imported_at": "when it came to this site",
    },
    Message: {
        "conversation": "the one it is in",
        "client_id": "of the page that sent it",
        "html": "made of the content",
        "is_indexed": "made anew",
        "copied_from": "of a branch, on this site",
    },
}


@pytest.mark.parametrize("model", LEFT_OUT)
def test_every_field_is_exported_or_left_out_for_a_reason(alice: User, model: type[Conversation | Message]) -> None:
    exported = json.loads(as_json(gather(_made(alice, ([(-1, "user", "Hello", "", "")], 0, "", 0.7)))))["conversation"]
    named = {"pinned_at": "pinned", "archived_at": "archived", "hidden_at": "hidden"}
    found = exported | exported["settings"] if model is Conversation else exported["messages"][0] | {"hidden": True}
    fields = {field.name for field in model._meta.concrete_fields} - set(LEFT_OUT[model])
    assert {named.get(name, name) for name in fields} <= set(found)


def test_a_format_from_the_future_is_refused(make: Any) -> None:
    from tests.conversations.transfer.conftest import complaint

    path = make({"format": "chat-conversation", "version": 2, "conversation": {}})
    assert complaint(path) == (
        "version: A newer version of this product made this export. It cannot be read here before this site is updated."
    )
