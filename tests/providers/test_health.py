"""Trying out what is set up, side by side."""

import pytest
from django.utils.translation import override

import providers
from providers import errors, health, listed, trial
from providers.connections import Connection, connections
from providers.models import Credential
from providers.stored import stored
from providers.trial import try_out
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = pytest.mark.django_db(transaction=True)
ADAPTER = "providers.openai.OpenAIProvider"


async def test_nothing_is_set_up() -> None:
    assert await providers.check_all() == []


async def test_every_provider_says_how_it_is(settings, scripted_provider: ScriptedProvider, unused_url: str) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url, "gone": unused_url}
    options = {"api_key": "wrong-key", "base_url": scripted_provider.openai_url}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": settings.PROVIDERS["openai"] | options}
    await Credential.objects.acreate(provider="anthropic", encrypted_key="nonsense")

    found = {checked.label: checked.error for checked in await providers.check_all()}

    assert list(found) == ["OpenAI", "Anthropic", "vllm", "gone"]
    assert {label: type(error) for label, error in found.items()} == {
        "OpenAI": errors.AuthenticationFailed,
        "Anthropic": errors.ProviderNotConfigured,
        "vllm": type(None),
        "gone": errors.ConnectionLost,
    }


def test_known_problems_ask_nobody(settings, scripted_provider: ScriptedProvider, unused_url: str) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url, "gone": unused_url}
    Credential.objects.create(provider="anthropic", encrypted_key="nonsense")
    (broken,) = providers.known_problems()
    assert broken.startswith("Anthropic: ")
    assert "nonsense" not in broken
    assert scripted_provider.requests == []


def test_a_provider_that_failed_when_its_models_were_last_asked_for_is_known(
    settings, scripted_provider: ScriptedProvider, unused_url: str
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url, "gone": unused_url}
    found = connections(stored())
    for name in ("vllm", "gone"):
        listed.refresh(found[name])
    with override("en"):
        (failed,) = providers.known_problems()
    assert failed.startswith("gone could not be reached")
    with override("ko"):
        assert failed not in providers.known_problems()


async def test_one_that_hangs_does_not_hold_the_others(
    settings, scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {
        "hanging": f"{scripted_provider.url}/hanging",
        "vllm": scripted_provider.openai_url,
    }
    original = trial._list

    async def listing(connection: Connection, **options: bool) -> listed.Listing:
        if connection.name == "hanging":
            raise TimeoutError
        return await original(connection, **options)

    monkeypatch.setattr(trial, "_list", listing)
    found = {checked.label: checked.error for checked in await providers.check_all()}
    assert isinstance(found["hanging"], errors.TimedOut)
    assert found["vllm"] is None


async def test_each_has_its_own_time(settings, monkeypatch: pytest.MonkeyPatch, silent_server: str) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.05)
    monkeypatch.setattr(trial, "LISTING_SECONDS", 1)  # for which the end of the test waits
    settings.OPENAI_COMPATIBLE_SERVERS = {"silent": silent_server}
    (checked,) = await providers.check_all()
    assert isinstance(checked.error, errors.TimedOut)


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch, silent_server: str) -> None:
    monkeypatch.setattr(trial, "LISTING_SECONDS", 0.05)
    with pytest.raises(errors.TimedOut):
        await try_out(Connection("silent", ADAPTER, silent_server))


async def test_an_account_without_credit_only_shows_when_asked(scripted_provider: ScriptedProvider) -> None:
    with pytest.raises(errors.QuotaExceeded):
        await try_out(Connection("openai", ADAPTER, scripted_provider.openai_url, "no-credit-key"))


async def test_without_a_key_nothing_is_asked(scripted_provider: ScriptedProvider) -> None:
    """A server of one's own would load a whole model for it."""
    await try_out(Connection("ollama", ADAPTER, scripted_provider.openai_url))
    assert scripted_provider.chats == []


async def test_with_a_key_a_few_tokens_are(scripted_provider: ScriptedProvider) -> None:
    await try_out(Connection("openai", ADAPTER, scripted_provider.openai_url, "a-key"))
    (asked,) = scripted_provider.chats
    assert asked.body["max_tokens"] <= 16


async def test_a_busy_model_says_nothing_of_the_key(
    scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_cheapest", lambda _provider, _names: "script:error-500")
    await try_out(Connection("openai", ADAPTER, scripted_provider.openai_url, "a-key"))


def test_the_cheapest_model_is_asked() -> None:
    assert trial._cheapest("openai", ["gpt-4o", "gpt-4o-mini", "o3"]) == "gpt-4o-mini"
    assert trial._cheapest("mine", ["a", "b"]) == "a"
    assert trial._cheapest("mine", []) == ""
