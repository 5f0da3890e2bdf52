"""A model that fails before its first token is not the end: the next of the chain answers, and the message says so."""

from itertools import pairwise

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import translation

from accounts.models import User
from conversations.generation.jobs import next_model
from conversations.models import Attachment, Conversation, Generation
from conversations.presentation import footer_html, present
from conversations.submission import stop_answer
from providers.models import ModelOverride
from tests.conversations.generation.test_runner import ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine", "provider")]
SECOND, THIRD, FIFTH = "openai/second", "anthropic/claude-third", "openai/fifth"


def _failing(script: str) -> str:
    return f"openai/script:{script}"


async def _chain(*models: str) -> None:
    for model, fallback in pairwise(models):
        await ModelOverride.objects.acreate(model=model, fallback=fallback)


def _asked(provider: ScriptedProvider) -> list[str]:
    return [chat.body["model"] for chat in provider.chats]


@pytest.mark.parametrize(
    ("script", "streaming"), [("error-401", True), ("error-404", False), ("empty-200", True), ("error-first", True)]
)
async def test_the_next_model_answers(alice: User, script: str, streaming: bool) -> None:
    first = _failing(script)
    await _chain(first, SECOND)
    generation = await end_of(await ask(alice, "Hello", model=first, streaming=streaming))
    assert (generation.status, generation.model, generation.fallback_for) == ("complete", SECOND, first)
    assert generation.message.model == SECOND
    assert generation.message.content
    assert generation.error_code == ""


async def test_another_provider_may_answer_with_its_own_shape(alice: User, provider: ScriptedProvider) -> None:
    first = _failing("error-401")
    await _chain(first, THIRD)
    generation = await end_of(await ask(alice, "Hello", model=first, temperature=1.8))
    assert (generation.status, generation.model) == ("complete", THIRD)
    assert provider.chats[-1].body.get("temperature", 1) <= 1
    assert generation.temperature == 1.8


async def test_the_message_and_its_details_say_so(alice: User) -> None:
    first = _failing("error-401")
    await _chain(first, SECOND)
    generation = await end_of(await ask(alice, "Hello", model=first))
    [view] = await sync_to_async(present)([generation.message])
    with translation.override("en"):
        footer = await sync_to_async(footer_html)(view)
    assert "Answered by second, since script:error-401 was not available." in footer
    client = Client(headers={"Accept-Language": "en"})
    await sync_to_async(client.force_login)(alice)
    path = f"/c/{generation.conversation_id}/messages/{generation.message_id}/details/"
    details = (await sync_to_async(client.get)(path)).content.decode()
    assert "Asked first, not available" in details


async def test_at_most_three_fallbacks_are_asked_and_the_first_ones_error_is_shown(
    alice: User, provider: ScriptedProvider
) -> None:
    names = ["error-429-quota", "error-401", "error-404", "error-403"]
    models = [*map(_failing, names), FIFTH]
    await _chain(*models)
    generation = await end_of(await ask(alice, "Hello", model=models[0]))
    assert (generation.status, generation.error_code) == ("failed", "quota")
    assert (generation.model, generation.fallback_for) == (models[0], "")
    assert generation.message.model == models[0]
    assert set(_asked(provider)) == {f"script:{name}" for name in names}


async def test_none_is_asked_twice(alice: User, provider: ScriptedProvider) -> None:
    models = [_failing("error-401"), _failing("error-404")]
    await _chain(*models, models[0])
    generation = await end_of(await ask(alice, "Hello", model=models[0]))
    assert (generation.status, generation.error_code) == ("failed", "authentication")
    assert len(_asked(provider)) == 2


@pytest.mark.parametrize("script", ["error-400", "context-too-long", "content-filter", "error-in-stream"])
async def test_what_another_model_would_not_mend_is_not_passed_on(
    alice: User, provider: ScriptedProvider, script: str
) -> None:
    first = _failing(script)
    await _chain(first, SECOND)
    generation = await end_of(await ask(alice, "Hello", model=first))
    assert (generation.model, generation.fallback_for) == (first, "")
    assert "second" not in _asked(provider)


