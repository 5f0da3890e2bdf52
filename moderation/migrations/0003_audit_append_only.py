"""The database itself refuses to change or remove an entry of the audit log.

PostgreSQL still lets the whole table be emptied by TRUNCATE, which nobody does by mistake; SQLite knows no TRUNCATE:
see `moderation.append_only`. A later migration that alters this table on SQLite makes it anew, without its triggers,
and must call `make` again.
"""

from django.db import migrations

from chatbot_site.vendor_sql import run_vendor_sql

SQLITE = [
    "CREATE TRIGGER moderation_auditentry_append_only_update BEFORE UPDATE ON moderation_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER moderation_auditentry_append_only_delete BEFORE DELETE ON moderation_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
]
SQLITE_BACK = [
    "DROP TRIGGER moderation_auditentry_append_only_update",
    "DROP TRIGGER moderation_auditentry_append_only_delete",
]
POSTGRESQL = [
    """
    CREATE FUNCTION moderation_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    "CREATE TRIGGER moderation_auditentry_append_only BEFORE UPDATE OR DELETE ON moderation_auditentry "
    "FOR EACH ROW EXECUTE FUNCTION moderation_audit_append_only()",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER moderation_auditentry_append_only ON moderation_auditentry",
    "DROP FUNCTION moderation_audit_append_only()",
]


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_roles")]
    operations = [
        run_vendor_sql(
            {"sqlite": SQLITE, "postgresql": POSTGRESQL},
            {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK},
        ),
    ]
