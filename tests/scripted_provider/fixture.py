"""The scripted provider as a pytest fixture: in its own thread, with its own loop, on a free port."""

import asyncio
import threading
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from tests.scripted_provider.server import Recorded, State, serving

MODEL = "openai/scripted"


class ScriptedProvider:
    """A running scripted provider. `requests` holds what was asked, newest last."""

    def __init__(self, tokens_per_second: float = 0) -> None:
        self.url = ""
        self._tokens_per_second = tokens_per_second
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted-provider", daemon=True)
        self._state: State | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        return self.url

    @property
    def requests(self) -> list[Recorded]:
        return self._running.requests

    @property
    def chats(self) -> list[Recorded]:
        """The requests for an answer, without those for the list of models and for moderation."""
        return [recorded for recorded in self.requests if recorded.body and "input" not in recorded.body]

    @property
    def _running(self) -> State:
        assert self._state is not None, "the scripted provider is not running"
        return self._state

    def wait_until(self, condition: Callable[["ScriptedProvider"], object], timeout: float = 10) -> None:
        """Block until the condition holds; looked at whenever the server did something."""
        with self._running.changed:
            assert self._running.changed.wait_for(lambda: condition(self), timeout), [
                (recorded.script, recorded.sent, recorded.end) for recorded in self.requests
            ]

    def release(self) -> None:
        """Let `script:hold`, and what is silent at a `pause-N`, go on to the next pause.

        Waits for a question that is being answered: one that comes after the release would not know of it.
        """
        self.wait_until(lambda provider: any(recorded.end == "open" for recorded in provider.chats))
        self.release_what_is_there()

    def release_what_is_there(self) -> None:
        """The same where nothing may be silent any more."""
        self._post("/_release")

    def reset(self) -> None:
        """Forget the log."""
        self._post("/_reset")

    def _post(self, path: str) -> None:
        request = urllib.request.Request(self.url + path, method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._state = State(self._tokens_per_second)
        async with serving(self._state) as self.url:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> "ScriptedProvider":
        self._thread.start()
        assert self._ready.wait(10), "the scripted provider did not start"
        return self

    def __exit__(self, *_exc: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture(scope="session")
def scripted_provider_server() -> Iterator[ScriptedProvider]:
    """The one server of the test run."""
    with ScriptedProvider() as provider:
        yield provider


@pytest.fixture
def scripted_provider(scripted_provider_server: ScriptedProvider) -> ScriptedProvider:
    """The scripted provider with an empty log."""
    scripted_provider_server.reset()
    return scripted_provider_server


@pytest.fixture
def provider(scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> ScriptedProvider:
    """The scripted provider, set up as this site's OpenAI and Anthropic."""
    openai = settings.PROVIDERS["openai"] | {"api_key": "sk-test", "base_url": scripted_provider.openai_url}
    anthropic = settings.PROVIDERS["anthropic"] | {"api_key": "sk-test", "base_url": scripted_provider.anthropic_url}
    monkeypatch.setattr(settings, "PROVIDERS", {"openai": openai, "anthropic": anthropic})
    monkeypatch.setattr(settings, "DEFAULT_MODEL", MODEL)
    return scripted_provider
