"""What the lists of servers that are not quite like OpenAI's offer, and say of their models."""

from typing import Any

import pytest

import providers
from providers.connections import Connection
from providers.models import ModelOverride
from tests.providers.odd_server import NOT_FOUND, PAGE, OddServer, found, listing, menu

pytestmark = pytest.mark.django_db(transaction=True)
ADAPTER = "providers.openai.OpenAIProvider"


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
