"""What a review looks for: text, person, model, days, in any combination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.models import Conversation
from conversations.search.query import MAX_CHARACTERS, Query, parse

MOST_PEOPLE = 50  # whose name begins as asked; of more, the first by name


class ReviewForm(forms.Form):
    """The filters. What makes no sense filters nothing, and says so at its field."""

    text = forms.CharField(label=_("Text"), required=False, max_length=MAX_CHARACTERS)
    person = forms.CharField(label=_("Person"), required=False, max_length=64)
    model = forms.CharField(label=_("Model"), required=False, max_length=200)
    since = forms.DateField(
        label=_("Changed since"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Changed until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    @property
    def filters(self) -> Filters:
        self.is_valid()
        return Filters(**{name: self.cleaned_data.get(name) or empty for name, empty in _EMPTY.items()})


_EMPTY: dict[str, Any] = {"text": "", "person": "", "model": "", "since": None, "until": None}


@dataclass(frozen=True)
class Filters:
    """`person`: how the name begins. The days are those of the last change, both included."""

    text: str = ""
    person: str = ""
    model: str = ""
    since: date | None = None
    until: date | None = None

    @cached_property
    def query(self) -> Query:
        return parse(self.text)

    @cached_property
    def people(self) -> list[int] | None:
        """The ids of the people who are meant, one more than MOST_PEOPLE where there are more; None: everybody."""
        if not self.person:
            return None
        named = User.objects.filter(username__startswith=User.normalize_username(self.person))
        return list(named.order_by("username").values_list("pk", flat=True)[: MOST_PEOPLE + 1])

    @property
    def has_more_people(self) -> bool:
        return self.people is not None and len(self.people) > MOST_PEOPLE

    @property
    def owners(self) -> list[int]:
        return (self.people or [])[:MOST_PEOPLE]

    @property
    def person_meant(self) -> User | None:
        """The one person who is meant, if it is only one."""
        return User.objects.get(pk=self.owners[0]) if len(self.owners) == 1 else None

    @property
    def narrows(self) -> bool:
        """Whether a conversation must fit for something else than its text and its owner."""
        return bool(self.model or self.since or self.until)

    def conversations(self) -> QuerySet[Conversation]:
        """All that fit, whatever their texts say."""
        found: QuerySet[Conversation] = Conversation.objects.all()
        if self.people is not None:
            found = found.filter(owner_id__in=self.owners)
        if self.model:
            found = found.filter(model=self.model)
        if self.since:
            found = found.filter(updated_at__gte=_start(self.since))
        if self.until and self.until < date.max:
            found = found.filter(updated_at__lt=_start(self.until + timedelta(days=1)))
        return found


def _start(day: date) -> datetime:
    """When `day` begins, in the zone of the page; for one that no zone can tell, in UTC."""
    try:
        return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time(), UTC)
