"""A model that writes its thoughts into its text: on the pages, in the database, and in what is made of it later."""

import asyncio
import json
import re
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts.models import User
from conversations.generation import outlook, records
from conversations.generation.engine import Engine
from conversations.generation.frames import Delta, Key, Turned, pack, unpack
from conversations.generation.hub import shown_so_far
from conversations.generation.live import Live
from conversations.generation.records import Saving
from conversations.generation.track import Checkpoint, Track
from conversations.models import Conversation, Generation, Message
from conversations.rendering import render
from conversations.search.index import index_own
from conversations.search.query import parse
from conversations.search.results import find
from conversations.submission import stop_answer, submit_message
from conversations.transfer import exporting
from tests.conversations.generation.test_runner import ListeningTab, ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import THOUGHTS, hello

THOUGHT = THOUGHTS.strip()
SCRIPTS = ["think", "think-closed", "harmony"]


class TestOnTheSite:
    pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine")]

    @pytest.mark.parametrize("streaming", [True, False])
    @pytest.mark.parametrize("script", SCRIPTS)
    async def test_thoughts_are_kept_apart_from_the_text(
        self, alice: User, provider: ScriptedProvider, script: str, streaming: bool
    ) -> None:
        generation = await end_of(await ask(alice, f"script:{script}", streaming=streaming))
        message = generation.message
        assert (generation.status, generation.finish_reason) == ("complete", "stop")
        assert message.content == hello(f"script:{script}")
        assert message.reasoning == THOUGHT
        assert message.html == render(message.content)

    @pytest.mark.parametrize("script", SCRIPTS)
    async def test_thoughts_are_in_no_prompt_search_copy_or_exported_answer(
        self, alice: User, provider: ScriptedProvider, client: Client, script: str
    ) -> None:
        generation = await end_of(await ask(alice, f"script:{script}"))
        conversation = await Conversation.objects.select_related("owner", "folder").aget(pk=generation.conversation_id)
        await sync_to_async(submit_message)(alice, conversation, "And now? script:words-2", uuid.uuid4())
        await until(lambda: sync_to_async(lambda: len(provider.chats) > 1)())
        replayed = json.dumps(provider.chats[-1].body)
        assert "short answer" in replayed
        assert "count the words" not in replayed
        await sync_to_async(client.force_login)(alice)
        address = f"/c/{conversation.pk}/messages/{generation.message_id}/source/"
        source = await sync_to_async(client.get)(address)
        assert source.content.decode() == hello(f"script:{script}")
        exported = await sync_to_async(lambda: exporting.as_json(exporting.gather(conversation)))()
        [first, *_] = [m for m in json.loads(exported)["conversation"]["messages"] if m["role"] == "assistant"]
        assert (first["content"], first["reasoning"]) == (hello(f"script:{script}"), THOUGHT)
        assert await sync_to_async(_hits)(alice, "short answer")
        assert not await sync_to_async(_hits)(alice, "count the words")

    async def test_pages_see_the_text_move_to_the_thoughts(
        self, alice: User, provider: ScriptedProvider, running_engine: Engine
    ) -> None:
        generation = await ask(alice, "script:think-closed pause-5 pause-25")
        tab = ListeningTab(generation)
        await until(lambda: sync_to_async(lambda: provider.chats and provider.chats[-1].sent == 5)())
        await running_engine.hub.watch(tab)

        async def has_begun() -> bool:
            return "FirstIcount" in _shown(tab)[0].replace(" ", "")

        await until(has_begun)
        assert _shown(tab)[1] == ""
        await asyncio.to_thread(provider.release)

        async def moved() -> bool:
            return _shown(tab)[1] == THOUGHT

        await until(moved)
        assert "First" not in _shown(tab)[0]
        late = ListeningTab(generation)
        await running_engine.hub.watch(late)
        assert _shown(late) == _shown(tab)
        await asyncio.to_thread(provider.release)
        ended = await end_of(generation)
        await until(lambda: sync_to_async(lambda: any(f.get("s") == "complete" for f in tab.frames))())
        for text, reasoning in (_shown(tab), _shown(late)):
            assert "First" not in text
            assert text.endswith("Anything else you would like to know?")
            assert reasoning == THOUGHT == ended.message.reasoning

    async def test_an_answer_that_is_cut_in_its_thoughts_has_no_text(
        self, alice: User, provider: ScriptedProvider, running_engine: Engine
    ) -> None:
        generation = await ask(alice, "script:think pause-10")
        live = await until(lambda: sync_to_async(running_engine.hub.lives.get)(generation.pk))
        await until(lambda: sync_to_async(lambda: "First I count" in live.whole("reasoning"))())
        await sync_to_async(stop_answer)(generation.conversation, generation.message)
        ended = await end_of(generation)
        assert ended.status == "stopped"
        assert ended.message.content == ""
        assert ended.message.reasoning.startswith("First I count")

    async def test_a_checkpoint_that_has_moved_survives_the_death_of_the_process(self, alice: User) -> None:
        conversation = await sync_to_async(Conversation.objects.create)(owner=alice, model="openai/scripted")
        generation = await sync_to_async(_running)(conversation)
        live = Live(generation.pk, generation.message_id, Key(alice.pk, conversation.pk))
        live.add("text", "I think.")
        live.rethink()
        live.add("text", "Hi")
        saving = Saving(live.generation_id, live.seq, live.whole("text"), live.whole("reasoning"))
        await sync_to_async(records.save)([saving], [])
        checkpoint = await sync_to_async(outlook.checkpoint)(generation.pk)
        assert checkpoint is not None
        assert (checkpoint.text, checkpoint.reasoning, checkpoint.seq) == ("Hi", "I think.", 11)
        await Generation.objects.filter(pk=generation.pk).aupdate(worker=f"{records.HOST}:{2**22 + 1}:x")
        await sync_to_async(records.reap)()
        kept = await Generation.objects.select_related("message").aget(pk=generation.pk)
        assert (kept.status, kept.message.content, kept.message.reasoning) == ("interrupted", "Hi", "I think.")

    @pytest.mark.parametrize("script", ["blank", "think-only", "wants-tool"])
    async def test_an_empty_answer_is_not_given_again_from_the_cache(
        self, alice: User, provider: ScriptedProvider, script: str
    ) -> None:
        for _ in range(2):
            await end_of(await ask(alice, f"script:{script}", cache_answers=True))
        assert len(provider.chats) == 2

    async def test_an_answer_with_thoughts_comes_the_same_from_the_cache(
        self, alice: User, provider: ScriptedProvider
    ) -> None:
        first = await end_of(await ask(alice, "script:think-closed", cache_answers=True))
        again = await end_of(await ask(alice, "script:think-closed", cache_answers=True))
        assert again.cached
        assert (again.message.content, again.message.reasoning) == (first.message.content, first.message.reasoning)

    @pytest.mark.parametrize(
        ("script", "finish", "word"),
        [("finish-out_of_ideas", "other", "out_of_ideas"), ("wants-tool", "tool_call", ""), ("blank", "stop", "")],
    )
    @pytest.mark.parametrize("streaming", [True, False])
    async def test_the_end_is_kept_with_the_word_for_it(
        self, alice: User, provider: ScriptedProvider, script: str, finish: str, word: str, streaming: bool
    ) -> None:
        generation = await end_of(await ask(alice, f"script:{script}", streaming=streaming))
        assert (generation.status, generation.finish_reason, generation.error_code) == ("complete", finish, word)

    @pytest.mark.parametrize("streaming", [True, False])
    async def test_trouble_of_the_provider_interrupts(
        self, alice: User, provider: ScriptedProvider, streaming: bool
    ) -> None:
        generation = await end_of(await ask(alice, "script:finish-network_error", streaming=streaming))
        assert generation.status == "interrupted"
        assert generation.message.content == hello("script:finish-network_error")


