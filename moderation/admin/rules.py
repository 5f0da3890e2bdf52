"""Rules: their list with how much each of them finds, and a form in which a rule can be tried before it is saved."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatbot_site.admin_lists import ForgivingList
from moderation import matching, rules
from moderation.breadth import breadth_of
from moderation.models import Flag, Rule

LATELY = timedelta(days=30)
SAMPLE_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule did on a text."""

    matches: bool
    milliseconds: float
    in_time: bool = True

    @property
    def sentence(self) -> str:
        took = number_format(self.milliseconds, decimal_pos=1)
        if not self.in_time:
            return gettext("It ran out of time after %(ms)s ms, and counts as not matching.") % {"ms": took}
        if self.matches:
            return gettext("It matches. That took %(ms)s ms.") % {"ms": took}
        return gettext("It does not match. That took %(ms)s ms.") % {"ms": took}


def tried(rule: Rule, sample: str) -> Trial:
    """`rule`, which compiles, on `sample`, within the time that it has for any text."""
    matcher, seen = matching.compiled(rule.kind, rule.text), matching.seen_by(rule.kind, sample)
    begun = time.perf_counter()
    try:
        matches = matcher.found_in(seen, matching.RULE_SECONDS)
    except TimeoutError:
        return Trial(False, _since(begun), in_time=False)
    return Trial(matches, _since(begun))


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


class RuleForm(forms.ModelForm[Rule]):
    """With the button "Try it" it is judged and tried, and never valid: nothing is saved."""

    sample = forms.CharField(
        label=_("A text to try it on"),
        required=False,
        max_length=SAMPLE_LENGTH,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Paste something and choose “Try it”. Nothing is saved by that."),
    )
    confirmed = forms.BooleanField(label=_("Save it although it matches nearly everything"), required=False)
    trial: Trial | None = None
    slow: str = ""
    broad: str = ""

    class Meta:
        model = Rule
        fields = ("name", "kind", "text", "scope", "effect", "reason", "score", "is_active")

    @property
    def is_trial(self) -> bool:
        return "_try" in self.data

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_trial

    def full_clean(self) -> None:
        super().full_clean()  # puts the values into self.instance, and cleans it
        if not self.is_bound or self.errors:
            return
        self.slow = rules.warning_of(self.instance)
        self.broad = breadth_of(self.instance).warning
        if self.is_trial:
            self.trial = tried(self.instance, self.cleaned_data["sample"])
        elif self.broad and self.instance.is_active and not self.cleaned_data["confirmed"]:
            how = gettext("If that is what you want, tick “Save it although it matches nearly everything”.")
            self.add_error("confirmed", f"{self.broad} {how}")


@admin.register(Rule)
class RuleAdmin(ForgivingList, admin.ModelAdmin[Rule]):
    form = RuleForm
    change_form_template = "admin/moderation/rule/form.html"
    list_display = ("name", "kind", "effect", "scope", "reason", "score", "is_active", "matched_lately", "state")
    list_filter = ("is_active", "effect", "scope", "reason")
    search_fields = ("name",)
    show_full_result_count = False

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        of_the_rule = (None, {"fields": list(RuleForm.Meta.fields)})
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            return [of_the_rule]
        return [of_the_rule, (_("Try it"), {"fields": ["sample", "confirmed"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        flags = Flag.objects.filter(rule=OuterRef("pk"), created_at__gte=timezone.now() - LATELY).order_by()
        counted = flags.values("rule").annotate(number=Count("pk")).values("number")
        return super().get_queryset(request).annotate(matched=Coalesce(Subquery(counted), 0))

    @admin.display(description=_("matched in 30 days"), ordering="matched")
    def matched_lately(self, rule: Rule) -> int:
        return getattr(rule, "matched", 0)

    @admin.display(description=_("state"))
    def state(self, rule: Rule) -> str:
        return gettext("Ran out of time lately") if rules.is_slow(rule) else gettext("In order")

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.slow:
            messages.warning(request, form.slow)
