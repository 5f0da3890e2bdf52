"""What is wrong with a database of PostgreSQL, and what may be done in it.

It speaks its server's language, so its words are looked at only where there is no code: when a connection is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.db import Error as AnyDatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from chatbot_site.database import words
from chatbot_site.database.trouble import OUTDATED, Trouble, chain_of
from chatbot_site.logging import redact

CONNECT_SECONDS = 5
OUTDATED_CODES = ("42P01", "42703")


@dataclass(frozen=True, slots=True)
class _Names:
    """Of a database, as its settings have them."""

    server: str
    user: str
    name: str


def trouble_of(chain: list[BaseException], config: Mapping[str, Any]) -> Trouble | None:
    if any(type(one).__name__ == "PoolTimeout" for one in chain):
        return _why_no_connection(config)
    names = _names(config)
    code = next((code for one in chain if (code := getattr(one, "sqlstate", None))), "")
    if code in ("42501", "3F000"):
        return _lacking_of(config) or _filled(words.NO_RIGHTS, names)
    if code in OUTDATED_CODES:
        return OUTDATED
    if found := words.CODES.get(code) or words.CODES.get(code[:2]):
        return _filled(found, names)
    if code or not any(type(one).__module__.startswith("psycopg") for one in chain):
        return _too_old(chain)
    return _refused(" ".join(str(chain[0]).split()), names)


def _too_old(chain: list[BaseException]) -> Trouble | None:
    """Django says so itself, without any error of PostgreSQL's."""
    if type(chain[0]).__name__ == "NotSupportedError":
        return Trouble(f"{chain[0]}", "Update PostgreSQL.")
    return None


def _refused(said: str, names: _Names) -> Trouble:
    low = said.lower()
    if "does not exist" in low:
        return _filled(words.NO_DATABASE if "database" in low.rpartition("fatal")[2] else words.NO_USER, names)
    if "ssl" in low and "pg_hba" not in low:
        return Trouble(f"{names.server} and this site do not agree about SSL.", "Correct sslmode in DATABASE_URL.")
    for word, found in words.WORDS:
        if word in low:
            return _filled(found, names)
    said = redact(said) if said.isascii() else "the server's words are in another language"
    return Trouble(f"{names.server} refuses the connection ({said}).", f"{words.AT_THE_ADDRESS}.")


def _names(config: Mapping[str, Any]) -> _Names:
    options = config.get("OPTIONS", {})  # postgres:///chat?host=/var/run/postgresql
    host = str(config.get("HOST") or options.get("host") or "the local socket")
    port = str(config.get("PORT") or options.get("port") or "5432")
    server = f"PostgreSQL at {host}" if host.startswith(("/", "the")) else f"PostgreSQL at {host}:{port}"
    user = str(config.get("USER") or "of this account")
    return _Names(server, user, str(config.get("NAME") or user))


def _filled(template: tuple[str, str], names: _Names) -> Trouble:
    text, mend = (one.format(server=names.server, user=names.user, name=names.name) for one in template)
    return Trouble(text, mend)


def _why_no_connection(config: Mapping[str, Any]) -> Trouble:
    """The pool says only that there was none in time."""
    try:
        with direct(config):
            return _filled(words.NO_PLACE, _names(config))
    except AnyDatabaseError as error:
        return trouble_of(list(chain_of(error)), config) or _filled(words.AWAY, _names(config))


