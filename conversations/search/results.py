"""A page of what a search finds: titles first, then messages, the newest first, at a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.http import Http404
from django.urls import reverse

from conversations.models import SearchEntry
from conversations.search.entries import matching
from conversations.search.passages import Piece, passage, whole
from conversations.search.query import Query, looser
from conversations.search.reading import text_of

if TYPE_CHECKING:
    from accounts.models import User

PAGE = 20
CANDIDATES = 2 * PAGE  # entries with all tokens whose text is looked at for one page
_NEWEST = 2**62
_SHOWN = (
    "conversation__owner",
    "conversation__title",
    "conversation__updated_at",
    "conversation__archived_at",
    "message__role",
    "message__created_at",
    "message__content",
    "message__hidden_at",
)
_CURSOR = re.compile(r"([0-2])([tm])(\d{1,18})", re.ASCII)


class Cursor(NamedTuple):
    """Where a page ended: the attempt (the query itself, or a looser one), whether among titles, and the entry's id."""

    attempt: int = 0
    in_titles: bool = True
    before: int = _NEWEST

    def __str__(self) -> str:
        return f"{self.attempt}{'t' if self.in_titles else 'm'}{self.before}"


@dataclass(frozen=True, slots=True)
class Hit:
    """`role` is empty for a title. `pieces`: the passage."""

    conversation_id: UUID
    message_id: int | None
    title: str
    role: str
    moment: datetime
    is_archived: bool
    pieces: list[Piece]

    @property
    def url(self) -> str:
        url = reverse("conversation", args=[self.conversation_id])
        return f"{url}?at={self.message_id}#message-{self.message_id}" if self.message_id else url


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: the cursor of the next page, or None. `words`: what was looked for in the end, if looser than asked."""

    hits: list[Hit]
    after: Cursor | None = None
    words: tuple[str, ...] = ()


def find(user: User, query: Query, after: str = "") -> Page:
    """A page of what `user` has with `query`. Where nothing has, of looser queries. Raises Http404 for a bad cursor."""
    cursor = _read(after) if after else Cursor()
    attempts = [query, *looser(query)] if query.tokens else []
    for number, attempt in enumerate(attempts):
        if number < cursor.attempt:
            continue
        page = _page(user, attempt, cursor if number == cursor.attempt else Cursor(number))
        if page.hits or page.after or after:
            return Page(page.hits, page.after, attempt.words if attempt.words != query.words else ())
    return Page([])


def _page(user: User, query: Query, cursor: Cursor) -> Page:
    candidates = _candidates(user, query, cursor)
    wanted = candidates[:CANDIDATES]
    entries = _entries(user, [place.before for place in wanted])
    hits: list[Hit] = []
    for index, place in enumerate(wanted):
        if place.before in entries and (hit := _hit(entries[place.before], query)):
            hits.append(hit)
        if len(hits) == PAGE:
            return Page(hits, place if index + 1 < len(candidates) else None)
    return Page(hits, wanted[-1] if len(candidates) > len(wanted) else None)


def _candidates(user: User, query: Query, cursor: Cursor) -> list[Cursor]:
    """The places of entries with all tokens, in the order of hits; one more than are looked at."""
    limit = CANDIDATES + 1
    places: list[Cursor] = []
    if cursor.in_titles:
        found = matching(user.pk, query.tokens, cursor.before, limit, in_titles=True)
        places = [Cursor(cursor.attempt, True, pk) for pk in found]
    if len(places) < limit:
        before = _NEWEST if cursor.in_titles else cursor.before
        found = matching(user.pk, query.tokens, before, limit - len(places), in_titles=False)
        places += [Cursor(cursor.attempt, False, pk) for pk in found]
    return places


def _entries(user: User, ids: Sequence[int]) -> dict[int, SearchEntry]:
    """With their texts. The index knows nobody else's; that they are `user`'s is asked again all the same."""
    if not ids:
        return {}
    # Asked for by id alone: with the owner in the query, SQLite would begin at all conversations of theirs.
    found = SearchEntry.objects.select_related("conversation", "message").only(*_SHOWN).in_bulk(ids)
    return {pk: entry for pk, entry in found.items() if entry.conversation.owner_id == user.pk}


def _hit(entry: SearchEntry, query: Query) -> Hit | None:
    """None where the text has the tokens but not what they were made from, has changed since, or is hidden by now."""
    conversation, message = entry.conversation, entry.message
    if message and message.hidden_at:
        return None
    pieces = passage(text_of(message), query) if message else whole(conversation.title, query)
    if pieces is None:
        return None
    return Hit(
        conversation_id=conversation.pk,
        message_id=message.pk if message else None,
        title=conversation.title,
        role=message.role if message else "",
        moment=message.created_at if message else conversation.updated_at,
        is_archived=conversation.archived_at is not None,
        pieces=pieces,
    )


def _read(text: str) -> Cursor:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Http404
    return Cursor(int(match[1]), match[2] == "t", int(match[3]))
