"""DATABASE_URL and EMAIL_URL: what Django is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatbot_site.environment.kinds import NotUnderstood
from chatbot_site.environment.services import database, mail_server

POSTGRESQL = "django.db.backends.postgresql"


@pytest.mark.parametrize(
    ("text", "user", "password", "host", "port", "name"),
    [
        ("postgres://u:p@h:5432/d", "u", "p", "h", 5432, "d"),
        ("postgresql://u:p@h/d", "u", "p", "h", "", "d"),
        ("postgres://u:a%23b%2Fc%3Fd%40e%3Af%25@h/d", "u", "a#b/c?d@e:f%", "h", "", "d"),
        ("postgres://u:a@b:c$d&e=f!g*h+i%zz@h/d", "u", "a@b:c$d&e=f!g*h+i%zz", "h", "", "d"),
        ("postgres://u%40x:한글@h/d+e%20f", "u@x", "한글", "h", "", "d+e f"),
        ("postgres://[::1]:5433/d", "", "", "::1", 5433, "d"),
        ("postgres://u@%2Fvar%2FRun%2Fpg/d", "u", "", "/var/Run/pg", "", "d"),
        ("postgres://u:p@h1:5432,h2:5433/d", "u", "p", "h1,h2", "5432,5433", "d"),
    ],
)
def test_a_postgresql_database(text: str, user: str, password: str, host: str, port: Any, name: str) -> None:
    config = database(Path("/srv")).read(text)

    found = tuple(config[key] for key in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT", "NAME"))
    assert found == (POSTGRESQL, user, password, host, port, name)


def test_options_of_a_database_have_djangos_types() -> None:
    read = database(Path("/srv")).read

    assert read("postgres:///chat?host=/var/run/postgresql")["OPTIONS"] == {"host": "/var/run/postgresql"}
    config = read("postgres://h/d?sslmode=require&conn_health_checks=false&connect_timeout=5&options=-c%20x%3Dy")
    assert config["OPTIONS"] == {"sslmode": "require", "connect_timeout": 5, "options": "-c x=y"}
    assert config["CONN_HEALTH_CHECKS"] is False


@pytest.mark.parametrize("option", ["connect_timeout=abc", "keepalives=-1", "conn_health_checks=perhaps", "sslmode=x"])
def test_an_option_of_a_database_is_named(option: str) -> None:
    with pytest.raises(NotUnderstood, match=f"^has a {option.partition('=')[0]} that is "):
        database(Path("/srv")).read(f"postgres://h/d?{option}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///db.sqlite3", "/srv/db.sqlite3"),
        ("sqlite:////var/a+b%20c/db.sqlite3", "/var/a+b c/db.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_an_sqlite_file(text: str, path: str) -> None:
    config = database(Path("/srv")).read(text)

    assert (config["ENGINE"], config["NAME"]) == ("django.db.backends.sqlite3", path)


@pytest.mark.parametrize(
    ("text", "port", "tls", "ssl"),
    [
        ("smtp://h", 25, False, False),
        ("smtp+tls://u:p@h", 587, True, False),
        ("smtp+tls://u:p@h:2525", 2525, True, False),
        ("smtp+ssl://u:p@h", 465, False, True),
        ("smtps://u:p@h", 465, False, True),
        ("smtps://u:p@h:587", 587, True, False),
    ],
)
def test_a_mail_server(text: str, port: int, tls: bool, ssl: bool) -> None:
    config = mail_server().read(text)

    assert config["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"]) == ("h", port)
    assert (config["EMAIL_USE_TLS"], config["EMAIL_USE_SSL"]) == (tls, ssl)


def test_user_and_password_of_a_mail_server() -> None:
    config = mail_server().read("smtp+tls://me@example.org:a%23b$c%zz@mail.example.org:587")

    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("me@example.org", "a#b$c%zz")


def test_mails_to_the_console_and_to_files() -> None:
    assert mail_server().read("consolemail://")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert mail_server().read("filemail:///var/spool/chat")["EMAIL_FILE_PATH"] == "/var/spool/chat"
