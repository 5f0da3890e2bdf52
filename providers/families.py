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


def max_output(model: str) -> int | None:
    """The most tokens of one answer, None for a family that is not known."""
    return next((tokens for pattern, tokens in _OUTPUTS if pattern.match(_own_name(model))), None)
