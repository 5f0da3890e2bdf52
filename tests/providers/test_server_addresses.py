"""Where a server is that is not quite like OpenAI's, which key it gets, and what is said when nothing is there."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils.translation import override

import providers
from providers import ChatRequest, Turn, errors
from providers.addresses import tidy
from providers.connections import Connection, connections
from providers.models import Credential
from providers.stored import forget, stored
from providers.trial import try_out
from tests.providers.odd_server import NOT_FOUND, PAGE, OddServer, found, listing, menu

pytestmark = pytest.mark.django_db(transaction=True)
ADAPTER = "providers.openai.OpenAIProvider"


# --- Where a server is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://box:8000/v1", "http://box:8000/v1"),
        ("  http://box:8000/v1/ ", "http://box:8000/v1"),
        ("`http://box:8000/v1`,", "http://box:8000/v1"),
        ("http://box:8000/v1///", "http://box:8000/v1"),
        ("HTTP://box:8000/v1", "http://box:8000/v1"),
        ("http://box:8000/v1/chat/completions", "http://box:8000/v1"),
        ("http://box:8000/v1/models/", "http://box:8000/v1"),
        ("http://box:8000/v1#top", "http://box:8000/v1"),
        ("<http://box:8000/v1>", "http://box:8000/v1"),
        ("https://x.example/openai/v1/?api-version=2026-01-01", "https://x.example/openai/v1?api-version=2026-01-01"),
        ("http://[::1]:8000/v1/", "http://[::1]:8000/v1"),
        ("http://[", "http://["),
        ("", ""),
    ],
)
def test_an_address_is_read_as_it_was_meant(given: str, meant: str) -> None:
    assert tidy(given) == meant


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", " ", "/v1/chat/completions"])
@pytest.mark.parametrize("place", ["", "/v1"])
async def test_with_and_without_v1_the_same_server_is_found(
    settings: Any, server: OddServer, suffix: str, place: str
) -> None:
    server.answers[f"{place}/models"] = listing({"id": "m"})
    server.chats_at(f"{place}/chat/completions")
    settings.OPENAI_COMPATIBLE_SERVERS = {"box": server.url + suffix}

    client, _info = await providers.resolve("box/m")
    answer = await client.complete(ChatRequest("m", (Turn("user", "Hi"),)))
    await try_out(connections(stored())["box"])

    assert answer.text == "Hello from here"
    assert server.asked[-1] == f"{place}/models"
    await providers.close_providers()


async def test_an_address_below_a_path_gets_v1_where_only_that_answers(settings: Any, server: OddServer) -> None:
    server.answers["/gateway/v1/models"] = listing({"id": "m"})
    server.chats_at("/gateway/v1/chat/completions")
    settings.OPENAI_COMPATIBLE_SERVERS = {"box": f"{server.url}/gateway"}
    client, _info = await providers.resolve("box/m")
    assert (await client.complete(ChatRequest("m", (Turn("user", "Hi"),)))).text == "Hello from here"
    await providers.close_providers()


@pytest.mark.parametrize("address", ["box:8000/v1", "localhost:8000"])
async def test_an_address_without_http_seems_wrong(address: str) -> None:
    with pytest.raises(errors.AddressWrong):
        await try_out(Connection("box", ADAPTER, address))


async def test_another_version_is_left_as_it_is(settings: Any, server: OddServer) -> None:
    server.answers["/api/paas/v4/models"] = listing({"id": "m"})
    await try_out(Connection("box", ADAPTER, f"{server.url}/api/paas/v4"))
    assert server.asked == ["/api/paas/v4/models"]


async def test_without_any_list_questions_go_to_v1(settings: Any, server: OddServer) -> None:
    server.chats_at("/v1/chat/completions")
    settings.OPENAI_COMPATIBLE_SERVERS = {"box": server.url}
    client, _info = await providers.resolve("box/m")
    assert (await client.complete(ChatRequest("m", (Turn("user", "Hi"),)))).text == "Hello from here"
    await providers.close_providers()


async def test_a_query_goes_along_with_every_request(settings: Any, server: OddServer) -> None:
    server.answers["/openai/v1/models"] = listing({"id": "m"})
    server.chats_at("/openai/v1/chat/completions")
    settings.OPENAI_COMPATIBLE_SERVERS = {"box": f"{server.url}/openai/v1/?api-version=2026-01-01"}
    client, _info = await providers.resolve("box/m")
    await client.complete(ChatRequest("m", (Turn("user", "Hi"),)))
    expected = ["/openai/v1/models?api-version=2026-01-01", "/openai/v1/chat/completions?api-version=2026-01-01"]
    assert server.asked == expected
    await providers.close_providers()


async def test_the_key_of_the_settings_is_sent(settings: Any, server: OddServer) -> None:
    server.answers["/v1/models"] = listing({"id": "m"})
    server.chats_at("/v1/chat/completions")
    settings.OPENAI_COMPATIBLE_SERVERS = {"gpu-box": server.url}
    settings.OPENAI_COMPATIBLE_KEYS = {"gpu-box": "its-key"}
    client, _info = await providers.resolve("gpu-box/m")
    await client.complete(ChatRequest("m", (Turn("user", "Hi"),)))
    assert server.keys == ["Bearer its-key", "Bearer its-key"]
    await providers.close_providers()


def test_the_key_of_the_settings_goes_to_no_address_of_the_admin(settings: Any) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"box": "http://box:8000/v1"}
    settings.OPENAI_COMPATIBLE_KEYS = {"box": "its-key"}
    Credential.objects.create(provider="box", base_url="https://elsewhere.example/v1")
    forget()
    assert connections(stored())["box"].api_key == ""


# --- What is said when there is nothing -----------------------------------------------------------


@pytest.mark.parametrize("answer", [NOT_FOUND, PAGE, (404, "text/plain", b"404 page not found")])
async def test_an_address_with_something_else_at_it_seems_wrong(server: OddServer, answer: Any) -> None:
    server.otherwise = answer
    with pytest.raises(errors.NoModelList) as raised:
        await try_out(Connection("box", ADAPTER, server.url))
    with override("en"):
        assert "/v1" in raised.value.advice()


@pytest.mark.parametrize("body", [{"data": []}, {"data": None}, []])
async def test_a_server_that_offers_nothing_is_told(server: OddServer, body: Any) -> None:
    server.answers["/v1/models"] = found(body)
    with pytest.raises(errors.NoModels):
        await try_out(Connection("box", ADAPTER, server.url))


async def test_a_server_without_a_list_is_asked_for_the_model_that_the_site_names(
    settings: Any, server: OddServer
) -> None:
    settings.DEFAULT_MODEL = "box/m"
    server.chats_at("/v1/chat/completions")
    await try_out(Connection("box", ADAPTER, f"{server.url}/v1"))
    assert server.asked[-1] == "/v1/chat/completions"
    del server.answers["/v1/chat/completions"]
    with pytest.raises(errors.ProviderError):
        await try_out(Connection("box", ADAPTER, f"{server.url}/v1"))


async def test_trying_a_server_out_changes_nothing_of_what_is_known_of_the_one_in_use(
    settings: Any, server: OddServer
) -> None:
    """An address typed into the admin may be refused, or never be saved."""
    server.answers["/v1/models"] = listing({"id": "m", "max_model_len": 50_000})
    server.answers["/other/v1/models"] = listing({"id": "m", "max_model_len": 500})
    await sync_to_async(menu)(settings, f"{server.url}/v1")

    await try_out(Connection("box", ADAPTER, f"{server.url}/other/v1"))

    info = await sync_to_async(providers.model_info)("box/m")
    assert info.context_window == 50_000


PAGE_403 = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title><p>Your key, your model.</p>"
LOCATION = [{"error": {"code": 400, "message": "User location is not supported for the API use.", "status": "X"}}]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((403, "text/html", PAGE_403), errors.Blocked),
        ((403, "application/json", b'{"error": {"message": "Your IP is not authorized."}}'), errors.Blocked),
        (
            (403, "application/json", b'{"error": {"message": "Your key may not list models."}}'),
            errors.PermissionDenied,
        ),
        ((400, "application/json", json.dumps(LOCATION).encode()), errors.RegionRefused),
        ((400, "application/json", b'[{"error": {"message": "API key not valid."}}]'), errors.AuthenticationFailed),
        ((200, "application/json", b'{"error": {"message": "Invalid API key"}}'), errors.AuthenticationFailed),
        ((200, "application/json", b'{"data": null, "error": {"code": 429}}'), errors.RateLimited),
        ((200, "application/json", b'{"error": "Unexpected endpoint or method. (GET /models)"}'), errors.NoModelList),
    ],
)
async def test_why_a_list_is_refused_is_told(settings: Any, server: OddServer, answer: Any, kind: type) -> None:
    server.answers["/v1/models"] = answer
    with pytest.raises(kind) as raised:
        await try_out(Connection("box", ADAPTER, f"{server.url}/v1"))
    assert type(raised.value) is kind


def test_who_is_responsible_for_the_menu_reads_why(settings: Any, server: OddServer) -> None:
    server.answers["/v1/models"] = (403, "text/html", PAGE_403)
    menu(settings, f"{server.url}/v1")
    with override("en"):
        (problem,) = providers.known_problems()
    assert "firewall" in problem


@pytest.mark.parametrize(
    ("answer", "kind"), [((403, "text/html", PAGE_403), errors.Blocked), (NOT_FOUND, errors.AddressWrong)]
)
async def test_a_list_alone_does_not_make_a_provider_work(server: OddServer, answer: Any, kind: type) -> None:
    server.answers["/v1/models"] = listing({"id": "m"})
    server.answers["/v1/chat/completions"] = answer
    with pytest.raises(kind):
        await try_out(Connection("box", ADAPTER, f"{server.url}/v1", "a-key"))
