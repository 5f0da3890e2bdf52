"""The HTTP server: routes, the log, and what each script does."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aiohttp import web

from tests.scripted_provider.raw import RAW
from tests.scripted_provider.refusals import refused
from tests.scripted_provider.script import Script, read_script
from tests.scripted_provider.wires import ERRORS, RETRY_HEADERS, AnthropicWire, OpenAIWire, Wire

MODELS = ["scripted-small", "scripted-large", "script:hello", "script:markdown", "script:reasoning", "script:slow"]
CLAUDE_MODELS = ["claude-scripted"]
CATEGORIES = ["harassment", "hate", "illicit", "self-harm", "self-harm/intent", "sexual", "violence"]
FOREVER = 3600
MORE_THAN_ANY_PAUSES = 1000


@dataclass
class Recorded:
    """One request: what was asked, how many tokens were sent, and how it ended.

    `end`: open, complete, refused, cut (by us), or closed (by the client, before we were done).
    """

    id: int
    api: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    peer: str = ""
    script: str = ""
    sent: int = 0
    end: str = "open"

    @property
    def closed_early(self) -> bool:
        return self.end == "closed"


@dataclass
class State:
    """What the server remembers; read from other threads through `changed`."""

    tokens_per_second: float = 0
    requests: list[Recorded] = field(default_factory=list)
    flaky: dict[str, int] = field(default_factory=dict)
    releases: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def update(self, change: Callable[[], object]) -> None:
        with self.changed:
            change()
            self.changed.notify_all()

    def release(self, times: int = 1) -> None:
        """Let every request that is silent, or will be, go on that many times. On the server's loop."""
        self.releases += times
        self.released.set()
        self.released = asyncio.Event()

    async def wait_for_release(self, number: int) -> None:
        """Until there have been that many."""
        while self.releases < number:
            await self.released.wait()


STATE = web.AppKey("state", State)


def _last_user_text(messages: list[dict[str, Any]]) -> str:
    for message in reversed(messages):
        if message.get("role") == "user":
            content = message.get("content") or ""
            return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
    return ""


