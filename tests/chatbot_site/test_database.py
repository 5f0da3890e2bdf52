"""A database that lets the site not in, or not do what it must: one sentence with the cure, from every command."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.db import DatabaseError
from environ import Env

from chatbot_site.database import Trouble, postgresql, trouble_of
from tests.chatbot_site.processes import environment, free_port, manage
from tests.conftest import REQUIRED, _answers
from tests.site import Site, scratch_database


@pytest.fixture(autouse=True)
def database_of_another(django_db_blocker: Any) -> Iterator[None]:
    """None of these asks the tests' own database."""
    with django_db_blocker.unblock():
        yield


def _trouble(url: str) -> str:
    """What a refused connection means."""
    config = Env.db_url_config(url)
    with pytest.raises(DatabaseError) as refused, postgresql.direct(config):
        pass
    return str(trouble_of(refused.value, config))


# --- Connections that are refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid", "[::1]:1"])
def test_a_server_that_is_away(host: str) -> None:
    said = _trouble(f"postgres://chat:s3cret-word@{host}/chat")
    assert "does not answer" in said
    assert "DATABASE_URL right?" in said
    assert "s3cret-word" not in said


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    assert f"PostgreSQL at {tmp_path} does not answer" in _trouble(f"postgres:///chat?host={tmp_path}")


def test_something_else_that_listens_there(redis_url: str) -> None:
    said = _trouble(f"postgres://chat@127.0.0.1:{urlsplit(redis_url).port or 6379}/chat?sslmode=disable")
    assert said.startswith(("The database cannot be used", "PostgreSQL at"))
    assert "\n" not in said


def test_a_server_that_speaks_another_language() -> None:
    names = postgresql._Names("PostgreSQL at db:5432", "chat", "chat")
    said = str(postgresql._refused('치명적오류:  "chat" 사용자의 password 인증을 실패했습니다', names))
    assert said.startswith("PostgreSQL at db:5432 refuses the connection")
    assert said.isascii()


@pytest.mark.service
def test_no_such_user_and_no_such_database(postgres_url: str) -> None:
    place = urlsplit(postgres_url)
    server = f"{place.hostname}:{place.port or 5432}"
    assert "has no database chat_none" in _trouble(f"postgres://{place.username}@{server}/chat_none")
    assert "has no user chat_nobody" in _trouble(f"postgres://chat_nobody@{server}/postgres")


# --- A server with passwords ------------------------------------------------------------------------------------------


def _binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """host:port of a PostgreSQL of its own that asks for passwords; its user is chat, the password "right word"."""
    if not _binary("initdb"):
        (pytest.fail if REQUIRED else pytest.skip)("PostgreSQL's initdb is not here")
    folder = Path("/tmp") / f"chat-pg-{secrets.token_hex(4)}"
    folder.mkdir()
    (folder / "password").write_text("right word")
    account = "postgres" if os.geteuid() == 0 else None  # root may not run it
    if account:
        shutil.chown(folder, account)
        shutil.chown(folder / "password", account)
    data, port = folder / "data", free_port()
    make = [_binary("initdb"), "--no-sync", "--auth=scram-sha-256", "--username=chat", f"--pwfile={folder}/password"]
    subprocess.run([*make, str(data)], user=account, cwd=folder, check=True, capture_output=True)
    options = ["-k", "", "-p", str(port), "-h", "127.0.0.1", "-F"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(_binary("postgres")), "-D", str(data), *options], user=account, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(f"host=127.0.0.1 port={port} user=chat dbname=postgres", server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            psycopg.connect(address, password="right word").close()
            return
        except psycopg.OperationalError:
            continue
    raise AssertionError("PostgreSQL did not start")


@pytest.mark.service
def test_a_wrong_password(guarded: str, tmp_path: Path) -> None:
    for password in ("", ":wrong%20word", f":{quote('p@ss:w/rd#', safe='')}"):
        assert f"PostgreSQL at {guarded} does not take the password of the user chat" in _trouble(
            f"postgres://chat{password}@{guarded}/postgres"
        )
    env = environment(tmp_path, APP_ENV="development", DATABASE_URL=f"postgres://chat:wrong-word-1@{guarded}/postgres")
    for call in (["serve"], ["migrate"], ["doctor", "--only", "database"]):
        done = manage(*call, env=env)
        assert done.returncode == 1
        assert "does not take the password" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert "wrong-word-1" not in done.stdout + done.stderr


# --- Rights -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def others_database(postgres_url: str) -> Iterator[tuple[str, str]]:
    """The URL, as a user without rights, of a database that belongs to somebody else; and the URL of its owner."""
    if not _answers(postgres_url):
        (pytest.fail if REQUIRED else pytest.skip)("no PostgreSQL")
    user = f"chat_poor{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    with scratch_database(postgres_url, f"{user}_database") as url:
        owner = url.replace("postgres://", "postgresql://")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {user}")
            connection.execute(f"CREATE ROLE {user} LOGIN")
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as PostgreSQL 15 begins
        place = urlsplit(url)
        try:
            yield place._replace(netloc=f"{user}@{place.hostname}:{place.port or 5432}").geturl(), owner
        finally:
            with psycopg.connect(owner, autocommit=True) as connection:
                connection.execute(f"DROP OWNED BY {user}")
                connection.execute(f"DROP ROLE {user}")


@pytest.mark.service
def test_no_rights_on_the_schema(others_database: tuple[str, str], tmp_path: Path) -> None:
    url, owner = others_database
    env = environment(tmp_path, APP_ENV="development", DATABASE_URL=url)
    backup = _backup(tmp_path)
    cure = "GRANT USAGE, CREATE ON SCHEMA public TO"
    for call in (
        ["prepare"],
        ["migrate"],
        ["serve", "--migrate"],
        ["doctor", "--only", "database"],
        ["restore", backup],
        ["restore", backup, "--dry-run"],
    ):
        done = manage(*call, env=env)
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "may not create tables in the schema public" in said, call
        assert cure in said, call
        assert "Traceback" not in said, call
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    assert cure in manage("migrate", env=env).stderr
    user = urlsplit(url).username
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {user}")  # the cure
    done = manage("migrate", "--verbosity", "0", env=env)
    assert done.returncode == 0, done.stderr


def _lacking(url: str) -> Trouble | None:
    """What the database of `url` says, or does not let do: whatever of it comes first."""
    config = Env.db_url_config(url)
    try:
        with postgresql.direct(config) as wrapper:
            return postgresql.lacking(wrapper, to_create=True)
    except DatabaseError as error:
        return trouble_of(error, config)


@pytest.mark.service
@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("ALTER ROLE {user} NOLOGIN", "may not log in"),
        ("ALTER ROLE {user} CONNECTION LIMIT 0", "its CONNECTION LIMIT allows"),
        ("ALTER DATABASE {name} CONNECTION LIMIT 0", "its CONNECTION LIMIT allows"),
        ("DROP SCHEMA public", "has no schema public"),
        ("ALTER ROLE {user} SET search_path = '$user', 'Odd one'", 'has no schema "Odd one"'),
        ("ALTER ROLE {user} SET search_path = ''", "names no schema"),
        ("ALTER ROLE {user} SET search_path = 'Odd one'; CREATE SCHEMA \"Odd one\"", 'in the schema "Odd one"'),
    ],
)
def test_the_cure_that_is_named_is_one(others_database: tuple[str, str], broken: str, told: str) -> None:
    url, owner = others_database
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        assert _lacking(url) is None
        connection.execute(broken.format(user=urlsplit(url).username, name=urlsplit(url).path[1:]).encode())
        trouble = _lacking(url)
        assert trouble is not None
        assert told in trouble.text
        connection.execute(trouble.mend.rpartition(f"{urlsplit(url).path[1:]}: ")[2].partition(";")[0].encode())
        assert _lacking(url) is None


