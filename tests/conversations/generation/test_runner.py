"""Answers from the claim to the end, asked of the scripted provider over real HTTP."""

import asyncio
import json
import threading
import uuid
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from accounts.models import User
from conversations.generation import outlook, records
from conversations.generation.engine import Engine
from conversations.generation.frames import Key
from conversations.generation.jobs import Job
from conversations.generation.records import Outcome, Saving
from conversations.generation.track import Checkpoint
from conversations.models import Attachment, Conversation, Generation
from conversations.presentation import view_of
from conversations.queueing import Submission
from conversations.rendering import render
from conversations.submission import continue_answer, stop_answer, submit_message
from tests.conversations.conftest import MODEL
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine")]


async def until(condition: Callable[[], Awaitable[Any]], timeout: float = 20) -> Any:
    """What `condition` answers once that is true."""
    async with asyncio.timeout(timeout):
        while not (answer := await condition()):
            await asyncio.sleep(0.01)
        return answer


async def ask(user: User, text: str, files: Sequence[Attachment] = (), **settings: Any) -> Generation:
    conversation = Conversation(owner=user, **({"model": MODEL} | settings))
    await sync_to_async(submit_message)(user, conversation, text, uuid.uuid4(), files=files)
    return await Generation.objects.select_related("message", "conversation").aget(conversation_id=conversation.pk)


async def end_of(generation: Generation) -> Generation:
    async def ended() -> Generation | None:
        found = await Generation.objects.select_related("message").aget(pk=generation.pk)
        return None if found.is_open else found

    found: Generation = await until(ended)
    return found


class ListeningTab:
    """A page that keeps what it is told."""

    language = "en"
    session_key = "x"

    def __init__(self, generation: Generation) -> None:
        conversation = generation.conversation
        self.key = Key(conversation.owner_id, conversation.pk)
        self.told: list[str] = []
        self.turned_out: int | None = None

    async def deliver(self, text: str) -> None:
        self.told.append(text)

    async def turn_out(self, code: int) -> None:
        self.turned_out = code

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.told if text.startswith("{")]


async def test_an_answer_is_streamed_saved_and_measured(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "Hello script:words-20"))
    message = generation.message
    assert (generation.status, generation.finish_reason) == ("complete", "stop")
    assert message.content.split() == [f"w{i:04d}" for i in range(1, 21)]
    assert message.html == render(message.content)
    assert generation.input_tokens
    assert generation.output_tokens
    assert generation.ttft_ms is not None
    assert generation.duration_ms is not None
    assert generation.draft == ""


async def test_streaming_off_asks_for_the_whole_answer(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "Hello script:words-20", streaming=False))
    assert generation.status == "complete"
    assert not provider.chats[-1].body.get("stream")
    assert generation.message.content.split()[-1] == "w0020"


async def test_anthropic_answers_too(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "Hello script:words-20", model="anthropic/claude-scripted"))
    assert generation.status == "complete"
    assert generation.message.content.split()[-1] == "w0020"


async def test_reasoning_is_kept_apart(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "script:reasoning"))
    assert generation.message.reasoning
    assert generation.message.reasoning not in generation.message.content


async def test_the_settings_reach_the_provider(alice: User, provider: ScriptedProvider) -> None:
    await end_of(await ask(alice, "Hello", temperature=0.2, max_tokens=300))
    body = provider.chats[-1].body
    assert body["temperature"] == 0.2
    assert 300 in (body.get("max_tokens"), body.get("max_completion_tokens"))


async def test_history_goes_along(alice: User, provider: ScriptedProvider) -> None:
    first = await end_of(await ask(alice, "First script:words-3"))
    conversation = await Conversation.objects.aget()
    await sync_to_async(submit_message)(alice, conversation, "Second", uuid.uuid4())
    await end_of(await Generation.objects.alatest("id"))
    sent = [(m["role"], m["content"]) for m in provider.chats[-1].body["messages"]]
    assert sent == [("user", "First script:words-3"), ("assistant", first.message.content), ("user", "Second")]


