"""What is known of models without asking anyone."""

import subprocess
import sys
from decimal import Decimal

import pytest

import providers
from providers import Usage, catalogue, chat_models, families
from providers.models import ModelOverride

pytestmark = pytest.mark.django_db


def test_a_known_model() -> None:
    info = providers.model_info("openai/gpt-4o")
    assert (info.provider, info.name, info.context_window) == ("openai", "gpt-4o", 128_000)
    assert info.input_price == Decimal("2.5")
    assert info.output_price == Decimal(10)
    assert info.max_temperature == 2.0
    assert not info.supports_reasoning


def test_a_bare_name_is_the_same() -> None:
    assert providers.model_info("claude-sonnet-4-5") == providers.model_info("anthropic/claude-sonnet-4-5")


def test_an_unknown_model_is_usable() -> None:
    info = providers.model_info("openai/a-model-of-next-year")
    assert info.context_window == catalogue.UNKNOWN_CONTEXT_WINDOW
    assert 0 < info.max_output < info.context_window
    assert info.input_price is None


@pytest.mark.parametrize("model", ["", "/", "x/", "/x", "a" * 1000, "한국어/모델"])
def test_names_that_are_none_fail_nothing(model: str) -> None:
    assert providers.model_info(model).context_window > 0
    assert providers.cost_of(model, Usage(1, 1)) is None


@pytest.mark.parametrize(
    ("model", "highest"),
    [
        ("openai/gpt-4o", 2.0),
        ("openai/gpt-5-chat-latest", 2.0),
        ("openai/gpt-oss-20b", 2.0),
        ("openai/o1", None),
        ("openai/o3-mini", None),
        ("openai/gpt-5", None),
        ("openai/gpt-5.4-mini", None),
        ("openai/gpt-6-luna", None),
        ("openai/gpt-10", None),
        ("anthropic/claude-3-opus-20240229", 1.0),
        ("anthropic/claude-opus-4-1-20250805", 1.0),
        ("anthropic/claude-sonnet-4-6", 1.0),
        ("anthropic/claude-opus-4-7", None),
        ("anthropic/claude-opus-5", None),
        ("anthropic/claude-haiku-5-5", None),
        ("openrouter/anthropic/claude-sonnet-4-5", 1.0),
        ("azure/gpt-35-turbo", 2.0),
        ("ollama/llama3", 2.0),
        ("ollama/orca-mini", 2.0),
    ],
)
def test_temperatures(model: str, highest: float | None) -> None:
    assert providers.model_info(model).max_temperature == highest


def test_azures_spelling_of_an_older_model_is_known() -> None:
    assert families.context_window("gpt-35-turbo") == 16_385
    assert not families.is_openai_reasoning("gpt-35-turbo-16k")


def test_what_thinks() -> None:
    assert families.supports_reasoning("o3")
    assert families.supports_reasoning("gpt-5.4")
    assert families.supports_reasoning("claude-3-7-sonnet-latest")
    assert families.supports_reasoning("claude-opus-5-5")
    assert not families.supports_reasoning("gpt-4o")
    assert not families.supports_reasoning("claude-3-5-haiku-latest")


def test_costs() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    assert providers.cost_of("openai/gpt-4o", usage) == Decimal("12.5")
    assert providers.cost_of("ollama/llama3", usage) is None
    assert providers.cost_of("local/smollm2-135m-instruct", usage) is None


def test_cached_input_costs_less() -> None:
    plain = providers.cost_of("openai/gpt-4o", Usage(1000, 0))
    cached = providers.cost_of("openai/gpt-4o", Usage(1000, 0, cached_tokens=1000))
    assert plain is not None
    assert cached is not None
    assert cached < plain


def test_senseless_usage_costs_nothing_wrong() -> None:
    assert providers.cost_of("openai/gpt-4o", Usage(5, 0, cached_tokens=10)) is not None


def test_an_override_has_the_last_word() -> None:
    ModelOverride.objects.create(
        model="openai/gpt-4o", label="Ours", context_window=1000, input_price=1, output_price=Decimal("0.5")
    )
    info = providers.model_info("gpt-4o")

    assert (info.label, info.context_window, info.max_output) == ("Ours", 1000, 16_384)
    assert providers.cost_of("gpt-4o", Usage(1_000_000, 2_000_000)) == Decimal(2)


def test_an_override_prices_a_server_of_one_s_own() -> None:
    ModelOverride.objects.create(model="vllm/qwen", input_price=0, output_price=2)
    assert providers.cost_of("vllm/qwen", Usage(1_000_000, 1_000_000)) == Decimal(2)


def test_current_models_are_chat_models_and_newest_first() -> None:
    names = catalogue.curated("openai")
    assert names
    assert not [name for name in names if not chat_models.is_vendors_chat_model(name)]
    versions = [chat_models.version(name) for name in names]
    assert versions == sorted(versions, reverse=True)
    assert catalogue.curated("nobody") == []


def test_a_long_list_is_put_in_order() -> None:
    dated = ["gpt-4o-2024-08-06", "gpt-5-2025-08-07", "gpt-4o-0613"]
    names = ["gpt-4o", "gpt-5", "text-embedding-3-small", "tts-1", *dated]
    assert chat_models.menu_order(names) == ["gpt-5", "gpt-4o"]


def test_the_demo_model_says_so() -> None:
    info = providers.model_info("local/smollm2-135m-instruct")
    assert info.is_demo
    assert "SmolLM2" in info.label


def test_importing_providers_loads_neither_sdk_nor_price_data() -> None:
    heavy = "{'openai', 'anthropic', 'aiohttp', 'httpx2', 'genai_prices'}"
    code = (
        "import sys, django; django.setup(); import providers; providers.models_for_menu; providers.resolve;"
        f"print(sorted(set(sys.modules) & {heavy}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
