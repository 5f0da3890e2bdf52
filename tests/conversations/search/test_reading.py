"""Answers as they are read: what the search sees of harmless tags."""

import time

import pytest

from conversations.search.reading import as_read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("H<sub>2</sub>O", "H2O"),
        ("a<br>b<BR />c", "a\nb\nc"),
        ("a <!-- not\nthere --> b", "a  b"),
        ("`<br>` and ``a`<br>`` and <br>", "`<br>` and ``a`<br>`` and \n"),
        ("```html\n<br>\n```\n<br>", "```html\n<br>\n```\n\n"),
        ("```a``<br>", "```a``\n"),
        ("a <u> b", "a <u> b"),
        ("<details><summary>a</summary>b</details>", "\n\na\nb\n"),
    ],
)
def test_tags_that_mean_something_are_not_there(written: str, read: str) -> None:
    assert as_read(written) == read


@pytest.mark.parametrize("before", ["<", "<\n"])
@pytest.mark.parametrize("sign", ["`", "~", "` ", "<!--", "```a\n", "<br "])
def test_an_answer_of_nothing_but_signs_is_read_in_no_time(before: str, sign: str) -> None:
    began = time.process_time()
    as_read(before + sign * 100_000)
    assert time.process_time() - began < 3
