"""From a model's name to a provider that answers."""

import asyncio
import gc
from collections.abc import Callable

import pytest

import providers
from providers import errors, registry, stored
from providers.base import ChatRequest
from providers.credentials import encrypt
from providers.models import Credential
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import hello

Ask = Callable[..., ChatRequest]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(settings, scripted_provider: ScriptedProvider) -> None:
    """OpenAI and Anthropic are set up, with keys and addresses from the settings."""
    addresses = {"openai": scripted_provider.openai_url, "anthropic": scripted_provider.anthropic_url}
    settings.PROVIDERS = {
        name: settings.PROVIDERS[name] | {"api_key": f"key-of-{name}", "base_url": address}
        for name, address in addresses.items()
    }


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("gpt-4o", "openai", "gpt-4o"),
        ("o3-mini", "openai", "o3-mini"),
        ("chatgpt-4o-latest", "openai", "chatgpt-4o-latest"),
        ("anthropic/claude-opus-5-5", "anthropic", "claude-opus-5-5"),
        ("claude-opus-5-5", "anthropic", "claude-opus-5-5"),
        ("openai/a-model-of-next-year", "openai", "a-model-of-next-year"),
        ("openai/org/model", "openai", "org/model"),
        ("scripted-large", "openai", "scripted-large"),
        ("script:hello", "openai", "script:hello"),
    ],
)
async def test_names(both: None, model: str, provider: str, name: str) -> None:
    found, info = await providers.resolve(model)

    assert found.name == provider
    assert (info.id, info.name) == (f"{provider}/{name}", name)
    await providers.close_providers()


async def test_it_answers(both: None, ask: Ask, heard: Heard) -> None:
    provider, info = await providers.resolve("claude-sonnet-4-5")
    await heard.listen(provider, ask("Hello", model=info.name))
    await providers.close_providers()

    assert heard.text == hello("Hello")


async def test_a_bare_name_that_nobody_lists(both: None) -> None:
    with pytest.raises(errors.ModelUnknown):
        await providers.resolve("no-such-model")


async def test_nothing_is_set_up() -> None:
    for model in ("gpt-4o", "openai/gpt-4o", "claude-opus-5-5", "local/smollm2-135m-instruct"):
        with pytest.raises(errors.ProviderNotConfigured):
            await providers.resolve(model)


@pytest.mark.parametrize("model", ["", "/", "openai/", "/gpt-4o", "nobody/else"])
async def test_names_that_are_none(both: None, model: str) -> None:
    with pytest.raises((errors.ModelUnknown, errors.ProviderNotConfigured)):
        await providers.resolve(model)


async def test_a_compatible_server_by_its_name_and_by_its_list(
    settings, scripted_provider: ScriptedProvider, ask: Ask, heard: Heard
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}

    by_prefix, info = await providers.resolve("vllm/scripted-large")
    by_list, _ = await providers.resolve("scripted-large")
    await heard.listen(by_prefix, ask("Hello", model=info.name))
    await providers.close_providers()

    assert by_prefix is by_list
    assert heard.finish == "stop"
    assert info.context_window == 65_536  # as the server's own list says


async def test_the_same_object_as_long_as_nothing_changes(both: None) -> None:
    first, _ = await providers.resolve("gpt-4o")
    second, _ = await providers.resolve("gpt-4o-mini")
    assert first is second
    await providers.close_providers()


async def test_many_at_once_build_one(both: None) -> None:
    found = await asyncio.gather(*(providers.resolve("gpt-4o") for _ in range(20)))
    assert len({id(provider) for provider, _ in found}) == 1
    await providers.close_providers()


async def test_a_stored_credential_wins_and_replaces_the_client(
    both: None, scripted_provider: ScriptedProvider, ask: Ask, heard: Heard
) -> None:
    before, _ = await providers.resolve("gpt-4o")
    credential = Credential(provider="openai", base_url="")
    credential.set_key("a-stored-key-of-some-length")
    await credential.asave()
    after, _ = await providers.resolve("gpt-4o")
    await heard.listen(after, ask("Hello"))
    await providers.close_providers()

    assert before is not after
    assert scripted_provider.chats[0].headers["authorization"] == "Bearer a-stored-key-of-some-length"


async def test_replacing_does_not_cut_an_open_answer(
    both: None, scripted_provider: ScriptedProvider, ask: Ask, heard: Heard
) -> None:
    before, _ = await providers.resolve("gpt-4o")
    task = asyncio.create_task(heard.listen(before, ask("script:hold")))
    await asyncio.to_thread(scripted_provider.wait_until, lambda server: server.chats and server.chats[0].sent > 10)
    credential = Credential(provider="openai")
    credential.set_key("another-key-of-some-length")
    await credential.asave()
    await providers.resolve("gpt-4o")
    scripted_provider.release()
    await task
    await providers.close_providers()

    assert heard.finish == "stop"


async def test_a_credential_with_an_address_adds_a_server(scripted_provider: ScriptedProvider) -> None:
    await Credential.objects.acreate(provider="mine", base_url=scripted_provider.openai_url, allow_inside=True)
    provider, info = await providers.resolve("mine/scripted-small")
    await providers.close_providers()

    assert provider.name == "mine"
    assert info.id == "mine/scripted-small"


async def test_a_key_that_cannot_be_read_is_a_clear_error(both: None, settings) -> None:
    await Credential.objects.acreate(provider="openai", encrypted_key=encrypt("secret-secret-secret"))
    settings.ENCRYPTION_KEY = "YW5vdGhlci10ZXN0LW9ubHkta2V5LTMyLWJ5dGVzISE="
    stored.forget()

    with pytest.raises(errors.ProviderNotConfigured) as caught:
        await providers.resolve("gpt-4o")
    assert "ENCRYPTION_KEY" in str(caught.value)


async def test_no_key_to_decrypt_with_is_a_clear_error(both: None, settings) -> None:
    await Credential.objects.acreate(provider="openai", encrypted_key=encrypt("secret-secret-secret"))
    settings.ENCRYPTION_KEY = ""
    stored.forget()

    with pytest.raises(errors.ProviderNotConfigured):
        await providers.resolve("gpt-4o")


def test_each_event_loop_has_its_own_and_closes_it(both: None) -> None:
    """asyncio.run shuts its loop down, which closes the provider: no warning of an unclosed session follows."""

    async def resolve_and_ask() -> providers.Provider:
        provider, _ = await providers.resolve("gpt-4o")
        await Heard().listen(provider, ChatRequest("gpt-4o", (providers.Turn("user", "Hello"),)))
        return provider

    before = set(registry._pools)  # of threads that go on
    first, second = asyncio.run(resolve_and_ask()), asyncio.run(resolve_and_ask())
    assert first is not second
    del first, second
    gc.collect()
    assert set(registry._pools) == before


async def test_warming_up_builds_what_the_default_needs(
    both: None, settings, scripted_provider: ScriptedProvider
) -> None:
    settings.DEFAULT_MODEL = "openai/gpt-4o"
    await providers.warm_up()
    pool = await registry._pool()
    assert set(pool.built) == {"openai"}
    assert scripted_provider.chats == []  # nothing is asked
    await providers.close_providers()


async def test_warming_up_with_nothing_set_up_is_no_error() -> None:
    await providers.warm_up()
    await providers.warm_up("openai/gpt-4o")
