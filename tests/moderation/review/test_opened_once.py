"""Each opening is kept once, with one entry in the audit log, whatever is asked for twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Attachment, Conversation
from moderation.models import AuditEntry, Notice, Opening
from moderation.review.openings import record_opening
from tests.moderation.review.conftest import WHY, address, flagged


def test_the_same_case_is_kept_once_an_hour(moderator: User, talk: Conversation) -> None:
    case = flagged(talk)
    assert record_opening(moderator, talk, case=case) == record_opening(moderator, talk, case=case)
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1


def test_a_form_sent_twice_is_one_opening(desk: Client, talk: Conversation) -> None:
    for _time in range(2):
        assert desk.post(address(talk, "open/"), {"reason": WHY}).status_code == 302
    assert Opening.objects.count() == 1
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1


def test_reading_on_opens_nothing_more(desk: Client, talk: Conversation, image: Attachment) -> None:
    desk.post(address(talk, "open/"), {"reason": WHY})
    for more in ("", f"?at={talk.leaf_id}", f"?end={talk.leaf_id}", f"files/{image.pk}/"):
        assert desk.get(address(talk, more)).status_code == 200
    assert Opening.objects.count() == 1
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1


def test_each_opening_is_one_entry(moderator: User, bob: User, talk: Conversation) -> None:
    openings = [
        record_opening(moderator, talk, WHY),
        record_opening(moderator, talk, "Another reason of its own"),
        record_opening(moderator, talk, case=flagged(talk)),
        record_opening(bob, talk, WHY),
    ]
    Opening.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    openings.append(record_opening(moderator, talk, WHY))
    entries = AuditEntry.objects.filter(action="conversation.opened").order_by("number")
    assert [entry.details["opening"] for entry in entries] == [opening.pk for opening in openings]
    assert len({opening.pk for opening in openings}) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_case", [True, False])
def test_twice_at_the_same_time_is_one_opening(moderator: User, talk: Conversation, by_case: bool) -> None:
    case = flagged(talk) if by_case else None
    ready = threading.Barrier(3, timeout=30)
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            ready.wait()
            record_opening(moderator, talk, "" if by_case else WHY, case)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Opening.objects.count() == 1
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1
    assert Notice.objects.filter(kind=Notice.Kind.OPENED).count() == 1
