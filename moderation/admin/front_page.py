"""The administration's first page: what needs attention, each as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.core import checks
from django.db.models import QuerySet
from django.utils.timesince import timesince

from accounts.models import User
from accounts.ranks import ADMINISTRATOR, rank
from moderation.admin.access import may_moderate
from moderation.models import AuditEntry, Case
from providers import known_problems

MOST = 99  # what is counted; "99+" for more
RECENT = 8  # audit entries


@dataclass(frozen=True, slots=True)
class Attention:
    """Figures are texts such as "7" or "99+". `cases`: whether the reader may open them at all."""

    cases: bool = False
    open: str = ""
    mine: str = ""
    escalated: str = ""
    oldest: datetime | None = None
    providers: Sequence[str] = ()
    problems: Sequence[str] = ()
    audit: Sequence[AuditEntry] = field(default_factory=list)

    @property
    def oldest_age(self) -> str:
        """In one unit, which is what fits a figure."""
        return timesince(self.oldest, depth=1) if self.oldest else ""


def attention(user: User) -> Attention:
    """At most eight queries, none of which counts further than MOST."""
    figures: dict[str, Any] = _figures(user) if may_moderate(user) else {}
    if user.has_perm("moderation.view_auditentry"):
        figures["audit"] = list(AuditEntry.objects.named().order_by("-number")[:RECENT])
    if rank(user) >= ADMINISTRATOR:
        figures["problems"] = _problems()
        figures["providers"] = known_problems()
    return Attention(**figures)


def _figures(user: User) -> dict[str, Any]:
    cases = Case.objects.open()
    return {
        "cases": True,
        "open": _bounded(cases),
        "mine": _bounded(cases.filter(assignee_id=user.pk)),
        "escalated": _bounded(cases.filter(escalated_at__isnull=False)),
        "oldest": cases.order_by("created_at", "pk").values_list("created_at", flat=True).first(),
    }


def _bounded(cases: QuerySet[Case]) -> str:
    count = cases[: MOST + 1].count()
    return f"{MOST}+" if count > MOST else str(count)


@cache
def _problems() -> tuple[str, ...]:
    """What Django's checks, and the site's own, warn of. They look at settings and code: once a process is enough."""
    found = checks.run_checks()
    return tuple(f"{message.msg} ({message.id})" for message in found if message.level >= checks.WARNING)
