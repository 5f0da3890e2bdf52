"""Thoughts inside the text of an answer: taken out at its beginning, text anywhere else, cut wherever it may be."""

import time
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import ChatRequest, Provider, Reasoning, Rethought, Text
from providers.thoughts import Thoughts, move_to_reasoning
from tests.providers.conftest import Heard
from tests.scripted_provider.fixture import ScriptedProvider
from tests.scripted_provider.script import THOUGHTS, hello

Ask = Callable[..., ChatRequest]

ANSWERS = {
    # what the model wrote: text, thoughts
    "<think>a b\nc</think>\n\nHi": ("Hi", "a b\nc"),
    "\n\n <think>\na\n</think>Hi": ("Hi", "a"),
    "<Thinking>a</THINKING>Hi": ("Hi", "a"),
    "<thought>\n생각해요.\n</thought>\n\n안녕": ("안녕", "생각해요."),
    "<reasoning>a</reasoning>Hi": ("Hi", "a"),
    "<seed:think>a</seed:think>Hi": ("Hi", "a"),
    "<mm:think>a</mm:think>Hi": ("Hi", "a"),
    "<longcat_think>\na\n</longcat_think>\nHi": ("Hi", "a"),
    "<unused94>thought\na<unused95>Hi": ("Hi", "a"),
    "[THINK]a[/THINK]Hi": ("Hi", "a"),
    "◁think▷a◁/think▷Hi": ("Hi", "a"),
    "<|channel>thought\na<channel|>Hi": ("Hi", "a"),
    "<|begin_of_thought|>a<|end_of_thought|>\n\n<|begin_of_solution|>\n\nHi<|end_of_solution|>": ("Hi", "a"),
    "<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Hi<|END_RESPONSE|>": ("Hi", "a"),
    # an empty pair, as models send it that were told not to think
    "<think>\n\n</think>\n\nHi": ("Hi", ""),
    "<think></think>Hi": ("Hi", ""),
    "<think/>Hi": ("Hi", ""),
    "</think>\n\nHi": ("Hi", ""),
    # the template holds the opening mark
    "I count.\n</think>\n\nHi": ("Hi", "I count."),
    "I count.\n\nOne, two.</think>Hi": ("Hi", "I count.\n\nOne, two."),
    "I count. </think> Hi": ("Hi", "I count."),
    "세어 볼게요.</think>안녕": ("안녕", "세어 볼게요."),
    "Some code:\n```py\nx\n```\nDone.\n</think>\nHi": ("Hi", "Some code:\n```py\nx\n```\nDone."),
    'I may say "<think>" here.\n</think>\nHi': ("Hi", 'I may say "<think>" here.'),
    "I count.[/THINK]Hi": ("Hi", "I count."),
    # more than one, one in another, none that ends
    "<think>a</think>\n<think>b</think>\nHi": ("Hi", "a\n\nb"),
    "<think>a <think>b</think> c</think>Hi": ("Hi", "a <think>b\n\nc"),
    "<think>a</think></think>Hi": ("Hi", "a"),
    "<think>a, and then": ("", "a, and then"),
    "<think>a\n</thi": ("", "a\n</thi"),
    "<think>the `</think>` tag</think>Hi": ("Hi", "the `</think>` tag"),
    "<think>\n```html\n<b></think></b>\n```\n</think>Hi": ("Hi", "```html\n<b></think></b>\n```"),
    "<think>\n```\nnever closed\n</think>\nHi": ("Hi", "```\nnever closed"),
    # gpt-oss
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>": ("Hi", "a"),
    "<|start|>assistant<|channel|>final<|message|>Hi": ("Hi", ""),
    "a<|end|><|start|>assistant<|channel|>final<|message|>Hi": ("Hi", "a"),
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary<|message|>b<|end|>"
    "<|start|>assistant<|channel|>final<|message|>Hi<|return|>": ("Hi", "a\n\nb"),
    "analysisWe greet.assistantfinalHi": ("Hi", "We greet."),
    # indented code behind thoughts stays code
    "<think>a</think>\n\n    code\n": ("    code\n", "a"),
}
TEXTS = [
    "Hi",
    "   indented",
    "",
    "\n\n",
    "<thi",
    "<thinker>Hi</thinker>",
    "[think] about it",
    "analysis of a text",
    "Assistant, help",
    "The </think> tag closes what <think> opens.",
    "It opens with <think> and closes with </think>\n\nThat is all.",
    "Use `</think>` here.",
    "Use ``a </think>`` here.",
    'He wrote "</think>" and left.',
    "```xml\n<think>\na\n</think>\n```\nThat is it.",
    "~~~\n</think>\n~~~",
    "1. Like this:\n   ```\n   </think>\n   ```\n",
    "An indented block:\n\n    </think>\n\nends it.",
    "```\n<|start|>assistant<|channel|>final<|message|>\n```",
    "The mark <|end|> and the mark <|return|>",
    "닫는 </think> 태그예요.",
]


