"""Emphasis: Korean next to particles, and everything else exactly as CommonMark has it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from conversations.rendering import render

KOREAN = {
    "**한국어(괄호)**을": "<strong>한국어(괄호)</strong>을",
    '**"인용"**이라고': '<strong>"인용"</strong>이라고',
    "**'작은따옴표'**는": "<strong>'작은따옴표'</strong>는",
    "**“굽은 따옴표”**라는": "<strong>“굽은 따옴표”</strong>라는",
    "**‘굽은’**과": "<strong>‘굽은’</strong>과",
    "**50%**입니다": "<strong>50%</strong>입니다",
    "**100%**로": "<strong>100%</strong>로",
    "**`code`**를": "<strong><code>code</code></strong>를",
    "**`main()`**은": "<strong><code>main()</code></strong>은",
    "**[링크](https://e.org)**에": '<strong><a href="https://e.org" '
    'rel="noopener noreferrer nofollow" target="_blank">링크</a></strong>에',
    "**주의!**라고": "<strong>주의!</strong>라고",
    "**정말?**하고": "<strong>정말?</strong>하고",
    "**끝.**이다": "<strong>끝.</strong>이다",
    "**하나:**둘": "<strong>하나:</strong>둘",
    "**(괄호)**로": "<strong>(괄호)</strong>로",
    "이것은**(괄호)**입니다": "이것은<strong>(괄호)</strong>입니다",
    '그는**"네"**라고': '그는<strong>"네"</strong>라고',
    "**[1]**번": "<strong>[1]</strong>번",
    "**{중괄호}**의": "<strong>{중괄호}</strong>의",
    "**「낫표」**에서": "<strong>「낫표」</strong>에서",
    "**『책』**은": "<strong>『책』</strong>은",
    "**《제목》**을": "<strong>《제목》</strong>을",
    "**25℃**에서": "<strong>25℃</strong>에서",
    "**₩1,000**이": "<strong>₩1,000</strong>이",
    "약**$5**입니다": "약<strong>$5</strong>입니다",
    "**C++**는": "<strong>C++</strong>는",
    "**C#**과": "<strong>C#</strong>과",
    "**A/B**를": "<strong>A/B</strong>를",
    "**~입니다~**체": "<strong>~입니다~</strong>체",
    "*(기울임)*을": "<em>(기울임)</em>을",
    "*'강조'*도": "<em>'강조'</em>도",
    "***(둘 다)***가": "<em><strong>(둘 다)</strong></em>가",
    "~~취소(선)~~을": "<s>취소(선)</s>을",
    "값은**`x`**이고**`y`**다": "값은<strong><code>x</code></strong>이고<strong><code>y</code></strong>다",
    "**굵게**는": "<strong>굵게</strong>는",
    "**일본어（括弧）**を": "<strong>일본어（括弧）</strong>を",
    "**中文（括号）**的": "<strong>中文（括号）</strong>的",
    "**이모지👍**입니다": "<strong>이모지👍</strong>입니다",
    "**한글**English **(괄호)**를": "<strong>한글</strong>English <strong>(괄호)</strong>를",
    "2 * 3 * 4는 24": "2 * 3 * 4는 24",
    "파일_이름_규칙": "파일_이름_규칙",
    "_(괄호)_을": "_(괄호)_을",
    "** 띄어쓰기 **는": "** 띄어쓰기 **는",
}


@pytest.mark.parametrize(("source", "expected"), KOREAN.items())
def test_korean(source: str, expected: str) -> None:
    assert render(source) == f"<p>{expected}</p>"


# From the sections on emphasis of the CommonMark specification, 0.31.
COMMONMARK = [
    "*foo bar*", "a * foo bar*", 'a*"foo"*', "*\u00a0a\u00a0*", "foo*bar*", "5*6*78", "_foo bar_", "_ foo bar_",
    'a_"foo"_',
    "foo_bar_", "5_6_78", "foo-_(bar)_", "_foo*", "*foo bar *", "*foo bar\n*", "*(*foo)", "*(*foo*)*", "*foo*bar",
    "_foo bar _", "_(_foo)", "_(_foo_)_", "_foo_bar", "_(bar)_.", "**foo bar**", "** foo bar**", 'a**"foo"**',
    "foo**bar**", "__foo bar__", "__ foo bar__", "__\nfoo bar__", 'a__"foo"__', "foo__bar__", "5__6__78",
    "__foo, __bar__, baz__",
    "foo-__(bar)__", "**foo bar **", "**(**foo)", "*(**foo**)*", "**Gomphocarpus (*Gomphocarpus physocarpus*)**",
    '**foo "*bar*" foo**', "**foo**bar", "__foo bar __", "__(__foo)", "_(__foo__)_", "__foo__bar", "__(bar)__.",
    "*foo [bar](https://e.org)*", "_foo __bar__ baz_", "*foo **bar** baz*", "*foo**bar**baz*", "***foo** bar*",
    "*foo **bar***",
    "*foo**bar***", "foo***bar***baz", "foo******bar*********baz", "** is not an empty emphasis", "**foo*", "*foo**",
    "***foo**", "****foo*", "**foo***", "*foo****", "__foo_", "_____foo__bar", "****foo****", "******foo******",
    "***foo***",
    "*foo _bar* baz_", "*foo __bar *baz bim__ bam*", "**foo **bar baz**", "*foo *bar baz*", "*a `*`*",
    "**a<https://e.org/?q=**>",
]  # fmt: skip
stock = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def shape(html: str) -> list[str]:
    """The emphasis of some HTML: tags and text, without what our links have besides, a line end as in the source."""
    html = html.replace("<br>", "\n")
    return re.findall(
        r"</?(?:em|strong|s|code|a)\b|[^<>]+(?=<)", re.sub(r"<a [^>]*>", "<a>", html).replace("&quot;", '"')
    )


@pytest.mark.parametrize("source", COMMONMARK)
def test_the_specification_is_kept(source: str) -> None:
    assert shape(render(source).replace("&nbsp;", "\u00a0")) == shape(stock.render(source).strip())


@settings(max_examples=500, deadline=None, database=None)
@given(st.text(alphabet='*_ab .,("~é—', min_size=1, max_size=24).filter(lambda text: text[0] not in " *_~"))
def test_text_without_cjk_is_read_as_commonmark(source: str) -> None:
    assert shape(render(source)) == shape(stock.render(source).strip())