@contextmanager
def direct(config: Mapping[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """A connection beside those of the pool, which would keep trying for long and hide why. Raises DatabaseError."""
    options = {"connect_timeout": CONNECT_SECONDS, **config.get("OPTIONS", {})}
    options.pop("pool", None)
    wrapper = ConnectionHandler({DEFAULT_DB_ALIAS: {**config, "OPTIONS": options}})[DEFAULT_DB_ALIAS]
    try:
        wrapper.ensure_connection()
        yield wrapper
    finally:
        wrapper.close()


# --- What may be done in it -----------------------------------------------------------------------

_MAY = """
SELECT current_user, current_setting('transaction_read_only') = 'on', quote_ident(current_schema()),
  coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
"""
_SEARCHED = """
SELECT quote_ident(name), EXISTS (SELECT FROM pg_namespace WHERE nspname = name)
FROM (SELECT position, CASE WHEN name = '$user' THEN current_user::text ELSE name END AS name
      FROM (SELECT position, btrim(name, ' "') AS name
            FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS one(name, position)
           ) AS written WHERE name <> '') AS meant
ORDER BY position
"""
# Nothing of the role that initdb made can be reassigned as a whole: that is what its number means.
_OF_OTHERS = """
SELECT tableowner, quote_ident(tableowner)::regrole::oid = 10, schemaname FROM pg_tables
WHERE schemaname = current_schema() AND (tablename LIKE 'django\\_%' OR tablename LIKE 'accounts\\_%')
AND NOT (pg_has_role(tableowner, 'USAGE')
  OR (SELECT bool_and(has_table_privilege(format('%I.%I', schemaname, tablename), one))
      FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS one))
ORDER BY tablename LIMIT 1
"""


def _lacking_of(config: Mapping[str, Any]) -> Trouble | None:
    try:
        with direct(config) as wrapper:
            return lacking(wrapper, to_create=True)
    except DatabaseError:
        return None


def lacking(wrapper: BaseDatabaseWrapper, *, to_create: bool) -> Trouble | None:
    """What the connected user may not do there and the site, or a migration, does. Raises DatabaseError."""
    name = str(wrapper.settings_dict["NAME"])
    with wrapper.cursor() as cursor:
        cursor.execute(_MAY)
        user, is_read_only, schema, may_create = cursor.fetchone()
        cursor.execute(_OF_OTHERS)
        strange = cursor.fetchone()
    if is_read_only:
        return _filled(words.READ_ONLY, _Names("", user, name))
    if strange:
        return _tables_of_another(user, name, *strange)
    if schema is None:
        with wrapper.cursor() as cursor:
            cursor.execute(_SEARCHED)
            return _no_schema(user, name, dict(cursor.fetchall()))
    return _no_rights_on(schema, user, name) if to_create and not may_create else None


def _tables_of_another(user: str, name: str, owner: str, is_the_first: bool, schema: str) -> Trouble:
    cure = f'REASSIGN OWNED BY "{owner}" TO "{user}";'
    if is_the_first:
        each = f"SELECT format('ALTER TABLE %I.%I OWNER TO %I', schemaname, tablename, '{user}')"
        cure = f"{each} FROM pg_tables WHERE schemaname = '{schema}' \\gexec"
    return Trouble(
        f"The user {user} may not use the tables of the database {name}: they belong to {owner}.",
        f"As a superuser, with psql in {name}: {cure} or let the site be that user.",
    )


def _no_schema(user: str, name: str, searched: dict[str, bool]) -> Trouble:
    """`searched`: the schemas of the search_path, in its order, and whether they are there."""
    there = [schema for schema, is_there in searched.items() if is_there]
    if there:
        return _no_rights_on(there[0], user, name)
    if not searched:
        return Trouble(
            f"The search_path of the user {user} names no schema.",
            f'ALTER ROLE "{user}" SET search_path = public; or take it out of DATABASE_URL.',
        )
    schema = [*searched][-1]
    return Trouble(
        f"The database {name} has no schema {schema}.",
        f'As its owner or a superuser, in {name}: CREATE SCHEMA {schema} AUTHORIZATION "{user}";',
    )


def _no_rights_on(schema: str, user: str, name: str) -> Trouble:
    return Trouble(
        f"The user {user} may not create tables in the schema {schema} of the database {name}.",
        f'As its owner or a superuser, in {name}: GRANT USAGE, CREATE ON SCHEMA {schema} TO "{user}";'
        + (f' or ALTER DATABASE "{name}" OWNER TO "{user}";' if schema == "public" else ""),
    )
