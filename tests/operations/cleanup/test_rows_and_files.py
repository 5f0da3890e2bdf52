"""Sessions, links, notices, uploads, generations and files whose time has come."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db.models import CASCADE, SET_NULL, Model

from accounts.models import User
from conversations.models import Attachment, Generation, Message, Share
from moderation.models import Case, Notice
from operations.cleanup import rows
from tests.operations.cleanup.conftest import ago, chat, share_of

Cleanup = Callable[..., dict[str, Any]]


def test_expired_sessions_go_and_so_do_browsers_without_one(alice: User, cleanup: Cleanup) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=ago(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=ago(days=-1))
    for key in ("old", "new", "never"):
        _browser(alice, key, ago(days=2))
    _browser(alice, "just-now", ago(minutes=1))

    report = cleanup()

    assert set(Session.objects.values_list("session_key", flat=True)) == {"new"}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {"new", "just-now"}
    assert (report["removed"]["expired_sessions"], report["removed"]["ended_devices"]) == (1, 2)


def _browser(person: User, key: str, seen: Any) -> None:
    row = UserSession.objects.create(user=person, session_key=key, ip="127.0.0.1", user_agent="x")
    UserSession.objects.filter(pk=row.pk).update(last_seen_at=seen)


def test_with_sessions_elsewhere_the_lists_of_devices_are_left_alone(
    alice: User, cleanup: Cleanup, settings: Any
) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    _browser(alice, "elsewhere", ago(days=2))

    cleanup()

    assert UserSession.objects.exists()


def test_links_that_ended_long_ago_go_unless_a_case_is_open(alice: User, cleanup: Cleanup) -> None:
    conversation = chat(alice)
    share_of(conversation, expires_at=ago(days=31))
    share_of(conversation, revoked_at=ago(days=31))
    lately, reviewed = share_of(conversation, revoked_at=ago(days=29)), share_of(conversation, revoked_at=ago(days=31))
    lasting = share_of(conversation)
    Case.objects.create(person=alice, share=reviewed, reason="spam")

    assert cleanup()["removed"]["ended_shares"] == 2
    assert set(Share.objects.all()) == {lately, reviewed, lasting}


def test_notices_go_a_while_after_they_were_read(alice: User, cleanup: Cleanup) -> None:
    Notice.objects.create(person=alice, kind="warning", read_at=ago(days=31))
    unread = Notice.objects.create(person=alice, kind="warning", created_at=ago(days=500))

    assert cleanup()["removed"]["read_notices"] == 1
    assert list(Notice.objects.all()) == [unread]


def test_uploads_that_nobody_sent_go_with_their_files(alice: User, cleanup: Cleanup, media: Path) -> None:
    old, new = _upload(alice), _upload(alice)
    sent = _upload(alice, message=chat(alice).leaf)
    Attachment.objects.filter(pk__in=[old.pk, sent.pk]).update(created_at=ago(days=2))

    assert cleanup()["removed"]["unsent_uploads"] == 1
    assert set(Attachment.objects.all()) == {new, sent}
    assert not (media / str(old.file.name)).exists()
    assert (media / str(sent.file.name)).exists()


def _upload(owner: User, message: Message | None = None) -> Attachment:
    one = Attachment(owner=owner, message=message, kind="text", name="a.txt", size=1)
    one.file = ContentFile(b"a", name="a")
    one.save()
    return one


def test_files_without_a_row_go_when_they_are_a_day_old(alice: User, cleanup: Cleanup, media: Path) -> None:
    kept = _upload(alice, message=chat(alice).leaf)
    shared = _file(media / f"attachments/ab/{uuid.uuid4().hex}", days=2)
    Attachment.objects.filter(pk=_upload(alice).pk).update(file=str(shared.relative_to(media)))
    orphan = _file(media / f"attachments/ab/{uuid.uuid4().hex}", days=2)
    strange = _file(media / "attachments/ab/not-ours", days=2)
    young = _file(media / f"attachments/cd/{uuid.uuid4().hex}", days=0)
    os.utime(media / str(kept.file.name), (0, 0))

    report = cleanup()

    assert not orphan.exists()
    assert not strange.exists()
    assert young.exists()
    assert shared.exists()
    assert (media / str(kept.file.name)).exists()
    assert report["removed"]["orphan_files"] == 2


def _file(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    then = time.time() - days * 86400
    os.utime(path, (then, then))
    return path


def test_imports_that_nobody_confirmed_go(db: None, cleanup: Cleanup, media: Path) -> None:
    old, new = media / "imports" / str(uuid.uuid4()), media / "imports" / str(uuid.uuid4())
    for folder, days in ((old, 2), (new, 0)):
        _file(folder / "file", days)
        os.utime(folder, (time.time() - days * 86400,) * 2)

    assert cleanup()["removed"]["forgotten_imports"] == 1
    assert [folder for folder in (old, new) if folder.exists()] == [new]


def test_an_answer_without_a_process_is_ended_and_its_text_kept(alice: User, cleanup: Cleanup) -> None:
    answer = chat(alice).leaf
    assert answer is not None
    Generation.objects.filter(message=answer).update(
        status="running", worker="elsewhere:1:x", heartbeat_at=ago(minutes=5), seq=4, draft=" far", attempt=2
    )

    assert cleanup()["removed"]["stale_answers"] == 1
    answer.refresh_from_db()
    assert answer.content == "a far"
    assert Generation.objects.get(message=answer).status == "interrupted"


@pytest.mark.parametrize("model", list(apps.get_app_config("conversations").get_models()))
def test_what_points_at_a_row_that_goes_says_what_becomes_of_it(model: type[Model]) -> None:
    said = {relation.field: relation.on_delete for relation in rows._pointing_at(model)}
    assert set(said.values()) <= {CASCADE, SET_NULL}, said
