"""Which parameters a family of models takes, known from its name alone."""

import re

_OPENAI_REASONING = re.compile(r"(o\d|gpt-(?:[5-9]|(?!35)\d\d))(?!.*chat)")
# Claude up to 4.6. Later models, and the API's versions since 2026-10-21, refuse every sampling parameter.
_CLAUDE_WITH_TEMPERATURE = re.compile(
    r"claude-(?:v?[12]\b|instant|3-|(?:opus|sonnet|haiku)-(?:4(?:-[0-6])?(?:-\d{8})?(?:-latest)?$|3))"
)
Tokens = tuple[tuple[re.Pattern[str], int], ...]


def _compiled(*families: tuple[str, int]) -> Tokens:
    return tuple((re.compile(pattern), tokens) for pattern, tokens in families)


# The first pattern that fits counts, here and below.
_OUTPUTS = _compiled(
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
# What each family reads, in tokens; the smaller value where its members differ.
_WINDOWS = _compiled(
    (r"gemini-(1\.0|pro(-vision)?$)", 32_760),
    (r"gemini-1\.5-pro", 2_097_152),
    (r"gemini-(\d|flash|pro|exp)", 1_048_576),
    (r"claude-(instant|v?[12](?![.\d]))", 100_000),
    (r"claude-", 200_000),
    (r"gpt-4\.1", 1_047_576),
    (r"gpt-oss", 131_072),
    (r"(gpt|chatgpt)-4o|gpt-4-turbo|gpt-4-(1106|0125|vision)|gpt-5-chat|o1-(mini|preview)", 128_000),
    (r"gpt-4\.5", 128_000),
    (r"gpt-4-32k", 32_768),
    (r"gpt-4", 8192),
    (r"gpt-3\.?5", 16_385),
    (r"gpt-([5-9]|\d\d)", 272_000),
    (r"o\d($|[-:])", 200_000),
    (r"grok-[4-9]", 256_000),
    (r"grok-[23]", 131_072),
    (r"deepseek-(chat|reasoner|v[2-9]|r1(?!-distill))", 64_000),
    (r"(mistral|magistral)-(large|medium|small)-?(24\d\d|2503)?", 32_000),
    (r"ministral|pixtral|devstral|codestral|open-mistral-nemo|mistral-nemo", 128_000),
    (r"mixtral|mistral-(7b|tiny)|open-mistral|open-mixtral", 32_000),
    (r"llama-?v?(3[.p][1-9]|3-[1-9](?=-)|[4-9])", 131_072),
    (r"kimi|moonshot-v1-128k", 131_072),
    (r"moonshot-v1-32k", 32_768),
    (r"qwen-(plus|turbo|flash)|qwen-?3[.-](max|coder)", 131_072),
    (r"qwen-max|qwen-?(2\.5|3)|qwq", 32_768),
    (r"glm-(4\.[5-9]|[5-9])|glm-4-(plus|air|flash|long)", 128_000),
    (r"command-(r|a)", 128_000),
    (r"sonar", 127_072),
    (r"(amazon\.)?nova-(lite|pro)", 300_000),
    (r"(amazon\.)?nova-micro", 128_000),
    (r"minimax-(m|text)", 196_608),
    (r"gemma-?3n?-1b|gemma-?3n", 32_768),
    (r"gemma-?[3-9]", 131_072),
    (r"phi-?(3\.5|4-mini)", 131_072),
    (r"phi-?4", 16_384),
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
_VENDOR = re.compile(
    r"(?:[a-z]{2,6}\.)?(?:anthropic|openai|google|mistral|meta|cohere|deepseek|qwen|amazon)\."
    r"|anthropic--|databricks-(?:meta-)?(?=claude|llama|gpt|gemini)|meta-(?=llama)|c4ai-(?=command)"
)


def _own_name(model: str) -> str:
    """The name without a vendor before it ("anthropic/claude-...", as gateways write it; "us.anthropic.claude-...")."""
    return _VENDOR.sub("", model.rpartition("/")[2].lower(), count=1)


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
    return _tokens(_OUTPUTS, model)


def context_window(model: str) -> int | None:
    """How many tokens a well-known model reads, whoever serves it; None for a family that is not known."""
    return _tokens(_WINDOWS, model)


def _tokens(families: Tokens, model: str) -> int | None:
    name = _own_name(model)
    return next((tokens for pattern, tokens in families if pattern.match(name)), None)
