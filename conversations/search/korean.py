"""What a Korean word may mean that is not found as it stands: one that is still being typed, or one with an ending."""

from __future__ import annotations

import re

from conversations.particles import PARTICLES

_FIRST, _LAST = 0xAC00, 0xD7A3
_FINALS, _PER_INITIAL = 28, 588
# For each final: the one that stays, and the initial that goes over when a vowel follows ("닭" + ㅣ: "달기").
_SPLIT = (
    (0, 0), (0, 0), (0, 1), (1, 9), (0, 2), (4, 12), (4, 18), (0, 3), (0, 5), (8, 0), (8, 6), (8, 7), (8, 9), (8, 16),
    (8, 17), (8, 18), (0, 6), (0, 7), (17, 9), (0, 9), (0, 10), (0, 11), (0, 12), (0, 14), (0, 15), (0, 16), (0, 17),
    (0, 18),
)  # fmt: skip
_LONE_LETTER = re.compile("(?<=[가-힣])[ㄱ-ㆎ]$")
_ENDINGS = (
    "하다 하는 하기 하고 하면 하며 하여 하지 하자 하게 하려 하려면 하려고 하는데 하는지 하도록 하지만 하거나 "
    "하니까 하나요 습니다 었습니다 았습니다 었어요 았어요 었다 았다 었던 았던 어요 아요 어서 아서 지만 는데 "
    "으면 면서 으면서 려고 으려고 려면 으려면 더니 고 면 기 지 게 던 할 할지 할까 할까요 할게요 할래요 한 "
    "한다 한다면 한다고 한데 함 해 해도 해서 해야 해요 해줘 해주세요 해야지 했다 했고 했는데 했던 했을 했어 "
    "했어요 했지만 했습니다 했나요 합니다 합니까 합시다 하세요 하십시오 되다 되는 되고 되면 되어 되지 된 된다 "
    "될 돼 돼서 돼요 됐다 됐어 됐어요 됐습니다 되었다 되었습니다 됩니다 됩니까 되나요 시키다 시켜 시켰다 받다 "
    "받은"
).split()
_SUFFIXES = tuple(sorted({*PARTICLES, *_ENDINGS}, key=len, reverse=True))
_SHORTEST_STEM = 2
_AT_MOST = 2  # particles one behind the other: "사용자들" + "에게는"


def without_lone_letter(text: str) -> str:
    """Without the letter at the end that is no syllable yet: "대ㅎ" while "대화" is typed."""
    return _LONE_LETTER.sub("", text)


def unfinished(syllable: str) -> tuple[str, str] | None:
    """What a last syllable may become with the next vowel: the syllable that stays, and a pattern of what follows it.

    "댛" is what the keyboard shows on the way to "대화": ("대", "[하-힣]"). None where there is no final consonant.
    """
    code = ord(syllable)
    if not _FIRST <= code <= _LAST or (final := (code - _FIRST) % _FINALS) == 0:
        return None
    stays, initial = _SPLIT[final]
    begin = _FIRST + initial * _PER_INITIAL
    return chr(code - final + stays), f"[{chr(begin)}-{chr(begin + _PER_INITIAL - 1)}]"


def stem(word: str) -> str:
    """A word without the particles or endings it has, as long as two characters are left."""
    for _ in range(_AT_MOST):
        fitting = (s for s in _SUFFIXES if word.endswith(s) and len(word) - len(s) >= _SHORTEST_STEM)
        word = word.removesuffix(next(fitting, ""))
    return word