@pytest.mark.parametrize(
    ("script", "code"),
    [("error-401", "authentication"), ("error-404", "model_unknown"), ("error-in-stream", "overloaded")],
)
async def test_a_failure_is_recorded_and_the_partial_answer_kept(
    alice: User, provider: ScriptedProvider, script: str, code: str
) -> None:
    generation = await end_of(await ask(alice, f"Hello script:{script}"))
    assert (generation.status, generation.error_code) == ("failed", code)
    assert bool(generation.message.content) == (script == "error-in-stream")


async def test_a_stream_that_merely_ends_is_interrupted(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "Hello script:clean-cut"))
    assert generation.status == "interrupted"
    assert generation.message.content


async def test_an_answer_cut_by_its_length_says_so(alice: User, provider: ScriptedProvider) -> None:
    generation = await end_of(await ask(alice, "Hello script:length"))
    assert (generation.status, generation.finish_reason) == ("complete", "length")


async def test_continue_goes_on_in_place(alice: User, provider: ScriptedProvider) -> None:
    first = await end_of(await ask(alice, "Hello script:clean-cut"))
    half = first.message.content
    conversation = await Conversation.objects.aget()
    await sync_to_async(continue_answer)(alice, conversation, first.message)
    second = await end_of(await Generation.objects.alatest("id"))
    assert second.message_id == first.message_id
    assert second.message.content.startswith(half)
    assert len(second.message.content) > len(half)
    assert second.message.html == render(second.message.content)


async def test_stop_keeps_the_text_and_ends_the_providers_work(alice: User, provider: ScriptedProvider) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    await sync_to_async(stop_answer)(generation.conversation, generation.message)
    ended = await end_of(generation)
    assert ended.status == "stopped"
    assert ended.message.content
    await sync_to_async(provider.wait_until)(lambda p: p.chats[-1].end == "closed")


async def test_stop_reaches_an_answer_by_the_database_alone(alice: User, provider: ScriptedProvider) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    await Generation.objects.filter(pk=generation.pk).aupdate(stop_requested=True)
    assert (await end_of(generation)).status == "stopped"


