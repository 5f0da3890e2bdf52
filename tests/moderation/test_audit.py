"""The audit log: a chain that only grows, and in which every change shows."""

import io
import json
import threading

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from moderation import append_only, audit
from moderation.models import AppendOnly, AuditEntry, Rule
from providers.models import Credential

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(alice) -> None:
    for index in range(5):
        audit.record("test.done", actor=alice, target=alice, step=index)


def unguarded(sql: str) -> None:
    """Runs `sql` as somebody who has the database in their hands, triggers and all."""
    triggers = "moderation_auditentry"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {triggers} DISABLE TRIGGER USER")
            cursor.execute(sql)
            cursor.execute(f"ALTER TABLE {triggers} ENABLE TRIGGER USER")
            return
        with append_only.lifted():
            cursor.execute(sql)


def test_entries_follow_each_other(chain, alice):
    assert audit.verify() == audit.Verdict(True, 5)
    first, second = AuditEntry.objects.order_by("number")[:2]
    assert first.previous_hash == audit.GENESIS
    assert second.previous_hash == first.hash
    assert (first.actor_id, first.actor_name) == (alice.pk, "alice")
    assert (first.target_kind, first.target_id) == ("accounts.user", str(alice.pk))
    assert first.details == {"step": 0}


def test_an_empty_log_is_sound():
    assert audit.verify() == audit.Verdict(True, 0)


def test_details_are_stored_as_every_database_gives_them_back():
    audit.record(
        "odd", value=0.1, nul="a\x00b", lone="\ud800", text="한국어", many=[1, None, {"b": 2, "a": 1}], big=2**62
    )
    assert audit.verify().ok


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", "'test.undone'"),
        ("actor_id", "null"),
        ("target_id", "'9'"),
        ("details", """'{"step": 9}'"""),
        ("at", "'2020-01-01 00:00:00'"),
        ("hash", "previous_hash"),
    ],
)
def test_a_changed_field_is_found(chain, field, value):
    unguarded(f"UPDATE moderation_auditentry SET {field} = {value} WHERE number = 3")
    verdict = audit.verify()
    assert not verdict.ok
    assert verdict.first_bad_number == 3
    assert verdict.entries == 2


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_entry_is_found(chain, number):
    unguarded(f"DELETE FROM moderation_auditentry WHERE number = {number}")
    verdict = audit.verify()
    assert (verdict.ok, verdict.first_bad_number) == (False, number)
    assert "missing" in verdict.reason


def test_a_removed_entry_is_found_also_when_the_others_move_up(chain):
    unguarded("DELETE FROM moderation_auditentry WHERE number = 3")
    for number in (4, 5):
        unguarded(f"UPDATE moderation_auditentry SET number = {number - 1} WHERE number = {number}")
    assert audit.verify().first_bad_number == 3


def test_another_order_is_found(chain):
    for old, new in ((2, 99), (3, 2), (99, 3)):
        unguarded(f"UPDATE moderation_auditentry SET number = {new} WHERE number = {old}")
    assert audit.verify().first_bad_number == 2


def test_a_cut_tail_is_found_against_an_export(chain):
    exported = io.StringIO()
    assert audit.export(exported) == 5
    unguarded("DELETE FROM moderation_auditentry WHERE number > 3")
    assert audit.verify().ok
    verdict = audit.verify(against=exported.getvalue().splitlines())
    assert not verdict.ok
    assert "Entry 4 of the export" in verdict.reason


def test_a_log_that_was_written_anew_is_found_against_an_export(chain, alice):
    exported = io.StringIO()
    audit.export(exported)
    unguarded("DELETE FROM moderation_auditentry WHERE number > 3")
    audit.record("test.instead")
    audit.record("test.instead")
    assert audit.verify().ok
    assert audit.verify(against=exported.getvalue().splitlines()).first_bad_number == 4


def test_an_export_stays_good_while_the_log_grows(chain):
    exported = io.StringIO()
    audit.export(exported)
    audit.record("test.later")
    assert audit.verify(against=exported.getvalue().splitlines()) == audit.Verdict(True, 6)


def test_each_line_of_an_export_proves_itself(chain):
    exported = io.StringIO()
    audit.export(exported)
    for line in exported.getvalue().splitlines():
        entry = json.loads(line)
        assert audit.hash_of(entry) == entry["hash"]


