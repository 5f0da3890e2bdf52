"""Every end reaches the pages, once it is there and whoever wrote it, and nothing older follows it."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import User
from conversations.branching import select_branch
from conversations.generation import engine, follower, outlook
from conversations.generation.bridge import NoBridge
from conversations.generation.engine import Engine
from conversations.generation.follower import Follower
from conversations.generation.frames import Changed, Delta, Renewed
from conversations.generation.hub import Hub
from conversations.models import Conversation, Generation, Message
from conversations.submission import continue_answer, submit_message
from tests.conversations.conftest import MODEL, converse
from tests.conversations.generation.test_runner import ListeningTab, until
from tests.conversations.moderated.conftest import NOTICE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("provider")]


class DeafBridge(NoBridge):
    """Redis is away."""

    is_alone = hears = False


@pytest.fixture
def hub() -> Hub:
    return Hub(NoBridge())


@pytest.fixture
async def web(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """A process that makes no answers and hears of none; it looks when the test says so."""
    monkeypatch.setattr(follower, "FOLLOW_SECONDS", 3600)
    yield engine.ensure(makes_answers=False)
    await engine.shut_down()


@pytest.fixture
def elsewhere(alice: User) -> Generation:
    """An answer that another process is writing."""
    conversation = converse(alice, "question", "")
    return Generation.objects.create(
        conversation=conversation,
        message=conversation.leaf,
        model=conversation.model,
        max_tokens=9,
        status="running",
        worker="elsewhere:1:abc",
        heartbeat_at=timezone.now(),
        draft="Half",
        seq=4,
    )


async def _end(generation: Generation, status: str = "complete") -> Changed:
    """As another process does it."""
    await Generation.objects.filter(pk=generation.pk).aupdate(status=status, draft="")
    await Message.objects.filter(pk=generation.message_id).aupdate(content="Whole", html="<p>Whole</p>")
    return Changed(generation.pk, generation.message_id, status)


def _states(tab: ListeningTab) -> list[str]:
    return [frame["s"] for frame in tab.frames if "m" in frame and "s" in frame]


class Held:
    """The first reading with `name` finds what there is now, and says it only when it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self._read, self._go_on = threading.Event(), threading.Event()
        self._real: Callable[..., Any] = getattr(outlook, name)
        monkeypatch.setattr(outlook, name, self)

    def __call__(self, *arguments: object) -> Any:
        found = self._real(*arguments)
        if not self._read.is_set():
            self._read.set()
            assert self._go_on.wait(20)
        return found

    async def read(self) -> None:
        assert await asyncio.to_thread(self._read.wait, 20)

    def let_go(self) -> None:
        self._go_on.set()


async def test_an_answer_that_came_and_ended_between_two_looks_is_ended_on_its_page(alice: User, web: Engine) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    tab = ListeningTab(Generation(conversation=conversation))
    await web.hub.watch(tab)
    await sync_to_async(submit_message)(alice, conversation, "Next", uuid.uuid4())
    ended = await _end(await Generation.objects.aget())

    async def told() -> bool:
        await web.follower._look()
        return _states(tab) == ["complete"]

    await until(told, timeout=5)
    assert f'id="message-{ended.message_id}-footer"' in tab.told[-1]
    assert not web.follower._unended