async def test_a_page_sees_the_answer_grow_and_end(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    generation = await ask(alice, "Hello script:hold")
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    await sync_to_async(provider.release)()
    ended = await end_of(generation)

    async def told_the_end() -> bool:
        return "Regenerate" in tab.told[-1]

    await until(told_the_end)
    assert [frame["leaf"] for frame in tab.frames if "leaf" in frame] == [ended.message_id]
    patches = [frame for frame in tab.frames if "q" in frame]
    seq = 0
    for patch in patches:
        assert patch["f"] in (-1, seq)
        seq = patch["q"]
    assert seq == ended.seq == len(ended.message.content)


async def test_a_page_that_comes_in_the_middle_is_given_the_text_so_far(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    leaf = next(frame for frame in tab.frames if "leaf" in frame)
    snapshot = next(frame for frame in tab.frames if "q" in frame)
    assert leaf["s"] == "running"
    half = await Generation.objects.aget(pk=generation.pk)
    assert snapshot["f"] == -1
    assert snapshot["b"] == [[0, 0, render(half.draft)]]
    await sync_to_async(provider.release)()
    await end_of(generation)


async def test_a_page_that_comes_as_the_answer_ends_is_shown_nothing_older_than_the_end(
    alice: User, provider: ScriptedProvider, running_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    read, go_on = threading.Event(), threading.Event()
    newest = outlook.newest

    def slowly(key: Key) -> outlook.Newest:
        found = newest(key)
        read.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr(outlook, "newest", slowly)
    tab = ListeningTab(generation)
    watching = asyncio.create_task(running_engine.hub.watch(tab))
    await asyncio.to_thread(read.wait, 20)
    await sync_to_async(provider.release)()
    await end_of(generation)

    async def told_the_end() -> bool:
        return any("Regenerate" in text for text in tab.told)

    await until(told_the_end)
    go_on.set()
    await watching
    assert tab.frames[-1]["leaf"] == generation.message_id  # its first word, which the page takes before all the rest


async def test_what_was_read_before_the_end_is_not_shown_after_it(
    alice: User, provider: ScriptedProvider, running_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    tab, hub = ListeningTab(generation), running_engine.hub
    await hub.watch(tab)
    old = await sync_to_async(outlook.checkpoint)(generation.pk)
    assert old is not None
    read, go_on = threading.Event(), threading.Event()

    def slowly(generation_id: int) -> Checkpoint:
        read.set()
        assert go_on.wait(20)
        return old

    monkeypatch.setattr(outlook, "checkpoint", slowly)
    await hub.resync()
    await asyncio.to_thread(read.wait, 20)
    await sync_to_async(provider.release)()
    await end_of(generation)

    async def told_the_end() -> bool:
        return "Regenerate" in tab.told[-1]

    await until(told_the_end)
    told = len(tab.told)
    go_on.set()
    await asyncio.gather(*hub._tasks)
    await hub.catch_up(tab.key, old)
    assert len(tab.told) == told


async def test_what_was_submitted_is_drawn_as_it_was_although_its_answer_has_ended(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    conversation = Conversation(owner=alice, model=MODEL)
    submitted = await sync_to_async(submit_message)(alice, conversation, "Hello script:words-5", uuid.uuid4())
    assert isinstance(submitted, Submission)
    await end_of(submitted.generation)

    async def let_go() -> bool:
        return not running_engine.hub.lives

    await until(let_go)
    drawn = view_of(submitted.answer, submitted.generation)
    assert (drawn.status, drawn.seq, drawn.html) == ("running", 0, "")


@pytest.mark.parametrize(("script", "status"), [("words-5", "complete"), ("clean-cut", "interrupted")])
async def test_an_end_that_is_written_is_told_and_written_once_whatever_fails_after_it(
    alice: User,
    provider: ScriptedProvider,
    running_engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    status: str,
) -> None:
    failures = [OperationalError("gone")]
    is_waited_for = records.is_waited_for

    def fails_once(key: Key) -> bool:
        if failures:
            raise failures.pop()
        return is_waited_for(key)

    monkeypatch.setattr(records, "is_waited_for", fails_once)
    ended, tab = await _told_its_end(alice, running_engine, f"script:{script}")
    assert (ended.status, tab.frames[-1]["s"]) == (status, status)
    assert ended.message.content
    assert ended.kept_text == len(ended.message.content)


async def test_an_end_whose_commit_was_not_acknowledged_is_told(
    alice: User, provider: ScriptedProvider, running_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OperationalError("gone")]
    finish = records.finish

    def loses_the_first_word(job: Job, saving: Saving, outcome: Outcome) -> bool:
        done = finish(replace(job, generation=copy(job.generation), message=copy(job.message)), saving, outcome)
        if failures:
            raise failures.pop()
        return done

    monkeypatch.setattr(records, "finish", loses_the_first_word)
    ended, tab = await _told_its_end(alice, running_engine, "script:words-5")
    assert (ended.status, tab.frames[-1]["s"]) == ("complete", "complete")


async def _told_its_end(user: User, engine: Engine, text: str) -> tuple[Generation, ListeningTab]:
    """An answer to `text`, and a page that has been told that it has ended."""
    conversation = Conversation(owner=user, model=MODEL)
    tab = ListeningTab(Generation(conversation=conversation))
    await engine.hub.watch(tab)
    await sync_to_async(submit_message)(user, conversation, text, uuid.uuid4())
    ended = await end_of(await Generation.objects.aget())

    async def told() -> bool:
        return any("Regenerate" in text for text in tab.told) and not engine.runner._tasks

    await until(told, timeout=5)
    return await end_of(ended), tab


async def test_without_a_page_nothing_is_rendered_until_the_end(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    await end_of(await ask(alice, "Hello script:words-20"))
    assert not running_engine.hub.tabs()
    assert not running_engine.hub._tracks


async def test_drain_lets_open_answers_end_and_begins_no_more(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    draining = asyncio.create_task(running_engine.runner.drain(20))
    await asyncio.sleep(0)
    second = await ask(alice, "Later")
    await sync_to_async(provider.release)()
    await draining
    assert (await end_of(generation)).status == "complete"
    assert (await Generation.objects.aget(pk=second.pk)).status == "queued"