async def test_a_stopped_answer_stays_stopped(alice: User, provider: ScriptedProvider) -> None:
    first = _failing("hang")
    await _chain(first, SECOND)
    generation = await ask(alice, "Hello", model=first)
    await sync_to_async(provider.wait_until)(lambda p: p.chats)
    await sync_to_async(stop_answer)(generation.conversation, generation.message)
    assert (await end_of(generation)).status == "stopped"
    assert "second" not in _asked(provider)


async def test_a_fallback_that_breaks_off_shows_its_own_error(alice: User) -> None:
    first, second = _failing("error-401"), _failing("error-in-stream")
    await _chain(first, second)
    generation = await end_of(await ask(alice, "Hello", model=first))
    assert (generation.status, generation.error_code) == ("failed", "overloaded")
    assert (generation.model, generation.fallback_for) == (second, first)
    assert generation.message.content


async def test_a_model_that_the_person_may_not_use_is_passed_over(alice: User, provider: ScriptedProvider) -> None:
    first = _failing("error-401")
    await _chain(first, SECOND, THIRD)
    override = await ModelOverride.objects.aget(model=SECOND)
    await override.groups.aset([await Group.objects.acreate(name="Chosen")])
    generation = await end_of(await ask(alice, "Hello", model=first))
    assert (generation.status, generation.model) == ("complete", THIRD)
    assert "second" not in _asked(provider)


async def test_a_chain_in_a_circle_of_closed_models_ends(alice: User) -> None:
    chosen = await Group.objects.acreate(name="Chosen")
    await _chain(SECOND, FIFTH, SECOND)
    for override in [found async for found in ModelOverride.objects.all()]:
        await override.groups.aset([chosen])
    conversation = Conversation(owner=alice)
    generation = Generation(conversation=conversation, model="openai/first")
    await ModelOverride.objects.acreate(model="openai/first", fallback=SECOND)
    assert await sync_to_async(next_model)(generation, ["openai/first"]) == ""


async def test_a_page_sees_only_the_answer(alice: User) -> None:
    first = _failing("error-401")
    await _chain(first, SECOND)
    generation = await ask(alice, "Hello", model=first)
    await until(lambda: Generation.objects.filter(pk=generation.pk, status="complete").aexists())
    assert await Generation.objects.acount() == 1


@pytest.mark.parametrize("blind", [None, SECOND])
async def test_images_that_a_model_does_not_take_go_to_one_that_looks_at_them(
    alice: User, provider: ScriptedProvider, blind: str | None
) -> None:
    first = _failing("refuse-image-endpoints")
    await _chain(*filter(None, (first, blind, FIFTH)))
    await ModelOverride.objects.filter(model=SECOND).aupdate(supports_images=False)
    generation = await end_of(await _ask_about_an_image(alice, first))
    assert (generation.status, generation.model, generation.fallback_for) == ("complete", FIFTH, first)
    assert _asked(provider) == ["script:refuse-image-endpoints", "fifth"]


async def test_without_one_that_looks_at_images_the_first_error_stays(alice: User, provider: ScriptedProvider) -> None:
    first = _failing("refuse-image-endpoints")
    await _chain(first, SECOND, FIFTH)
    await ModelOverride.objects.filter(model=SECOND).aupdate(supports_images=False)
    await ModelOverride.objects.acreate(model=FIFTH, supports_images=False)
    generation = await end_of(await _ask_about_an_image(alice, first))
    assert (generation.error_code, generation.model, generation.fallback_for) == ("images_not_taken", first, "")
    assert len(_asked(provider)) == 1


async def _ask_about_an_image(user: User, model: str) -> Generation:
    image = await Attachment.objects.acreate(
        owner=user, kind="image", name="cat.png", media_type="image/png", size=3, file=ContentFile(b"cat", name="x")
    )
    return await ask(user, "What is this?", model=model, files=[image])
