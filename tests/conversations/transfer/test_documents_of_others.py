"""The same in the exports of Claude, Open WebUI, LibreChat, LobeChat and others than ChatGPT."""

from typing import Any

import pytest

from tests.conversations.transfer.conftest import Make, parsed
from tests.conversations.transfer.test_documents import _answers, _said


def _claude(make: Make, *blocks: dict[str, Any], **message: Any) -> Any:
    said = {"uuid": "a", "sender": "assistant", "content": list(blocks), "attachments": None, "files": None} | message
    question = {"uuid": "q", "sender": "human", "text": "Question", "content": None}
    [one] = parsed(make([{"uuid": "c", "name": "T", "chat_messages": [question, said]}]))
    return one


def _tool(tool: str, **call: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": tool, "input": call}


def test_artifacts_of_claude(make: Make) -> None:
    code = "application/vnd.ant.code"
    one = _claude(
        make,
        {"type": "text", "text": "First."},
        _tool("artifacts", command="create", id="g", title="Game", type=code, language="python", content="a = 1"),
        _tool("artifacts", command="update", id="g", old_str="1", new_str="2"),
        _tool("artifacts", command="rewrite", id="g", content="b"),
        {"type": "tool_result", "content": [{"type": "text", "text": "OK"}]},
        {"type": "text", "text": "Last."},
    )
    blocks = [f"**Game**\n\n```python\n{text}\n```" for text in ("a = 1", "a = 2", "b")]
    assert one.turns[1].content == "\n\n".join(["First.", *blocks, "Last."])


def test_files_that_claude_created(make: Make) -> None:
    one = _claude(
        make,
        _tool("create_file", path="/home/plan.md", description="d", file_text="# Plan"),
        _tool("str_replace", path="/home/plan.md", old_str="Plan", new_str="Better plan"),
        _tool("bash_tool", command="ls"),
    )
    assert one.turns[1].content == (
        "**/home/plan.md**\n\n```markdown\n# Plan\n```\n\n**/home/plan.md**\n\n```markdown\n# Better plan\n```"
    )
    assert one.notes["tools"] == 1


def test_changes_of_a_file_by_other_tools_of_claude(make: Make) -> None:
    edits = [{"old_string": "a", "new_string": "b"}, {"old_string": "1", "new_string": "2"}]
    one = _claude(
        make,
        _tool("create_file", path="/f.py", file_text="a = 1"),
        _tool("MultiEdit", file_path="/f.py", edits=edits),
        _tool("Edit", file_path="/f.py", old_string="2", new_string="3"),
    )
    blocks = [f"**/f.py**\n\n```python\n{text}\n```" for text in ("a = 1", "b = 2", "b = 3")]
    assert (one.turns[1].content, one.notes["tools"]) == ("\n\n".join(blocks), 0)


def test_cards_that_claude_shows(make: Make) -> None:
    draft = {"label": "Short", "subject": "Friday", "body": "Dear all,\n\nBye"}
    one = _claude(
        make,
        _tool("message_compose_v1", kind="email", variants=[draft, {"body": "Dear you"}]),
        _tool("visualize:show_widget", title="Chart", widget_code="<svg/>"),
        _tool("ask_user_input_v0", questions=[{"question": "Which?", "options": ["one", "two"]}]),
    )
    assert one.turns[1].content == (
        "**Short – Friday**\n\nDear all,\n\nBye\n\nDear you\n\n"
        "**Chart**\n\n```svg\n<svg/>\n```\n\n**Which?**\n\n- one\n- two"
    )
    assert one.notes["tools"] == 0


@pytest.mark.parametrize("kind", ["mcp_tool_use", "server_tool_use"])
def test_the_name_of_a_tool_of_claude_is_no_answer(make: Make, kind: str) -> None:
    result = {"type": kind.replace("use", "result"), "name": "web_search", "content": [{"type": "text", "text": "x"}]}
    one = _claude(make, {"type": kind, "name": "web_search", "input": {}}, result, {"type": "text", "text": "Yes."})
    assert (one.turns[1].content, +one.notes) == ("Yes.", {"tools": 1})


def test_files_between_the_texts_of_claude(make: Make) -> None:
    one = _claude(
        make,
        {"type": "document", "title": "d.txt", "source": {"type": "text", "media_type": "text/plain", "data": "noted"}},
        {"type": "document", "title": "d.pdf", "source": {"type": "base64", "data": "AAAA"}},
        {"type": "image", "source": {"type": "base64", "data": "AAAA"}},
        {"type": "text", "text": "Look."},
    )
    assert one.turns[1].content == "**d.txt**\n\n```\nnoted\n```\n\n[d.pdf]\n\n[image]\n\nLook."
    assert +one.notes == {"attachments": 2}


def test_artifacts_in_the_text_of_the_oldest_exports(make: Make) -> None:
    tag = '<antArtifact identifier="x" type="text/html" title="Page"><p>a</p></antArtifact>'
    one = _claude(make, {"type": "text", "text": f"<antThinking>hm</antThinking>Here: {tag} Done."})
    assert one.turns[1].content == "Here: \n\n**Page**\n\n```html\n<p>a</p>\n```\n\n Done."
    assert one.turns[1].reasoning == "hm"


def _lobechat(make: Make, content: str, **message: Any) -> Any:
    messages = [
        {"id": "q", "role": "user", "content": "?", "topicId": "t"},
        {"id": "a", "role": "assistant", "content": content, "topicId": "t", "parentId": "q"} | message,
    ]
    [one] = parsed(make({"state": {"messages": messages, "topics": [{"id": "t", "title": "T"}]}}))
    return one


LOBE = '<lobeArtifact identifier="x" type="application/lobe.artifacts.react" title="A -> B">\nx = <b>1</b>\n'


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (f"Here:\n\n{LOBE}</lobeArtifact>\nDone.", "Here:\n\n\n\n**A -> B**\n\n```jsx\nx = <b>1</b>\n```\n\n\nDone."),
        (f"Here:\n\n{LOBE}", "Here:\n\n\n\n**A -> B**\n\n```jsx\nx = <b>1</b>\n```"),
        ("The tag <lobeArtifact> is new.", "The tag <lobeArtifact> is new."),
    ],
)
def test_artifacts_and_thoughts_of_lobechat(make: Make, content: str, shown: str) -> None:
    one = _lobechat(make, f"<lobeThinking>Hm.</lobeThinking>\n\n{content}", reasoning={"content": "First."})
    assert (one.turns[1].content, one.turns[1].reasoning) == (shown, "First.\n\nHm.")


