"""The rules of the site, compiled and kept in each process; what they find in a text, within a time.

A change is seen at once by the process in which it is made, and within REFRESH_SECONDS by all others. A rule that takes
too long is judged as not matching: it is named by its id in the log, and `is_slow` says so for a day.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _

from moderation import matching
from moderation.models import Rule

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 30.0
RULE_SECONDS = matching.RULE_SECONDS
TEXT_SECONDS = 0.2  # for all rules together
REMEMBERED_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Compiled:
    rule: Rule
    matcher: matching.Matcher


class _Kept:
    """The active rules of this process: words before patterns, those that block before those that flag."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._rules: list[Compiled] = []
        self._stamp: Any = None
        self._looked_at: float | None = None
        self._forgotten = 0

    def rules(self) -> list[Compiled]:
        if self._looked_at is None or self._now() - self._looked_at >= REFRESH_SECONDS:
            with self._lock:
                self._refresh()
        return self._rules

    def forget(self) -> None:
        self._forgotten += 1
        self._looked_at = self._stamp = None

    def _refresh(self) -> None:
        now, forgotten = self._now(), self._forgotten
        stamp = Rule.objects.aggregate(Max("updated_at"), Count("pk"), Sum("pk"))
        if stamp != self._stamp:
            self._rules = _compile(Rule.objects.filter(is_active=True))
        if forgotten == self._forgotten:  # else a rule was saved meanwhile
            self._stamp, self._looked_at = stamp, now


_kept = _Kept()
forget = _kept.forget


def _compile(rules: Iterable[Rule]) -> list[Compiled]:
    found = []
    for rule in rules:
        try:
            found.append(Compiled(rule, matching.compiled(rule.kind, rule.text)))
        except matching.BROKEN as error:
            logger.error("Rule %d cannot be used (%s).", rule.pk, type(error).__name__)
    return sorted(found, key=_order)


def _order(one: Compiled) -> tuple[bool, bool, int]:
    return one.rule.kind == Rule.Kind.PATTERN, one.rule.effect == Rule.Effect.FLAG, one.rule.pk


def are_any(scope: str, effect: str | None = None) -> bool:
    """Whether there are active rules for questions or answers, of one effect or any."""
    return any(_applies(one.rule, scope, effect) for one in _kept.rules())


def matching_rules(text: str, scope: str, effect: str | None = None) -> list[Rule]:
    """The active rules for questions or answers, of one effect or both, that match `text`."""
    wanted = [one for one in _kept.rules() if _applies(one.rule, scope, effect)]
    if not wanted or not text:
        return []
    seen = {kind: matching.seen_by(kind, text) for kind in {one.rule.kind for one in wanted}}
    deadline = time.monotonic() + TEXT_SECONDS
    return [one.rule for one in wanted if _matches(one, seen[one.rule.kind], deadline)]


def _applies(rule: Rule, scope: str, effect: str | None) -> bool:
    return rule.scope in (scope, Rule.Scope.BOTH) and effect in (rule.effect, None)


def _matches(one: Compiled, text: str, deadline: float) -> bool:
    left = min(RULE_SECONDS, deadline - time.monotonic())
    try:
        return left > 0 and one.matcher.found_in(text, left)
    except TimeoutError:
        logger.warning("Rule %d took too long.", one.rule.pk)
        cache.set(_slow_key(one.rule.pk), True, REMEMBERED_SECONDS)
        return False


def is_slow(rule: Rule) -> bool:
    """Whether the rule has run out of time within a day, in a process that shares this one's cache."""
    return bool(cache.get(_slow_key(rule.pk), False))


def _slow_key(rule_id: int) -> str:
    return f"moderation:slow-rule:{rule_id}"


def warning_of(rule: Rule) -> str:
    """A sentence for whoever saves or sees a rule that is slow, now or lately; "" when it is not."""
    try:
        matcher = matching.compiled(rule.kind, rule.text)
    except matching.BROKEN:
        return _("This rule cannot be used: its text is no regular expression.")
    if rule.kind == Rule.Kind.PATTERN and matching.is_slow(matcher, rule.text):
        return _("This pattern can take very long on some texts. It then counts as not matching.")
    if rule.pk and is_slow(rule):
        return _("This rule ran out of time on a text lately. It then counts as not matching.")
    return ""


def rule_changed(rule: Rule) -> None:
    """Forgets what is compiled, and that the rule was slow."""
    cache.delete(_slow_key(rule.pk))
    forget()
