"""Looking at a case opens its conversation: that is kept once, and lets the moderator read on."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from conversations.models import Attachment, Message
from moderation.models import AuditEntry, Opening
from tests.conversations.pictures import kept
from tests.moderation.admin.case_pages import act, attach, html_of, path_of
from tests.moderation.admin.conftest import CaseMaker

pytestmark = pytest.mark.django_db


def test_attachments_are_shown_and_nothing_is_fetched(desk: Client, make_case: CaseMaker, alice: User) -> None:
    case = make_case("![a picture](https://evil.example/track.png)", question="Look")
    image = kept(alice, "cat.png")
    text = Attachment.objects.create(
        owner=alice, kind="text", name="a.txt", size=1, media_type="text/plain", text="<u>inside</u>"
    )
    attach(case, image, text)
    html = html_of(desk, case)
    assert "a.txt" in html
    assert "&lt;u&gt;inside" in html
    url = reverse("admin:review_image", args=[case.conversation_id, image.pk])
    assert [url] == re.findall(r'<img[^>]* src="([^"]+)"', html)
    response = desk.get(url)
    assert response.status_code == 200
    assert response.content.startswith(b"\x89PNG")


def test_attachments_of_a_resolved_case_are_named_only(desk: Client, make_case: CaseMaker, alice: User) -> None:
    """It is no reason to open the conversation any more. Another opening still lets the moderator have them."""
    case = make_case(resolved_at=timezone.now(), resolution="dismissed")
    image = kept(alice, "cat.png")
    text = Attachment.objects.create(
        owner=alice, kind="text", name="a.txt", size=1, media_type="text/plain", text="Nothing for now"
    )
    attach(case, image, text)
    url = reverse("admin:review_image", args=[case.conversation_id, image.pk])
    html = html_of(desk, case)
    assert "cat.png" in html
    assert "<img" not in html
    assert "Nothing for now" not in html
    assert desk.get(url).status_code == 404
    desk.post(reverse("admin:review_open", args=[case.conversation_id]), {"reason": "The person asked for it"})
    html = html_of(desk, case)
    assert url in html
    assert "Nothing for now" in html
    assert desk.get(url).status_code == 200


def test_other_versions_are_in_the_whole_conversation(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    assert case.message
    other = Message.objects.create(
        conversation=case.message.conversation, parent=case.message.parent, role="assistant", content="Another answer"
    )
    html = html_of(desk, case)
    address = f"{reverse('admin:conversations_conversation_change', args=[case.conversation_id])}?at={other.pk}"
    assert "1 / 2" in html
    assert f'href="{address}"' in html
    assert "Another answer" in desk.get(address).content.decode()


def test_opening_is_recorded(desk: Client, make_case: CaseMaker, moderator: User) -> None:
    case = make_case()
    for _time in range(2):
        html_of(desk, case)
    opening = Opening.objects.get()
    assert (opening.moderator, opening.conversation, opening.case) == (moderator, case.conversation, case)
    assert AuditEntry.objects.get(action="conversation.opened").details == {"opening": opening.pk, "case": case.pk}
    assert not AuditEntry.objects.filter(action="case.opened").exists()


def test_going_on_to_the_whole_conversation_is_the_same_opening(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    html_of(desk, case)
    act(desk, case, "assign")
    html_of(desk, case)
    desk.get(reverse("admin:conversations_conversation_change", args=[case.conversation_id]))
    assert Opening.objects.count() == 1
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1


@pytest.mark.parametrize("data", [{}, {"action": "warn", "version": "0"}, {"action": "dismiss", "version": "7"}])
def test_a_screen_that_comes_with_a_problem_is_an_opening_too(
    desk: Client, make_case: CaseMaker, data: dict[str, str]
) -> None:
    case = make_case("Not to be read in secret")
    assert "Not to be read in secret" in desk.post(path_of(case) + "act/", data).content.decode()
    assert Opening.objects.get().case == case
    assert AuditEntry.objects.filter(action="conversation.opened").count() == 1


def test_the_whole_conversation_is_a_click_away(desk: Client, make_case: CaseMaker) -> None:
    case = make_case("Read me")
    address = reverse("admin:conversations_conversation_change", args=[case.conversation_id])
    assert address in html_of(desk, case)
    response = desk.get(address, follow=True)
    assert response.status_code == 200
    assert "Read me" in response.content.decode()