def test_pasted_text_is_imported_and_other_files_are_named(make: Make) -> None:
    attached = [
        {"file_name": "", "extracted_content": "pasted"},
        {"file_name": "b.pdf"},
        {"file_name": "c.csv", "text": 5},
    ]
    one = _claude(make, {"type": "text", "text": "Look."}, attachments=attached)
    assert one.turns[1].content == "Look.\n\n```\npasted\n```\n\n[b.pdf] [c.csv]"
    assert one.notes["attachments"] == 2


def test_answers_of_open_webui_that_stand_in_output(make: Make) -> None:
    output = [
        {"type": "reasoning", "summary": [], "content": [{"type": "output_text", "text": "Hm."}]},
        {"type": "function_call", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "output": [{"type": "input_text", "text": "1"}]},
        {"type": "open_webui:code_interpreter", "code": "print(1)", "lang": "python"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It is 1."}]},
    ]
    messages = {
        "q": {
            "role": "user",
            "parentId": None,
            "content": "?",
            "files": [{"type": "file", "name": "n.txt", "file": {"data": {"content": "noted"}}}],
        },
        "a": {"role": "assistant", "parentId": "q", "content": "", "output": output, "statusHistory": [{"done": True}]},
    }
    [one] = parsed(make([{"id": "x", "chat": {"title": "T", "history": {"messages": messages, "currentId": "a"}}}]))
    assert one.turns[0].content == "?\n\n**n.txt**\n\n```\nnoted\n```"
    assert one.turns[1].content == "```python\nprint(1)\n```\n\nIt is 1."
    assert (one.turns[1].reasoning, one.notes["tools"]) == ("Hm.", 1)


def _open_webui(make: Make, content: Any, **message: Any) -> Any:
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": content} | message]
    [one] = parsed(make([{"id": "x", "chat": {"models": ["m"], "messages": messages}}]))
    return one


@pytest.mark.parametrize(
    ("content", "error", "shown"),
    [
        ("The server is busy.", True, "The server is busy."),
        ("Half of", {"content": "Uh-oh"}, "Half of\n\nUh-oh"),
        ("Uh-oh", {"content": "Uh-oh"}, "Uh-oh"),
        ("", {"detail": "Uh-oh"}, "Uh-oh"),
        ("", "Uh-oh", "Uh-oh"),
        ("Whole", None, "Whole"),
        ("Whole", {"content": True}, "Whole"),
    ],
)
def test_an_error_of_open_webui(make: Make, content: str, error: Any, shown: str) -> None:
    assert _open_webui(make, content, error=error).turns[1].content == shown


def test_an_error_of_open_webui_that_says_nothing_is_no_answer(make: Make) -> None:
    assert len(_open_webui(make, "", error=True).turns) == 1


def test_a_refusal(make: Make) -> None:
    parts = [{"type": "output_text", "text": "Well."}, {"type": "refusal", "refusal": "I cannot."}]
    one = _open_webui(make, "", output=[{"type": "message", "content": parts}])
    assert one.turns[1].content == "Well.\n\nI cannot."
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": None, "refusal": "I cannot."}]
    [other] = parsed(make({"messages": messages}))
    assert other.turns[1].content == "I cannot."


@pytest.mark.parametrize("envelope", [{"chat": {"models": ["m"]}}, {}])
def test_pictures_between_texts_leave_a_mark(make: Make, envelope: dict[str, Any]) -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "What is this?"}]
    messages = [{"role": "user", "content": parts}, {"role": "assistant", "content": "A cat."}]
    data = {"chat": envelope["chat"] | {"messages": messages}} if envelope else {"messages": messages}
    [one] = parsed(make([data]))
    assert (one.turns[0].content, one.notes["attachments"]) == ("What is this?\n\n[image]", 1)


