"""Which script a request asks for, and the texts that scripts speak."""

import re
from dataclasses import dataclass, replace

SCRIPTS = {
    "hello": "a small markdown answer that quotes the question, word by word",
    "markdown": "a showcase of everything markdown",
    "slow": "hello at five words a second",
    "long-N": "N tokens of plain paragraphs",
    "words-N": "N numbered words: w0001 w0002 ...",
    "reasoning": "thoughts before the answer",
    "think": "thoughts in the text, between <think> and </think>, then hello; and so are the next three",
    "think-closed": "the same, opened by the template: only </think> is there",
    "harmony": "the same in gpt-oss's raw channels",
    "think-only": "nothing but thoughts in the text",
    "wants-tool": "a call of a tool, and no text",
    "text-and-tool": "hello, and a call of a tool",
    "blank": "an answer of blanks",
    "finish-WORD": "hello that ends for that reason",
    "raw-NAME": "a body as some server sends it: see raw.py",
    "no-usage": "hello without usage",
    "length": "ends because of the length limit",
    "refusal": "the model refuses",
    "content-filter": "ends because of a content filter",
    "hold": "half of hello, then silence until POST /_release",
    "stall": "three words, then silence for good",
    "hang": "takes the request and never answers",
    "cut": "the connection is cut after three words",
    "clean-cut": "the stream ends properly after three words, without a finish reason",
    "no-done": "hello without the format's end mark",
    "crlf": "hello with CRLF line ends, comments, and packets cut at odd places",
    "error-CODE": "an HTTP error: 400 401 402 403 404 429 429-quota 500 503 529",
    "flaky-N": "the first N requests with this text get a 503, the next one hello",
    "error-in-stream": "an overload error after three words",
    "error-first": "an overload error as the first event",
    "context-too-long": "the conversation does not fit",
    "no-stream-options": "refuses the parameter stream_options",
    "no-temperature": "refuses the parameter temperature",
    "no-max-tokens": "refuses the parameter max_tokens in favour of max_completion_tokens",
    "at-most-N": "refuses to be asked for more than N tokens, and says so",
    "window-N": "refuses when 3000 tokens of input and the answer's do not fit into N, and says so",
    "at-most-200-N": "at-most-N as an error in a body with status 200",
    "unverified": "refuses to stream, and answers whole",
    "refuse-NAME": "an error as some server sends it: see refusals.py",
    "json-200": "a whole JSON answer to a streaming request",
    "empty-200": "200 and nothing",
    "html-200": "200 and a web page",
    "bad-json": "an event that is not JSON",
    "bad-utf8": "an event that is not UTF-8",
    "redirect": "a redirect to another address",
    "huge": "two million characters",
}

_SCRIPT = re.compile(r"script:([a-zA-Z0-9_-]+)")
THOUGHTS = "First I count the words.\n\nThen I answer.\n"
_MARKED = {
    "think": f"<think>\n{THOUGHTS}</think>\n\n",
    "think-closed": f"{THOUGHTS}</think>\n\n",
    "think-only": f"<think>\n{THOUGHTS}</think>\n\n",
    "harmony": f"<|channel|>analysis<|message|>{THOUGHTS}<|end|><|start|>assistant<|channel|>final<|message|>",
}
_TPS = re.compile(r"\btps-(\d+)")
_TTFT = re.compile(r"\bttft-(\d+)")
_PAUSES = re.compile(r"\bpause-(\d+)")
_WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Script:
    """One request's orders. `count` is the N of long-N, words-N and flaky-N; `pauses` the numbers of tokens after
    which it is silent until the next release."""

    name: str
    text: str
    count: int
    tokens_per_second: float
    first_token_ms: int
    pauses: frozenset[int] = frozenset()

    @property
    def tokens(self) -> list[str]:
        """The answer in the pieces that are sent one by one."""
        if self.name == "words":
            return [f"w{number:04d} " for number in range(1, self.count + 1)]
        if self.name == "long":
            words = _WORDS.findall(PARAGRAPH)
            return [words[number % len(words)] for number in range(self.count)]
        if self.name == "huge":
            return ["x" * 10_000] * 200
        if self.name == "markdown":
            return _WORDS.findall(SHOWCASE)
        if self.name in _MARKED:
            marked = _MARKED[self.name]
            cut = [marked[start : start + 3] for start in range(0, len(marked), 3)]
            return cut if self.name == "think-only" else cut + _WORDS.findall(hello(self.text))
        if self.name == "wants-tool":
            return []
        if self.name == "blank":
            return [" ", "\n\n"]
        return _WORDS.findall(hello(self.text))


def read_script(model: str, text: str, default_tokens_per_second: float) -> Script:
    """The script in the text, else in the model's name, else hello."""
    source = text if _SCRIPT.search(text) else model
    found = _SCRIPT.search(source)
    name = found[1] if found else "hello"
    count = 0
    if counted := re.fullmatch(r"(long|words|flaky)-(\d+)", name):
        name, count = counted[1], int(counted[2])
    pace = _TPS.search(text) or _TPS.search(model)
    wait = _TTFT.search(text) or _TTFT.search(model)
    tokens_per_second = float(pace[1]) if pace else (5.0 if name == "slow" else default_tokens_per_second)
    pauses = frozenset(map(int, _PAUSES.findall(text)))
    script = Script(name, text, count, tokens_per_second, int(wait[1]) if wait else 0, pauses)
    return replace(script, pauses=frozenset({len(script.tokens) // 2})) if name == "hold" else script


def hello(question: str) -> str:
    """A small answer that looks real and quotes the question."""
    quoted = re.sub(r"[`*_<>\[\]\\|#\n\r]+", " ", question).strip()[:60] or "…"
    return (
        f"Hello. You wrote “{quoted}”, and here is a **short answer** to it.\n\n"
        "- It comes word by word.\n"
        "- It ends with a little code.\n\n"
        "```python\n"
        'print("Hello")\n'
        "```\n\n"
        "Anything else you would like to know?\n"
    )


PARAGRAPH = (
    "A long answer goes on with plain sentences, one after another, so that a reader has something to scroll. "
    "Each of them says little, and **none of them** is hard to render. 한국어 문장도 하나 있어요.\n\n"
)

SHOWCASE = """\
# Everything markdown

A paragraph with *emphasis*, **strong words**, ~~struck words~~, `inline code` and a [link](https://example.com/).
**한국어(괄호)**을 강조해도 조사가 바로 붙어요.

## Lists

1. First
   - nested
     - deeper
2. Second

- [x] done
- [ ] to do

### A table

| Language | Greeting | Count |
| :-- | :-: | --: |
| English | Hello | 1,200 |
| 한국어 | 안녕하세요 | 34 |

> A quote
> over two lines
>
> > and one inside it

```python
def fibonacci(n: int) -> int:
    \"\"\"The n-th number.\"\"\"
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
```

```html
<script>alert("inert")</script>
```

Inline $e^{i\\pi} + 1 = 0$ and on its own:

$$
\\int_0^1 x^2 \\, dx = \\frac{1}{3}
$$

A statement with a footnote.[^1]

---

[^1]: The footnote's text.
"""