class Answering:
    """One request being answered."""

    def __init__(self, request: web.Request, state: State, recorded: Recorded, script: Script, wire: Wire) -> None:
        self.request, self.state, self.recorded, self.script, self.wire = request, state, recorded, script, wire
        self.response: web.StreamResponse | None = None
        self.next_release = state.releases + 1

    def end(self, how: str) -> None:
        self.state.update(lambda: setattr(self.recorded, "end", how))

    async def answer(self) -> web.StreamResponse:
        """Do what the script says. A client that leaves early is recorded."""
        try:
            return await self._answer()
        except (ConnectionError, asyncio.CancelledError):
            if self.recorded.end == "open":
                self.end("closed")
            raise

    async def _answer(self) -> web.StreamResponse:
        if refused := self._refusal():
            self.end("refused")
            return refused
        name = self.script.name
        if name == "hang":
            await asyncio.sleep(FOREVER)
        if name in ("empty-200", "html-200"):
            self.end("complete")
            kind = "text/html" if name == "html-200" else "text/event-stream"
            return web.Response(text="<html><body>Hi</body></html>" if name == "html-200" else "", content_type=kind)
        if name == "redirect":
            self.end("complete")
            raise web.HTTPTemporaryRedirect("/elsewhere")
        if name.startswith("raw-"):
            return await self._raw(*RAW[name.removeprefix("raw-")])
        if name == "json-200" or not self.recorded.body.get("stream"):
            return await self._whole()
        return await self._stream()

    def _refusal(self) -> web.Response | None:
        name, body = self.script.name, self.recorded.body
        key = self.request.headers.get("Authorization", "") + self.request.headers.get("X-Api-Key", "")
        if "wrong" in key:
            name = "error-401"
        if name == "flaky":
            failed = self.state.flaky.get(self.script.text, 0)
            self.state.flaky[self.script.text] = failed + 1
            name = "error-503" if failed < self.script.count else name
        if name in ERRORS:
            return web.json_response(self.wire.error(name), status=ERRORS[name][0], headers=RETRY_HEADERS.get(name, {}))
        if answer := refused(name, body):
            return answer
        parameter = name.removeprefix("no-").replace("-", "_")
        if name in ("no-stream-options", "no-temperature", "no-max-tokens") and parameter in body:
            return web.json_response(self.wire.refused_parameter(parameter), status=400)
        return None

    async def _raw(self, content_type: str, pieces: list[bytes]) -> web.StreamResponse:
        """A body as it is, in these pieces."""
        self.response = web.StreamResponse(headers={"Content-Type": content_type} if content_type else {})
        await self.response.prepare(self.request)
        for piece in pieces:
            await self.response.write(piece)
        self.end("complete")
        return self.response

    async def _pause(self, index: int) -> None:
        if index == 0 and self.script.first_token_ms:
            await asyncio.sleep(self.script.first_token_ms / 1000)
        if index and self.script.tokens_per_second:
            await asyncio.sleep(1 / self.script.tokens_per_second)
        if index in self.script.pauses:
            await self.state.wait_for_release(self.next_release)
            self.next_release += 1

    async def _whole(self) -> web.Response:
        name = self.script.name
        tokens = self.script.tokens
        for index in sorted({0, *self.script.pauses}):
            await self._pause(index)
        self.wire.output_tokens = len(tokens)
        reasoning = "Let me think. " if name == "reasoning" else ""
        body = self.wire.whole("".join(tokens), reasoning, self._finish_reason())
        if name == "no-usage":
            body.pop("usage")
        self.end("complete")
        return web.json_response(body)

    def _finish_reason(self) -> str:
        name = self.script.name
        if name.startswith("finish-"):
            return name.removeprefix("finish-")
        named = {"content-filter": "content_filter", "wants-tool": "tool_calls", "text-and-tool": "tool_calls"}
        return named.get(name, name if name in ("length", "refusal") else "stop")

    async def write(self, data: bytes) -> None:
        assert self.response is not None
        if self.script.name != "crlf":
            await self.response.write(data)
            return
        data = b": comment\r\n\r\n" + data.replace(b"\n", b"\r\n")
        for start in range(0, len(data), 7):
            await self.response.write(data[start : start + 7])

    async def _stream(self) -> web.StreamResponse:
        self.response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await self.response.prepare(self.request)
        if self.script.name == "error-first":
            await self.write(self.wire.error_event())
            self.end("complete")
            return self.response
        await self.write(self.wire.start())
        if self.script.name == "reasoning":
            for word in ("Let ", "me ", "think. "):
                await self.write(self.wire.reasoning(word))
        if not await self._tokens():
            return self.response
        if self.script.name in ("wants-tool", "text-and-tool"):
            await self.write(self.wire.tool())
        await self.write(self.wire.finish(self._finish_reason(), usage=self.script.name != "no-usage"))
        if self.script.name != "no-done":
            await self.write(self.wire.done())
        self.end("complete")
        return self.response

    async def _tokens(self) -> bool:
        """Send the answer's tokens; False when the script ends in their middle."""
        tokens = self.script.tokens
        for index, token in enumerate(tokens):
            await self._pause(index)
            if index == 3 and not await self._interrupted():
                return False
            refusal = self.script.name == "refusal"
            await self.write(self.wire.refusal(token) if refusal else self.wire.text(token))
            self.state.update(lambda: setattr(self.recorded, "sent", self.recorded.sent + 1))
        return True

    async def _interrupted(self) -> bool:
        """What some scripts do after three words; True: go on."""
        name = self.script.name
        if name == "stall":
            await asyncio.sleep(FOREVER)
        elif name == "cut":
            self.end("cut")
            assert self.request.transport is not None
            self.request.transport.abort()
            return False
        elif name == "clean-cut":
            self.end("cut")
            return False
        elif name == "error-in-stream":
            await self.write(self.wire.error_event())
            self.end("complete")
            return False
        elif name == "bad-json":
            await self.write(b'data: {"choices": [{oops\n\n')
        elif name == "bad-utf8":
            await self.write(b'data: {"choices": "\xff\xfe"}\n\n')
        return True


def _record(request: web.Request, api: str, body: dict[str, Any]) -> Recorded:
    state = request.app[STATE]
    headers = {name.lower(): value for name, value in request.headers.items()}
    name = request.transport.get_extra_info("peername") if request.transport else ""
    recorded = Recorded(len(state.requests), api, request.path, headers, body, peer=str(name))
    state.update(lambda: state.requests.append(recorded))
    return recorded