def read(pieces: Iterable[Text | Reasoning]) -> tuple[str, str]:
    thoughts, text, reasoning = Thoughts(), [], []
    events = [event for piece in pieces for event in thoughts.take(piece)]
    for event in [*events, *thoughts.finish()]:
        if isinstance(event, Rethought):
            move_to_reasoning(text, reasoning)
        else:
            (text if isinstance(event, Text) else reasoning).append(event.text)
    return "".join(text), "".join(reasoning)


@pytest.mark.parametrize("written", ANSWERS)
def test_thoughts_are_no_text_wherever_the_answer_is_cut(written: str) -> None:
    assert read([Text(written)]) == ANSWERS[written]
    assert read(map(Text, written)) == ANSWERS[written]
    for cut in range(len(written)):
        assert read([Text(written[:cut]), Text(written[cut:])]) == ANSWERS[written], written[:cut]


@pytest.mark.parametrize("written", TEXTS)
def test_in_code_and_in_the_middle_the_same_letters_are_text(written: str) -> None:
    assert read([Text(written)]) == (written, "")
    for cut in range(len(written)):
        assert read([Text(written[:cut]), Text(written[cut:])]) == (written, ""), written[:cut]


PARTS = st.sampled_from(
    [
        *"ab.`\n \"'",
        "```\n",
        "<think>",
        "</think>",
        "</thinking>",
        "<|channel|>final<|message|>",
        "<|end|>",
        "가",
        "    ",
    ]
)


@given(st.lists(PARTS, max_size=14).map("".join), st.data())
def test_any_cut_gives_the_same(written: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=5)))
    pieces = [written[a:b] for a, b in zip([0, *cuts], [*cuts, len(written)], strict=True)]
    assert read(map(Text, pieces)) == read([Text(written)])


@given(st.lists(PARTS, max_size=14).map("".join))
def test_nothing_that_was_written_is_lost(written: str) -> None:
    """But for marks and blanks."""
    text, reasoning = read([Text(written)])
    assert sorted(c for c in text + reasoning if c in "b가`") <= sorted(c for c in written if c in "b가`")
    assert written.count("가") == (text + reasoning).count("가")


def test_plain_words_are_given_as_they_come() -> None:
    thoughts = Thoughts()
    assert [list(thoughts.take(Text(word))) for word in ("One ", "two ", "three")] == [
        [Text("One ")],
        [Text("two ")],
        [Text("three")],
    ]
    assert list(thoughts.finish()) == []


def test_thoughts_come_while_they_are_thought() -> None:
    thoughts = Thoughts()
    words = ("<think>", "One ", "two.", "</think>", "\n\n", "Hi")
    events = [event for word in words for event in thoughts.take(Text(word))]
    assert events == [Reasoning("One"), Reasoning(" two."), Text("Hi")]


def test_thoughts_that_come_apart_as_well_are_not_doubled() -> None:
    pieces = [Reasoning("I count. "), Text("<think>I count."), Reasoning("One."), Text(" One.</think>Hi")]
    assert read(pieces) == ("Hi", "I count. One.")


