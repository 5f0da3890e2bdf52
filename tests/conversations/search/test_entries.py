"""Which entries are found, however the database goes about it: few hits, many, and those in the middle."""

import pytest

from accounts.models import User
from conversations.models import Conversation, SearchEntry
from conversations.search import entries
from conversations.search.entries import matching
from conversations.search.index import index_own
from conversations.search.query import parse
from tests.conversations.search.conftest import say

TEXTS = [f"사과 {n}번" + (" 배 pear" if n % 4 == 0 else "") for n in range(40)]


@pytest.fixture(params=[(500, 2000), (0, 2000), (0, 10), (5, 1)], ids=["few", "newest", "middle", "all"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many hits PostgreSQL's index is asked for, and how many of the newest entries are looked through first."""
    monkeypatch.setattr(entries, "_FEW", request.param[0])
    monkeypatch.setattr(entries, "_NEWEST", request.param[1])


@pytest.fixture
def conversation(alice: User, bob: User) -> Conversation:
    made = say(alice, *TEXTS, title="배")
    say(bob, *TEXTS, title="배")
    index_own(alice)
    index_own(bob)
    return made


def _texts(owner: User, text: str, before: int = 2**62, limit: int = 100, *, in_titles: bool = False) -> list[str]:
    found = matching(owner.pk, parse(text).tokens, before, limit, in_titles=in_titles)
    by_id = SearchEntry.objects.select_related("message", "conversation").in_bulk(found)
    shown = [by_id[pk] for pk in found]
    assert {entry.owner_id for entry in shown} <= {owner.pk}
    return [entry.message.content if entry.message else entry.conversation.title for entry in shown]


@pytest.mark.usefixtures("way", "conversation")
def test_the_newest_come_first_and_all_are_there(alice: User) -> None:
    assert _texts(alice, "사과 ") == TEXTS[::-1]
    assert _texts(alice, "배 ") == [text for text in TEXTS[::-1] if "배" in text]
    assert _texts(alice, "사과 배 ") == [text for text in TEXTS[::-1] if "배" in text]
    assert _texts(alice, "pea") == [text for text in TEXTS[::-1] if "pear" in text]
    assert _texts(alice, "수박 ") == []


@pytest.mark.usefixtures("way", "conversation")
def test_a_limit_and_a_place_to_go_on_from(alice: User) -> None:
    first = matching(alice.pk, parse("사과 ").tokens, 2**62, 7, in_titles=False)
    second = matching(alice.pk, parse("사과 ").tokens, first[-1], 7, in_titles=False)
    assert _texts(alice, "사과 ", limit=14) == TEXTS[:-15:-1]
    assert first + second == matching(alice.pk, parse("사과 ").tokens, 2**62, 14, in_titles=False)


@pytest.mark.usefixtures("way", "conversation")
def test_titles_and_messages_are_apart(alice: User) -> None:
    assert _texts(alice, "배 ", in_titles=True) == ["배"]
    assert _texts(alice, "사과 ", in_titles=True) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("field", ["deleted_at", "expires_at"])
def test_what_is_gone_is_not_found(alice: User, conversation: Conversation, field: str) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(**{field: conversation.created_at})
    assert _texts(alice, "사과 ") == []
    assert _texts(alice, "배 ", in_titles=True) == []
