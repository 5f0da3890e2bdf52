"""Conversations of anybody whose title or messages say something: which, when and where, not what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core import signing

from accounts.models import User
from conversations.models import Conversation, SearchEntry
from conversations.search.everyone import Look, look, newer
from conversations.search.query import Query, looser
from conversations.search.reading import text_of
from conversations.search.tokens import composed, fold
from moderation.review.filters import Filters
from moderation.review.openings import VALID

PAGE = 25
CANDIDATES = 2 * PAGE  # entries with all tokens whose text is looked at for one page
_NEWEST = 2**62
_CURSOR = re.compile(r"([0-2])-(\d{1,18})", re.ASCII)


class Cursor(NamedTuple):
    """Where a page ended: the attempt (the query itself, or a looser one) and the entry's id."""

    attempt: int = 0
    before: int = _NEWEST

    def __str__(self) -> str:
        return f"{self.attempt}-{self.before}"


@dataclass(frozen=True, slots=True)
class Hit:
    """The newest place in a conversation where something was found. `role` is empty for its title."""

    conversation: Conversation
    message_id: int | None
    role: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """`after`: the cursor of what comes next, or "". `is_partial`: older messages have not been looked through."""

    hits: list[Hit]
    after: str = ""
    is_partial: bool = False


def seal(moderator: User, filters: Filters, cursor: str) -> str:
    """A cursor as an address carries it: whoever has it was given the page before it, and that search was recorded.

    It is this moderator's, for this search, within an hour; any other is no cursor, and begins a search anew.
    """
    return _signer(moderator, filters).sign(cursor) if cursor else ""


def unseal(moderator: User, filters: Filters, text: str) -> str:
    """The cursor again; "" for what `seal` did not give for this search, or too long ago."""
    try:
        return _signer(moderator, filters).unsign(text, max_age=VALID)
    except signing.BadSignature:
        return ""


def _signer(moderator: User, filters: Filters) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"review search {moderator.pk} {filters!r}")


def search(filters: Filters, cursor: str = "") -> Found:
    """A page of hits for `filters.text`, the newest first; of looser queries where nothing has it.

    A conversation comes once, with its newest hit. A broken cursor means the first page.
    """
    query = filters.query
    place = _read(cursor)
    attempts = [query, *looser(query)] if query.tokens and filters.people != [] else []
    for number, attempt in enumerate(attempts):
        if number < place.attempt:
            continue
        found = _page(filters, attempt, place if number == place.attempt else Cursor(number))
        if found.hits or found.after:
            return found
    return Found([])


def _page(filters: Filters, query: Query, cursor: Cursor) -> Found:
    among = filters.conversations() if filters.narrows else None
    seen = look(query.tokens, cursor.before, CANDIDATES + 1, owners=filters.owners, among=among)
    hits: dict[object, Hit] = {}
    ids = seen.ids[:CANDIDATES]
    entries = _entries(ids)
    before = _on_earlier_pages(query, cursor, entries)
    for entry in entries:
        if entry.conversation_id not in before and _fits(entry, query):
            hits.setdefault(entry.conversation_id, _hit(entry))
        if len(hits) == PAGE and entry.pk != seen.ids[-1]:
            return Found(list(hits.values()), str(Cursor(cursor.attempt, entry.pk)))
    ended_at = ids[-1] if len(seen.ids) > CANDIDATES else seen.ended_at
    after = str(Cursor(cursor.attempt, ended_at)) if ended_at else ""
    return Found(list(hits.values()), after, is_partial=_is_partial(seen, len(hits)))


def _on_earlier_pages(query: Query, cursor: Cursor, entries: Iterable[SearchEntry]) -> set[UUID]:
    """The conversations of `entries` that were found further up: a conversation comes once."""
    if cursor.before == _NEWEST:
        return set()
    conversations = {entry.conversation_id for entry in entries}
    seen = _entries(newer(query.tokens, cursor.before, conversations))
    return {entry.conversation_id for entry in seen if _fits(entry, query)}


def _is_partial(seen: Look, found: int) -> bool:
    return found < PAGE and bool(seen.ended_at) and len(seen.ids) <= CANDIDATES


def _entries(ids: Iterable[int]) -> Iterable[SearchEntry]:
    """With their texts, in the order of `ids`; those that are gone meanwhile left out."""
    found = (
        SearchEntry.objects.select_related("conversation__owner", "message")
        .defer("tokens", "conversation__system_prompt", "message__html", "message__reasoning")
        .in_bulk(list(ids))
    )
    return [found[pk] for pk in ids if pk in found]


def _fits(entry: SearchEntry, query: Query) -> bool:
    """The index tells which entries have the tokens; whether these stood together only the text does."""
    message = entry.message
    if message and message.hidden_at:
        return False
    return query.fits(fold(composed(text_of(message) if message else entry.conversation.title)))


def _hit(entry: SearchEntry) -> Hit:
    message = entry.message
    return Hit(
        conversation=entry.conversation,
        message_id=message.pk if message else None,
        role=message.role if message else "",
        moment=message.created_at if message else entry.conversation.updated_at,
    )


def _read(text: str) -> Cursor:
    match = _CURSOR.fullmatch(text)
    return Cursor(int(match[1]), int(match[2])) if match else Cursor()
