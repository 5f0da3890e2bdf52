"""The last gate: no row gets into the database that another database, a backup or a page could not hold."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import JSONField, Q

from accounts.models import User
from chatbot_site.storable import StorableDecoder, StorableEncoder, has_every_letter, storable_json, storable_text
from conversations.models import Conversation, Folder, ImportJob
from providers.models import ModelOverride

ROOT = Path(__file__).resolve().parent.parent.parent
ODD, MENDED = "a\x00b\ud800c\udfff한", "a\ufffdb\ufffdc\ufffd한"
# Columns of packages that put nothing from outside into them.
JSON_OF_OTHERS = {"usersessions.usersession.data"}


def test_text_is_mended_one_character_for_one() -> None:
    assert storable_text(ODD) == MENDED
    for text in ("", "plain", "한국어 👩🏽‍💻 \u202e\u2066 \x01"):
        assert storable_text(text) is text


def test_json_is_mended_wherever_it_is_odd() -> None:
    value = {ODD: [ODD, (math.inf, -math.inf, math.nan, 0.5)], "n": {"big": 10**400, "huge": 10**5000, "t": True}}
    mended = storable_json(value)
    assert mended == {MENDED: [MENDED, [None, None, None, 0.5]], "n": {"big": 10**400, "huge": None, "t": True}}
    text = json.dumps(value, cls=StorableEncoder, allow_nan=False, ensure_ascii=False)
    assert json.loads(text.encode()) == mended


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (r'{"\ud800": "\u0000"}', {"\ufffd": "\ufffd"}),
        ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
        ("1" * 5000, None),
        ("1" * 400, int("1" * 400)),
    ],
)
def test_json_that_was_stored_by_another_hand_can_be_shown(stored: str, read: Any) -> None:
    assert json.loads(stored, cls=StorableDecoder) == read


def test_every_json_column_goes_through_the_gate() -> None:
    fields = [field for model in apps.get_models(include_auto_created=True) for field in model._meta.concrete_fields]
    open_ones = {
        f"{field.model._meta.label_lower}.{field.name}"
        for field in fields
        if isinstance(field, JSONField) and (field.encoder, field.decoder) != (StorableEncoder, StorableDecoder)
    }
    assert open_ones == JSON_OF_OTHERS


@pytest.mark.django_db
def test_every_way_to_write_a_text(alice: User) -> None:
    made = Conversation.objects.create(owner=alice, title=ODD)
    bulk = Conversation.objects.bulk_create([Conversation(owner=alice, system_prompt=ODD) for _number in range(2)])[1]
    Folder.objects.get_or_create(owner=alice, name=ODD)
    made.refresh_from_db()
    bulk.refresh_from_db()
    assert (made.title, bulk.system_prompt, Folder.objects.get().name) == (MENDED, MENDED, MENDED)
    Conversation.objects.filter(pk=made.pk).update(title=f"{ODD}!")
    bulk.system_prompt = ODD * 2
    Conversation.objects.bulk_update([bulk], ["system_prompt"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_folder SET name = %s", [ODD * 3])
        cursor.executemany("UPDATE conversations_conversation SET source = %s", [[ODD], ["\x00"]])
    made.refresh_from_db()
    bulk.refresh_from_db()
    assert (made.title, bulk.system_prompt, made.source) == (f"{MENDED}!", MENDED * 2, "\ufffd")
    assert Folder.objects.get().name == MENDED * 3


@pytest.mark.django_db
def test_every_way_to_ask_for_one(alice: User) -> None:
    Folder.objects.create(owner=alice, name=MENDED)
    for how in ("exact", "iexact", "contains", "icontains", "startswith", "regex", "gt"):
        list(Folder.objects.filter(**{f"name__{how}": ODD}))
    assert Folder.objects.filter(Q(name__in=[ODD]) | Q(name=ODD)).count() == 1
    assert Folder.objects.extra(where=["name = %s"], params=[ODD]).count() == 1
    assert len(list(Folder.objects.raw("SELECT * FROM conversations_folder WHERE name = %s", [ODD]))) == 1


@pytest.mark.django_db
def test_json_of_any_kind_can_be_written_and_asked_for(alice: User) -> None:
    job = ImportJob.objects.create(owner=alice, report={ODD: [ODD, math.nan, 10**400, {"n": math.inf}]})
    job.refresh_from_db()
    assert job.report == {MENDED: [MENDED, None, 10**400, {"n": None}]}
    assert ImportJob.objects.filter(report__has_key=ODD).count() in (0, 1)
    assert not ImportJob.objects.filter(report__note=ODD).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [2**31, 2**63, -(2**63) - 1, 10**400])
def test_a_number_beyond_the_columns_is_found_nowhere_and_refused_by_forms(alice: User, number: int) -> None:
    for filtered in (Q(pk=number), Q(pk__in=[number]), Q(pk__in=[alice.pk, number]), Q(pk__lt=number)):
        assert not User.objects.filter(filtered).exclude(pk=alice.pk).exists()
    assert list(User.objects.filter(pk__in=[alice.pk, number])) == [alice]
    with pytest.raises(ValidationError, match="context_window"):
        ModelOverride(model="a/b", context_window=number).full_clean()


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite keeps such bytes")
def test_bytes_that_are_no_text_can_be_read(alice: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET first_name = CAST(x'61ff62' AS TEXT)")
    assert User.objects.get().first_name == "a\ufffdb"


# --- What commands print --------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "every"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("euc-kr", False)])
def test_which_streams_take_every_letter(encoding: str, every: bool) -> None:
    assert has_every_letter(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is every
    assert has_every_letter(io.StringIO())


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "euc-kr"])
def test_a_command_says_what_the_terminal_has_no_letters_for(encoding: str, tmp_path: Path) -> None:
    done = _manage(encoding, tmp_path, "restore", "/no/such/한é😀", "--dry-run", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout.decode(encoding))["error"].startswith("/no/such/한é😀 ")
    no_text = _manage(encoding, tmp_path, "restore", os.fsdecode(b"/no/such/\xff\xed\xa0\x80"), "--dry-run")
    assert no_text.returncode in (1, 2)
    plain = _manage(encoding, tmp_path, "shell", "-v", "0", "-c", "print('a\\ud800한é😀')")
    assert plain.returncode == 0
    assert plain.stdout.startswith(rb"a\ud800")
    for said in (done, no_text, plain):
        assert b"Traceback" not in said.stderr


def _manage(encoding: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    env = os.environ | {"APP_ENV": "development", "ENV_FILE": "no.env", "VAR_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["make_admin", "--username", "a\udcff"],
        ["make_admin", "--username", "mina", "--email", "a\udcff@b\udcff.org"],
        ["export_conversations", "--user", "a\udcff", "--output", "/no/such"],
        ["export_conversations", "--user", "alice", "--output", "/no/such\udcff/file"],
        ["import_conversations", "--user", "alice", "/no/such\udcff"],
        ["batch", "/no/such\udcff", "/no/such/out\udcff"],
        ["backup", "--verify", "/no/such\udcff"],
        ["backup", "--output", "/proc/no\udcff"],
        ["audit", "verify", "--against", "/no/such\udcff"],
        ["audit", "export", "--output", "/no/such\udcff"],
        ["doctor", "--url", "http://\udcff.example.org"],
    ],
)
def test_arguments_that_are_no_text_end_in_a_sentence(
    arguments: list[str], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "correct horse\udcff battery")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    with pytest.raises((CommandError, SystemExit)):
        call_command(*arguments, stdout=out, stderr=out)
