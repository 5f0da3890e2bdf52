"""Settings that are addresses of other servers: the database, Redis, the mail server. With django-environ's readers,
which take what they do not know for something else: so what they cannot read is refused before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qs, unquote

from environ import Env
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo

from chatbot_site.environment.addresses import split_url
from chatbot_site.environment.kinds import LARGEST_WHOLE, Kind, NotUnderstood, boolean, whole

T = TypeVar("T")
POSTGRESQL = ("postgres", "postgresql", "psql", "pgsql")
DATABASE_EXAMPLE = "postgres://user:password@localhost:5432/chat"
_SWITCHES = ("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS")
_WHOLE_OPTIONS = (
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"
)  # fmt: skip
_WORD_OPTIONS = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
_SMTP_PORTS = {"smtp": 25, "smtps": 465, "smtp+tls": 587, "smtp+ssl": 465}
_OTHER_MAIL = ("consolemail", "filemail", "memorymail", "dummymail")
_IMPLICIT_TLS_PORT = 465


def database(folder: Path) -> Kind[dict[str, Any]]:
    """An SQLite file, in `folder` unless its path is absolute, or a PostgreSQL database."""

    def read(text: str) -> dict[str, Any]:
        if text == "sqlite://:memory:":
            text = "sqlite:///:memory:"
        parts = split_url(text, (*POSTGRESQL, "sqlite"), several_hosts=True)
        config = _sqlite(text, parts, folder) if parts.scheme == "sqlite" else _postgresql(parts)
        return config | _typed_options(config)

    return Kind("database", read, DATABASE_EXAMPLE)


def _sqlite(text: str, parts: SplitResult, folder: Path) -> dict[str, Any]:
    name = unquote(parts.path.removeprefix("/"))
    if parts.query:
        raise NotUnderstood("has a query, which says nothing of a file of SQLite")
    if parts.netloc or not name:
        raise NotUnderstood("names no file of SQLite: three slashes stand before a relative path, four before another")
    return {**Env.db_url_config(text), "NAME": name if name == ":memory:" else str(folder / name)}


def _postgresql(parts: SplitResult) -> dict[str, Any]:
    if not parts.path.strip("/") and "service" not in parse_qs(parts.query):
        raise NotUnderstood("names no database after its last slash")
    path = parts.path.replace("+", "%2B") or "/"  # a plus is a plus, where django-environ sees a blank
    try:
        config: dict[str, Any] = Env.db_url_config(parts._replace(path=path).geturl())
    except Exception:  # of many kinds, and their words may hold the password
        raise NotUnderstood("is no address of a database") from None
    host = re.sub(r":\d+$", "", parts.netloc.rpartition("@")[2])
    if "%2f" in host.lower():  # a socket's folder, as libpq has it
        config["HOST"] = unquote(host)
    if any(not port.isdigit() for port in str(config["PORT"]).split(",") if port) or host.endswith(":"):
        raise NotUnderstood("has a port that is no number")
    _check_options(config.get("OPTIONS", {}))
    return config


def _check_options(options: dict[str, Any]) -> None:
    """What libpq does not know, its connections refuse only later; the site has a pool of its own, which Django gives
    no `conn_max_age` beside. Raises NotUnderstood."""
    try:
        make_conninfo(**options)
    except ProgrammingError:
        raise NotUnderstood("has an option in its query that PostgreSQL's connections do not have") from None
    for name, value in options.items():
        if name in _WHOLE_OPTIONS:
            _option(name, value, whole(0, LARGEST_WHOLE))
        if name in _WORD_OPTIONS and value not in _WORD_OPTIONS[name]:
            raise NotUnderstood(f"has a {name} that is none of {', '.join(_WORD_OPTIONS[name])}")


def _option(name: str, value: object, kind: Kind[T]) -> T:
    """What is wrong with it names the option: the variable's name alone would be the whole address."""
    try:
        return kind.read(str(value))
    except NotUnderstood as error:
        raise NotUnderstood(f"has a {name.lower()} that {error}") from None


def _typed_options(config: dict[str, Any]) -> dict[str, Any]:
    """Django's own options, as the types that Django wants."""
    typed: dict[str, Any] = {
        name: _option(name, config[name], boolean()) for name in _SWITCHES if isinstance(config.get(name), str | int)
    }
    if str(config.get("CONN_MAX_AGE", 0)) != "0":
        raise NotUnderstood("has a conn_max_age: the site has a pool of connections (DATABASE_POOL_SIZE)")
    return typed


def redis() -> Kind[str]:
    def read(text: str) -> str:
        parts = split_url(text, ("redis", "rediss", "unix"))
        named = parts.query and parse_qs(parts.query).get("db", [""])[0]
        number = parts.path.strip("/") if parts.scheme != "unix" else ""
        if parts.scheme == "unix" and not parts.path.strip("/"):
            raise NotUnderstood("names no socket")
        if parts.scheme != "unix" and not parts.hostname:
            raise NotUnderstood("names no host")
        if parts.scheme == "unix" and "@" not in parts.netloc and parts.netloc:
            raise NotUnderstood("names a host: three slashes stand before the path of a socket")
        if any(given and not (given.isascii() and given.isdigit()) for given in (number, named)):
            raise NotUnderstood("has a database that is no number")
        if parts.query:
            _check_query(text, parts)
        return text

    return Kind("redis", read, "redis://localhost:6379/0")


def _check_query(text: str, parts: SplitResult) -> None:
    """Raises NotUnderstood for options that redis-py takes by no connection, or that make text of what is read."""
    from redis import ConnectionPool

    try:
        ConnectionPool.from_url(text).make_connection()
    except Exception:  # of many kinds, and their words may hold the password
        raise NotUnderstood("has an option in its query that no connection to Redis has, or not so") from None
    if {"decode_responses", "encoding", "encoding_errors"} & parse_qs(parts.query).keys():
        raise NotUnderstood("has an option in its query that changes what is read")


def mail_server() -> Kind[dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        parts = split_url(text, (*_SMTP_PORTS, *_OTHER_MAIL))
        if parts.query:
            raise NotUnderstood("has a query, which says nothing here")
        config: dict[str, Any] = Env.email_url_config(text)
        if parts.scheme in _SMTP_PORTS:
            return config | _smtp(parts)
        folder = f"/{unquote(parts.path).lstrip('/')}"
        if parts.netloc or (parts.scheme == "filemail") != (folder != "/"):
            raise NotUnderstood("names a folder where none belongs, or none where one does")
        return config | {"EMAIL_FILE_PATH": folder}

    return Kind("mail server", read, "smtp+tls://user:password@mail.example.org:587")


def _smtp(parts: SplitResult) -> dict[str, Any]:
    if not parts.hostname or parts.path.strip("/"):
        raise NotUnderstood("names no host, or something after it")
    if bool(parts.username) != bool(parts.password):
        raise NotUnderstood("has a user without a password, or a password without a user")
    port = parts.port or _SMTP_PORTS[parts.scheme]
    if parts.scheme == "smtp+tls" and port == _IMPLICIT_TLS_PORT:
        raise NotUnderstood("has the port 465, where servers speak smtp+ssl")
    implicit = parts.scheme == "smtp+ssl" or (parts.scheme == "smtps" and port == _IMPLICIT_TLS_PORT)
    return {
        "EMAIL_PORT": port,
        "EMAIL_USE_SSL": implicit,
        "EMAIL_USE_TLS": parts.scheme != "smtp" and not implicit,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
    }
