"""The full-text index over the entries of search: FTS5 on SQLite, a GIN index of tsvectors on PostgreSQL.

Each token is indexed with its owner in front, "12_서버", and in titles "t12_서버": a search then reads nothing but what
is the person's own, however much others have written. Both tokenizers get words that are ready; neither parses text.

On SQLite triggers keep the index in step. A later migration that alters conversations_searchentry makes that table anew
and must make the triggers anew too.
"""

from django.db import migrations

from chatbot_site.vendor_sql import run_vendor_sql

SCOPED = (
    "CASE WHEN {row}.message_id IS NULL THEN 't' ELSE '' END || {row}.owner_id || '_' || replace({row}.tokens, ' ', "
    "' ' || CASE WHEN {row}.message_id IS NULL THEN 't' ELSE '' END || {row}.owner_id || '_')"
)
NEW, OLD = SCOPED.format(row="new"), SCOPED.format(row="old")
ADD = f"INSERT INTO conversations_search(rowid, tokens) VALUES (new.id, {NEW});"
REMOVE = (
    f"INSERT INTO conversations_search(conversations_search, rowid, tokens) VALUES ('delete', old.id, {OLD});"
)
# Neither text nor positions: only which entries have a token.
SQLITE = [
    "CREATE VIRTUAL TABLE conversations_search USING fts5"
    "(tokens, content='', columnsize=0, detail='none', tokenize=\"ascii tokenchars '_'\")",
    "CREATE TRIGGER conversations_search_added AFTER INSERT ON conversations_searchentry "
    f"BEGIN {ADD} END",
    "CREATE TRIGGER conversations_search_removed AFTER DELETE ON conversations_searchentry "
    f"BEGIN {REMOVE} END",
    "CREATE TRIGGER conversations_search_changed AFTER UPDATE ON conversations_searchentry "
    f"BEGIN {REMOVE} {ADD} END",
]
SQLITE_BACK = [
    "DROP TRIGGER conversations_search_changed",
    "DROP TRIGGER conversations_search_removed",
    "DROP TRIGGER conversations_search_added",
    "DROP TABLE conversations_search",
]
# The search always goes by the index: working the terms out takes long, and so does the compiler (JIT) that a planner
# who knows that would bring in.
POSTGRESQL = [
    """
    CREATE FUNCTION conversations_search_terms(owner_id bigint, message_id bigint, tokens text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    DECLARE
        scope text := CASE WHEN message_id IS NULL THEN 't' ELSE '' END || owner_id::text || '_';
    BEGIN
        RETURN array_to_tsvector(string_to_array(scope || replace(tokens, ' ', ' ' || scope), ' '));
    END $$
    """,
    "CREATE INDEX conversations_search ON conversations_searchentry "
    "USING gin (conversations_search_terms(owner_id, message_id, tokens)) WITH (fastupdate = off)",
    """
    CREATE FUNCTION conversations_search_find(terms tsquery, most bigint)
    RETURNS TABLE (id bigint, conversation_id uuid) LANGUAGE sql STABLE
    SET enable_seqscan = off SET enable_indexscan = off SET jit = off AS $$
        SELECT id, conversation_id FROM conversations_searchentry
        WHERE conversations_search_terms(owner_id, message_id, tokens) @@ terms LIMIT most
    $$
    """,
]
POSTGRESQL_BACK = [
    "DROP FUNCTION conversations_search_find(tsquery, bigint)",
    "DROP INDEX conversations_search",
    "DROP FUNCTION conversations_search_terms(bigint, bigint, text)",
]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]
    operations = [
        run_vendor_sql(
            {"sqlite": SQLITE, "postgresql": POSTGRESQL},
            {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK},
        ),
    ]