async def _chat(request: web.Request, api: str, wire_class: type[Wire]) -> web.StreamResponse:
    state = request.app[STATE]
    body = await request.json()
    recorded = _record(request, api, body)
    model, messages = body.get("model", ""), body.get("messages", [])
    script = read_script(model, _last_user_text(messages), state.tokens_per_second)
    if "no-credit" in request.headers.get("Authorization", "") + request.headers.get("X-Api-Key", ""):
        script = replace(script, name="error-429-quota")
    recorded.script = script.name
    options = body.get("stream_options") or {}
    wants_usage = script.name != "no-usage" and (api == "anthropic" or bool(options.get("include_usage")))
    wire = wire_class(model=model, wants_usage=wants_usage, input_tokens=10 * len(messages))
    return await Answering(request, state, recorded, script, wire).answer()


async def chat_completions(request: web.Request) -> web.StreamResponse:
    return await _chat(request, "openai", OpenAIWire)


async def messages(request: web.Request) -> web.StreamResponse:
    return await _chat(request, "anthropic", AnthropicWire)


async def moderations(request: web.Request) -> web.Response:
    state = request.app[STATE]
    body = await request.json()
    recorded = _record(request, "openai", body)
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    said = " ".join(texts)
    if found := re.search(r"moderation-(error-[0-9a-z-]+)", said):
        state.update(lambda: setattr(recorded, "end", "refused"))
        wire = OpenAIWire(model="", wants_usage=False, input_tokens=0)
        return web.json_response(wire.error(found[1]), status=ERRORS[found[1]][0])
    if "moderation-hang" in said:
        await asyncio.sleep(FOREVER)
    state.update(lambda: setattr(recorded, "end", "complete"))
    return web.json_response({"id": "modr-1", "model": body.get("model"), "results": [_judged(text) for text in texts]})


def _judged(text: str) -> dict[str, Any]:
    scores = dict.fromkeys(CATEGORIES, 0.0001)
    chosen = re.findall(r"moderate-([a-z][a-z/-]*?)-([01](?:\.\d+)?)", text)
    for name, score in chosen:
        scores[name] = max(scores.get(name, 0.0), float(score))
    categories = {name: score >= 0.5 for name, score in scores.items()}
    return {"flagged": any(categories.values()), "categories": categories, "category_scores": scores}


async def models(request: web.Request) -> web.Response:
    anthropic = "anthropic-version" in request.headers
    recorded = _record(request, "anthropic" if anthropic else "openai", {})
    state = request.app[STATE]
    if "wrong" in request.headers.get("Authorization", "") + request.headers.get("X-Api-Key", ""):
        state.update(lambda: setattr(recorded, "end", "refused"))
        wire = (AnthropicWire if anthropic else OpenAIWire)(model="", wants_usage=False, input_tokens=0)
        return web.json_response(wire.error("error-401"), status=401)
    state.update(lambda: setattr(recorded, "end", "complete"))
    names = CLAUDE_MODELS if anthropic else MODELS
    entries = [{"id": name, "object": "model", "type": "model", "created": 0, "owned_by": "scripted"} for name in names]
    if not anthropic:
        entries[1]["max_model_len"] = 65_536
    return web.json_response({"object": "list", "data": entries, "has_more": False})


async def get_log(request: web.Request) -> web.Response:
    return web.json_response([asdict(recorded) for recorded in request.app[STATE].requests])


async def reset(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.update(lambda: (state.requests.clear(), state.flaky.clear()))
    state.release(MORE_THAN_ANY_PAUSES)
    return web.json_response({"ok": True})


async def release(request: web.Request) -> web.Response:
    request.app[STATE].release()
    return web.json_response({"ok": True})


def make_app(state: State) -> web.Application:
    app = web.Application(client_max_size=64 * 2**20)
    app[STATE] = state
    for prefix in ("", "/v1"):
        app.router.add_post(f"{prefix}/chat/completions", chat_completions)
        app.router.add_post(f"{prefix}/messages", messages)
        app.router.add_post(f"{prefix}/moderations", moderations)
        app.router.add_get(f"{prefix}/models", models)
    app.router.add_get("/_log", get_log)
    app.router.add_post("/_reset", reset)
    app.router.add_post("/_release", release)
    return app


@asynccontextmanager
async def serving(state: State, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve until the context ends; gives the address, without a path."""
    runner = web.AppRunner(make_app(state), access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()
