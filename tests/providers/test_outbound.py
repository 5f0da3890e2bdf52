"""Base URLs entered in the admin lead nowhere inside: not by odd notations, not by names, not by names that change."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from providers import errors, outbound
from providers.anthropic import AnthropicProvider
from providers.base import ChatRequest
from providers.connections import connections
from providers.listing import fetch_listing
from providers.models import Credential
from providers.moderation import moderate
from providers.openai import OpenAIProvider
from providers.outbound import InsideAddress, inside_address_of, is_inside, is_plain
from providers.stored import stored
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider

Ask = Callable[..., ChatRequest]
PUBLIC = "93.184.216.34"
INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
    "",
]
OUTSIDE = [PUBLIC, "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
ODD = [
    "http://127.0.0.1:{port}/v1",
    "http://2130706433:{port}/v1",
    "http://0x7f000001:{port}/v1",
    "http://0x7f.0.0.1:{port}/v1",
    "http://0177.0.0.1:{port}/v1",
    "http://127.1:{port}/v1",
    "http://0:{port}/v1",
    "http://127.0.0.1.:{port}/v1",
    "http://localhost:{port}/v1",
    "http://LOCALHOST:{port}/v1",
    "http://localhost.:{port}/v1",
    "HTTP://LocalHost:{port}/v1",
    "http://api.openai.com@127.0.0.1:{port}/v1",
    "http://api.openai.com:443@127.0.0.1:{port}/v1",
    "http://127.0.0.1:{port}\\@api.openai.com/v1",
    "http://127.0.0.1:{port}#@api.openai.com/v1",
    "http://127.0.0.1:{port}?@api.openai.com/v1",
    "http://[::1]:{port}/v1",
    "http://[::ffff:127.0.0.1]:{port}/v1",
    "http://[::ffff:7f00:1]:{port}/v1",
    "http://[0:0:0:0:0:0:0:1]:{port}/v1",
    "http://[::]:{port}/v1",
    "http://[fe80::1%25lo]:{port}/v1",
    "http://[fe80::1%lo]:{port}/v1",
    "http://１２７.０.０.１:{port}/v1",
    "http://127。0。0。1:{port}/v1",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/v1",
    "http://%31%32%37.0.0.1:{port}/v1",
    "http://169.254.169.254/latest/meta-data",
    "http://rebound.example:{port}/v1",
]


class Names:
    """The names that this machine knows, beside its own: each resolution takes the next answer, the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)

    def _getaddrinfo(self, host, port, *args, **kwargs):  # type: ignore[no-untyped-def]
        name = host.decode() if isinstance(host, bytes) else host
        if name not in self.answers:
            return self._real(host, port, *args, **kwargs)
        self.asked.append(name)
        queue = self.answers[name]
        addresses = queue.pop(0) if len(queue) > 1 else queue[0]
        return [info for address in addresses for info in self._real(address, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


class Wire:
    """The addresses that sockets were about to connect to; what is public is led to nowhere instead of the internet."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached: list[str] = []
        monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", self._async_connect)
        monkeypatch.setattr(socket.socket, "connect", self._connect)

    async def _async_connect(self, _connection: socket.socket, address: tuple[object, ...]) -> None:
        self.reached.append(str(address[0]))
        raise ConnectionRefusedError

    def _connect(self, address: tuple[object, ...]) -> None:
        self.reached.append(str(address[0]))
        raise ConnectionRefusedError


@pytest.fixture
def port(scripted_provider: ScriptedProvider) -> int:
    return int(scripted_provider.url.rpartition(":")[2])


async def _ask_all(url: str, ask: Ask) -> list[errors.ProviderError]:
    """What each way of asking says of an address."""
    said: list[errors.ProviderError] = []
    for adapter, model in ((OpenAIProvider, "gpt-4o"), (AnthropicProvider, "claude-sonnet-4-5")):
        try:
            provider = adapter(api_key="a-key", base_url=url, guarded=True)
        except Exception:  # what is no address for the SDK leads nowhere
            continue
        for asking in (
            provider.check(),
            provider.complete(ask("Hi", model=model)),
            Heard().listen(provider, ask("Hi")),
        ):
            with pytest.raises(errors.ProviderError) as caught:
                await asking
            said.append(caught.value)
        await provider.close()
    with pytest.raises(errors.ProviderError) as listed:
        await asyncio.to_thread(fetch_listing, url, guarded=True)
    return [*said, listed.value]


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_outside(address: str) -> None:
    assert not is_inside(address)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize("url", ODD)
async def test_no_notation_gets_inside(
    url: str, port: int, names: Names, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    """At save the form refuses it, and whoever gets past the form is refused where it would connect."""
    names.answers["rebound.example"] = [["127.0.0.1"]]
    address = url.format(port=port)

    assert not is_plain(address) or inside_address_of(address)
    await _ask_all(address, ask)
    assert scripted_provider.requests == []


async def test_a_name_that_leads_inside_is_refused_by_every_way(
    port: int, names: Names, ask: Ask, scripted_provider: ScriptedProvider
) -> None:
    names.answers["inside.example"] = [["127.0.0.1"]]
    said = await _ask_all(f"http://inside.example:{port}/v1", ask)

    assert len(said) == 7
    assert {type(error) for error in said} == {errors.AddressInside}
    assert inside_address_of(f"http://inside.example:{port}/v1") == "127.0.0.1"
    assert scripted_provider.requests == []


async def test_one_inside_address_among_public_ones_refuses_the_name(
    port: int, names: Names, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.answers["mixed.example"] = [[PUBLIC, "10.0.0.1"]]
    wire = Wire(monkeypatch)
    said = await _ask_all(f"http://mixed.example:{port}/v1", ask)

    assert {type(error) for error in said} == {errors.AddressInside}
    assert wire.reached == []


async def test_a_name_that_changes_its_mind_cannot_get_in(
    port: int, names: Names, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when checked, private afterwards. What was checked is what is connected to."""
    url = f"http://rebinding.example:{port}/v1"
    wire = Wire(monkeypatch)
    for adapter in (OpenAIProvider, AnthropicProvider):
        names.answers["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
        provider = adapter(api_key="a-key", base_url=url, guarded=True)
        for expected in (errors.ConnectionLost, (errors.ConnectionLost, errors.AddressInside)):
            with pytest.raises(expected):
                await provider.check()
        await provider.close()
    names.answers["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(errors.ConnectionLost):
        outbound_listing(url)
    with pytest.raises(errors.AddressInside):
        outbound_listing(url)

    assert set(wire.reached) == {PUBLIC}


def outbound_listing(url: str) -> None:
    fetch_listing(url, guarded=True)


def test_a_name_is_resolved_once_for_a_connection(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    names.answers["once.example"] = [[PUBLIC], ["127.0.0.1"]]
    wire = Wire(monkeypatch)
    with suppress(ConnectionRefusedError):
        outbound.connect("once.example", 443, 1)
    assert names.asked == ["once.example"]
    assert wire.reached == [PUBLIC]


@pytest.fixture
def redirecting_url(scripted_provider: ScriptedProvider) -> Iterator[str]:
    """A server that sends every request on to the scripted provider."""

    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(307)
            self.send_header("Location", scripted_provider.url + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://outside.example:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join(10)


async def test_a_redirect_to_the_inside_is_not_followed(
    redirecting_url: str,
    names: Names,
    ask: Ask,
    scripted_provider: ScriptedProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is one to anywhere else."""
    names.answers["outside.example"] = [["127.0.0.1"]]
    monkeypatch.setattr(outbound, "is_inside", lambda address: address != "127.0.0.1")
    said = await _ask_all(redirecting_url, ask)

    assert {type(error) for error in said} == {errors.AddressWrong}
    assert scripted_provider.requests == []


async def test_a_guarded_client_works_and_names_the_host(
    port: int,
    names: Names,
    ask: Ask,
    heard: Heard,
    scripted_provider: ScriptedProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The address that was checked is connected to; the server is still asked by its name."""
    monkeypatch.setattr(outbound, "is_inside", lambda address: address != "127.0.0.1")
    names.answers["api.example"] = [["127.0.0.1"]]
    url = f"http://api.example:{port}/v1"
    provider = OpenAIProvider(api_key="a-key", base_url=url, guarded=True)
    await heard.listen(provider, ask("Hello"))
    await provider.close()
    await asyncio.to_thread(fetch_listing, url, guarded=True)

    assert heard.finish == "stop"
    assert {recorded.headers["host"] for recorded in scripted_provider.requests} == {f"api.example:{port}"}


async def test_no_proxy_of_the_environment_comes_in_between(
    port: int, names: Names, ask: Ask, scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, scripted_provider.url)
    names.answers["inside.example"] = [["10.0.0.1"]]
    said = await _ask_all("http://inside.example/v1", ask)

    assert {type(error) for error in said} == {errors.AddressInside}
    assert scripted_provider.requests == []


def test_a_name_that_does_not_exist_is_no_inside_address(names: Names) -> None:
    assert inside_address_of("http://no-such-name.invalid/v1") == ""
    assert inside_address_of("http://..../v1") == ""
    with pytest.raises(errors.ConnectionLost):
        fetch_listing("http://no-such-name.invalid/v1", guarded=True)


@pytest.mark.django_db(transaction=True)
class TestWhoIsGuarded:
    def test_a_stored_address_is_and_the_settings_are_not(self, settings) -> None:
        settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": "http://127.0.0.1:8000/v1"}
        Credential.objects.create(provider="mine", base_url="http://127.0.0.1:9000/v1")
        Credential.objects.create(provider="trusted", base_url="http://127.0.0.1:9001/v1", allow_inside=True)
        key = Credential(provider="openai")
        key.set_key("a-key-of-some-length")
        key.save()

        guarded = {name: connection.guarded for name, connection in connections(stored()).items()}
        assert guarded == {"openai": False, "vllm": False, "mine": True, "trusted": False}

    def test_a_key_stored_for_a_server_of_the_settings_leaves_it_trusted(self, settings) -> None:
        settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": "http://127.0.0.1:8000/v1"}
        Credential.objects.create(provider="vllm")
        assert not connections(stored())["vllm"].guarded

    def test_ticking_makes_another_client(self) -> None:
        row = Credential.objects.create(provider="mine", base_url="http://127.0.0.1:9000/v1")
        before = connections(stored())["mine"].fingerprint
        row.allow_inside = True
        row.save()
        assert connections(stored())["mine"].fingerprint != before

    async def test_moderation_goes_the_same_way(self, scripted_provider: ScriptedProvider) -> None:
        row = Credential(provider="openai", base_url=scripted_provider.openai_url)
        row.set_key("a-key-of-some-length")
        await row.asave()
        with pytest.raises(errors.AddressInside):
            await moderate("Hello")
        assert scripted_provider.requests == []


def test_an_inside_address_says_which() -> None:
    with pytest.raises(InsideAddress, match=r"10\.0\.0\.1"):
        outbound.refuse_inside("10.0.0.1")
