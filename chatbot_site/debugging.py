"""For superusers in development only: the debug panel of the sidebar, and a profiler that is switched on by hand.

With any other APP_ENV neither the addresses nor the middleware exist, and the template tag renders nothing. Nor is
there anything of it for other people than superusers: what they do is not profiled, the addresses are not found.
"""

import cProfile
import io
import pstats
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import Preferences
from conversations.models import Conversation, Generation

COOKIE = "profile"
REPORTS_KEPT = 10

_GENERATION_FIELDS = (
    "status", "model", "input_tokens", "output_tokens", "reasoning_tokens", "cost", "ttft_ms", "duration_ms",
    "finish_reason",
)  # fmt: skip


class QueryCounter:
    """Counts the queries of one request, as a wrapper of `connection.execute_wrapper`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.count += 1
        return execute(*args)


@dataclass(frozen=True, slots=True)
class Panel:
    """What the debug panel shows; the conversation and its last generation are None where there is none yet."""

    user: str
    session_since: datetime | None
    language: str
    theme: str
    conversation: Conversation | None
    generation: Generation | None
    queries: int | None
    profiling: bool


def panel(request: HttpRequest, conversation_id: uuid.UUID | None) -> Panel:
    """The panel for `request`; somebody else's conversation is as good as none."""
    conversation = generation = None
    queries: QueryCounter | None = getattr(request, "queries", None)
    count = queries.count if queries else None
    if request.user.is_authenticated and conversation_id:
        conversation = Conversation.objects.owned_by(request.user).filter(pk=conversation_id).first()
    if conversation:
        generations = Generation.objects.filter(conversation=conversation)
        generation = generations.only(*_GENERATION_FIELDS).order_by("-pk").first()
    return Panel(
        user=request.user.get_username(),
        session_since=_session_since(request),
        language=getattr(request, "LANGUAGE_CODE", ""),
        theme=Preferences.of(request.user).theme,
        conversation=conversation,
        generation=generation,
        queries=count,
        profiling=request.COOKIES.get(COOKIE) == "1",
    )


def _session_since(request: HttpRequest) -> datetime | None:
    sessions = UserSession.objects.filter(session_key=request.session.session_key)
    since: datetime | None = sessions.values_list("created_at", flat=True).first()
    return since


@dataclass(frozen=True, slots=True)
class Report:
    """One profiled request: `text` is a tree (pyinstrument) or a table (cProfile) of where its time went."""

    at: datetime
    request: str
    text: str


reports: deque[Report] = deque(maxlen=REPORTS_KEPT)


class DebugMiddleware:
    """Counts each request's queries, and profiles it if its address has `?profile` or the switch is on."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DEVELOPMENT:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.queries = counter = QueryCounter()  # type: ignore[attr-defined]  # read again by panel()
        with connection.execute_wrapper(counter):
            if _wanted(request):
                return self._profiled(request)
            return self.get_response(request)

    def _profiled(self, request: HttpRequest) -> HttpResponseBase:
        response, text = profile(lambda: self.get_response(request))
        if is_for(request):  # who has logged out by this very request is nobody any more
            reports.appendleft(Report(timezone.now(), f"{request.method} {request.path}", text))
        return response


def is_for(request: HttpRequest) -> bool:
    """Whether the panel and the profiler are there for whoever asks."""
    return settings.DEVELOPMENT and bool(getattr(getattr(request, "user", None), "is_superuser", False))


def _wanted(request: HttpRequest) -> bool:
    switched_on = "profile" in request.GET or request.COOKIES.get(COOKIE) == "1"
    is_own = request.path.startswith(("/debug/", f"/{settings.STATIC_URL.lstrip('/')}"))
    return switched_on and not is_own and is_for(request)


def profile(work: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, str]:
    """What `work` returns, and where its time went: sampled by pyinstrument, or without it counted by cProfile."""
    try:
        from pyinstrument import Profiler
    except ImportError:
        return _counted(work)
    with Profiler(interval=0.0005, async_mode="disabled") as profiler:
        response = work()
    return response, profiler.output_text(unicode=True, color=False, show_all=False)


def _counted(work: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, str]:
    with cProfile.Profile() as profiler:
        response = work()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats("cumulative").print_stats(40)
    return response, text.getvalue()
