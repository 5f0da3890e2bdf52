"""RETENTION_DAYS: after how many days without a new answer the conversations of a group's people go.

    RETENTION_DAYS=Members=365,Interns=30,Administrators=keep

What was imported counts from its last answer or from the import, whichever is later.

A person in several of these groups keeps the longest; groups that are not named do not count, and people in none of
them keep everything. Pinned and archived conversations go too: the rule is the site's, not the person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Policy:
    group: str
    days: int | None
    """None: for ever."""

    @property
    def rank(self) -> float:
        return float("inf") if self.days is None else self.days


def policies() -> list[Policy]:
    """What RETENTION_DAYS says, the longest first."""
    found = [Policy(group, days) for group, days in settings.RETENTION_DAYS.items()]
    return sorted(found, key=lambda policy: policy.rank, reverse=True)


def unknown_groups(found: Sequence[Policy]) -> list[str]:
    """Groups that RETENTION_DAYS names and the site does not have: a slip of the pen, more often than not."""
    names = {policy.group for policy in found}
    return sorted(names - set(Group.objects.filter(name__in=names).values_list("name", flat=True)))


def owners_under(found: Sequence[Policy]) -> Iterator[tuple[Policy, QuerySet[Any, Any]]]:
    """Each policy with the ids of those whom it applies to: whoever is in its group and in none that keeps longer."""
    longer: list[str] = []
    for policy in sorted(found, key=lambda policy: policy.rank, reverse=True):
        people = get_user_model()._default_manager.filter(groups__name=policy.group)
        yield policy, people.exclude(groups__name__in=list(longer)).values("pk")
        longer.append(policy.group)
