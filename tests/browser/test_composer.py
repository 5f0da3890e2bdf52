"""The message box: keys, drafts, what is too long; and stopping an answer."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.people import Tab, numbered_words
from tests.scripted_provider.fixture import ScriptedProvider

REFUSED = r"status of 422|htmx:"


async def test_shift_enter_breaks_the_line_and_enter_sends(tab: Tab) -> None:
    await tab.box.press_sequentially("one")
    await tab.box.press("Shift+Enter")
    await tab.box.press_sequentially("two")
    await expect(tab.box).to_have_value("one\ntwo")
    await tab.box.press("Enter")
    await expect(tab.questions).to_have_count(1)
    assert await tab.questions.locator("[data-message-body]").inner_text() == "one\ntwo"
    await expect(tab.box).to_have_value("")
    await tab.answered()


async def test_enter_while_composing_does_not_send(tab: Tab) -> None:
    """As a Korean input method does: the last syllable is still open when Enter comes."""
    await tab.box.focus()
    keyboard = await tab.page.context.new_cdp_session(tab.page)
    await tab.page.keyboard.insert_text("안녕하세")
    await keyboard.send("Input.imeSetComposition", {"text": "요", "selectionStart": 1, "selectionEnd": 1})
    for kind in ("rawKeyDown", "keyUp"):
        key = {"type": kind, "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
        await keyboard.send("Input.dispatchKeyEvent", key)
    await tab.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    await tab.box.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True})
    await keyboard.send("Input.insertText", {"text": "요"})
    await expect(tab.box).to_have_value("안녕하세요")
    await expect(tab.questions).to_have_count(0)
    await tab.box.press("Enter")
    await expect(tab.questions).to_contain_text("안녕하세요")
    await expect(tab.questions).to_have_count(1)


async def test_blank_text_is_not_sent(tab: Tab) -> None:
    await tab.ask("   ")
    await tab.button("Send").click()
    await expect(tab.questions).to_have_count(0)
    await tab.ask("Now")
    await expect(tab.questions).to_have_count(1)


async def test_the_box_grows_with_the_text_up_to_a_limit(tab: Tab) -> None:
    async def height() -> float:
        box = await tab.box.bounding_box()
        assert box
        return box["height"]

    one_line = await height()
    await tab.box.fill("a\nb\nc\nd")
    four_lines = await height()
    await tab.box.fill("line\n" * 200)
    limit = await height()
    assert one_line < four_lines < limit < 400
    await expect(tab.button("Send")).to_be_in_viewport()
    await tab.box.fill("")
    assert await height() == one_line


async def test_a_draft_survives_a_reload(tab: Tab) -> None:
    await tab.box.fill("Half a thought")
    await tab.page.reload()
    await expect(tab.box).to_have_value("Half a thought")
    await tab.box.press("Enter")
    await tab.answered()
    await tab.page.reload()
    await expect(tab.box).to_have_value("")


async def test_each_conversation_keeps_its_own_draft(tab: Tab) -> None:
    navigation = tab.page.get_by_role("navigation")
    await tab.ask("First topic")
    await tab.answered()
    await tab.box.fill("a draft for the first")
    await navigation.get_by_role("link", name="New chat").click()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await expect(tab.box).to_have_value("")
    await tab.box.fill("a draft for the new one")
    await navigation.get_by_role("link", name="First topic").click()
    await expect(tab.box).to_have_value("a draft for the first")
    await tab.page.go_back()
    await expect(tab.box).to_have_value("a draft for the new one")


async def test_a_text_that_is_too_long_is_refused_and_kept(tab: Tab) -> None:
    tab.device.expect_problem(REFUSED)
    await tab.ask("x" * 10_001)
    await expect(tab.page.get_by_role("alert")).to_have_text(
        "The message is 1 character too long; at most 10,000 are possible."
    )
    assert len(await tab.box.input_value()) == 10_001
    await expect(tab.questions).to_have_count(0)
    await expect(tab.page.get_by_text("10,001 / 10,000")).to_be_visible()
    await tab.box.press("Backspace")
    await tab.box.press("Enter")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)


@pytest.mark.parametrize("how", ["button", "escape"])
async def test_stop(tab: Tab, how: str) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(10)
    await expect(tab.button("Send")).to_be_hidden()
    await (tab.button("Stop").click() if how == "button" else tab.page.keyboard.press("Escape"))
    await tab.answered("stopped")
    await expect(tab.answer).to_contain_text("You stopped this answer.")
    kept = await tab.words()
    assert kept == numbered_words(10)
    await expect(tab.button("Stop")).to_be_hidden()
    await expect(tab.box).to_be_focused()
    await tab.page.reload()
    assert await tab.words() == kept
    await expect(tab.button("Continue")).to_be_visible()
    await expect(tab.button("Regenerate")).to_be_visible()


async def test_while_an_answer_is_written_a_second_message_waits(tab: Tab) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    await tab.ask("And another thing")
    await expect(tab.page.get_by_text("Waits for its turn")).to_be_visible()
    await expect(tab.box).to_have_value("")
    await expect(tab.questions).to_have_count(1)
    await tab.button("Stop").click()
    await expect(tab.questions).to_have_count(2)
    await tab.answered()


async def test_a_suggestion_fills_the_box(tab: Tab) -> None:
    await tab.page.get_by_role("button", name=re.compile("Plan something")).click()
    await expect(tab.box).to_have_value(re.compile("Seoul"))
    await expect(tab.box).to_be_focused()


async def test_the_button_that_sends_stays_in_its_place_when_an_answer_ends(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    """Whoever meant to stop the answer at that moment sends nothing."""
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(10)
    await tab.box.fill("Half a thought")
    before, stop = await tab.button("Send").bounding_box(), await tab.button("Stop").bounding_box()
    scripted_provider.release()
    await tab.answered()
    await expect(tab.button("Stop")).to_be_hidden()
    assert await tab.button("Send").bounding_box() == before != stop
