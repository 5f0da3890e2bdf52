"""Looking through everybody's texts, for the review; and what a moderator has hidden leaves a person's own search."""

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Message, SearchEntry
from conversations.search import everyone
from conversations.search.everyone import Look, look
from conversations.search.index import index_own
from conversations.search.query import parse
from tests.conversations.search.conftest import found, newest, say

NEWEST = 2**62


def looked(text: str, limit: int = 50, before: int = NEWEST, **narrow: object) -> Look:
    return look(parse(text).tokens, before, limit, **narrow)  # type: ignore[arg-type]


def entries(*conversations: Conversation) -> list[int]:
    """The ids of all entries of these, the newest first."""
    return sorted(SearchEntry.objects.filter(conversation__in=conversations).values_list("pk", flat=True), reverse=True)


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bound is met with a few entries."""
    for name, value in {"WINDOW": 3, "SELDOM": 2, "MOST": 4, "VERY_FEW": -1, "FEW": -1}.items():
        monkeypatch.setattr(everyone, name, value)


def test_everybodys_entries_are_found_the_newest_first(alice: User, bob: User) -> None:
    first, second = say(alice, "자두"), say(bob, "자두", title="자두")
    index_own(alice)
    index_own(bob)
    assert looked("자두") == Look(entries(first, second))
    assert len(entries(second)) == 2


def test_of_chosen_owners_only(alice: User, bob: User, charlie: User) -> None:
    said = [say(person, "살구", title="살구") for person in (alice, bob, charlie)]
    for person in (alice, bob, charlie):
        index_own(person)
    assert looked("살구", owners=[alice.pk, charlie.pk]).ids == entries(said[0], said[2])


def test_in_chosen_conversations_only(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, _other = say(alice, "앵두"), say(alice, "앵두")
    index_own(alice)
    among = Conversation.objects.filter(pk=wanted.pk)
    assert looked("앵두", among=among).ids == entries(wanted)
    for bound in ("VERY_FEW", "FEW"):
        monkeypatch.setattr(everyone, bound, -1)
        assert looked("앵두", among=among).ids == entries(wanted)


def test_what_the_index_does_not_bring_is_looked_through(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = say(alice, "호두", "호두", "호두")
    for _ in range(4):
        say(alice, "호두")
    index_own(alice)
    for name, value in {"WINDOW": 1, "SELDOM": 0, "MOST": 0, "VERY_FEW": -1}.items():
        monkeypatch.setattr(everyone, name, value)
    assert looked("호두", among=Conversation.objects.filter(pk=wanted.pk)) == Look(entries(wanted))


@pytest.mark.parametrize("text", ["mel", "melon rare", "melon "])
def test_beginnings_and_several_words(alice: User, text: str) -> None:
    wanted = say(alice, "rare melon")
    say(alice, "lemon")
    index_own(alice)
    assert looked(text).ids == entries(wanted)
    assert looked(text, among=Conversation.objects.all()).ids == entries(wanted)


def test_a_limit_says_where_to_go_on(alice: User) -> None:
    made = say(alice, *["모과"] * 5)
    index_own(alice)
    all_of_them = entries(made)
    page = looked("모과", limit=2)
    assert page == Look(all_of_them[:2], ended_at=all_of_them[1])
    assert looked("모과", before=page.ended_at).ids == all_of_them[2:]


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize("text", ["다래", "다래 하나", "nothing"])
def test_windows_join_without_gap_or_repeat(alice: User, text: str) -> None:
    for n in range(7):
        say(alice, "다래 하나" if n % 3 else "다래")
    for _ in range(4):
        say(alice, "모과")
    index_own(alice)
    everything = list(SearchEntry.objects.order_by("-pk"))
    wanted = [e.pk for e in everything if all(f" {t.text} " in f" {e.tokens} " for t in parse(text).tokens)]
    seen: list[int] = []
    before = NEWEST
    while before:
        page = looked(text, before=before)
        seen += page.ids
        before = page.ended_at
    assert seen == wanted


@pytest.mark.usefixtures("tight")
def test_windows_join_where_a_conversation_must_fit_too(alice: User) -> None:
    made = [say(alice, "매실") for _ in range(9)]
    index_own(alice)
    among = Conversation.objects.filter(pk__in=[made[0].pk, made[4].pk, made[8].pk])
    seen: list[int] = []
    before = NEWEST
    while before:
        page = looked("매실", before=before, among=among, limit=2)
        seen += page.ids
        before = page.ended_at
    assert seen == entries(made[0], made[4], made[8])


def test_a_text_that_changes_or_goes_is_not_found_by_the_old_words(alice: User) -> None:
    made = say(alice, "석류")
    index_own(alice)
    Message.objects.filter(conversation=made).update(content="유자", is_indexed=False)
    index_own(alice)
    assert looked("석류").ids == []
    assert looked("유자").ids == entries(made)
    Conversation.objects.filter(pk=made.pk).delete()
    assert looked("유자").ids == []


def test_what_is_hidden_is_found_by_nobody_and_comes_back(alice: User) -> None:
    made = say(alice, "질문", "비파 나무")
    assert found(alice, "비파") == ["비파 나무"]
    Message.objects.filter(pk=newest(made).pk).update(hidden_at=timezone.now())
    assert found(alice, "비파") == []  # at once, before the index knows
    Message.objects.filter(pk=newest(made).pk).update(is_indexed=False)
    assert found(alice, "비파") == []
    assert looked("비파").ids == []
    Message.objects.filter(pk=newest(made).pk).update(hidden_at=None, is_indexed=False)
    assert found(alice, "비파") == ["비파 나무"]


def test_many_owners_and_many_words(alice: User) -> None:
    words = "one two three four five six seven eight nine ten eleven 대화기록을보여주세요"
    made = say(alice, words)
    index_own(alice)
    assert looked(words, owners=[alice.pk, *range(10_000, 10_049)]).ids == entries(made)
