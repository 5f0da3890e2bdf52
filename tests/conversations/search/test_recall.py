"""What a person who searches in Korean and English finds, and what not."""

import pytest

from accounts.models import User
from tests.conversations.search.conftest import found, marked, say

FOUND = [
    # words of two syllables, bare and with particles
    ("서버", "서버가 느려졌어요."),
    ("서버", "어제부터 서버를 다시 켰습니다."),
    ("서버", "문제는 웹서버였다."),
    ("회의", "다음 주 회의에서 정하기로 했어요."),
    ("학교", "학교에서부터 집까지 걸었다."),
    ("사과", "사과랑 배를 샀어요."),
    ("요약", "이 글을 세 줄로 요약해줘"),
    ("번역", "영어로 번역하면 어떻게 되나요?"),
    ("여행", "제주도여행 일정을 짜 줘."),
    ("한국", "한국은행의 기준금리"),
    ("은행", "한국은행의 기준금리"),
    ("국은", "한국은행의 기준금리"),
    # one syllable
    ("책", "요즘 읽을 만한 책을 알려 줘."),
    ("책", "정책이 바뀌었다."),
    ("집", "집."),
    ("밥", "김밥"),
    ("물", "뜨거운 물이 안 나와요."),
    ("돈", "돈"),
    # the query has a particle or an ending that the text has not
    ("서버에서", "서버가 느려졌어요."),
    ("서버에서는", "서버를 다시 켰습니다."),
    ("사용자들에게는", "사용자가 늘었습니다."),
    ("회의를", "회의가 길었다."),
    ("학교까지", "학교로 갔다."),
    ("설치했어요", "설치하는 방법을 알려 드릴게요."),
    ("설치하려면", "설치가 끝났습니다."),
    ("정리해주세요", "표로 정리했습니다."),
    ("번역했습니다", "번역된 글입니다."),
    ("만들었어요", "함수를 만들고 시험했다."),
    ("파이썬으로", "파이썬 코드를 짜 줘."),
    # spacing
    ("대화 기록", "대화기록을 지웠어요."),
    ("대화기록", "대화 기록을 지웠어요."),
    ("대화기록", "대화\n기록"),
    ("형태소 분석기", "형태소분석기를 만들자."),
    ("형태소분석기", "형태소 분석 기를 만들자."),
    ("자연어처리", "자연어 처리 기초"),
    ("자연어 처리", "자연어처리기초"),
    ("할수있다", "나는 할 수 있다."),
    ("할 수 있다", "나는 할수있다."),
    ("서울특별시", "서울 특별 시"),
    ("한국어 맞춤법", "맞춤법은 한국어에서 어렵다."),
    # markdown inside of words
    ("서버가", "**서버**가 멈췄다."),
    ("함수는", "`함수`는 값을 돌려줘요."),
    # mixed scripts
    ("GPT모델", "GPT모델이 답했다."),
    ("GPT모델", "GPT 모델이 답했다."),
    ("gpt 모델", "GPT모델이 답했다."),
    ("GPT", "새로운GPT가 나왔다."),
    ("gpt", "GPT-4와 견주면"),
    ("모델", "GPT모델이 답했다."),
    ("API키", "API 키를 넣으세요."),
    ("파이썬3", "파이썬3에서 바뀐 점"),
    ("2024년", "2024년의 계획"),
    ("2024년 계획", "2024년의 계획"),
    ("k8s", "K8s에 올렸어요."),
    ("카톡ID", "카톡 id를 알려 줘."),
    # numbers, addresses, names
    ("3.14", "원주율은 3.14입니다."),
    ("010-1234", "전화는 010-1234-5678이에요."),
    ("kim@example.org", "메일은 kim@example.org로 보내요."),
    ("example.org", "메일은 kim@example.org로 보내요."),
    ("c++", "C++로 짠 프로그램"),
    ("user_id", "SELECT user_id FROM t"),
    # while it is typed
    ("대ㅎ", "대화를 나눴다."),
    ("댛", "대화를 나눴다."),
    ("대화 깋", "대화 기호"),
    ("달ㄱ", "닭이 아니라 달걀"),
    ("닭", "달걀을 삶았다."),
    ("자연어 처맇", "자연어 처리하기"),
    # letters put together in another way, width, case, accents
    ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국은행"),
    ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8은행"),
    ("ＡＰＩ", "api를 부른다."),
    ("PYTHON", "python 3.11"),
    ("cafe", "Le Café de Flore"),
    ("strasse", "Hauptstraße; Strasse"),
    # English
    ("pyth", "Python is a language."),
    ("rate limit", "You hit the rate limit."),
    ("limit rate", "You hit the rate limit."),
    ("e-mail", "Send an e-mail."),
    # other scripts without spaces; laughter
    ("東京", "東京都に住んでいる"),
    ("ひらがな", "これはひらがなです"),
    ("大韓", "大韓민국"),
    ("ㅋㅋ", "정말요? ㅋㅋㅋㅋ"),
    ("대화 🙂", "대화를 나눴다. 🙂"),
    # versions, and letters and digits side by side
    ("1.2.3", "v1.2.3"),
    ("1.2.3", "torch-2.1.2.3rc1을 설치"),
    ("v1.2.3", "판은 v1.2.3-beta입니다."),
    ("2.3", "v1.2.3"),
    ("python", "python3.11에서"),
    ("3.11", "python3.11에서"),
    ("4o", "gpt4o"),
    ("16", "iPhone16 Pro"),
    # signs of names, amounts and code
    ("C++", "C++로 짠 프로그램"),
    ("C#", "C#과 F#의 차이"),
    (".NET", "ASP.NET Core"),
    (".net", ".NET 8"),
    ("node.js", "Node.js 서버"),
    ("a_b", "SELECT a_b FROM t"),
    ("__init__", "패키지에는 __init__.py가 있다."),
    ("__init__.py", "패키지에는 __init__.py가 있다."),
    ("user@host", "ssh user@host로 접속"),
    ("50%", "할인율은 50%예요."),
    ("$5", "값은 $5입니다."),
    ("₩1,000", "값은 ₩1,000입니다."),
    ("23℃", "기온은 23°C예요."),
    ("#태그", "글에 #태그를 달았다."),
    ("~/.bashrc", "~/.bashrc를 고치세요."),
    ("--no-cache", "docker build --no-cache ."),
    ("std::vector", "std::vector<int> v;"),
    ("foo()", "foo() 를 부른다."),
    ("a=====b", "a=====b"),
    ("2**10", "2**10은 1024"),
    ("서버?", "서버가 느려요."),
    ("“서버”", "서버가 느려요."),
    ("사과 / 배", "사과와 배"),
    ("# 설치 방법", "설치 방법을 알려 드려요."),
    # signs alone
    ("→", "서울 → 부산"),
    ("->", "def f() -> int:"),
    ("=>", "x => x + 1"),
    ("??", "정말?? 그래요."),
    ("%", "50% 할인"),
    ("∑", "∑ aᵢ"),
    ("※", "※ 알림"),
    ("|>", "x |> f"),
    # emoji
    ("🙂", "대화를 나눴다. 🙂"),
    ("🙂", "🙂"),
    ("👍", "좋아요👍🏽"),
    ("👍🏽", "좋아요👍🏽"),
    ("좋아요👍", "정말 좋아요👍"),
    ("좋아요👍", "정말 좋아요 👍"),
    ("❤️", "사랑 ❤ 해요"),
    ("❤", "사랑 ❤️ 해요"),
    ("👨‍👩‍👧‍👦", "가족 👨‍👩‍👧‍👦 여행"),
    ("👩", "가족 👨‍👩‍👧‍👦 여행"),
    ("👩‍💻", "개발자👩‍💻입니다"),
    ("🇰🇷", "응원해요 🇰🇷!"),
    ("🇰🇷", "🇺🇸🇬🇧🇫🇷🇩🇪🇰🇷🇯🇵"),
    ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "잉글랜드 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    ("1️⃣", "1️⃣ 첫째"),
    ("✅", "- ✅ 끝"),
    ("🫩", "피곤 🫩"),
]
NOT_FOUND = [
    ("서비", "서버가 느려졌어요."),
    ("한국산", "한국사를 배웠다."),
    ("대화기록", "기록을 보니 대화가 있었다."),
    ("대화기록", "대화를 했다. 화기가 있다. 기록했다."),
    ("김치찌개", "김치와 된장찌개"),
    ("서버 회의", "서버가 느려졌어요."),
    ("책상", "책을 샀다."),
    ("script", "JavaScript"),
    ("pyth ", "Python is a language."),
    ("rate limits", "You hit the rate limit."),
    ("c++", "Vitamin C is good."),
    ("3.14", "314"),
    ("닭", "달을 보았다."),
    ("댛", "대를 이었다."),
    ("24년", "2024년의 계획"),
    ("1.2.3", "v11.2.3"),
    ("1.2.3", "v1.2.30"),
    ("C#", "Vitamin C is good."),
    ("50%", "50명이 왔다."),
    ("50%", "150% 늘었다."),
    ("$5", "5달러"),
    ("→", "서울 ← 부산"),
    ("->", "a - > b"),
    ("🙂", "🙃"),
    ("👍🏽", "좋아요 👍"),
    ("대화 🙂", "대화를 나눴다."),
    ("🇰🇷", "🇺🇰🇷🇺"),
    ("🇰🇷", "🇰 🇷"),
    ("kim@example.org", "kim at example dot org"),
]


@pytest.mark.parametrize(("query", "text"), FOUND)
def test_is_found(alice: User, query: str, text: str) -> None:
    say(alice, "???", "...", text)
    assert len(found(alice, query)) == 1
    assert any(marked(alice, query)[0])


@pytest.mark.parametrize(("query", "text"), NOT_FOUND)
def test_is_not_found(alice: User, query: str, text: str) -> None:
    say(alice, text)
    assert found(alice, query) == []


def test_everything_among_everything_else(alice: User) -> None:
    """In one heap, each query still finds its own text."""
    texts = list(dict.fromkeys(text for _query, text in FOUND))
    say(alice, *texts)
    missed = [query for query, text in FOUND if not any(_same(text, hit) for hit in found(alice, query))]
    # Where the words themselves are said elsewhere, the looser reading is not asked for.
    said = {"서버에서", "서버에서는", "회의를", "학교까지", "닭", "달ㄱ", "설치하려면", "파이썬으로"}
    assert set(missed) <= said


def _same(text: str, hit: str) -> bool:
    from conversations.search.tokens import tokens_of

    return set(tokens_of(hit).split()) == set(tokens_of(text).split())
