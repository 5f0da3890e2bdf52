"""Which entries have the tokens of a query, the newest first: FTS5 on SQLite, tsvectors on PostgreSQL.

Tokens stand in the index with their owner in front (migration 0002), so nobody's query can reach another's entries.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from conversations.search.query import Token

# The order of the tables is the order of the loops: from the index, newest first, and no further than the limit.
_SQLITE = """
SELECT entry.id FROM conversations_search
CROSS JOIN conversations_searchentry entry ON entry.id = conversations_search.rowid
WHERE conversations_search MATCH %s AND conversations_search.rowid < %s AND {visible}
ORDER BY conversations_search.rowid DESC LIMIT %s
"""
# The index tells which, in no order. Few are put in order here; of many, the newest are soon found among the newest of
# all; what neither finds is in the middle, and all of it is put in order.
_POSTGRESQL_FEW = "SELECT entry.id, {visible} FROM conversations_search_find(%s::tsquery, %s) entry"
_POSTGRESQL_NEWEST = """
SELECT entry.id FROM (
    SELECT id, conversation_id, ' ' || tokens || ' ' AS tokens FROM conversations_searchentry
    WHERE owner_id = %s AND id < %s AND message_id IS {titles} ORDER BY id DESC LIMIT %s
) entry
WHERE {has_tokens} AND {visible} ORDER BY entry.id DESC LIMIT %s
"""
_POSTGRESQL_ALL = """
SELECT entry.id FROM conversations_search_find(%s::tsquery, NULL) entry
WHERE entry.id < %s AND {visible} ORDER BY entry.id DESC LIMIT %s
"""
_VISIBLE = """entry.conversation_id NOT IN (
    SELECT id FROM conversations_conversation
    WHERE owner_id = %s AND (deleted_at IS NOT NULL OR expires_at IS NOT NULL)
)"""

_FEW, _NEWEST = 500, 2000


def matching(owner_id: int, tokens: Collection[Token], before: int, limit: int, *, in_titles: bool) -> list[int]:
    """Ids below `before` of at most `limit` entries of `owner_id` with all `tokens`. At most three queries."""
    find = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    return find(owner_id, tokens, before, limit, in_titles)


def _on_sqlite(owner_id: int, tokens: Collection[Token], before: int, limit: int, in_titles: bool) -> list[int]:
    scope = _scope(owner_id, in_titles)
    terms = " AND ".join(f'"{scope}{t.text}"{"*" * t.is_beginning}' for t in tokens)
    return [pk for (pk,) in _rows(_SQLITE, terms, before, owner_id, limit)]


def _on_postgresql(owner_id: int, tokens: Collection[Token], before: int, limit: int, in_titles: bool) -> list[int]:
    scope = _scope(owner_id, in_titles)
    terms = " & ".join(f"'{scope}{t.text}'{':*' * t.is_beginning}" for t in tokens)
    few = _rows(_POSTGRESQL_FEW, owner_id, terms, _FEW + 1)
    if len(few) <= _FEW:
        return sorted((pk for pk, is_visible in few if is_visible and pk < before), reverse=True)[:limit]
    newest = _POSTGRESQL_NEWEST.replace("{titles}", "NULL" if in_titles else "NOT NULL")
    newest = newest.replace("{has_tokens}", " AND ".join("strpos(entry.tokens, %s) > 0" for _ in tokens))
    wanted = [f" {t.text}" if t.is_beginning else f" {t.text} " for t in tokens]
    found = _rows(newest, owner_id, before, _NEWEST, *wanted, owner_id, limit)
    if len(found) < limit:
        found = _rows(_POSTGRESQL_ALL, terms, before, owner_id, limit)
    return [pk for (pk,) in found]


def _scope(owner_id: int, in_titles: bool) -> str:
    return f"t{owner_id}_" if in_titles else f"{owner_id}_"


def _rows(sql: str, *parameters: str | int) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(visible=_VISIBLE), parameters)
        return list(cursor.fetchall())
