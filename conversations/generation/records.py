"""The runner's dealings with the database. Every change of state is compare-and-set.

Every function is one short transaction. Sync; called off the event loop.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.safestring import SafeString

from conversations import events
from conversations.generation.frames import Key
from conversations.generation.jobs import Job, job_of, next_model
from conversations.models import Generation, Message, WaitingMessage
from conversations.rendering import render
from providers import Usage


def _host() -> str:
    """Where process ids mean the same processes: the host, and on Linux the namespace, which containers have for
    themselves even when they share the host's name."""
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()}-{os.stat('/proc/self/ns/pid').st_ino}"
    return socket.gethostname()


HOST, PROCESS = _host(), uuid.uuid4().hex[:8]
WORKER = f"{HOST}:{os.getpid()}:{PROCESS}"
MAX_ATTEMPTS = 2
Status = Generation.Status
# Four times a second for every open answer: the ORM would cost ten times as much.
_SAVE = """
UPDATE conversations_generation SET seq = %s, draft = %s, draft_reasoning = %s, heartbeat_at = %s
WHERE id = %s AND worker = %s AND status = 'running'
"""


@dataclass(slots=True)
class Outcome:
    """How a generation ended."""

    status: str
    finish_reason: str = ""
    error_code: str = ""
    retry_after: float | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    ttft_ms: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    generation_id: int
    seq: int
    draft: str
    draft_reasoning: str


@dataclass(frozen=True, slots=True)
class Ended:
    generation_id: int
    message_id: int
    key: Key
    status: str


def claim(generation_id: int) -> Job | None:
    """Take a queued generation for this process. None when another was quicker, or it was taken back."""
    queued = Generation.objects.filter(pk=generation_id, status=Status.QUEUED)
    if not queued.update(**claimed(), attempt=F("attempt") + 1):
        return None
    related = ("message", "conversation__owner__preferences")
    generation = Generation.objects.select_related(*related).get(pk=generation_id)
    key = Key(generation.conversation.owner_id, generation.conversation_id)
    return job_of(generation, generation.message, key)


def claimed() -> dict[str, Any]:
    """The fields of a generation that this process takes now."""
    now = timezone.now()
    return {"status": Status.RUNNING, "worker": WORKER, "heartbeat_at": now, "started_at": now}


def fall_back(job: Job, asked: Sequence[str]) -> Job | None:
    """The same answer asked of the next model of the chain, now that `asked` have failed. None: there is none.

    The generation is then that model's, in the database and in the job.
    """
    generation = job.generation
    model = next_model(generation, asked)
    if not model:
        return None
    values = {"model": model, "fallback_for": asked[0]}
    if not Generation.objects.filter(pk=generation.pk, worker=WORKER, status=Status.RUNNING).update(**values):
        return None
    _set(generation, values)
    return job_of(generation, job.message, job.key, siblings=job.siblings)


def take_back_fallback(job: Job, first: str) -> None:
    """No model has answered: the failure is that of the one asked first. Written with the end."""
    _set(job.generation, {"model": first, "fallback_for": ""})


def save(savings: Sequence[Saving], running: Sequence[int]) -> set[int]:
    """Write checkpoints, one row each, in one transaction; return which of `running` somebody asked to stop."""
    if savings:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        rows = [(s.seq, s.draft, s.draft_reasoning, now, s.generation_id, WORKER) for s in savings]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_SAVE, rows)
    if not running:
        return set()
    asked = Generation.objects.filter(pk__in=running, stop_requested=True)
    return set(asked.values_list("pk", flat=True))


def finish(job: Job, saving: Saving, outcome: Outcome) -> bool:
    """End a generation of this process: its text becomes the message's, in the database and in `job`.

    A reaper may have thought this process dead; what it kept is then made whole, unless somebody went on from it.
    """
    generation, message = job.generation, job.message
    mine = Generation.objects.filter(pk=generation.pk, worker=WORKER)
    end = _end(saving, outcome) | {field: getattr(generation, field) for field in ("model", "fallback_for", "cached")}
    html = (
        render(message.content + saving.draft) if saving.draft else message.html
    )  # which may take seconds, and SQLite has a single writer
    with transaction.atomic():
        if not mine.filter(status=Status.RUNNING).update(**end):
            if not _reaped_too_early(generation.pk):
                return False
            mine.update(**end)
        # Behind what it held before this generation began, whatever a reaper has put there.
        text = _move_to_message(message, generation, saving.draft, saving.draft_reasoning, html)
    _set(generation, end)
    _set(message, text)
    return True


