"""What the provider tests share: a clean slate, adapters that talk to the scripted provider, and a way to ask."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from django.core.cache import cache

from providers import listed
from providers.anthropic import AnthropicProvider
from providers.base import ChatRequest, Event, Finish, Provider, Reasoning, Text, Turn, Usage
from providers.openai import OpenAIProvider
from tests.providers.odd_server import OddServer, running_odd_server
from tests.scripted_provider.fixture import ScriptedProvider, scripted_provider, scripted_provider_server  # noqa: F401

MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5"}


@pytest.fixture(autouse=True)
def clean_slate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing remembered from the test before, and retries that do not make anyone wait."""
    monkeypatch.setattr("providers.retries.FIRST_DELAY_SECONDS", 0.001)
    cache.clear()
    listed._details_read.clear()
    yield
    cache.clear()


@pytest.fixture
async def openai(scripted_provider: ScriptedProvider) -> AsyncIterator[OpenAIProvider]:  # noqa: F811
    provider = OpenAIProvider(api_key="a-key", base_url=scripted_provider.openai_url)
    yield provider
    await provider.close()


@pytest.fixture
async def anthropic(scripted_provider: ScriptedProvider) -> AsyncIterator[AnthropicProvider]:  # noqa: F811
    provider = AnthropicProvider(api_key="a-key", base_url=scripted_provider.anthropic_url)
    yield provider
    await provider.close()


@pytest.fixture(params=["openai", "anthropic"])
async def provider(request: pytest.FixtureRequest, scripted_provider: ScriptedProvider) -> AsyncIterator[Provider]:  # noqa: F811
    """Each adapter in turn."""
    if request.param == "openai":
        adapter: Provider = OpenAIProvider(api_key="a-key", base_url=scripted_provider.openai_url)
    else:
        adapter = AnthropicProvider(api_key="a-key", base_url=scripted_provider.anthropic_url)
    yield adapter
    await adapter.close()


@pytest.fixture
def ask() -> Callable[..., ChatRequest]:
    """A request with one question, for the model of the adapter named."""

    def make(text: str, provider: str = "openai", **options: object) -> ChatRequest:
        model = options.pop("model", MODELS[provider])
        return ChatRequest(model=model, turns=(Turn("user", text),), **options)  # type: ignore[arg-type]

    return make


class Heard:
    """What a stream gave, kept even when it failed in the middle."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def listen(self, provider: Provider, request: ChatRequest) -> "Heard":
        async for event in provider.stream(request):
            self.events.append(event)
        return self

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Text))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Reasoning))

    @property
    def usage(self) -> Usage:
        return next(event for event in self.events if isinstance(event, Usage))

    @property
    def finish(self) -> str | None:
        return next((event.reason for event in self.events if isinstance(event, Finish)), None)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def unused_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}/v1"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@pytest.fixture
def server() -> Iterator[OddServer]:
    """A server that answers as it is told to."""
    with running_odd_server() as running:
        yield running
