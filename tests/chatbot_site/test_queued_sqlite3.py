"""Writers that take turns."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from chatbot_site.queued_sqlite3 import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="this backend is SQLite's"),
]


def in_thread(work: Callable[[], object]) -> object:
    """What `work` gives in a thread of its own, which closes its connection as a request does."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def write(key: str) -> None:
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


def test_what_a_thread_left_undone_is_not_kept() -> None:
    def begin_and_leave() -> None:
        connection.set_autocommit(False)
        write("half")

    in_thread(begin_and_leave)
    assert in_thread(lambda: Session.objects.filter(session_key="half").exists()) is False
    in_thread(lambda: write("whole"))
    assert Session.objects.filter(session_key="whole").exists()


def test_a_writer_waits_for_the_transaction_before_it() -> None:
    entered, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def long_transaction() -> None:
        with transaction.atomic():
            write("first")
            entered.set()
            assert go_on.wait(10)
            order.append("first")

    def short_write() -> None:
        write("second")
        order.append("second")

    threads = [threading.Thread(target=lambda work=work: in_thread(work)) for work in (long_transaction, short_write)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert order == ["first", "second"]


def test_readers_do_not_wait() -> None:
    with transaction.atomic():
        write("open")
        assert in_thread(lambda: Session.objects.filter(session_key="open").exists()) is False


def test_a_writer_that_waited_too_long_is_told_that_the_database_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "GATE_SECONDS", 0.05)
    with transaction.atomic():
        write("open")
        with pytest.raises(base.OperationalError, match="locked"):
            in_thread(lambda: write("late"))
    in_thread(lambda: write("later"))


def test_a_transaction_that_failed_lets_the_next_one_in() -> None:
    def fail() -> None:
        with transaction.atomic():
            write("gone")
            raise KeyError

    with pytest.raises(KeyError):
        in_thread(fail)
    in_thread(lambda: write("next"))
    assert list(Session.objects.values_list("session_key", flat=True)) == ["next"]


def test_whole_numbers_end_where_those_of_postgresql_do() -> None:
    operations = connection.ops
    assert operations.integer_field_range("PositiveIntegerField") == (0, 2**31 - 1)
    assert operations.integer_field_range("BigAutoField") == (-(2**63), 2**63 - 1)