@pytest.mark.parametrize(
    ("content", "reasoning", "text"),
    [
        ("> I use <details> tags", "I use <details> tags", "Answer"),
        ("&gt; <details open>\n&gt; </details>\n&gt; x", "<details open>\n</details>\nx", "Answer"),
        ("> a <summary>b</summary>", "a <summary>b</summary>", "Answer"),
    ],
)
def test_thoughts_of_open_webui_about_tags(make: Make, content: str, reasoning: str, text: str) -> None:
    head = '<details type="reasoning" done="true">\n<summary>Thought for 3 seconds</summary>\n'
    one = _open_webui(make, f"{head}{content}\n</details>\n{text}")
    assert (one.turns[1].reasoning, one.turns[1].content) == (reasoning, text)


def test_details_that_end_in_their_line_take_no_text_along(make: Make) -> None:
    thoughts = '<details type="reasoning"><summary>T</summary>\n> a</details>\nFirst.\n'
    own = "<details>\n<summary>More</summary>\nSecond.\n</details>"
    one = _open_webui(make, thoughts + own)
    assert (one.turns[1].reasoning, one.turns[1].content) == ("a", f"First.\n{own}")


def test_a_letter_in_a_frame(make: Make) -> None:
    one = _answers(make, _said('Here:\n\n:::writing{variant="email" id="1"}\nDear all,\n\nBye\n:::\n\nDone.'))
    assert one.turns[1].content == "Here:\n\nDear all,\n\nBye\n\nDone."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{FRAME}\n```html\n<b>\n```\n:::\nafter", "**My page**\n\n```html\n<b>\n```\nafter"),
        ("{FRAME}\n```html\n<b>\n```", "**My page**\n\n```html\n<b>\n```"),
        ("{FRAME}\n```html\n<b>\n:::\nafter", "**My page**\n\n```html\n<b>\n```\nafter"),
        ("{FRAME}\n```\nx\n:::note\n:::\n```\n:::\nafter", "**My page**\n\n```\nx\n:::note\n:::\n```\nafter"),
        (
            "1. see\n   {FRAME}\n   ```\n   x\n   ```\n   :::\nafter",
            "1. see\n   **My page**\n\n   ```\n   x\n   ```\nafter",
        ),
        ("````\n```\n{FRAME}\n:::\n````", "````\n```\n{FRAME}\n:::\n````"),
        ("{FRAME}\na\n{FRAME}\nb", "**My page**\n\na\n**My page**\n\nb"),
        (":::note\nx\n:::", ":::note\nx\n:::"),
    ],
)
def test_an_artifact_in_a_frame(make: Make, text: str, shown: str) -> None:
    frame = ':::artifact{identifier="x" type="text/html" title="My page"}'
    one = _answers(make, _said(text.replace("{FRAME}", frame)))
    assert one.turns[1].content == shown.replace("{FRAME}", frame)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Yes \ue202turn0search1.", "Yes ."),
        ("Yes\\ue202turn0search1 and \\ue203so\\ue204\\ue202turn0news2.", "Yes and so."),
        ("Yes\ue200\ue202turn0search1\ue202turn0search2\ue201.", "Yes."),
        ("The sign \\ue202 is private.", "The sign \\ue202 is private."),
    ],
)
def test_references_of_librechat(make: Make, text: str, shown: str) -> None:
    messages = [
        {"messageId": "q", "isCreatedByUser": True, "text": "?"},
        {"messageId": "a", "parentMessageId": "q", "isCreatedByUser": False, "text": text},
    ]
    [one] = parsed(make({"conversationId": "c", "messages": messages}))
    assert (one.turns[1].content, +one.notes) == (shown, {})