def _running(conversation: Conversation) -> Generation:
    message = Message.objects.create(conversation=conversation, role="assistant")
    return Generation.objects.create(
        conversation=conversation,
        message=message,
        model="m",
        max_tokens=1,
        **records.claimed(),
    )


def _hits(owner: User, words: str) -> int:
    index_own(owner)
    return len(find(owner, parse(words)).hits)


def _plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def _shown(tab: ListeningTab) -> tuple[str, str]:
    """Text and thoughts as the patches have made them, the text as far as snapshots and added words tell."""
    html, reasoning = "", ""
    for frame in tab.frames:
        if frame.get("f") == -1:
            html, reasoning = "", ""
        for op in frame.get("b", ()):
            html += op[-1]
        reasoning += frame.get("r", "")
    return _plain(html), reasoning


# --- the pieces ---------------------------------------------------------------------------------------------------
def _live() -> Live:
    return Live(7, 8, Key(1, uuid.uuid4()), "before ", "old")


def _state(live: Live) -> Checkpoint:
    return shown_so_far(live)


def test_text_moves_behind_the_thoughts_and_counts_as_a_character() -> None:
    live = _live()
    live.add("reasoning", "hm")
    live.add("text", " I think.\n")
    live.rethink()
    live.add("text", "Hi")
    assert (live.whole("reasoning"), live.whole("text"), live.seq) == ("hm\n\nI think.", "Hi", 15)


def test_one_frame_covers_all_that_was_not_shown() -> None:
    live = _live()
    live.add("text", "I ")
    assert [frame.end for frame in live.take_unshown()] == [2]
    live.add("text", "think")
    live.rethink()
    assert _state(live).seq == 2  # who joins in now is told again
    live.add("text", "Hi")
    assert live.take_unshown() == [Turned(7, 8, 2, 10)]
    assert live.take_unshown() == []
    live.add("text", "!")
    assert [frame.seq for frame in live.take_unshown()] == [10]
    assert (_state(live).text, _state(live).reasoning) == ("before Hi!", "oldI think")


def _checkpoint(seq: int, text: str, reasoning: str = "") -> Checkpoint:
    return Checkpoint(7, 8, uuid.UUID(int=1), seq, text, reasoning)


def test_a_track_waits_for_a_checkpoint_that_has_moved() -> None:
    track = Track(8)
    track.begin(_checkpoint(7, "I think"))
    turned, after = Turned(7, 8, 7, 8), Delta(7, 8, 8, "text", "Hi")
    assert track.apply(turned) is None
    assert track.apply(after) is None
    track.waiting = [turned, after]
    assert not track.begin(_checkpoint(7, "I think"))
    assert track.begin(_checkpoint(8, "", "I think"))
    assert (track.renderer.html(), track.reasoning, track.seq) == (render("Hi"), "I think", 10)
    assert track.apply(turned) == ""


def test_the_frame_survives_the_channel_layer() -> None:
    assert unpack(pack(Turned(1, 2, 3, 4))) == Turned(1, 2, 3, 4)
