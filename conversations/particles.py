"""Korean particles: what Korean glues to the end of a noun, a name or an address, without a space."""

from __future__ import annotations

import re

# Of nouns, and the forms of the copula that are glued to them.
PARTICLES = (
    "은 는 이 가 을 를 의 에 도 만 로 와 과 들 나 랑 께 뿐 라 며 이나 이랑 하고 에서 에게 한테 에도 에만 에는 "
    "에의 으로 까지 부터 보다 처럼 마다 조차 마저 밖에 대로 만큼 라도 이라 이란 라는 라고 이라는 이라고 "
    "이라도 이며 들이 들은 들을 들의 들도 들과 들에 들에게 들에서 들로 에서는 에서도 에서의 에게는 에게서 "
    "으로는 으로도 으로써 으로서 로는 로도 로서 로써 까지는 까지도 부터는 이다 입니다 이에요 예요 이었다 였다 "
    "인데 인가 인가요 이고 이면 이지만 이라면 라면 께서 께서는"
).split()

# Particles that take another one behind them, and what that may be: "까지" + "의", "으로" + "부터", "만" + "은".
_FIRST = "만으로|에서|에게서?|한테서?|으로|로|까지|부터|하고|이?랑|처럼|보다|마다|조차|마저|밖에|만큼|께서|만|에|와|과"
_SECOND = (
    "은|는|도|만(?:은|이|을|의|도)?|의|을|이|가|나|라도|까지(?:는|도|의)?|부터(?:는|도|의)?|서(?:는|도)?|입니다|이다|요"
)
# Endings of the copula that only follow an address in a sentence.
_COPULA = "인데요|인지|이죠|이네요|이니까?|이었습니다|였습니다|이었어요|였어요|이라며|이라서|라서|이든|이나마|이자|일"
# Nouns that look like particles: ramen, Iran, boulevard, back; of one syllable, only where a page is named.
_NOUNS = {"라면", "이란", "대로", "이면"}
_NAMES = {"나", "도", "만", "이", "가", "들", "라", "과", "로", "의", "랑", "뿐"}
_WHOLE = re.compile(
    f"(?:{'|'.join(sorted(set(PARTICLES), key=len, reverse=True))}|(?:{_FIRST})(?:{_SECOND})|{_COPULA})"
)
# Behind a Korean word, only what hardly any title ends with. The object's 을 follows a final consonant: not 가을, 마을.
_CLEAR = re.compile(
    "(?:를|(?P<final>을|으로(?:는|도|만|부터|써|서|의)?|이라(?:는|고)|이에요)|에서(?:는|도|만|의|부터)?|에게(?:는|도|만|서)?|"
    "에(?:는|만|도)|까지(?:는|도|만|의|가)?|부터(?:는|도|의|가)?|입니다|예요)$"
)
_HANGUL = re.compile("(?<![가-힣])[가-힣]+$")
_SHORTEST_WORD = 2


def without_particle(address: str) -> str:
    """An address without the particles that a sentence has glued to its end.

    Hangul that is nothing but particles after `/`, `=` or the like goes (`/admin/으로`, `/에서는`); a Korean word stays
    (`/wiki/한국어`, `/wiki/가을`), and goes on its own only from a particle that no title ends with (`/wiki/한국어를`).
    """
    run = _HANGUL.search(address)
    if not run or not run.start():
        return address
    if _WHOLE.fullmatch(run[0]):
        return address if _is_name(run[0], address[: run.start()]) else address[: run.start()]
    particle = _CLEAR.search(run[0])
    if not particle or particle.start() < _SHORTEST_WORD:
        return address
    if particle["final"] and not _has_final(run[0][particle.start() - 1]):
        return address
    return address[: run.start() + particle.start()]


def _is_name(run: str, before: str) -> bool:
    return run in _NOUNS or (run in _NAMES and before.lower().endswith(("wiki/", "w/", "=")))


def _has_final(syllable: str) -> bool:
    return (ord(syllable) - 0xAC00) % 28 > 0
