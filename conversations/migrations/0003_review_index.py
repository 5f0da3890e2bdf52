"""What the review of conversations looks up: everybody's by their date, and everybody's texts.

A full-text index of its own over the same entries, each token as it is: the one of migration 0002, which people's own
searches read, stays as small and as quick as it was. On SQLite triggers keep it in step; what migration 0002 says of
altering conversations_searchentry goes for these too.
"""

from django.db import migrations, models

from chatbot_site.vendor_sql import run_vendor_sql

ADD = "INSERT INTO conversations_search_all(rowid, tokens) VALUES (new.id, new.tokens);"
REMOVE = (
    "INSERT INTO conversations_search_all(conversations_search_all, rowid, tokens) "
    "VALUES ('delete', old.id, old.tokens);"
)
SQLITE = [
    "CREATE VIRTUAL TABLE conversations_search_all USING fts5"
    "(tokens, content='', columnsize=0, detail='none', tokenize=\"ascii tokenchars '_'\")",
    "INSERT INTO conversations_search_all(rowid, tokens) SELECT id, tokens FROM conversations_searchentry ORDER BY id",
    f"CREATE TRIGGER conversations_search_all_added AFTER INSERT ON conversations_searchentry BEGIN {ADD} END",
    f"CREATE TRIGGER conversations_search_all_removed AFTER DELETE ON conversations_searchentry BEGIN {REMOVE} END",
    "CREATE TRIGGER conversations_search_all_changed AFTER UPDATE ON conversations_searchentry "
    f"BEGIN {REMOVE} {ADD} END",
]
SQLITE_BACK = [
    "DROP TRIGGER conversations_search_all_changed",
    "DROP TRIGGER conversations_search_all_removed",
    "DROP TRIGGER conversations_search_all_added",
    "DROP TABLE conversations_search_all",
]
# As in migration 0002 the search always goes by the index. Its memory holds a bitmap of every page exactly: a page that
# is only known as a whole has the terms of all its rows worked out again.
POSTGRESQL = [
    "CREATE INDEX conversations_search_all ON conversations_searchentry "
    "USING gin (array_to_tsvector(string_to_array(tokens, ' '))) WITH (fastupdate = off)",
    """
    CREATE FUNCTION conversations_search_find_all(terms tsquery, most bigint)
    RETURNS TABLE (id bigint) LANGUAGE sql STABLE
    SET enable_seqscan = off SET enable_indexscan = off SET jit = off SET work_mem = '32MB' AS $$
        SELECT id FROM conversations_searchentry
        WHERE array_to_tsvector(string_to_array(tokens, ' ')) @@ terms LIMIT most
    $$
    """,
]
POSTGRESQL_BACK = [
    "DROP FUNCTION conversations_search_find_all(tsquery, bigint)",
    "DROP INDEX conversations_search_all",
]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_search_index")]
    operations = [
        migrations.AddIndex("conversation", models.Index(fields=["-updated_at", "-id"], name="conversation_review")),
        run_vendor_sql(
            {"sqlite": SQLITE, "postgresql": POSTGRESQL},
            {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK},
        ),
    ]
