"""What is being written, and the pages that look on, at the moment of a moderator's or an administrator's act."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import User
from conversations import moderating
from conversations.generation import outlook
from conversations.generation.engine import Engine
from conversations.generation.frames import Changed, Key, Locked, Renewed, pack, unpack
from conversations.models import Conversation, Generation, Message, WaitingMessage
from conversations.submission import submit_message
from tests.conversations.conftest import converse
from tests.conversations.generation.test_runner import ListeningTab, ask, end_of, until
from tests.conversations.moderated.conftest import NOTICE
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine", "provider")]


async def _writing(user: User) -> Generation:
    generation = await ask(user, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    return generation


async def _told(tab: ListeningTab, words: str) -> None:
    async def told() -> bool:
        return any(words in text for text in tab.told)

    await until(told)


async def test_an_open_page_shows_the_notice_at_once_and_the_text_again(alice: User, running_engine: Engine) -> None:
    generation = await ask(alice, "Hello script:words-5")
    await end_of(generation)
    tab, korean = ListeningTab(generation), ListeningTab(generation)
    korean.language = "ko"
    await running_engine.hub.watch(tab)
    await running_engine.hub.watch(korean)
    await sync_to_async(moderating.hide)(generation.message)
    await _told(tab, NOTICE)
    assert tab.told[-1].lstrip().startswith(f'<article id="message-{generation.message_id}"')
    assert 'hx-swap-oob="true"' in tab.told[-1]
    assert "w0005" not in tab.told[-1]
    await sync_to_async(moderating.show)(generation.message)
    await _told(tab, "w0005")
    await _told(korean, "data-hidden-notice")


async def test_an_answer_that_is_being_written_is_stopped_and_its_end_shows_nothing(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    generation = await _writing(alice)
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    before = len(tab.told)
    await sync_to_async(moderating.hide)(generation.message)
    ended = await end_of(generation)
    assert ended.status == "stopped"
    assert "Hello" in ended.message.content  # kept, for whoever reviews it
    await _told(tab, NOTICE)

    async def cleared() -> bool:
        return any(frame.get("b") == [[0, 0, ""]] for frame in tab.frames[1:])

    await until(cleared)
    assert not [text for text in tab.told[before:] if "You wrote" in text]
    await sync_to_async(provider.wait_until)(lambda p: p.chats[-1].end == "closed")


async def test_hiding_a_question_stops_its_answer(alice: User, provider: ScriptedProvider) -> None:
    generation = await _writing(alice)
    question = await Message.objects.aget(role="user")
    await sync_to_async(moderating.hide)(question)
    assert (await end_of(generation)).status == "stopped"


async def test_locking_stops_the_answer_and_tells_the_page(alice: User, running_engine: Engine) -> None:
    generation = await _writing(alice)
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    await sync_to_async(moderating.lock)(generation.conversation)
    await _told(tab, "A moderator has locked this conversation")
    assert (await end_of(generation)).status == "stopped"
    await sync_to_async(moderating.unlock)(generation.conversation)

    async def unlocked() -> bool:
        return '<div id="lock"' in tab.told[-1] and "locked" not in tab.told[-1]

    await until(unlocked)


async def test_suspending_a_person_ends_what_is_written_for_them_and_takes_back_what_waits(
    alice: User, bob: User, provider: ScriptedProvider
) -> None:
    mine, other = await _writing(alice), await _writing(bob)
    conversation = await Conversation.objects.aget(pk=mine.conversation_id)
    await sync_to_async(submit_message)(alice, conversation, "And then?", uuid.uuid4())
    assert await WaitingMessage.objects.acount() == 1
    alice.is_active = False
    await alice.asave()
    assert (await end_of(mine)).status == "stopped"
    assert await WaitingMessage.objects.acount() == 0
    assert (await Generation.objects.aget(pk=other.pk)).status == "running"
    await sync_to_async(provider.release)()
    assert (await end_of(other)).status == "complete"
    alice.is_active = True
    await alice.asave()
    assert not await Message.objects.filter(content="And then?").aexists()


@pytest.mark.parametrize("frame", [Renewed(7), Locked(is_locked=True)])
def test_other_processes_hear_of_it(frame: Renewed | Locked) -> None:
    assert unpack(pack(frame)) == frame


async def test_nobody_is_told_of_a_message_that_is_gone(alice: User, running_engine: Engine) -> None:
    generation = await ask(alice, "Hello script:words-2")
    await end_of(generation)

    async def let_go() -> bool:
        return not running_engine.hub.lives

    await until(let_go)
    tab = ListeningTab(generation)
    await running_engine.hub.watch(tab)
    told = len(tab.told)
    await running_engine.hub.publish(Key(alice.pk, generation.conversation_id), Renewed(10**9))
    assert len(tab.told) == told


async def test_an_end_that_was_drawn_before_it_was_hidden_is_not_shown(alice: User, running_engine: Engine) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "the *answer*")
    ended = await Generation.objects.acreate(
        conversation=conversation, message=conversation.leaf, model=conversation.model, max_tokens=9, status="complete"
    )
    tab = ListeningTab(ended)
    await running_engine.hub.watch(tab)
    drawn = await sync_to_async(outlook.end_of)(ended.message_id, ["en"])
    await Message.objects.filter(pk=ended.message_id).aupdate(hidden_at=timezone.now())
    await running_engine.hub.publish(tab.key, Renewed(ended.message_id))
    await running_engine.hub.publish(tab.key, Changed(ended.pk, ended.message_id, ended.status), drawn)
    assert not [text for text in tab.told if "<em>answer</em>" in text]
    assert NOTICE in tab.told[-1]
