"""The runner's dealings with the database. Every change of state is compare-and-set.

Every function is one short transaction. Sync; called off the event loop.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from conversations.generation.frames import Key
from conversations.generation.prompt import BRANCH_LIMIT, build_prompt
from conversations.models import Generation, Message
from conversations.rendering import render
from providers import ChatRequest, Usage, model_info


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


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed generation with everything that is needed to ask the model."""

    generation_id: int
    message_id: int
    key: Key
    model: str
    streaming: bool
    request: ChatRequest
    prefix: str
    prefix_reasoning: str


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
    now = timezone.now()
    claimed = Generation.objects.filter(pk=generation_id, status=Status.QUEUED).update(
        status=Status.RUNNING, worker=WORKER, attempt=F("attempt") + 1, heartbeat_at=now, started_at=now
    )
    if not claimed:
        return None
    generation = Generation.objects.select_related("message", "conversation").get(pk=generation_id)
    conversation, message = generation.conversation, generation.message
    branch = Message.objects.branch(conversation.pk, message.pk, BRANCH_LIMIT)
    info = model_info(generation.model)
    prompt = build_prompt(
        branch,
        failed=_failed(branch, but=message.pk),
        system=settings.SYSTEM_PROMPT,
        info=info,
        max_tokens=generation.max_tokens,
    )
    if prompt.earlier_left_out:
        Generation.objects.filter(pk=generation_id).update(earlier_left_out=True)
    return Job(
        generation_id=generation_id,
        message_id=message.pk,
        key=Key(conversation.owner_id, conversation.pk),
        model=generation.model,
        streaming=generation.streaming,
        request=ChatRequest(
            model=info.name,
            turns=prompt.turns,
            system=prompt.system,
            temperature=generation.temperature,
            max_tokens=generation.max_tokens,
        ),
        prefix=message.content,
        prefix_reasoning=message.reasoning,
    )


def _failed(branch: Sequence[Message], but: int) -> set[int]:
    """The messages of `branch` whose last generation failed, except the one that is being written."""
    ids = [message.pk for message in branch if message.role == Message.Role.ASSISTANT and message.pk != but]
    if not ids:
        return set()
    last = dict(Generation.objects.filter(message_id__in=ids).order_by("id").values_list("message_id", "status"))
    return {message_id for message_id, status in last.items() if status == Status.FAILED}


def save(savings: Sequence[Saving], running: Sequence[int]) -> set[int]:
    """Write checkpoints, one row each, in one transaction; return which of `running` somebody asked to stop."""
    if savings:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        rows = [(s.seq, s.draft, s.draft_reasoning, now, s.generation_id, WORKER) for s in savings]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_SAVE, rows)
    asked = Generation.objects.filter(pk__in=running, stop_requested=True)
    return set(asked.values_list("pk", flat=True))


def finish(saving: Saving, outcome: Outcome) -> bool:
    """End a generation of this process: its text becomes the message's.

    A reaper may have thought this process dead; what it kept is then made whole, unless somebody went on from it.
    """
    with transaction.atomic():
        generation = (
            Generation.objects.select_for_update(of=("self",)).select_related("message").get(pk=saving.generation_id)
        )
        taken = generation.worker != WORKER or generation.status not in (Status.RUNNING, Status.INTERRUPTED)
        if taken or Generation.objects.filter(message_id=generation.message_id, pk__gt=generation.pk).exists():
            return False
        _close(generation, saving, outcome)
    return True


def _close(generation: Generation, saving: Saving, outcome: Outcome) -> None:
    """Write the end. The former draft is cut off again where a reaper had already moved it to the message."""
    message = generation.message
    if generation.status == Status.INTERRUPTED and generation.seq:
        message.content = message.content[: len(message.content) - generation.kept_text]
        message.reasoning = message.reasoning[: len(message.reasoning) - generation.kept_reasoning]
    _move_to_message(message, saving.draft, saving.draft_reasoning)
    usage = outcome.usage
    Generation.objects.filter(pk=generation.pk).update(
        status=outcome.status,
        finish_reason=outcome.finish_reason,
        error_code=outcome.error_code,
        retry_after=outcome.retry_after,
        seq=saving.seq,
        draft="",
        draft_reasoning="",
        kept_text=len(saving.draft),
        kept_reasoning=len(saving.draft_reasoning),
        input_tokens=usage and usage.input_tokens,
        output_tokens=usage and usage.output_tokens,
        reasoning_tokens=usage and usage.reasoning_tokens,
        cached_tokens=usage and usage.cached_tokens,
        usage_estimated=bool(usage and usage.estimated),
        cost=outcome.cost,
        ttft_ms=outcome.ttft_ms,
        duration_ms=outcome.duration_ms,
        finished_at=timezone.now(),
    )


def _move_to_message(message: Message, draft: str, draft_reasoning: str) -> None:
    if not draft and not draft_reasoning:
        return
    message.content += draft
    message.reasoning += draft_reasoning
    message.html = render(message.content)
    message.save(update_fields=["content", "reasoning", "html"])


def stop_queued(generation_id: int) -> bool:
    """Take back a generation that nobody has begun."""
    queued = Generation.objects.filter(pk=generation_id, status=Status.QUEUED)
    return bool(queued.update(status=Status.STOPPED, finished_at=timezone.now()))


def queued_ids(limit: int = 50) -> list[int]:
    queued = Generation.objects.filter(status=Status.QUEUED).order_by("created_at")
    return list(queued.values_list("pk", flat=True)[:limit])


def reap() -> list[Ended]:
    """End, or queue again, generations whose process is gone; whoever notices first may do it."""
    deadline = timezone.now() - timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS)
    here = Q(worker__startswith=f"{HOST}:") & ~Q(worker=WORKER)
    suspects = Generation.objects.filter(status=Status.RUNNING).filter(Q(heartbeat_at__lt=deadline) | here)
    lost = [g for g in suspects.only("id", "worker", "heartbeat_at") if _is_lost(g, deadline)]
    return [ended for generation in lost if (ended := _reap(generation.pk, generation.worker))]


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
def _reap(generation_id: int, worker: str) -> Ended | None:
    lost = Generation.objects.select_for_update(of=("self",)).select_related("message", "conversation")
    generation = lost.filter(pk=generation_id, status=Status.RUNNING, worker=worker).first()
    if generation is None:
        return None
    same = Generation.objects.filter(pk=generation_id, status=Status.RUNNING, worker=worker)
    again = generation.seq == 0 and generation.attempt < MAX_ATTEMPTS and not generation.stop_requested
    if again:
        status = Status.QUEUED
        changed = same.update(status=status, worker="", heartbeat_at=None)
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
            _move_to_message(generation.message, generation.draft, generation.draft_reasoning)
    if not changed:
        return None
    key = Key(generation.conversation.owner_id, generation.conversation_id)
    return Ended(generation_id, generation.message_id, key, status)
