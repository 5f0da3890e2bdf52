"""Opening a conversation: only for a reason, for an hour, and kept for good; what its owner is told."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Attachment, Conversation
from moderation.models import AuditEntry, Case, Notice, Opening
from moderation.review.openings import ReasonNeeded, current_opening, record_opening
from tests.conversations.conftest import converse
from tests.moderation.review.conftest import LIST, WHY, address, flagged

TEXT = "과일 가게에 있습니다"
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def addresses_of(conversation: Conversation, image: Attachment) -> list[str]:
    """Everything that could say what is in it."""
    admin = address(conversation)
    return [
        admin,
        f"{admin}?end={conversation.leaf_id}",
        f"{admin}?after={conversation.leaf_id}",
        f"{admin}?at={conversation.leaf_id}",
        f"{admin}open/",
        f"{admin}files/{image.pk}/",
        f"{admin}messages/{conversation.leaf_id}/flag/",
        f"{admin}change/",
        f"{admin}history/",
        f"{admin}delete/",
        f"{LIST}?text=과일",
        f"/c/{conversation.pk}/",
        f"/c/{conversation.pk}/messages/",
        f"/c/{conversation.pk}/export/json/",
        f"/c/{conversation.pk}/export/markdown/",
        f"/c/{conversation.pk}/details/",
        f"/attachments/{image.pk}/",
        f"/search/?q=과일&in={conversation.pk}",
    ]


def test_with_a_reason_it_opens(desk: Client, moderator: User, talk: Conversation) -> None:
    response = desk.post(address(talk, "open/"), {"reason": f"  {WHY} "})
    assert response.headers["Location"] == address(talk)
    html = desk.get(address(talk)).content.decode()
    assert TEXT in html
    assert "alice" in html
    opening = Opening.objects.get()
    assert (opening.moderator, opening.conversation, opening.reason, opening.case) == (moderator, talk, WHY, None)


def test_it_opens_at_the_message_that_was_found(desk: Client, talk: Conversation) -> None:
    assert f'open/?at={talk.leaf_id}"' in desk.get(address(talk), {"at": talk.leaf_id}).content.decode()
    response = desk.post(address(talk, f"open/?at={talk.leaf_id}"), {"reason": WHY})
    assert response.headers["Location"] == f"{address(talk)}?at={talk.leaf_id}"
    response = desk.post(address(talk, "open/?at=//evil.example"), {"reason": WHY})
    assert response.headers["Location"] == address(talk)


def test_every_opening_is_in_the_audit_log_without_the_reason(
    desk: Client, moderator: User, talk: Conversation
) -> None:
    desk.post(address(talk, "open/"), {"reason": WHY})
    entry = AuditEntry.objects.get(action="conversation.opened")
    assert entry.actor_id == moderator.pk
    assert entry.target_id == str(talk.pk)
    assert entry.details == {"opening": Opening.objects.get().pk}


def test_without_a_reason_no_address_says_anything(desk: Client, talk: Conversation, image: Attachment) -> None:
    for url in addresses_of(talk, image):
        response = desk.get(url)
        body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
        assert "가게" not in body.decode(errors="replace"), url
        assert "싶어요" not in body.decode(errors="replace"), url
        assert not body.startswith(b"\x89PNG"), url
    assert not Opening.objects.exists()


UNSEEN = [*(letter * 12 for letter in "\u200b\u3164\u2800\u0301\u202e."), "too\u200b short\u3164\u00ad"]


@pytest.mark.parametrize("reason", ["", "   ", "too short", "a        b", "x\0" * 9, "y" * 501, *UNSEEN])
def test_a_bad_reason_opens_nothing(desk: Client, talk: Conversation, reason: str) -> None:
    response = desk.post(address(talk, "open/"), {"reason": reason})
    assert response.status_code == 422
    assert "가게" not in response.content.decode()
    assert not Opening.objects.exists()


def test_looking_is_not_opening(desk: Client, talk: Conversation) -> None:
    assert "Why do you need to read" in desk.get(address(talk)).content.decode()
    assert desk.get(address(talk, "open/"), {"reason": WHY}).status_code == 405
    assert not Opening.objects.exists()


def test_an_open_case_is_reason_enough(desk: Client, talk: Conversation) -> None:
    case = flagged(talk)
    assert f"Case {case.pk} is open" in desk.get(address(talk)).content.decode()
    assert desk.post(address(talk, "open/")).status_code == 302
    assert Opening.objects.get().case == case
    assert AuditEntry.objects.get(action="conversation.opened").details["case"] == case.pk
    assert TEXT in desk.get(address(talk)).content.decode()


def test_a_resolved_case_is_not(moderator: User, desk: Client, talk: Conversation) -> None:
    case = flagged(talk)
    Case.objects.update(resolved_at=timezone.now(), resolution="dismissed")
    case.refresh_from_db()
    assert desk.post(address(talk, "open/")).status_code == 422
    record_opening(moderator, talk, case=case)
    assert current_opening(moderator, talk) is None
    assert TEXT not in desk.get(address(talk)).content.decode()


def test_reading_goes_on_when_the_case_is_resolved_meanwhile(moderator: User, talk: Conversation) -> None:
    record_opening(moderator, talk, case=flagged(talk))
    Case.objects.update(resolved_at=timezone.now() + timedelta(seconds=1))
    assert current_opening(moderator, talk) is not None


def test_the_case_of_another_conversation_is_none(moderator: User, alice: User, talk: Conversation) -> None:
    with pytest.raises(ReasonNeeded):
        record_opening(moderator, talk, case=flagged(converse(alice, "a", "b")))


def test_after_an_hour_it_asks_again(
    desk: Client, talk: Conversation, image: Attachment, opened: Callable[[Conversation], Opening]
) -> None:
    opened(talk)
    Opening.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert TEXT not in desk.get(address(talk)).content.decode()
    assert desk.get(address(talk, f"files/{image.pk}/")).status_code == 404
    assert desk.post(address(talk, f"messages/{talk.leaf_id}/flag/"), {"reason": "spam"}).status_code == 404


def test_one_moderators_opening_is_not_anothers(desk: Client, bob: User, talk: Conversation) -> None:
    record_opening(bob, talk, WHY)
    assert TEXT not in desk.get(address(talk)).content.decode()


def test_an_opening_is_for_one_conversation(
    desk: Client, bob: User, talk: Conversation, image: Attachment, opened: Callable[[Conversation], Opening]
) -> None:
    other = converse(bob, "geheim", "streng")
    opened(other)
    assert desk.get(address(other, f"files/{image.pk}/")).status_code == 404
    assert desk.get(address(other), {"end": talk.leaf_id}).status_code == 404
    assert desk.get(address(other), {"at": talk.leaf_id}).status_code == 404
    assert desk.post(address(other, f"messages/{talk.leaf_id}/flag/"), {"reason": "spam"}).status_code == 404


def test_whoever_may_not_moderate_gets_nowhere(
    client: Client, bob: User, talk: Conversation, image: Attachment
) -> None:
    client.force_login(bob)
    for url in addresses_of(talk, image)[:11]:
        assert client.get(url).status_code in (302, 403, 404, 405), url
    bob.is_staff = True
    bob.save()
    for url in addresses_of(talk, image)[:11]:
        assert client.get(url).status_code in (403, 404, 405), url
    assert client.post(address(talk, "open/"), {"reason": WHY}).status_code == 403
    assert client.post(address(talk, f"messages/{talk.leaf_id}/flag/"), {"reason": "spam"}).status_code == 403
    assert "conversations/conversation" not in client.get("/admin/").content.decode()
    assert not Opening.objects.exists()


def test_administrators_need_a_reason_too(client: Client, password: str, talk: Conversation) -> None:
    client.force_login(User.objects.create_superuser("root", "", password))
    assert TEXT not in client.get(address(talk)).content.decode()
    assert client.post(address(talk, "open/")).status_code == 422


def test_who_is_no_moderator_any_more_reads_no_more(
    desk: Client, moderator: User, talk: Conversation, opened: Callable[[Conversation], Opening]
) -> None:
    opened(talk)
    moderator.groups.clear()
    response = desk.get(address(talk))
    assert response.status_code in (302, 403)
    assert "가게" not in response.content.decode()


def test_an_unknown_conversation(desk: Client) -> None:
    assert desk.get(f"{LIST}{uuid.uuid4()}/").status_code == 404
    assert desk.get(f"{LIST}1/").status_code in (302, 404)


def test_nothing_else_in_the_admin_has_texts_of_people() -> None:
    from django.contrib import admin
    from django.utils.module_loading import autodiscover_modules

    autodiscover_modules("admin")
    names = {model._meta.label for model in admin.site._registry if model._meta.app_label == "conversations"}
    assert names == {"conversations.Conversation"}


def test_deleting_a_person_does_not_tell_titles(client: Client, password: str, talk: Conversation) -> None:
    client.force_login(User.objects.create_superuser("root", "", password))
    html = client.get(f"/admin/accounts/user/{talk.owner_id}/delete/").content.decode()
    assert "사과" not in html


def test_the_owner_sees_that_and_why(
    client: Client, alice: User, talk: Conversation, opened: Callable[[Conversation], Opening]
) -> None:
    opened(talk)
    client.force_login(alice)
    html = client.get("/settings/openings/").content.decode()
    assert f'href="/c/{talk.pk}/"' in html
    assert WHY in html
    assert "charlie" not in html
    notice = Notice.objects.get(person=alice)
    assert (notice.kind, notice.conversation, notice.text) == (Notice.Kind.OPENED, talk, WHY)


def test_the_owner_sees_the_name_where_the_site_gives_it(
    client: Client,
    alice: User,
    talk: Conversation,
    opened: Callable[[Conversation], Opening],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "OPENINGS_SHOWN_TO_OWNER", "name")
    opened(talk)
    client.force_login(alice)
    assert "charlie" in client.get("/settings/openings/").content.decode()


def test_the_owner_is_told_nothing_where_the_site_does_not(
    client: Client,
    alice: User,
    talk: Conversation,
    opened: Callable[[Conversation], Opening],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "OPENINGS_SHOWN_TO_OWNER", "off")
    opened(talk)
    client.force_login(alice)
    assert client.get("/settings/openings/").status_code == 404
    assert not Notice.objects.exists()


def test_an_opening_for_a_case_is_told_in_words(
    client: Client, moderator: User, alice: User, talk: Conversation
) -> None:
    record_opening(moderator, talk, case=flagged(talk))
    client.force_login(alice)
    assert "Something in it was reported" in client.get("/settings/openings/").content.decode()


def test_others_see_nothing_of_it(
    client: Client, bob: User, talk: Conversation, opened: Callable[[Conversation], Opening]
) -> None:
    opened(talk)
    client.force_login(bob)
    html = client.get("/settings/openings/").content.decode()
    assert str(talk.pk) not in html
    assert "No moderator has opened" in html


def test_strangers_are_sent_to_the_login(client: Client, db: None) -> None:
    assert client.get("/settings/openings/").headers["Location"].startswith("/accounts/login/")


def test_one_unread_notice_is_enough(moderator: User, talk: Conversation) -> None:
    record_opening(moderator, talk, "The first reason")
    record_opening(moderator, talk, "The second reason")
    assert Opening.objects.count() == 2
    assert Notice.objects.count() == 1
    Notice.objects.update(read_at=timezone.now())
    record_opening(moderator, talk, "The third reason")
    assert Notice.objects.count() == 2


def test_openings_are_walked_page_by_page(  # type: ignore[no-untyped-def]
    client: Client, moderator: User, alice: User, talk: Conversation, django_assert_max_num_queries
) -> None:
    Opening.objects.bulk_create(
        [Opening(moderator=moderator, conversation=talk, reason=f"Reason {n:03}.") for n in range(70)]
    )
    client.force_login(alice)
    seen: list[str] = []
    url = "/settings/openings/"
    for _page in range(3):
        with django_assert_max_num_queries(13):
            html = client.get(url).content.decode()
        seen += re.findall(r"Reason \d{3}\.", html)
        after = re.findall(r'href="(\?page=after[^"]+)"', html)
        url = f"/settings/openings/{after[0]}" if after else ""
    assert seen == [f"Reason {n:03}." for n in reversed(range(70))]
    assert not url


def test_a_hostile_reason_stays_words(desk: Client, alice: User, talk: Conversation) -> None:
    desk.post(address(talk, "open/"), {"reason": HOSTILE})
    assert "<script>alert" not in desk.get(address(talk)).content.decode()
    owner = Client()
    owner.force_login(alice)
    html = owner.get("/settings/openings/").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
