"""Which parameters a family of models takes, known from its name alone."""

import re

_OPENAI_REASONING = re.compile(r"(o\d|gpt-(?:[5-9]|\d\d))(?!.*chat)")
# Claude up to 4.6. Later models, and the API's versions since 2026-10-21, refuse every sampling parameter.
_CLAUDE_WITH_TEMPERATURE = re.compile(
    r"claude-(?:v?[12]\b|instant|3-|(?:opus|sonnet|haiku)-(?:4(?:-[0-6])?(?:-\d{8})?(?:-latest)?$|3))"
)
_OUTPUTS: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern), tokens)
    for pattern, tokens in (
        (r"claude-(v?[12]\b|instant|3-(opus|sonnet|haiku))", 4096),
        (r"claude-3", 8192),
        (r"claude-", 32_000),
        (r"o\d", 100_000),
        (r"gpt-(3|4-turbo|4-vision)", 4096),
        (r"gpt-4\.1", 32_768),
        (r"(gpt|chatgpt)-4o", 16_384),
        (r"gpt-4", 8192),
        (r"gpt-5-chat", 16_384),
        (r"gpt-(oss|chat)", 16_384),
        (r"gpt-([5-9]|\d\d)", 128_000),
    )
)
_SEES = re.compile(
    r"vision|multimodal|llava|pixtral|moondream|molmo|internvl|minicpm-v|qvq"
    r"|(?:^|[-_.\d])vl(?:$|[-_.:\d])"  # qwen2.5vl:7b, qwen3-vl-8b, deepseek-vl2
)
# Families that read text only, up to the version that began to see. What is not known may see.
_BLIND = re.compile(
    r"gpt-(?:3|4$|4-\d|4-32k|oss)|o1-(?:mini|preview)|o3-mini|claude-(?:v?[12]\b|instant)"
    r"|(?:code|tiny)llama|llama-?(?:2|3|3\.[123])(?![.\d])|gemma-?2(?![.\d])|gemma(?=$|:|-\d+b)"
    r"|mistral(?=$|:|-7b|-nemo|-tiny)|mixtral|codestral|devstral|deepseek|smollm|command|granite"
    r"|qwen(?:1|1\.5|2|2\.5|3)?(?![.\d])|qwq|phi-?(?:1|1\.5|2|3|3\.5|4)(?![.\d])|grok-[123](?![.\d])"
    r"|kimi-k2(?![.\d])|glm-4(?:\.\d)?(?![v.\d])"
)
OPENAI_MAX_TEMPERATURE = 2.0
CLAUDE_MAX_TEMPERATURE = 1.0


def _own_name(model: str) -> str:
    """The name without a vendor before it ("anthropic/claude-...", as gateways write it)."""
    return model.rpartition("/")[2].lower()


def is_openai_reasoning(model: str) -> bool:
    """OpenAI's o-series, and gpt-5 and later: they take max_completion_tokens and no temperature."""
    return _OPENAI_REASONING.match(_own_name(model)) is not None


def is_claude(model: str) -> bool:
    return _own_name(model).startswith("claude-")


def max_temperature(model: str) -> float | None:
    """The highest temperature that the model takes, None when it takes none."""
    if is_claude(model):
        return CLAUDE_MAX_TEMPERATURE if _CLAUDE_WITH_TEMPERATURE.match(_own_name(model)) else None
    return None if is_openai_reasoning(model) else OPENAI_MAX_TEMPERATURE


def supports_reasoning(model: str) -> bool:
    """Whether the model can think before it answers."""
    if is_claude(model):
        return re.match(r"claude-(3-7|[a-z]+-\d)", _own_name(model)) is not None
    return is_openai_reasoning(model) or "gpt-oss" in _own_name(model)


def supports_images(model: str) -> bool:
    """Whether the model can look at images. True for a name that says nothing: the server has the last word then."""
    name = _own_name(model)
    return _SEES.search(name) is not None or _BLIND.match(name) is None


def max_output(model: str) -> int | None:
    """The most tokens of one answer, None for a family that is not known."""
    return next((tokens for pattern, tokens in _OUTPUTS if pattern.match(_own_name(model))), None)
