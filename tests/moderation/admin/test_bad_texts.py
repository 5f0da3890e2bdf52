"""Malicious texts in everything that a moderation page shows: nothing of it is markup, nothing changes the page."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
from moderation import audit
from moderation.models import AuditEntry, Case, Flag, Notice, Rule
from moderation.review import openings
from providers.models import Credential, ModelOverride
from tests.moderation.admin.conftest import CaseMaker

pytestmark = pytest.mark.django_db

EVIL = [
    "<script>alert('evil')</script>",
    '"><img src=x onerror=evil()>',
    "' onmouseover='evil()' x='",
    "\u202e</a></li><h1>evil",
    "{{ evil }}{% evil %}",
    "javascript:evil()",
]


class _Live(HTMLParser):
    """Collects what a browser would act on and no template of ours wrote."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        for name, value in attrs:
            outside = name in ("src", "href", "action") and (value or "").strip().startswith(
                ("javascript:", "x", "http")
            )
            if name.startswith("on") or name == "style" or outside:
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "h1") and "evil" in data:
            self.found.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def _case_with(make_case: CaseMaker, text: str, alice: User) -> Case:
    """`text` everywhere a person or a model can put one."""
    User.objects.filter(pk=alice.pk).update(username=text[:64], suspension_reason=text, is_active=False)
    case = make_case(text, question=text, title=text, model=text, note=text, person=User.objects.get(pk=alice.pk))
    assert case.message
    Message.objects.filter(pk=case.message.pk).update(html=render(text), reasoning=text, model=text)
    rule = Rule.objects.create(name=text, text=text)
    Flag.objects.create(case=case, source="rule", reason="other", rule=rule, note=text)
    Flag.objects.create(case=case, source="report", reason="other", reporter=alice, note=text)
    Notice.objects.create(person=alice, kind="warning", text=text, conversation=case.conversation)
    Case.objects.create(person=alice, reason="other", blocked_text=text, model=text)
    audit.record("test.evil", actor=User.objects.get(pk=alice.pk), target=case, agent=text)
    return case


@pytest.mark.parametrize("text", EVIL)
def test_nothing_is_markup_on_any_page(desk: Client, make_case: CaseMaker, alice: User, text: str) -> None:
    case = _case_with(make_case, text, alice)
    blocked = Case.objects.exclude(pk=case.pk).get()
    rule, notice = Rule.objects.get(), Notice.objects.filter(kind="warning").get()
    pages = [
        "/admin/",
        "/admin/moderation/case/",
        "/admin/moderation/case/?model=" + "%3Cscript%3Ealert%3C%2Fscript%3E",
        f"/admin/moderation/case/{case.pk}/",
        f"/admin/moderation/case/{blocked.pk}/",
        "/admin/moderation/rule/",
        f"/admin/moderation/rule/{rule.pk}/change/",
        "/admin/moderation/auditentry/",
        f"/admin/moderation/auditentry/{AuditEntry.objects.order_by('-number')[0].pk}/change/",
        "/admin/moderation/notice/",
        f"/admin/moderation/notice/{notice.pk}/change/",
    ]
    for page in pages:
        response = desk.get(page)
        assert response.status_code == 200, page
        assert _Live(response.content.decode()).found == [], page
        assert "'self'" in response.headers["Content-Security-Policy"]


def _rows_with(text: str, user: User) -> None:
    """`text` in what administrators and other parts of the site write."""
    Group.objects.create(name=text)
    ModelOverride.objects.create(model=f"vllm/{text}", label=text)
    Credential.objects.create(provider=text[:50], base_url=text)
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_id=text, object_repr=text, action_flag=2
    )


@pytest.mark.parametrize("text", EVIL)
def test_nothing_is_markup_in_any_list_or_form_of_the_administration(
    make_case: CaseMaker, alice: User, superuser: User, text: str
) -> None:
    case = _case_with(make_case, text, alice)
    _rows_with(text, superuser)
    assert case.conversation
    openings.record_opening(superuser, case.conversation, case=case)
    client = Client()
    client.force_login(superuser)
    for page in _every_page(client):
        response = client.get(page)
        assert response.status_code == 200, page
        assert _Live(response.content.decode()).found == [], page


def _every_page(client: Client) -> Iterator[str]:
    """The list of every model, and each of its rows, with its history where it has one."""
    yield "/admin/"
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for row in model._default_manager.all()[:5]:
            yield reverse(f"{name}_change", args=[row.pk])


def test_a_title_that_turns_the_writing_round_stays_in_its_place(desk: Client, make_case: CaseMaker) -> None:
    case = make_case("Text", title="\u202egnirtS")
    assert Conversation.objects.get(pk=case.conversation_id).title == "\u202egnirtS"
    assert "<bdi>\u202egnirtS</bdi>" in desk.get(f"/admin/moderation/case/{case.pk}/").content.decode()


def test_what_was_written_comes_back_escaped(desk: Client, make_case: CaseMaker) -> None:
    case = make_case()
    note = "</textarea><script>alert('evil')</script>"
    response = desk.post(
        f"/admin/moderation/case/{case.pk}/act/", {"action": "suspend", "version": 0, "note": note + "x" * 500}
    )
    assert response.status_code == 422
    assert "<script>alert" not in response.content.decode()
    assert "&lt;script&gt;alert" in response.content.decode()
