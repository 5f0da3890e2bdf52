"""Shortcuts: what each does, that letters stay letters where one writes, and the overview."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.people import Device, Person, Tab, make_conversation
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

LETTERS = "nbkjcrem?/"


async def _press(tab: Tab, key: str) -> None:
    """Outside of any field."""
    await tab.page.wait_for_load_state()
    await tab.page.get_by_role("region", name="Messages").focus()
    await tab.page.keyboard.press(key)


def _overview(tab: Tab) -> Locator:
    return tab.page.get_by_role("dialog", name="Keyboard shortcuts")


async def test_the_overview(tab: Tab) -> None:
    await _press(tab, "?")
    await expect(_overview(tab)).to_be_visible()
    await expect(_overview(tab)).to_contain_text("Find a conversation or a command")
    await expect(_overview(tab).get_by_text("Ctrl").first).to_be_visible()
    assert await violations(tab.page) == []
    await tab.page.keyboard.press("n")  # belongs to the page below
    await expect(_overview(tab)).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(_overview(tab)).to_be_hidden()
    await expect(tab.page.get_by_role("region", name="Messages")).to_be_focused()


async def test_the_overview_from_the_account_menu(tab: Tab, alice: Person) -> None:
    await tab.page.locator("summary").filter(has_text=alice.name).click()
    await tab.page.get_by_role("link", name="Keyboard shortcuts").click()
    await expect(_overview(tab)).to_be_visible()
    await _overview(tab).get_by_role("button", name="Close").click()
    await expect(_overview(tab)).to_be_hidden()


async def test_letters_are_letters_while_one_writes(tab: Tab) -> None:
    await tab.page.wait_for_load_state()
    await tab.box.press_sequentially(LETTERS)
    await expect(tab.box).to_have_value(LETTERS)
    await expect(tab.page.locator("dialog")).to_have_count(0)


@pytest.mark.parametrize("key", ["n", "Control+Shift+O"])
async def test_new_chat(tab: Tab, key: str) -> None:
    await tab.ask("Apples")
    await tab.answered()
    await _press(tab, key)
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await expect(tab.box).to_be_focused()


async def test_to_the_message_box(tab: Tab) -> None:
    await _press(tab, "m")
    await expect(tab.box).to_be_focused()
    await expect(tab.box).to_have_value("")


async def test_a_letter_by_its_place_while_hangul_is_on(tab: Tab) -> None:
    await tab.page.wait_for_load_state()
    await tab.page.get_by_role("region", name="Messages").focus()
    await tab.page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "ㅡ", code: "KeyM", bubbles: true, cancelable: true }))"""
    )
    await expect(tab.box).to_be_focused()


async def test_the_list_goes_and_comes_back(tab: Tab) -> None:
    new_chat = tab.page.get_by_role("link", name="New chat", exact=True)
    await _press(tab, "b")
    await expect(new_chat).to_be_hidden()
    await tab.page.keyboard.press("Control+b")
    await expect(new_chat).to_be_visible()
    await new_chat.focus()
    await tab.page.keyboard.press("Control+b")
    await expect(tab.button("Conversations")).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(new_chat).to_be_visible()
    assert await tab.page.evaluate("document.querySelector(':popover-open')") is None


async def test_copy_the_last_answer(device: Device) -> None:
    await device.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = await device.tab()
    await tab.ask("script:words-5")
    await tab.answered()
    await expect(tab.answer.get_by_role("button", name="Copy", exact=True)).to_be_attached()
    await _press(tab, "c")
    assert "w0001" in await tab.clipboard("w0005")


async def test_have_the_last_answer_written_again(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-5")
    await tab.answered()
    before = await tab.answer.get_attribute("id")
    await expect(tab.answer.get_by_role("button", name="Regenerate")).to_be_attached()
    await _press(tab, "r")
    await expect(tab.page.locator(f"#{before}")).to_have_count(0)
    await tab.answered()


async def test_edit_the_last_question(tab: Tab) -> None:
    await tab.ask("Apples")
    await tab.answered()
    await _press(tab, "e")
    await expect(tab.page.locator("#messages").get_by_role("textbox")).to_be_focused()


async def test_from_question_to_question(device: Device, alice: Person, site: Site) -> None:
    tab = await device.tab(make_conversation(site, alice, 40))
    await expect(tab.page.get_by_text("number 039.").last).to_be_in_viewport()
    await _press(tab, "k")
    await expect(tab.page.locator("article:focus")).to_contain_text("number 038.")
    await tab.page.keyboard.press("k")
    await expect(tab.page.locator("article:focus")).to_contain_text("number 036.")
    await expect(tab.page.locator("article:focus")).to_be_in_viewport()
    await tab.page.keyboard.press("j")
    await expect(tab.page.locator("article:focus")).to_contain_text("number 038.")


async def test_the_buttons_between_questions(device: Device, alice: Person, site: Site) -> None:
    tab = await device.tab(make_conversation(site, alice, 40))
    await expect(tab.page.get_by_text("number 039.").last).to_be_in_viewport()
    await expect(tab.button("Previous question")).to_be_hidden()
    await tab.page.locator("#reading").evaluate("place => { place.scrollTop -= 600 }")
    await tab.button("Previous question").click()
    here = await tab.page.locator("article:focus").text_content()
    await tab.button("Next question").click()
    assert await tab.page.locator("article:focus").text_content() != here
    await expect(tab.button("Next question")).to_have_attribute("title", "Next question (Alt+↓)")


async def test_before_the_first_question_come_the_earlier_messages(device: Device, alice: Person, site: Site) -> None:
    tab = await device.tab(make_conversation(site, alice, 60))
    await expect(tab.page.get_by_text("number 059.").last).to_be_in_viewport()
    before = await tab.page.get_by_role("article").count()
    for _ in range(before // 2 + 1):
        await _press(tab, "k")
    await expect(tab.page.get_by_role("article").nth(before)).to_be_attached()


async def test_search(tab: Tab) -> None:
    await _press(tab, "/")
    await tab.page.wait_for_url("**/search/**")