def test_the_model_refuses_to_change_or_remove(chain):
    entry = AuditEntry.objects.first()
    for refused in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
    ):
        with pytest.raises(AppendOnly):
            refused()
    assert audit.verify() == audit.Verdict(True, 5)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE moderation_auditentry SET action = 'x' WHERE number = 1",
        "DELETE FROM moderation_auditentry WHERE number = 5",
        "DELETE FROM moderation_auditentry",
    ],
)
def test_the_database_refuses_too(chain, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert audit.verify() == audit.Verdict(True, 5)


@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_it_and_the_triggers_are_there_again():
    audit.record("before")
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEntry.objects.exists()
    audit.record("after")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM moderation_auditentry")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain():
    ready = threading.Barrier(4, timeout=30)

    def append() -> None:
        ready.wait()
        for _ in range(5):
            audit.record("test.parallel")
        connection.close()

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify() == audit.Verdict(True, 20)


def test_what_is_undone_leaves_no_entry(chain):
    with transaction.atomic():
        audit.record("test.undone")
        transaction.set_rollback(True)
    audit.record("test.after")
    assert audit.verify() == audit.Verdict(True, 6)


def test_log_ins_of_staff_are_recorded_and_others_are_not(moderator, alice, browser_of):
    browser_of(moderator)
    browser_of(alice)
    assert [entry.actor_name for entry in AuditEntry.objects.filter(action="person.logged_in")] == ["bob"]


def test_changes_in_the_administration_are_recorded_without_their_texts(administrator, alice):
    LogEntry.objects.log_actions(administrator.pk, [alice], CHANGE, "secret words", single_object=True)
    entry = AuditEntry.objects.get(action="admin.changed")
    assert entry.details == {"kind": "accounts.user", "id": str(alice.pk)}
    assert entry.actor_name == "dora"
    assert "secret words" not in json.dumps(entry.details)


def test_rules_and_keys_are_recorded_without_their_texts(rule):
    made = rule("very forbidden")
    made.name = "another"
    made.save()
    made.delete()
    credential = Credential(provider="openai")
    credential.save()
    credential.delete()
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == [
        f"{kind}.{what}" for kind, what in zip(["rule"] * 3, ["added", "changed", "deleted"], strict=True)
    ] + [
        "credential.added",
        "credential.deleted",
    ]
    assert not Rule.objects.exists()
    assert not any("forbidden" in str(entry.details) for entry in AuditEntry.objects.all())


def test_the_command_verifies(chain, capsys):
    call_command("audit", "verify")
    assert "sound: 5 entries" in capsys.readouterr().out
    call_command("audit", "verify", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "entries": 5,
        "first_bad_number": None,
        "reason": "",
    }


def test_the_command_fails_with_code_1_for_a_broken_chain(chain, capsys):
    unguarded("UPDATE moderation_auditentry SET action = 'x' WHERE number = 4")
    with pytest.raises(CommandError, match="Entry 4: it was changed") as failure:
        call_command("audit", "verify", "--json")
    assert failure.value.returncode == 1
    assert json.loads(capsys.readouterr().out)["first_bad_number"] == 4


def test_the_command_exports_and_compares(chain, tmp_path, capsys):
    file = tmp_path / "audit.jsonl"
    call_command("audit", "export", "--output", str(file))
    assert "5 entries" in capsys.readouterr().out
    call_command("audit", "verify", "--against", str(file))
    unguarded("DELETE FROM moderation_auditentry WHERE number = 5")
    with pytest.raises(CommandError, match="Entry 5 of the export"):
        call_command("audit", "verify", "--against", str(file))


def test_the_command_exports_to_the_standard_output(chain, capsys):
    call_command("audit", "export", "--output", "-")
    assert len(capsys.readouterr().out.splitlines()) == 5


@pytest.mark.parametrize("content", ["no json", "[]", '{"number": 1}', "\x00"])
def test_a_file_that_is_no_export_is_said_so(chain, tmp_path, content):
    file = tmp_path / "other.txt"
    file.write_text(content)
    with pytest.raises(CommandError, match="no export of the audit log") as failure:
        call_command("audit", "verify", "--against", str(file))
    assert failure.value.returncode == 2


def test_a_file_that_cannot_be_written_or_read_is_said_so(chain, tmp_path):
    for arguments in (["export", "--output"], ["verify", "--against"]):
        with pytest.raises(CommandError, match="directory"):
            call_command("audit", *arguments, str(tmp_path))


@pytest.mark.parametrize("content", ["", "\n", "nonsense\n", '{"number": 1e999, "hash": "x"}\n', "\ufeff"])
def test_what_is_no_export_cannot_be_compared_with(chain, tmp_path, content):
    file = tmp_path / "audit.jsonl"
    file.write_text(content)
    with pytest.raises(CommandError, match="cannot be compared with") as failure:
        call_command("audit", "verify", "--against", str(file))
    assert failure.value.returncode == 2


def test_an_export_takes_the_place_of_an_earlier_one_alone(chain, tmp_path):
    file = tmp_path / "audit.jsonl"
    call_command("audit", "export", "--output", str(file))
    audit.record("test.later")
    call_command("audit", "export", "--output", str(file))
    assert len(file.read_text().splitlines()) == 6
    assert file.stat().st_mode & 0o777 == 0o600
    link, notes = tmp_path / "link", tmp_path / "notes"
    link.symlink_to(file)
    notes.write_text("my notes")
    for place in (link, notes, "/dev/null"):
        with pytest.raises(CommandError, match="Give another name") as failure:
            call_command("audit", "export", "--output", str(place))
        assert failure.value.returncode == 2
    assert notes.read_text() == "my notes"
    assert len(file.read_text().splitlines()) == 6