def _set(row: Generation | Message, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(row, field, value)


def _reaped_too_early(generation_id: int) -> bool:
    """Whether a generation of this process was interrupted by a reaper and nobody has gone on from there."""
    locked = Generation.objects.select_for_update().filter(pk=generation_id, worker=WORKER).first()
    if locked is None or locked.status != Status.INTERRUPTED:
        return False
    return not Generation.objects.filter(message_id=locked.message_id, pk__gt=generation_id).exists()


def _end(saving: Saving, outcome: Outcome) -> dict[str, Any]:
    usage = outcome.usage
    return {
        "status": outcome.status,
        "finish_reason": outcome.finish_reason,
        "error_code": outcome.error_code,
        "retry_after": outcome.retry_after,
        "seq": saving.seq,
        "draft": "",
        "draft_reasoning": "",
        "kept_text": len(saving.draft),
        "kept_reasoning": len(saving.draft_reasoning),
        "input_tokens": usage and usage.input_tokens,
        "output_tokens": usage and usage.output_tokens,
        "reasoning_tokens": usage and usage.reasoning_tokens,
        "cached_tokens": usage and usage.cached_tokens,
        "usage_estimated": bool(usage and usage.estimated),
        "cost": outcome.cost,
        "ttft_ms": outcome.ttft_ms,
        "duration_ms": outcome.duration_ms,
        "finished_at": timezone.now(),
    }


def _move_to_message(
    message: Message, generation: Generation, draft: str, draft_reasoning: str, html: str
) -> dict[str, Any]:
    """Put a draft behind the text of `message`, in the database; the fields that this changes. `html`: of both."""
    if not draft and not draft_reasoning:
        return {}
    text: dict[str, Any] = {"content": message.content + draft, "reasoning": message.reasoning + draft_reasoning}
    text |= {"html": html, "is_indexed": False}
    if generation.fallback_for:
        text["model"] = generation.model
    own = Message.objects.filter(pk=message.pk)
    if not own.filter(hidden_at__isnull=True).update(**text):
        own.update(**text)
        text["hidden_at"] = timezone.now()  # hidden while it was written: its pages are not to show this end
    if text["content"].strip():
        events.tell(events.answer_ended, message)
    return text


def is_waited_for(key: Key) -> bool:
    """Whether a question waits for the answer of a conversation to end."""
    return WaitingMessage.objects.filter(conversation_id=key.conversation_id).exists()


def stop_queued(generation_id: int) -> bool:
    """Take back a generation that nobody has begun."""
    queued = Generation.objects.filter(pk=generation_id, status=Status.QUEUED)
    return bool(queued.update(status=Status.STOPPED, finished_at=timezone.now()))


def queued_ids(limit: int = 50) -> list[int]:
    queued = Generation.objects.filter(status=Status.QUEUED).order_by("created_at")
    return list(queued.values_list("pk", flat=True)[:limit])


def reap(alive: Collection[int] = ()) -> list[Ended]:
    """End, or queue again, generations whose process is gone; whoever notices first may do it.

    `alive`: the ids of those that this process is making, whose heartbeat may merely be late.
    """
    deadline = timezone.now() - timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS)
    here = Q(worker__startswith=f"{HOST}:") & ~Q(worker=WORKER)
    others = Generation.objects.filter(status=Status.RUNNING).exclude(pk__in=alive)
    suspects = others.filter(Q(heartbeat_at__lt=deadline) | here)
    lost = [g for g in suspects.only("id", "worker", "heartbeat_at") if _is_lost(g, deadline)]
    return [ended for generation in lost if (ended := _reap(generation.pk, generation.worker, *_kept(generation.pk)))]


def _kept(generation_id: int) -> tuple[str, SafeString]:
    """What has been written of an answer, and its HTML: made before the transaction, which holds up all who write."""
    found = Generation.objects.filter(pk=generation_id).values_list("message__content", "draft").first()
    text = "".join(found or ())
    return text, render(text)


def _is_lost(generation: Generation, deadline: datetime) -> bool:
    beaten = generation.heartbeat_at
    return beaten is None or beaten < deadline or _is_dead(generation.worker)


def _is_dead(worker: str) -> bool:
    """Whether a worker of this host is certainly gone. A process id of our own with another mark is a former life."""
    try:
        host, pid, process = worker.rsplit(":", 2)
        if host != HOST:
            return False
        if int(pid) == os.getpid():
            return process != PROCESS
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (ValueError, PermissionError):
        return False
    return False


@transaction.atomic
def _reap(generation_id: int, worker: str, kept: str, kept_html: SafeString) -> Ended | None:
    lost = Generation.objects.select_for_update(of=("self",)).select_related("message", "conversation")
    generation = lost.filter(pk=generation_id, status=Status.RUNNING, worker=worker).first()
    if generation is None:
        return None
    same = Generation.objects.filter(pk=generation_id, status=Status.RUNNING, worker=worker)
    again = generation.seq == 0 and generation.attempt < MAX_ATTEMPTS and not generation.stop_requested
    if again:
        status = Status.QUEUED
        first = generation.fallback_for or generation.model
        changed = same.update(status=status, worker="", heartbeat_at=None, model=first, fallback_for="")
    else:
        status = Status.STOPPED if generation.stop_requested else Status.INTERRUPTED
        changed = same.update(
            status=status,
            finished_at=timezone.now(),
            kept_text=len(generation.draft),
            kept_reasoning=len(generation.draft_reasoning),
            draft="",
            draft_reasoning="",
        )
        if changed:
            message, draft = generation.message, generation.draft
            text = message.content + draft
            html = kept_html if text == kept else render(text)
            _move_to_message(message, generation, draft, generation.draft_reasoning, html)
    if not changed:
        return None
    key = Key(generation.conversation.owner_id, generation.conversation_id)
    return Ended(generation_id, generation.message_id, key, status)
