"""The shapes of the demo's texts, and what belongs to no language: people, models, rules."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "demo.invalid"  # of the people's e-mail addresses: by it they are known again


@dataclass(frozen=True, slots=True)
class Dialogue:
    """`turns`: question, answer, question, ...; `again`: another answer to the first question, a branch."""

    title: str
    turns: tuple[str, ...]
    again: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """All texts of one language. `more` are questions and answers that go on with any dialogue."""

    code: str
    dialogues: tuple[Dialogue, ...]
    more: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    instructions: tuple[str, ...]
    bad: tuple[Dialogue, ...]  # what gets reported
    notes: tuple[str, ...]  # of those who report
    blocked: tuple[str, ...]
    warning: str
    suspension: str


@dataclass(frozen=True, slots=True)
class RuleText:
    name: str
    kind: str
    text: str
    effect: str
    reason: str
    score: float


NAMES = (  # in turns English and Korean, as `plan.language_of` has it
    "alice minjun bob seoyeon charlie jihoon emma haeun liam doyun olivia yujin noah siwoo grace sua henry geonu "
    "lucas jiwoo mia hyunwoo clara nayeon oscar taeyang ruby dahye theo sungmin"
).split()
FIRST_NAMES = dict(
    zip(
        "minjun seoyeon jihoon haeun doyun yujin siwoo sua geonu jiwoo hyunwoo nayeon taeyang dahye sungmin "
        "jaehyun".split(),
        "민준 서연 지훈 하은 도윤 유진 시우 수아 건우 지우 현우 나연 태양 다혜 성민 재현".split(),
        strict=True,
    )
)
MODERATORS = ("mona", "jaehyun")
MODELS = (
    "openai/gpt-4o",
    "openai/gpt-4o-mini",
    "openai/gpt-4.1",
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-haiku-4-5",
)
RULES = (
    RuleText(
        "Demo: advertising", "words", "casino bonus\nguaranteed profit\n무료 머니\n수익 보장", "flag", "spam", 0.4
    ),
    RuleText("Demo: personal numbers", "pattern", r"\b\d{6}-[1-4]\d{6}\b", "block", "privacy", 0.8),
    RuleText("Demo: threats", "words", "I will hurt you\n가만 안 둔다", "flag", "violence", 0.7),
)