async def test_what_is_asked_during_a_look_is_followed_too(
    alice: User, elsewhere: Generation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab, follower = ListeningTab(elsewhere), Follower(hub, NoBridge(), makes_answers=False)
    await hub.watch(tab)
    hub._tracks.clear()  # the page has it from an answer to its own request
    await Generation.objects.aupdate(status="queued")
    monkeypatch.setattr(outlook, "open_elsewhere", lambda *_: [])
    held = Held(monkeypatch, "open_elsewhere")
    looking = asyncio.create_task(follower._look())
    await held.read()
    follower.expect(elsewhere.pk)
    held.let_go()
    await looking
    assert _states(tab) == []
    await _end(elsewhere)
    await follower._look()
    assert _states(tab) == ["complete"]


async def test_what_a_page_shows_is_ended_although_no_look_has_seen_it(elsewhere: Generation, hub: Hub) -> None:
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await _end(elsewhere)
    await Follower(hub, NoBridge(), makes_answers=False)._look()
    assert _states(tab) == ["complete"]


async def test_what_ended_while_redis_was_away_is_told_when_it_is_back(
    elsewhere: Generation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "FOLLOW_SECONDS", 0.01)
    bridge, tab = DeafBridge(), ListeningTab(elsewhere)
    follows = Follower(hub, bridge, makes_answers=True)
    await hub.watch(tab)
    await follows._look()
    await _end(elsewhere)
    bridge.hears = True
    following = asyncio.create_task(follows.run())

    async def told() -> bool:
        return _states(tab) == ["complete"]

    await until(told, timeout=5)
    following.cancel()


async def test_reading_again_finds_the_end_that_nobody_told(elsewhere: Generation, hub: Hub) -> None:
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await _end(elsewhere)
    await hub.resync()
    await asyncio.gather(*hub._tasks)
    assert _states(tab) == ["complete"]
    assert any("Whole" in text for text in tab.told)


async def test_what_was_sent_before_this_process_listened_and_saved_after_it_read_is_shown(
    elsewhere: Generation, hub: Hub
) -> None:
    """And not with the next piece only: the model may think for long, and a page showed half of what was there."""
    tab, beside = ListeningTab(elsewhere), ListeningTab(elsewhere)
    await hub.watch(tab)
    await hub.watch(beside)
    await asyncio.sleep(0)
    assert sum(track.is_looked_at for tracks in hub._tracks.values() for track in tracks.values()) == 1
    await Generation.objects.filter(pk=elsewhere.pk).aupdate(seq=5, draft="Early")

    async def shown() -> bool:
        return all(any("Early" in text for text in one.told) for one in (tab, beside))

    await until(shown, timeout=5)
    await hub.receive(tab.key, Delta(elsewhere.pk, elsewhere.message_id, 5, "text", " bird"))
    await asyncio.wait_for(asyncio.gather(*hub._tasks), 5)  # nobody looks any more: the frames join on


async def test_an_answer_made_whole_after_its_interruption_was_told_is_shown_whole(
    elsewhere: Generation, hub: Hub
) -> None:
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await hub.receive(tab.key, await _end(elsewhere, "interrupted"))
    await hub.receive(tab.key, await _end(elsewhere))
    assert _states(tab) == ["interrupted", "complete"]


async def test_a_message_drawn_before_its_end_is_not_shown_after_it(
    elsewhere: Generation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await Message.objects.filter(pk=elsewhere.message_id).aupdate(hidden_at=timezone.now())
    held = Held(monkeypatch, "message_html")
    renewing = asyncio.create_task(hub.receive(tab.key, Renewed(elsewhere.message_id)))
    await held.read()
    await hub.receive(tab.key, await _end(elsewhere, "stopped"))
    held.let_go()
    await renewing
    assert NOTICE in tab.told[-1]
    assert 'data-status="stopped"' in tab.told[-1]
    assert not [text for text in tab.told if 'data-status="running"' in text]


async def test_a_page_that_comes_is_not_shown_a_hidden_message_as_it_was_before_its_end(
    elsewhere: Generation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Message.objects.filter(pk=elsewhere.message_id).aupdate(hidden_at=timezone.now())
    tab, held = ListeningTab(elsewhere), Held(monkeypatch, "message_html")
    watching = asyncio.create_task(hub.watch(tab))
    await held.read()
    await hub.receive(tab.key, await _end(elsewhere, "stopped"))
    held.let_go()
    await watching
    assert 'data-status="stopped"' in tab.told[-1]
    assert not [text for text in tab.told if 'data-status="running"' in text]


async def test_an_answer_that_was_queued_again_is_not_shown_so_after_its_end(
    elsewhere: Generation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await Generation.objects.aupdate(status="queued")
    held = Held(monkeypatch, "end_of")
    telling = asyncio.create_task(hub.receive(tab.key, Changed(elsewhere.pk, elsewhere.message_id, "queued")))
    await held.read()
    await hub.receive(tab.key, await _end(elsewhere))
    held.let_go()
    await telling
    assert _states(tab) == ["complete"]


async def test_an_answer_that_is_begun_again_does_not_go_on_from_what_was_lost(elsewhere: Generation, hub: Hub) -> None:
    """Its process died after it had shown this and before it had saved it."""
    await Generation.objects.aupdate(seq=0, draft="")
    tab = ListeningTab(elsewhere)
    await hub.watch(tab)
    await hub.receive(tab.key, Delta(elsewhere.pk, elsewhere.message_id, 0, "text", "Half"))
    await Generation.objects.aupdate(status="queued")
    await hub.receive(tab.key, Changed(elsewhere.pk, elsewhere.message_id, "queued"))
    await hub.receive(tab.key, Delta(elsewhere.pk, elsewhere.message_id, 0, "text", "Another answer"))
    await asyncio.gather(*hub._tasks)
    patch = tab.frames[-1]
    assert (patch["f"], patch["q"]) == (-1, 14)
    assert patch["b"] == [[0, 0, "<p>Another answer</p>"]]


async def test_other_pages_are_told_that_an_answer_is_gone_on_with(alice: User, web: Engine) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "half an")
    answer = await Message.objects.aget(role="assistant")
    tab = ListeningTab(Generation(conversation=conversation))
    await web.hub.watch(tab)
    await sync_to_async(continue_answer)(alice, conversation, answer)

    async def told() -> bool:
        return {"new": answer.pk, "s": "queued"} in tab.frames

    await until(told, timeout=5)


async def test_a_page_is_told_of_an_answer_before_anything_that_the_answer_says(
    alice: User, running_engine: Engine
) -> None:
    conversation = Conversation(owner=alice, model=MODEL)
    tab = ListeningTab(Generation(conversation=conversation))
    await running_engine.hub.watch(tab)
    submitted = await sync_to_async(submit_message)(alice, conversation, "Hello script:words-3", uuid.uuid4())

    async def told() -> bool:
        return _states(tab)[-1:] == ["complete"]

    await until(told)
    assert tab.frames[1] == {"new": submitted.answer.pk, "s": "running"}  # type: ignore[union-attr]


async def test_another_branch_says_nothing_of_a_generation(alice: User, web: Engine) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    tab = ListeningTab(Generation(conversation=conversation))
    await web.hub.watch(tab)
    await sync_to_async(select_branch)(conversation, conversation.leaf)

    async def told() -> bool:
        return tab.frames[-1] == {"new": conversation.leaf_id}

    await until(told)
