"""How much a rule matches of what people ordinarily say: one that matches nearly everything is most often a mistake."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from conversations.models import Message
from moderation import matching
from moderation.models import Rule

BROAD = 0.4  # of the texts of one kind
RECENT, FEW = 200, 20  # messages that are looked through; how many say something
RECENT_LENGTH = 2000  # characters of each
SECONDS = 1.0  # for all texts of a kind: what is slow besides is said by `rules.warning_of`

ENGLISH = (
    "What is a queue, and when would I use one?",
    "Please check this paragraph for spelling mistakes.",
    "Write a short mail to my landlord about the broken heating.",
    "How long do I cook rice for four people?",
    "My script stops with a syntax error in line 12. Why?",
    "Summarise the meeting in five sentences.",
    "Good morning! Can you help me plan a weekend in Busan?",
    "Explain photosynthesis to a child of eight.",
    "Which of these two job offers would you take?",
    "Translate this into Korean, in a polite tone.",
    "A list keeps things in order; a set keeps each thing once.",
    "You can sort the table by price: click on its heading.",
    "Thank you, that was helpful.",
    "Here are three ideas for a birthday present.",
    "The train leaves at 9:40 and arrives shortly before noon.",
    "Yes.",
    "I would start with small steps and measure each of them.",
    "Compare both phones by battery, camera and weight.",
    "Could you make it shorter and a little friendlier?",
    "Water boils at a lower temperature on high mountains.",
)
KOREAN = (
    "큐가 무엇이고 언제 쓰나요?",
    "이 문단의 맞춤법을 확인해 주세요.",
    "난방 고장에 대해 집주인에게 보낼 짧은 메일을 써 줘.",
    "네 명이 먹을 밥은 얼마나 끓여야 해요?",
    "스크립트가 12번째 줄에서 멈추는 까닭이 뭘까?",
    "회의 내용을 다섯 문장으로 줄여 주세요.",
    "안녕하세요! 부산 주말 여행 계획을 도와주실래요?",
    "여덟 살 어린이에게 광합성을 설명해 줘.",
    "두 회사 가운데 어디로 가는 게 좋을까요?",
    "공손한 말투로 영어로 옮겨 주세요.",
    "목록은 차례를 지키고 집합은 같은 것을 한 번만 담습니다.",
    "표 머리글을 누르면 가격순으로 정렬됩니다.",
    "고맙습니다, 도움이 많이 됐어요.",
    "생일 선물로 좋을 만한 것 세 가지입니다.",
    "기차는 9시 40분에 떠나서 정오 조금 전에 도착합니다.",
    "네.",
    "작은 것부터 시작해서 하나씩 재어 보겠습니다.",
    "배터리, 카메라, 무게로 두 전화기를 비교해 줘.",
    "조금 더 짧고 부드럽게 고쳐 줄래?",
    "높은 산에서는 물이 더 낮은 온도에서 끓어요.",
)


@dataclass(frozen=True, slots=True)
class Breadth:
    """How many of how many texts match: of the kind of text that the rule matches most of."""

    matched: int
    total: int
    is_recent: bool = False

    @property
    def share(self) -> float:
        return self.matched / self.total if self.total else 0.0

    @property
    def warning(self) -> str:
        """A sentence for whoever saves the rule, without any text of anybody; "" for a rule that is not broad."""
        if self.share < BROAD:
            return ""
        words = _("This rule matches nearly everything: %(matched)s of %(total)s ordinary sentences.")
        if self.is_recent:
            words = _("This rule matches nearly everything: %(matched)s of the last %(total)s messages of this site.")
        return words % {"matched": self.matched, "total": self.total}


def breadth_of(rule: Rule) -> Breadth:
    """The broadest that `rule`, which compiles, shows itself on sentences in two languages and on recent messages."""
    looked_at = [_matched(rule, texts) for texts in (ENGLISH, KOREAN)]
    recent = _matched(rule, _recent(rule.scope), is_recent=True)
    if recent.total >= FEW:
        looked_at.append(recent)
    return max(looked_at, key=lambda breadth: breadth.share)


def _matched(rule: Rule, texts: Sequence[str], *, is_recent: bool = False) -> Breadth:
    matcher = matching.compiled(rule.kind, rule.text)
    deadline, matched, total = time.monotonic() + SECONDS, 0, 0
    for text in texts:
        if time.monotonic() > deadline:
            break
        total += 1
        try:
            matched += matcher.found_in(matching.seen_by(rule.kind, text), matching.RULE_SECONDS)
        except TimeoutError:
            continue
    return Breadth(matched, total, is_recent)


def _recent(scope: str) -> Sequence[str]:
    roles: Iterable[str] = {
        Rule.Scope.QUESTIONS: [Message.Role.USER],
        Rule.Scope.ANSWERS: [Message.Role.ASSISTANT],
    }.get(Rule.Scope(scope), list(Message.Role))
    newest = Message.objects.order_by("-pk")[:RECENT].values_list("role", "content")
    return [content[:RECENT_LENGTH] for role, content in newest if role in roles and content]
