"""One question: from the cache, or asked of its provider, at the provider's pace and within the budget."""

from __future__ import annotations

from contextlib import aclosing
from decimal import Decimal

from django.db import Error as DatabaseTrouble

from operations.batch import results
from operations.batch.budget import Budget
from operations.batch.ledger import Ledger
from operations.batch.lines import Question
from operations.batch.pace import Pace
from operations.batch.results import Heard, Result
from operations.batch.settings import Settings
from operations.batch.stopping import Stop
from operations.batch.survey import estimated_input, longest_output
from providers import (
    AuthenticationFailed,
    ChatRequest,
    ConnectionLost,
    ModelInfo,
    Overloaded,
    Provider,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Usage,
    cost_of,
    resolve,
    response_cache,
)

MAX_TRIES = 6
LONGEST_WAIT_SECONDS = 900.0  # a provider that asks for more has had enough for today
WAITING_HELPS = (RateLimited, Overloaded, ConnectionLost)
NOTHING_HELPS = (AuthenticationFailed, QuotaExceeded)  # and every other question to it would fail as this one does


class Asker:
    """Asks the questions of one run."""

    def __init__(self, settings: Settings, ledger: Ledger, stop: Stop) -> None:
        self._settings, self._ledger, self._stop = settings, ledger, stop
        self._budget = Budget(settings.budget, lambda: ledger.cost, stop)
        self._paces: dict[str, Pace] = {}

    async def handle(self, question: Question) -> bool:
        """Ask, and return when the result is in OUT. False: it was not asked, since the run is to stop."""
        model = self._settings.model_of(question)
        try:
            provider, info = await resolve(model)
        except ProviderError as error:
            await self._ledger.done(results.failed(question, model, error))
            return True
        except DatabaseTrouble:
            self._stop.now("database", "The site's database does not answer.")
            return False
        request = self._settings.request(question, info)
        if await self._is_cached(question, info, request):
            return True
        return await self._within_budget(question, provider, info, request)

    async def _is_cached(self, question: Question, info: ModelInfo, request: ChatRequest) -> bool:
        if not self._settings.use_cache:
            return False
        answer = await response_cache.aget(response_cache.key_of(info.id, request))
        if answer is None:
            return False
        await self._ledger.done(results.answered(question, info, answer, cached=True))
        return True

    async def _within_budget(
        self, question: Question, provider: Provider, info: ModelInfo, request: ChatRequest
    ) -> bool:
        amount = self._most(question, info)
        if not await self._budget.reserve(amount):
            return False
        try:
            result = await self._ask(question, provider, info, request)
            if result is not None:
                await self._ledger.done(result)
            return result is not None
        finally:
            self._budget.release(amount)

    def _most(self, question: Question, info: ModelInfo) -> Decimal:
        """What it costs in dollars with the longest answer; 0 where prices are not known."""
        if self._settings.budget is None:
            return Decimal(0)
        tokens = Usage(
            estimated_input(question, self._settings), longest_output(question, info, self._settings), estimated=True
        )
        return cost_of(info.id, tokens) or Decimal(0)

    async def _ask(
        self, question: Question, provider: Provider, info: ModelInfo, request: ChatRequest
    ) -> Result | None:
        """The result; None where it was not asked, or refused, and the run is to stop."""
        pace = self._paces.setdefault(provider.name, Pace(self._settings.concurrency, self._stop))
        tries_left = MAX_TRIES
        while await pace.enter():
            tries_left -= 1
            heard = Heard()
            try:
                await self._ledger.ask(question.number)
                return await self._listen(question, provider, info, request, heard, pace)
            except ProviderError as error:
                if heard.began:
                    return results.cut(question, info, error, heard.as_answer(request))
                if not await self._may_ask_again(question, provider, error, pace, tries_left):
                    return None if self._is_hopeless(error) else results.failed(question, info.id, error)
            finally:
                pace.leave()
        return None

    async def _listen(
        self,
        question: Question,
        provider: Provider,
        info: ModelInfo,
        request: ChatRequest,
        heard: Heard,
        pace: Pace,
    ) -> Result:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                heard.take(event)
        pace.went_well()
        answer = heard.as_answer(request)
        if answer.finish_reason is None:
            return results.incomplete(question, info, answer)
        if self._settings.use_cache:
            await response_cache.aput(response_cache.key_of(info.id, request), answer)
        return results.answered(question, info, answer)

    async def _may_ask_again(
        self, question: Question, provider: Provider, error: ProviderError, pace: Pace, tries_left: int
    ) -> bool:
        """What a refusal means for the others, and whether this one is tried once more."""
        if self._is_hopeless(error):
            await self._ledger.free(question.number)
            self._stop.now("refused", f"{provider.name}: {error.sentence()}")
            return False
        if not (error.retryable and isinstance(error, WAITING_HELPS)):
            return False
        pace.too_much(error.retry_after)
        if tries_left:
            await self._ledger.free(question.number)
        return bool(tries_left)

    def _is_hopeless(self, error: ProviderError) -> bool:
        return isinstance(error, NOTHING_HELPS) or (error.retry_after or 0) > LONGEST_WAIT_SECONDS
