"""What answers took: tokens, cost and time, of one answer and of a whole conversation, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import Conversation, Generation, Message
from providers import model_info

FINISHES: dict[str, Promise] = {
    "stop": gettext_lazy("Came to its own end"),
    "length": gettext_lazy("Reached its length limit"),
    "content_filter": gettext_lazy("Ended by the provider’s content rules"),
    "refusal": gettext_lazy("The model declined"),
    "tool_call": gettext_lazy("The model wanted to use a tool"),
    "other": gettext_lazy("Ended for another reason"),
    Generation.Status.STOPPED: gettext_lazy("Stopped by you"),
    Generation.Status.INTERRUPTED: gettext_lazy("Broke off"),
    Generation.Status.FAILED: gettext_lazy("Failed"),
}
_COUNTED = Q(output_tokens__isnull=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Numbers of one or several generations. None: not known. `has_unpriced`: of some the price is not known."""

    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    cost: Decimal | None
    has_estimates: bool
    has_unpriced: bool

    @property
    def cost_text(self) -> str:
        if self.cost is None:
            return _("unknown")
        amount = dollars(self.cost)
        return _("at least %(amount)s") % {"amount": amount} if self.has_unpriced else amount


@dataclass(frozen=True, slots=True)
class AnswerDetails:
    """Of one answer, over all generations that wrote it: the first one, and each Continue."""

    model_label: str
    usage: Usage
    first_token: str
    duration: str
    finish: str
    attempts: int
    is_cached: bool = False
    asked_first_label: str = ""  # the model that was to answer, where another one did


def details_of(answer: Message) -> AnswerDetails:
    """One query. An answer that no generation of this site wrote, such as an imported one, has no numbers."""
    generations = list(Generation.objects.filter(message=answer).order_by("id").defer("draft", "draft_reasoning"))
    last = generations[-1] if generations else None
    durations = [generation.duration_ms for generation in generations if generation.duration_ms is not None]
    model = last.model if last else answer.model
    return AnswerDetails(
        model_label=model_info(model).label if model else "",
        usage=_added(generations),
        first_token=seconds(generations[0].ttft_ms) if generations else "",
        duration=seconds(sum(durations)) if durations else "",
        finish=_finish(last) if last else "",
        attempts=sum(generation.attempt for generation in generations),
        is_cached=last is not None and last.cached,
        asked_first_label=model_info(last.fallback_for).label if last and last.fallback_for else "",
    )


def conversation_usage(conversation: Conversation) -> Usage:
    """Of all answers of the conversation, those beside the shown branch too. One query."""
    sums = conversation.generations.aggregate(
        # First: further down these names mean the sums.
        estimates=Count("id", filter=_COUNTED & Q(usage_estimated=True)),
        unpriced=Count("id", filter=_COUNTED & Q(cost__isnull=True)),
        input_tokens=Sum("input_tokens"),
        output_tokens=Sum("output_tokens"),
        reasoning_tokens=Sum("reasoning_tokens"),
        cached_tokens=Sum("cached_tokens"),
        cost=Sum("cost"),
    )
    estimates, unpriced = sums.pop("estimates"), sums.pop("unpriced")
    return Usage(**sums, has_estimates=estimates > 0, has_unpriced=unpriced > 0)


def _added(generations: list[Generation]) -> Usage:
    counted = [generation for generation in generations if generation.output_tokens is not None]
    costs = [generation.cost for generation in counted if generation.cost is not None]
    return Usage(
        input_tokens=_sum(generation.input_tokens for generation in counted),
        output_tokens=_sum(generation.output_tokens for generation in counted),
        reasoning_tokens=_sum(generation.reasoning_tokens for generation in counted),
        cached_tokens=_sum(generation.cached_tokens for generation in counted),
        cost=sum(costs, Decimal()) if costs else None,
        has_estimates=any(generation.usage_estimated for generation in counted),
        has_unpriced=len(costs) < len(counted),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _finish(generation: Generation) -> str:
    """Why it ended; empty while it is being written."""
    if generation.finish_reason == "other" and generation.error_code:
        return _("Ended for a reason this site does not know: %(word)s") % {"word": generation.error_code}
    if generation.status == Generation.Status.COMPLETE:
        return str(FINISHES.get(generation.finish_reason, FINISHES["other"]))
    return str(FINISHES.get(generation.status, ""))


def seconds(milliseconds: int | None) -> str:
    """ "0.35 s", "12.4 s" in the reader's language; empty when not known."""
    if milliseconds is None:
        return ""
    digits = 2 if milliseconds < 1000 else 1
    return _("%(seconds)s s") % {"seconds": number_format(milliseconds / 1000, digits, force_grouping=True)}


def dollars(cost: Decimal) -> str:
    """ "$1.25", "$0.0042": two digits from a dollar up, else as many as say something."""
    digits = 2 if cost >= 1 or cost == 0 else max(2, min(6, 1 - cost.adjusted()))
    return _("$%(amount)s") % {"amount": number_format(round(cost, digits), digits, force_grouping=True)}


def tokens(number: int | None) -> str:
    return "" if number is None else number_format(number, force_grouping=True)
