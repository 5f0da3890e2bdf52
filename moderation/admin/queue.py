"""Which cases the queue shows: its tabs, its filters, its two orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Left
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.ranks import ADMINISTRATOR, rank
from moderation.keyset import KeysetPage, cursor_after, keyset_page
from moderation.models import Case, Reason
from moderation.models.case import CaseQuerySet

OPEN, MINE, ESCALATED, RESOLVED = "open", "mine", "escalated", "resolved"
TABS: dict[str, str | Promise] = {
    OPEN: _("Open cases"),
    MINE: _("Mine"),
    ESCALATED: _("Escalated"),
    RESOLVED: _("Resolved"),
}
EXCERPT = 160  # characters of the text that a list shows

Choices = list[tuple[str, str | Promise]]


class QueueForm(forms.Form):
    """The filters. What makes no sense filters nothing, and says so at its field."""

    SCORES: Choices = [
        ("", _("Any")),
        ("0.5", _("At least 0.5")),
        ("0.7", _("At least 0.7")),
        ("0.9", _("At least 0.9")),
    ]
    AGES: Choices = [
        ("", _("Any")),
        ("1", _("Last 24 hours")),
        ("7", _("Last 7 days")),
        ("30", _("Last 30 days")),
        ("old", _("Older than 7 days")),
    ]
    ORDERS: Choices = [("", _("Newest first")), ("grave", _("Gravest first"))]

    reason = forms.ChoiceField(label=_("Reason"), required=False, choices=[("", _("Any")), *Reason.choices])
    score = forms.ChoiceField(label=_("Score"), required=False, choices=SCORES)
    age = forms.ChoiceField(label=_("Age"), required=False, choices=AGES)
    model = forms.CharField(label=_("Model"), required=False, max_length=200)
    person = forms.CharField(label=_("Person"), required=False, max_length=64)
    order = forms.ChoiceField(label=_("Order"), required=False, choices=ORDERS)


@dataclass(frozen=True)
class Queue:
    """One view of the queue: what `moderator` sees under a tab with filters."""

    moderator: User
    tab: str = OPEN
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def sort_field(self) -> str:
        if self.filters.get("order"):
            return "score"
        return "resolved_at" if self.tab == RESOLVED else "created_at"

    def cases(self) -> CaseQuerySet:
        return _filtered(_of_tab(self.tab, self.moderator), self.filters)

    def page(self, cursor: str) -> KeysetPage[Case]:
        """What a page of the list shows: one query, with names and the beginning of each text."""
        cases = self.cases().select_related("person", "assignee", "resolved_by", "share").defer("blocked_text")
        excerpt = Coalesce(Left(F("message__content"), EXCERPT), Left(F("blocked_text"), EXCERPT), Value(""))
        return keyset_page(cases.annotate(excerpt=excerpt), self.sort_field, cursor)

    def after(self, case: Case) -> Case | None:
        """The open case that comes after `case` in this view, from the beginning again at its end."""
        queue = Queue(self.moderator, OPEN, self.filters) if self.tab == RESOLVED else self
        others = queue.cases().exclude(pk=case.pk).only("pk", "created_at", "score")
        if queue.tab != ESCALATED and rank(self.moderator) < ADMINISTRATOR:
            others = others.filter(escalated_at__isnull=True)  # they could only look at those
        return next(iter(keyset_page(others, queue.sort_field, cursor_after(case, queue.sort_field), 1).rows), None)

    def query(self, **changed: str) -> str:
        """Its address's query, with some of it changed."""
        values = {"tab": self.tab, **self.filters, **changed}
        return urlencode({name: value for name, value in values.items() if value and (name, value) != ("tab", OPEN)})


def queue_of(moderator: User, query: Mapping[str, Any]) -> tuple[Queue, QueueForm]:
    """The view that an address's query asks for."""
    form = QueueForm(query)
    form.is_valid()
    tab = str(query.get("tab", OPEN))
    filters = {name: str(value) for name, value in form.cleaned_data.items() if value}
    return Queue(moderator, tab if tab in TABS else OPEN, filters), form


def queue_of_text(moderator: User, query: str) -> Queue:
    """The same from the text of a query, as forms carry it along."""
    return queue_of(moderator, QueryDict(query[:1000]))[0]


def _of_tab(tab: str, moderator: User) -> CaseQuerySet:
    if tab == RESOLVED:
        return Case.objects.resolved()
    cases = Case.objects.open()
    if tab == MINE:
        return cases.filter(assignee_id=moderator.pk)
    return cases.filter(escalated_at__isnull=False) if tab == ESCALATED else cases


def _filtered(cases: CaseQuerySet, filters: Mapping[str, str]) -> CaseQuerySet:
    if reason := filters.get("reason"):
        cases = cases.filter(reason=reason)
    if score := filters.get("score"):
        cases = cases.filter(score__gte=float(score))
    if model := filters.get("model"):
        cases = cases.filter(model__icontains=model)
    if person := filters.get("person"):
        cases = cases.filter(person__username=User.normalize_username(person))
    if age := filters.get("age"):
        cases = _of_age(cases, age)
    return cases


def _of_age(cases: CaseQuerySet, age: str) -> CaseQuerySet:
    days = timedelta(days=7 if age == "old" else int(age))
    edge = timezone.now() - days
    return cases.filter(created_at__lt=edge) if age == "old" else cases.filter(created_at__gte=edge)
