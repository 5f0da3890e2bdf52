"""Which entries of everybody have the tokens of a query, the newest first: for the review, never for a person's search.

Two indexes serve it: of the tokens as they are (migration 0003), and of those with their owner in front (0002). A look
costs a bounded number of entries: where these do not suffice it says how far it has come, and the next goes on there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Concat

from conversations.models import Conversation, SearchEntry
from conversations.search.query import Token

WINDOW = 5000  # entries that one look may walk through
MOST = 20_000  # entries that PostgreSQL's index, which knows no order, may bring to be put in order
SELDOM = 100  # so few in a window: the index is asked for all of them
VERY_FEW = 40  # conversations whose entries are looked through one by one, without asking an index
FEW = 300  # the same, where the index does not bring all
MOST_NEWER = 200
_STEP = 500

_SQLITE = "SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s"
_WINDOW = """
SELECT entry.id, {has_tokens} FROM (
    SELECT id FROM conversations_searchentry WHERE id < %s{owners} ORDER BY id DESC LIMIT %s
) newest JOIN (
    SELECT id, ' ' || tokens || ' ' AS tokens FROM conversations_searchentry
) entry ON entry.id = newest.id
"""
_ALL = "SELECT id FROM {function}(%s::tsquery, %s)"


@dataclass(frozen=True, slots=True)
class Look:
    """`ids`: the newest first. `ended_at`: entries below that id were not looked at; 0: there are no others."""

    ids: Sequence[int]
    ended_at: int = 0


def look(
    tokens: Collection[Token],
    before: int,
    limit: int,
    *,
    owners: Collection[int] = (),
    among: QuerySet[Conversation] | None = None,
) -> Look:
    """At most `limit` ids below `before` of entries with all `tokens`: of `owners` only, if given, and in conversations
    of `among` only, if given. Deleted conversations are there too; what is temporary or hidden has no entries."""
    few = [] if among is None else list(among.order_by().values_list("pk", flat=True)[: FEW + 1])
    if among is not None and len(few) <= VERY_FEW:
        return Look(_in_these(few, tokens, limit, pk__lt=before))
    found = (_on_sqlite if connection.vendor == "sqlite" else _on_postgresql)(tokens, before, owners)
    if among is not None and len(few) <= FEW and found.ended_at:
        return Look(_in_these(few, tokens, limit, pk__lt=before))
    ids = found.ids if among is None else _kept(found.ids, among, limit)
    return Look(ids[:limit], ids[limit - 1] if len(ids) >= limit else found.ended_at)


def newer(tokens: Collection[Token], since: int, conversations: Collection[UUID]) -> list[int]:
    """Ids from `since` on of entries with all `tokens` in these few conversations; of many, the newest MOST_NEWER."""
    return _in_these(conversations, tokens, MOST_NEWER, pk__gte=since)


def _in_these(conversations: Collection[UUID], tokens: Collection[Token], limit: int, **bounds: int) -> list[int]:
    entries = SearchEntry.objects.filter(conversation__in=conversations, **bounds)
    entries = entries.annotate(padded=Concat(Value(" "), F("tokens"), Value(" "), output_field=TextField()))
    for wanted in _wanted(tokens):
        entries = entries.filter(padded__contains=wanted)
    # Not by the bare key: a planner would walk all entries from the newest on.
    return list(entries.order_by((F("pk") + 0).desc()).values_list("pk", flat=True)[:limit])


def _kept(ids: Sequence[int], among: QuerySet[Conversation], limit: int) -> list[int]:
    """Those of `ids` that are in conversations of `among`, in their order; no more are asked for than `limit`."""
    kept: list[int] = []
    for start in range(0, len(ids), _STEP):
        part = ids[start : start + _STEP]
        of = dict(SearchEntry.objects.filter(pk__in=part).values_list("pk", "conversation_id"))
        fitting = set(among.filter(pk__in=set(of.values())).values_list("pk", flat=True))
        kept += [pk for pk in part if of.get(pk) in fitting]
        if len(kept) >= limit:
            break
    return kept[:limit]


def _on_sqlite(tokens: Collection[Token], before: int, owners: Collection[int]) -> Look:
    table = "conversations_search" if owners else "conversations_search_all"
    terms = " OR ".join(
        "(" + " AND ".join(f'"{scope}{t.text}"{"*" * t.is_beginning}' for t in tokens) + ")"
        for scope in _scopes(owners)
    )
    ids = [pk for (pk,) in _rows(_SQLITE.format(table=table), terms, before, WINDOW)]
    return Look(ids, ids[-1] if len(ids) == WINDOW else 0)


def _on_postgresql(tokens: Collection[Token], before: int, owners: Collection[int]) -> Look:
    """The newest entries are looked through as they are: what is common is among them. What is rare the index brings,
    and it is put in order here. What is neither goes window by window."""
    window = _window(tokens, before, owners)
    ids = sorted((pk for pk, has_tokens in window if has_tokens), reverse=True)
    if len(window) < WINDOW:
        return Look(ids)
    if len(ids) < SELDOM:
        terms = " | ".join(
            "(" + " & ".join(f"'{scope}{t.text}'{':*' * t.is_beginning}" for t in tokens) + ")"
            for scope in _scopes(owners)
        )
        function = "conversations_search_find" if owners else "conversations_search_find_all"
        found = _rows(_ALL.format(function=function), terms, MOST + 1)
        if len(found) <= MOST:
            ids = sorted((pk for (pk,) in found if pk < before), reverse=True)
            return Look(ids[:WINDOW], ids[WINDOW - 1] if len(ids) > WINDOW else 0)
    return Look(ids, min(pk for pk, _has_tokens in window))


def _window(tokens: Collection[Token], before: int, owners: Collection[int]) -> list[tuple[Any, ...]]:
    has_tokens = " AND ".join("strpos(entry.tokens, %s) > 0" for _ in tokens)
    sql = _WINDOW.format(has_tokens=has_tokens, owners=" AND owner_id = ANY(%s)" if owners else "")
    return _rows(sql, *_wanted(tokens), before, *([list(owners)] if owners else []), WINDOW)


def _wanted(tokens: Collection[Token]) -> Iterator[str]:
    """What is in an entry's tokens when these have a space at both ends."""
    return (f" {t.text}" if t.is_beginning else f" {t.text} " for t in tokens)


def _scopes(owners: Collection[int]) -> list[str]:
    return [f"{mark}{owner}_" for owner in owners for mark in ("", "t")] or [""]


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
