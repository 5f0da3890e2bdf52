"""The same question gets the same answer, where a conversation wants that: streamed, marked, and at no cost."""

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from accounts.models import Preferences, User
from conversations import moderating
from conversations.generation.engine import Engine
from conversations.generation.receiving import CACHED_PAUSE, CACHED_PIECES, _pieces
from conversations.models import Conversation, Generation, Message
from conversations.submission import continue_answer, regenerate, stop_answer, submit_message
from tests.conversations.conftest import MODEL
from tests.conversations.generation.test_runner import ListeningTab, ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine")]
QUESTION = "Hello script:words-300"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


async def _ask(user: User, text: str = QUESTION, **settings: object) -> Generation:
    return await end_of(await ask(user, text, **({"cache_answers": True} | settings)))


async def test_the_second_time_nobody_is_asked(alice: User, provider: ScriptedProvider) -> None:
    first, second = await _ask(alice), await _ask(alice)
    assert len(provider.chats) == 1
    assert (first.cached, second.cached) == (False, True)
    assert second.message.content == first.message.content
    assert (second.status, second.finish_reason) == ("complete", "stop")
    assert (second.input_tokens, second.output_tokens, second.cost) == (0, 0, Decimal())


async def test_what_a_moderator_has_hidden_is_not_given_out_again(alice: User, provider: ScriptedProvider) -> None:
    first = await _ask(alice)
    await sync_to_async(moderating.hide)(first.message)
    assert not (await _ask(alice)).cached
    await sync_to_async(moderating.show)(await Message.objects.aget(pk=first.message_id))
    assert (await _ask(alice)).cached


async def test_it_comes_in_pieces(alice: User, provider: ScriptedProvider, running_engine: Engine) -> None:
    await _ask(alice)
    generation = await ask(alice, QUESTION, cache_answers=True)
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    await end_of(generation)

    async def told_the_end() -> bool:
        return "From the cache" in tab.told[-1]

    await until(told_the_end)
    assert len([frame for frame in tab.frames if frame.get("b")]) > 1


def test_the_pieces_are_the_text_and_take_less_than_a_second() -> None:
    text = " ".join(f"word{number}" for number in range(5000)) + "\n"
    for sample in (text, "short", "", " \n ", "한국어 문장이에요."):
        assert "".join(_pieces(sample)) == sample
        assert len(_pieces(sample)) <= CACHED_PIECES
    assert CACHED_PIECES * CACHED_PAUSE < 1


async def test_it_can_be_stopped_and_costs_nothing_even_then(alice: User, provider: ScriptedProvider) -> None:
    await _ask(alice)
    generation = await ask(alice, QUESTION, cache_answers=True)
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    await sync_to_async(stop_answer)(generation.conversation, generation.message)
    ended = await end_of(generation)
    if ended.status == "stopped":  # else it was over before the stop was heard
        assert len(ended.message.content.split()) < 300
    assert (ended.cached, ended.cost, ended.output_tokens) == (True, Decimal(), 0)


async def test_streaming_off_gets_it_whole(alice: User, provider: ScriptedProvider) -> None:
    await _ask(alice, streaming=False)
    assert (await _ask(alice, streaming=False)).cached


async def test_only_conversations_that_want_it_take_part(alice: User, provider: ScriptedProvider) -> None:
    await _ask(alice, cache_answers=False)
    assert not (await _ask(alice)).cached
    assert not (await _ask(alice, cache_answers=False)).cached
    assert len(provider.chats) == 3


async def test_other_words_settings_or_instructions_are_another_question(
    alice: User, bob: User, provider: ScriptedProvider
) -> None:
    await _ask(alice)
    await sync_to_async(Preferences.objects.update_or_create)(
        user=bob, defaults={"custom_instructions": "Answer in rhymes."}
    )
    bob = await User.objects.aget(pk=bob.pk)
    for user, settings in ((alice, {"temperature": 0.1}), (alice, {"system_prompt": "Be short."}), (bob, {})):
        assert not (await _ask(user, **settings)).cached
    assert not (await _ask(alice, f"{QUESTION} please")).cached


async def test_the_same_prompt_of_another_person_is_the_same_question(
    alice: User, bob: User, provider: ScriptedProvider
) -> None:
    await _ask(alice)
    assert (await _ask(bob)).cached


async def test_regenerate_asks_anew_and_replaces_what_is_kept(alice: User, provider: ScriptedProvider) -> None:
    first = await _ask(alice)
    conversation = await Conversation.objects.aget(pk=first.conversation_id)
    sibling = await sync_to_async(regenerate)(alice, conversation, first.message)
    again = await end_of(await Generation.objects.aget(message=sibling))
    assert not again.cached
    assert len(provider.chats) == 2
    assert (await _ask(alice)).cached


@pytest.mark.parametrize("script", ["clean-cut", "length", "refusal", "error-in-stream"])
async def test_only_whole_answers_are_kept(alice: User, provider: ScriptedProvider, script: str) -> None:
    await _ask(alice, f"Hello script:{script}")
    assert not (await _ask(alice, f"Hello script:{script}")).cached


async def test_going_on_is_never_answered_from_the_cache(alice: User, provider: ScriptedProvider) -> None:
    for _ in range(2):
        first = await _ask(alice, "Hello script:clean-cut")
        conversation = await Conversation.objects.aget(pk=first.conversation_id)
        await sync_to_async(continue_answer)(alice, conversation, first.message)
        assert not (await end_of(await Generation.objects.alatest("id"))).cached


async def test_a_later_question_is_asked_with_all_that_went_before(alice: User, provider: ScriptedProvider) -> None:
    first, second = await _ask(alice), await _ask(alice)
    for generation, expected in ((first, False), (second, True)):
        conversation = await Conversation.objects.aget(pk=generation.conversation_id)
        await sync_to_async(submit_message)(alice, conversation, "And then? script:words-3", uuid.uuid4())
        assert (await end_of(await Generation.objects.alatest("id"))).cached is expected


async def test_the_details_say_where_it_came_from(alice: User, provider: ScriptedProvider) -> None:
    await _ask(alice)
    generation = await _ask(alice)
    client = Client(headers={"Accept-Language": "en"})
    await sync_to_async(client.force_login)(alice)
    path = f"/c/{generation.conversation_id}/"
    details = (await sync_to_async(client.get)(f"{path}messages/{generation.message_id}/details/")).content.decode()
    assert "nobody was asked, and nothing was paid" in details
    assert "$0.00" in details
    assert "From the cache" in (await sync_to_async(client.get)(path)).content.decode()


async def test_it_is_switched_on_in_the_settings(alice: User, provider: ScriptedProvider) -> None:
    conversation = await Conversation.objects.acreate(owner=alice, model=MODEL)
    client = Client()
    await sync_to_async(client.force_login)(alice)
    path = f"/c/{conversation.pk}/settings/"
    for sent, expected in (({"cache_answers": "on"}, True), ({}, False)):
        await sync_to_async(client.post)(path, {"model": MODEL} | sent)
        assert (await Conversation.objects.aget()).cache_answers is expected
