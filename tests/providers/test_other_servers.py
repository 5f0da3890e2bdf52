"""Servers that are not quite like OpenAI's: what their lists offer, where they are, and which key they get."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils.translation import override

import providers
from providers import ChatRequest, Turn, errors, listed
from providers.addresses import tidy
from providers.connections import Connection, connections
from providers.models import Credential, ModelOverride
from providers.stored import forget, stored
from providers.trial import try_out
from tests.providers.odd_server import NOT_FOUND, PAGE, OddServer, found, listing, running_odd_server

pytestmark = pytest.mark.django_db(transaction=True)
ADAPTER = "providers.openai.OpenAIProvider"


@pytest.fixture
def server() -> Iterator[OddServer]:
    with running_odd_server() as running:
        yield running


def menu(settings: Any, address: str, name: str = "box") -> list[str]:
    """The names that the menu offers of the server, after its list was asked for."""
    settings.OPENAI_COMPATIBLE_SERVERS = {name: address}
    forget()
    listed.refresh(connections(stored())[name])
    return [model.name for group in providers.models_for_menu() for model in group.models]


# --- Which models are offered ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Qwen2.5-7B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", "gemini-2.5-pro", "models/gemini-2.0-flash-live",
        "gpt-4o-search-preview", "sonar-deep-research", "alive-7b", "research-1", "ft:gpt-4o-mini:acme", "o1-pro",
        "qwen2.5-coder:7b-instruct-q4_K_M", "codex-mini", "mistral-small-2503", "gpt-4o-audio-preview", "ttsomething",
        "llava-image-chat", "text-davinci-003", "cyberpunk-lora",
    ],
)  # fmt: skip
def test_other_servers_models_are_not_judged_by_openais_names(settings: Any, server: OddServer, name: str) -> None:
    server.answers["/v1/models"] = listing({"id": name}, {"id": "another"})
    assert menu(settings, f"{server.url}/v1") == [name, "another"]


@pytest.mark.parametrize(
    "name",
    ["text-embedding-3-small", "nomic-embed-text", "BAAI/bge-m3", "openai/whisper-large-v3", "tts-1", "kokoro-TTS",
     "bge-reranker-v2-m3", "jina-rerank", "omni-moderation-latest", "Qwen3-Embedding-8B", "mxbai_embed_large",
     "embeddinggemma:300m", "all-minilm:latest"],
)  # fmt: skip
def test_what_is_surely_no_chat_model_is_hidden(settings: Any, server: OddServer, name: str) -> None:
    server.answers["/v1/models"] = listing({"id": name}, {"id": "qwen3"})
    assert menu(settings, f"{server.url}/v1") == ["qwen3"]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "embeddings"},
        {"type": "embedding"},
        {"type": "image"},
        {"mode": "audio_transcription"},
        {"task": "text-embedding"},
        {"architecture": {"output_modalities": ["image"]}},
        {"output_modalities": ["audio"]},
        {"capabilities": {"completion_chat": False, "completion_fim": True}},
        {"supports_chat": False},
        {"endpoints": ["embed"]},
        {"supportedGenerationMethods": ["embedContent"]},
    ],
)
def test_what_a_list_says_of_a_model_beats_its_name(settings: Any, server: OddServer, entry: dict[str, Any]) -> None:
    chat = {"id": "my-embedding-explainer", "type": "llm"}
    server.answers["/v1/models"] = listing({"id": "plain-name", **entry}, chat, {"id": "unsaid"})
    assert menu(settings, f"{server.url}/v1") == ["my-embedding-explainer", "unsaid"]


def test_a_filter_never_empties_a_list(settings: Any, server: OddServer) -> None:
    server.answers["/v1/models"] = listing({"id": "whisper-chat"}, {"id": "tts-talker"})
    assert menu(settings, f"{server.url}/v1") == ["whisper-chat", "tts-talker"]


def test_openais_own_names_are_still_judged_at_openais_own_address(settings: Any) -> None:
    official = Connection("openai", ADAPTER, "https://eu.api.openai.com/v1", "key")
    assert official.is_official
    assert not Connection("openai", ADAPTER, "https://api.openai.com.example.org/v1", "key").is_official


# --- Lists of all shapes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"object": "list", "data": None}, []),
        ({"data": ["a", "b", "a"]}, ["a", "b"]),
        (["a", {"id": "b"}], ["a", "b"]),
        ({"data": [None, 7, {}, {"id": None}, {"id": 3}, {"id": ""}, {"id": " good "}, [], True]}, ["good"]),
        ({"models": [{"name": "llama3:8b"}, {"model": "m"}]}, ["llama3:8b", "m"]),
        ({"data": {"one": {"max_model_len": 4096}, "two": None}}, ["one", "two"]),
        ({"data": None, "models": [{"id": "m"}]}, ["m"]),
        ({"success": True, "data": {"models": [{"id": "m"}]}}, ["m"]),
        ({"data": {"data": [{"id": "m"}]}}, ["m"]),
        ({"code": 0, "message": "ok", "result": ["m"]}, ["m"]),
        ({"output": {"total": 1, "models": [{"model": "m", "name": "The M"}]}}, ["m"]),
        ({"data": [{"model_group": "a"}, {"key": "b"}, {"modelId": "c"}]}, ["a", "b", "c"]),
        ({"data": [{"id": "two\nlines"}, {"id": "x" * 500}, {"id": "m"}]}, ["m"]),
    ],
)
def test_what_is_good_in_a_list_is_offered(settings: Any, server: OddServer, body: Any, names: list[str]) -> None:
    server.answers["/v1/models"] = found(body)
    assert menu(settings, f"{server.url}/v1") == names


@pytest.mark.parametrize("answer", [NOT_FOUND, (405, "application/json", b"{}"), PAGE, (501, "text/plain", b"no")])
def test_without_a_list_the_models_that_the_site_names_are_offered(
    settings: Any, server: OddServer, answer: Any
) -> None:
    server.otherwise = answer
    ModelOverride.objects.create(model="box/named-in-the-admin")
    ModelOverride.objects.create(model="box/hidden", hidden=True)
    settings.DEFAULT_MODEL = "box/the-default"
    assert menu(settings, f"{server.url}/v1") == ["the-default", "named-in-the-admin"]


def test_a_model_that_the_admin_names_is_offered_beside_a_list(settings: Any, server: OddServer) -> None:
    server.answers["/v1/models"] = listing({"id": "listed"})
    ModelOverride.objects.create(model="box/unlisted", context_window=9000)
    ModelOverride.objects.create(model="box/listed", label="Ours")
    assert menu(settings, f"{server.url}/v1") == ["listed", "unlisted"]


# --- What a list says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"max_input_tokens": 32000}, 32000),
        ({"context_length": "131072"}, 131072),
        ({"context_length": 65536.0}, 65536),
        ({"max_context_length": 131072, "loaded_context_length": 4096}, 4096),
        ({"top_provider": {"context_length": 16000}}, 16000),
        ({"model_info": {"max_input_tokens": 24000}}, 24000),
        ({"metadata": {"context_length": 48000}}, 48000),
        ({"capabilities": {"limits": {"max_context_window_tokens": 64000}}}, 64000),
        ({"inputTokenLimit": 1048576}, 1048576),
        ({"context_length": 131072, "max_input_tokens": 32000}, 32000),
        ({"context_length": 128000, "top_provider": {"context_length": 64000}}, 64000),
        ({"context_length": 128000, "top_provider": {"context_length": None}}, 128000),
        ({"limits": {"max_context_window_tokens": 128000, "max_prompt_tokens": 64000}}, 64000),
        ({"max_model_len": 32768, "meta": {"n_ctx_train": 4096}}, 32768),
        ({"meta": {"n_ctx_train": 16384}}, 16384),
        ({"context_length": -1}, 8192),
        ({"context_length": True}, 8192),
        ({"context_length": 10**30}, 8192),
        ({"context_length": "lots"}, 8192),
    ],
)
def test_the_window_that_a_list_gives_is_used(
    settings: Any, server: OddServer, entry: dict[str, Any], window: int
) -> None:
    server.answers["/v1/models"] = listing({"id": "made-here", **entry})
    menu(settings, f"{server.url}/v1")
    assert providers.model_info("box/made-here").context_window == window


@pytest.mark.parametrize(
    ("entry", "sees"),
    [
        ({"architecture": {"input_modalities": ["text", "image"]}}, True),
        ({"architecture": {"input_modalities": ["text"]}}, False),
        ({"architecture": {"modality": "text+image->text"}}, True),
        ({"modalities": {"input": ["text"], "output": ["text"]}}, False),
        ({"supports_vision": False}, False),
        ({"model_info": {"supports_vision": True}}, True),
        ({"capabilities": {"vision": True}}, True),
        ({"capabilities": ["completion", "vision"]}, True),
        ({"type": "vlm"}, True),
        ({"capabilities": ["completion", "multimodal"]}, True),
        ({"capabilities": {"image_input": {"supported": False}}}, False),
    ],
)
def test_what_a_list_says_of_images_is_believed(
    settings: Any, server: OddServer, entry: dict[str, Any], sees: bool
) -> None:
    name = "codestral" if sees else "llava"  # whose names say the opposite
    server.answers["/v1/models"] = listing({"id": name, **entry})
    menu(settings, f"{server.url}/v1")
    assert providers.model_info(f"box/{name}").supports_images is sees


def test_the_longest_answer_that_a_list_gives_is_used(settings: Any, server: OddServer) -> None:
    top = {"max_completion_tokens": 30000, "context_length": 100_000}
    server.answers["/v1/models"] = listing({"id": "m", "top_provider": top})
    menu(settings, f"{server.url}/v1")
    assert providers.model_info("box/m").max_output == 30000


def test_the_admin_has_the_last_word(settings: Any, server: OddServer) -> None:
    server.answers["/v1/models"] = listing({"id": "m", "context_length": 100_000})
    ModelOverride.objects.create(model="box/m", context_window=5000)
    menu(settings, f"{server.url}/v1")
    assert providers.model_info("box/m").context_window == 5000


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("gw/gemini-2.5-pro", 1_000_000),
        ("google/models/gemini-2.0-flash", 1_000_000),
        ("gw/gemini-3-pro-preview", 1_000_000),
        ("bedrock/meta.llama3-1-70b-instruct-v1:0", 100_000),
        ("gw/accounts/fireworks/models/llama-v3p1-8b-instruct", 100_000),
        ("gw/databricks-meta-llama-3-3-70b-instruct", 100_000),
        ("gw/anthropic--claude-4-sonnet", 200_000),
        ("gw/anthropic/claude-sonnet-4.5", 200_000),
        ("gw/us.anthropic.claude-3-5-sonnet-20241022-v2:0", 200_000),
        ("gw/gpt-4o-mini", 128_000),
        ("gw/openai/gpt-4.1", 1_000_000),
        ("gw/deepseek-chat", 64_000),
        ("gw/Qwen/Qwen2.5-7B-Instruct", 32_768),
        ("gw/meta-llama/Llama-3.3-70B-Instruct", 128_000),
        ("gw/@cf/meta/llama-3.1-8b-instruct", 128_000),
        ("gw/moonshotai/kimi-k2", 128_000),
        ("gw/grok-4", 256_000),
        ("gw/mistral-large-latest", 32_000),
    ],
)
def test_well_known_models_have_their_window_under_any_providers_name(model: str, least: int) -> None:
    assert providers.model_info(model).context_window >= least


@pytest.mark.parametrize("model", ["gw/my-gpt-4o-finetune", "gw/notgemini-2.5-pro", "gw/qwen", "gw/llama-3-8b"])
def test_what_only_looks_like_a_well_known_model_gets_the_careful_window(model: str) -> None:
    assert providers.model_info(model).context_window == 8192


@pytest.mark.parametrize(("model", "window"), [("ollama/llama3.1", 4096), ("lmstudio/qwen2.5-7b-instruct", 8192)])
def test_servers_that_cut_prompts_keep_their_own_window(model: str, window: int) -> None:
    assert providers.model_info(model).context_window == window


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
