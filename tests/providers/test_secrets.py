"""A planted key is looked for wherever it could have got to: logs, admin history, errors, the cache, the pages."""

import asyncio
import logging
import traceback
from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

import providers
from providers import errors, listed, response_cache
from providers.base import ChatRequest, Turn
from providers.connections import connections
from providers.models import Credential
from providers.stored import stored
from tests.scripted_provider.fixture import ScriptedProvider

SECRETS = {
    "good": "sk-planted-0123456789abcdef",
    "wrong": "sk-planted-wrong-0123456789",
    "broke": "planted-no-credit-012",
}
QUESTION = "a planted question that nobody logs"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged, at every level, with its tracebacks."""
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "anthropic", "httpx2", "aiohttp", "providers", "django"):
        caplog.set_level(logging.DEBUG, logger=name)
    return lambda: caplog.text


def _cached() -> str:
    """All that is in the cache, as it lies there."""
    return "".join(f"{key}{value!r}" for key, value in cache._cache.items())  # type: ignore[attr-defined]


def _raw(error: BaseException) -> str:
    """An error as a log or a debugger would show it, with its causes."""
    return f"{error!r}{error.__dict__}" + "".join(traceback.format_exception(error))


@pytest.mark.parametrize("which", SECRETS)
def test_saving_and_trying_a_key_leaves_it_nowhere(
    client: Client, scripted_provider: ScriptedProvider, told: Callable[[], str], which: str
) -> None:
    secret = SECRETS[which]
    boss = get_user_model().objects.create_superuser("charlie", "charlie@example.org", "correct horse battery staple")
    client.force_login(boss)
    form = {"provider": "openai", "base_url": scripted_provider.openai_url, "api_key": secret, "allow_inside": "on"}
    shown = client.post(reverse("admin:providers_credential_add"), form, follow=True).content.decode()
    row = Credential.objects.get()
    address = reverse("admin:providers_credential_change", args=[row.pk])
    shown += client.post(address, form | {"api_key": ""}, follow=True).content.decode()
    shown += client.get(address).content.decode()
    shown += client.get(reverse("admin:providers_credential_history", args=[row.pk])).content.decode()
    listed.refresh(connections(stored())["openai"])
    history = "".join(f"{entry.object_repr}{entry.change_message}" for entry in LogEntry.objects.all())

    assert scripted_provider.requests[0].headers["authorization"] == f"Bearer {secret}"
    assert LogEntry.objects.count() == 2
    for where in (shown, history, told(), _cached()):
        assert secret not in where
        assert row.encrypted_key not in where


@pytest.mark.parametrize("which", SECRETS)
@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_asking_with_a_key_leaves_it_nowhere(
    settings, scripted_provider: ScriptedProvider, told: Callable[[], str], which: str, name: str
) -> None:
    secret = SECRETS[which]
    base_url = scripted_provider.openai_url if name == "openai" else scripted_provider.anthropic_url
    settings.PROVIDERS = settings.PROVIDERS | {
        name: settings.PROVIDERS[name] | {"api_key": secret, "base_url": base_url}
    }
    provider, info = await providers.resolve(f"{name}/claude-sonnet-4-5")
    request = ChatRequest(info.name, (Turn("user", QUESTION),))
    seen = ""
    try:
        answer = await provider.complete(request)
        await response_cache.aput(response_cache.key_of(info.id, request), answer)
    except errors.ProviderError as error:
        seen += _raw(error)
    try:
        await providers.moderate(QUESTION)
    except errors.ProviderError as error:
        seen += _raw(error)
    seen += "".join(f"{checked!r}" for checked in await providers.check_all())
    seen += repr(await asyncio.to_thread(connections, stored()))
    await providers.close_providers()

    assert scripted_provider.requests
    for where in (seen, told(), _cached()):
        assert secret not in where
    assert QUESTION not in seen
    assert which == "good" or seen