@pytest.mark.service
def test_a_database_that_takes_no_connections(others_database: tuple[str, str], postgres_url: str) -> None:
    url, _owner = others_database
    name = urlsplit(url).path[1:]
    with psycopg.connect(postgres_url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        trouble = _lacking(url)
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert str(trouble) == (
        f'The database {name} takes no connections. ALTER DATABASE "{name}" ALLOW_CONNECTIONS true;'
    )


@pytest.mark.service
def test_tables_of_the_role_that_made_the_server(others_database: tuple[str, str]) -> None:
    """PostgreSQL reassigns nothing of it as a whole."""
    url, owner = others_database
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        connection.execute("CREATE TABLE django_one (id int GENERATED BY DEFAULT AS IDENTITY)")
        row = connection.execute("SELECT rolname FROM pg_roles WHERE oid = 10").fetchone()
        assert row
        connection.execute(f'ALTER TABLE django_one OWNER TO "{row[0]}"'.encode())
        trouble = _lacking(url)
        assert trouble is not None
        assert f"they belong to {row[0]}." in trouble.text
        cure = trouble.mend.partition(": ")[2].partition(r" \gexec")[0]
        for (statement,) in connection.execute(cure.encode()).fetchall():
            connection.execute(statement.encode())
        assert _lacking(url) is None


def _backup(folder: Path) -> str:
    other = folder / "other"
    other.mkdir()
    Site(other, provider_url="").prepare().manage("backup", "--output", str(folder / "backups"))
    [file] = (folder / "backups").iterdir()
    return str(file)


@pytest.mark.service
def test_tables_of_somebody_else_and_a_database_to_read_only(others_database: tuple[str, str], tmp_path: Path) -> None:
    url, owner = others_database
    own = environment(tmp_path, APP_ENV="development", DATABASE_URL=owner.replace("postgresql://", "postgres://"))
    assert manage("migrate", "--verbosity", "0", env=own).returncode == 0
    poor = own | {"DATABASE_URL": url}
    read_only = own | {"DATABASE_URL": f"{own['DATABASE_URL']}?options={quote('-c default_transaction_read_only=on')}"}
    for env, told in ((poor, "they belong to"), (read_only, "can be read only")):
        for call in (["serve"], ["doctor", "--only", "database"], ["make_admin", "--username", "dora"]):
            done = manage(*call, env=env | {"ADMIN_PASSWORD": "correct horse battery staple"})
            said = done.stdout + done.stderr
            assert done.returncode == 1, said
            assert told in said, (call, said)
            assert "Traceback" not in said


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "it is a directory"),
        ("pipe", "it is a pipe"),
        ("no/such/db.sqlite3", "there is no folder"),
        ("text", "is damaged, or no database"),
    ],
)
def test_a_file_that_is_no_database(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("my diary\n" * 1000)
    env = environment(tmp_path, APP_ENV="development", DATABASE_URL=f"sqlite:///{tmp_path / name}")
    for call in (["migrate"], ["doctor", "--only", "database"]):
        done = manage(*call, env=env)
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert told in said, (call, said)
        assert "Traceback" not in said
    assert (tmp_path / "text").read_text().startswith("my diary")