def test_a_closing_mark_behind_thoughts_that_came_apart_is_text() -> None:
    assert read([Reasoning("a"), Text("Close it.\n</think>\nso")]) == ("Close it.\n</think>\nso", "a")


def test_a_call_of_a_tool_in_a_channel_is_noticed() -> None:
    thoughts = Thoughts()
    list(thoughts.take(Text("<|channel|>commentary to=functions.look_up <|constrain|>json<|message|>{}<|call|>")))
    assert thoughts.wants_tool


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["\ud83d", "", "\ude00"], "😀"),
        (["\ud83d\ude00"], "😀"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d", "b"], "\ufffdb"),
        (["\ude00b"], "\ufffdb"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
    ],
)
def test_halves_of_a_character_are_joined(pieces: list[str], text: str) -> None:
    assert read(map(Text, pieces)) == (text, "")


def test_halves_of_two_kinds_are_not_joined() -> None:
    assert read([Reasoning("\ud83d"), Text("\ude00")]) == ("\ufffd", "\ufffd")


def test_a_long_answer_of_tags_is_read_once() -> None:
    pieces = ["a < b\n```\n</think>\n```\n"] * 20_000
    assert read(map(Text, pieces)) == ("".join(pieces), "")


@pytest.mark.parametrize(
    "pieces",
    [
        ["x ", *["`</think>` "] * 10_000],
        ["x " + "`</think>` " * 10_000],
        ["x ", *["a </think> b "] * 10_000],
        ["a </think>", *[" "] * 10_000, "."],
        ["a <|end|>", *["\n"] * 10_000, "."],
        ["x " + " ".join("`" * count for count in range(1, 400)) + " </think> x"],
    ],
)
def test_what_never_becomes_a_mark_holds_nothing_up(pieces: list[str]) -> None:
    began = time.process_time()
    assert read(map(Text, pieces)) == ("".join(pieces), "")
    assert time.process_time() - began < 3


@pytest.mark.parametrize("before", ["<think>a", "<think>a</think>", "<|channel|>final<|message|>a<|end|>"])
def test_a_model_that_writes_nothing_but_line_ends_holds_nothing_up(before: str) -> None:
    began = time.process_time()
    assert "".join(read(map(Text, [before, *["\n"] * 10_000]))) == "a"
    assert time.process_time() - began < 3


@pytest.mark.parametrize("before", ["", "`a` ", "``` ", "    ", "“", "`"])
@pytest.mark.parametrize("filling", ["word ", "`code` ", "``a`b`` ", " "])
@pytest.mark.parametrize("end", ["", "`", "`b` ", "(", ". "])
def test_a_line_may_be_of_any_length(before: str, filling: str, end: str) -> None:
    def is_text(count: int) -> bool:
        return not read([Text(f"{before}{filling * count}{end}</think>\nb")])[1]

    assert is_text(3) == is_text(3_000)


@pytest.mark.parametrize("script", ["think", "think-closed", "harmony"])
async def test_thoughts_on_the_wire(provider: Provider, ask: Ask, heard: Heard, script: str) -> None:
    await heard.listen(provider, ask(f"script:{script}", provider.name))
    text, reasoning = [], []
    for event in heard.events:
        if isinstance(event, Rethought):
            move_to_reasoning(text, reasoning)
        elif isinstance(event, Text | Reasoning):
            (text if isinstance(event, Text) else reasoning).append(event.text)
    assert "".join(text) == hello(f"script:{script}")
    assert "".join(reasoning) == THOUGHTS.strip()
    assert any(isinstance(event, Rethought) for event in heard.events) == (script == "think-closed")
    assert heard.finish == "stop"


@pytest.mark.parametrize("script", ["think", "think-closed", "harmony"])
async def test_thoughts_of_a_whole_answer(
    provider: Provider, ask: Ask, scripted_provider: ScriptedProvider, script: str
) -> None:
    answer = await provider.complete(ask(f"script:{script}", provider.name))
    assert (answer.text, answer.reasoning) == (hello(f"script:{script}"), THOUGHTS.strip())
