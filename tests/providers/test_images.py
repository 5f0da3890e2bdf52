"""Images on both wires, and which models see them."""

from base64 import b64encode

import pytest

from providers import families
from providers.anthropic import AnthropicProvider, alternating
from providers.base import ChatRequest, Image, Turn
from providers.catalogue import model_info
from providers.openai import OpenAIProvider
from providers.tokens import estimate_turn, estimate_usage
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider

PNG, JPEG = Image("image/png", b"\x89PNG pixels"), Image("image/jpeg", b"\xff\xd8 pixels")


def _request(model: str, *turns: Turn) -> ChatRequest:
    return ChatRequest(model, turns)


async def test_chat_completions_take_images_as_data_urls(
    openai: OpenAIProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    turns = (Turn("user", "One"), Turn("assistant", "Two"), Turn("user", "Which?", (PNG, JPEG)))
    await heard.listen(openai, _request("gpt-4o", *turns))

    first, _, last = scripted_provider.chats[0].body["messages"]
    assert first == {"role": "user", "content": "One"}
    assert last["content"] == [
        {"type": "text", "text": "Which?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64encode(PNG.data).decode()}"}},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{b64encode(JPEG.data).decode()}"}},
    ]


async def test_messages_take_images_as_blocks(
    anthropic: AnthropicProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    turns = (Turn("user", "One"), Turn("assistant", "Two"), Turn("user", "Which?", (PNG,)))
    await heard.listen(anthropic, _request("claude-sonnet-4-5", *turns))

    first, _, last = scripted_provider.chats[0].body["messages"]
    assert first == {"role": "user", "content": "One"}
    source = {"type": "base64", "media_type": "image/png", "data": b64encode(PNG.data).decode()}
    assert last["content"] == [{"type": "image", "source": source}, {"type": "text", "text": "Which?"}]


async def test_an_image_without_words_is_sent_alone(
    openai: OpenAIProvider, heard: Heard, scripted_provider: ScriptedProvider
) -> None:
    await heard.listen(openai, _request("gpt-4o", Turn("user", " ", (PNG,))))
    [message] = scripted_provider.chats[0].body["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url"]
    [message] = alternating(_request("claude-sonnet-4-5", Turn("user", "", (PNG,))))
    assert [block["type"] for block in message["content"]] == ["image"]


def test_neighbours_of_one_role_are_merged_with_their_images() -> None:
    turns = (Turn("user", "One"), Turn("user", "Two", (PNG,)), Turn("user", "Three"))
    [message] = alternating(_request("claude-sonnet-4-5", *turns))
    kinds = [(block["type"], block.get("text")) for block in message["content"]]
    assert kinds == [("text", "One"), ("image", None), ("text", "Two"), ("text", "Three")]


def test_an_image_counts_about_800_tokens() -> None:
    assert estimate_turn(Turn("user", "four", (PNG, JPEG))) == 1601
    usage = estimate_usage(_request("gpt-4o", Turn("user", "four", (PNG,)), Turn("user", "")), ["x"])
    assert usage.input_tokens == 805


def test_pixels_are_not_in_what_is_logged() -> None:
    assert "pixels" not in repr(_request("gpt-4o", Turn("user", "Hello", (PNG,))))


SEEING = """gpt-4o gpt-4o-mini chatgpt-4o-latest gpt-4.1-nano gpt-4-turbo gpt-5 gpt-5.4-mini gpt-6-sol o1 o3 o4-mini
claude-3-haiku-20240307 claude-sonnet-4-5 claude-opus-5 gemini-2.5-flash google/gemini-3-pro llava:7b llama3.2-vision
llama-4-scout qwen2.5vl:7b qwen3-vl-8b qwen3.5-plus deepseek-vl2 pixtral-12b gemma3:4b gemma-3-27b-it grok-4
mistral-small-2506 phi-4-multimodal-instruct kimi-k2.5 glm-4.5v scripted my-own-model""".split()
BLIND = """gpt-3.5-turbo gpt-4 gpt-4-0613 gpt-4-32k gpt-oss-120b o1-mini o3-mini claude-2.1 claude-instant-1.2
llama3 llama3.2:latest meta-llama/Llama-3.1-8B-Instruct llama-3.3-70b codellama gemma2:9b gemma:7b mistral
mistral-7b-instruct
mixtral-8x7b deepseek-chat deepseek-r1:8b qwen2.5-coder qwen3:8b qwen-max phi-4 phi3:mini grok-3-mini kimi-k2
glm-4.6""".split()


@pytest.mark.parametrize("name", SEEING)
def test_models_that_see(name: str) -> None:
    assert families.supports_images(name)


@pytest.mark.parametrize("name", BLIND)
def test_models_that_do_not_see(name: str) -> None:
    assert not families.supports_images(name)


@pytest.mark.django_db
def test_the_local_demo_model_does_not_see() -> None:
    assert not model_info("local/smollm2-135m-instruct").supports_images
    assert model_info("openai/gpt-4o").supports_images
