"""The tree of messages as people use it: editing, versions, stale tabs, branches; sending before the answer ends."""

import asyncio
import re

from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider


def _edit_link(tab: Tab) -> Locator:
    return tab.page.get_by_role("link", name="Edit", exact=True)


async def _hold(tab: Tab, url: str) -> asyncio.Event:
    """A slow network: what is asked of `url` goes when the event is set."""
    goes = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await goes.wait()
        await route.continue_()

    await tab.page.route(url, hold_back)
    return goes


async def _waits(tab: Tab, text: str) -> None:
    """That text waits for its turn, behind an answer that pauses."""
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    await tab.ask(text)
    await expect(tab.button("Take back")).to_be_visible()


async def _asked(tab: Tab, text: str) -> None:
    await tab.ask(text)
    await tab.answered()


async def test_edit_a_question_and_walk_between_the_versions(tab: Tab) -> None:
    await _asked(tab, "First wording")
    await tab.questions.first.hover()
    await _edit_link(tab).click()
    edit = tab.page.get_by_role("textbox", name="Edit the question")
    await expect(edit).to_be_focused()
    await expect(edit).to_have_value("First wording")
    await edit.fill("Second wording")
    await edit.press("Enter")
    await expect(tab.questions).to_contain_text("Second wording")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)
    await expect(tab.answers).to_have_count(1)
    assert "Second wording" in await tab.text()
    versions = tab.questions.get_by_role("group", name="Versions")
    await expect(versions).to_contain_text("2 / 2")
    await expect(tab.button("Next version")).to_be_disabled()
    await tab.button("Previous version").focus()
    await tab.page.keyboard.press("Enter")
    await expect(tab.questions).to_contain_text("First wording")
    await expect(tab.button("Next version")).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(tab.questions).to_contain_text("Second wording")
    await expect(tab.button("Previous version")).to_be_focused()
    await tab.page.reload()
    await expect(tab.questions).to_contain_text("Second wording")


async def test_a_double_click_on_edit_opens_one_form(tab: Tab) -> None:
    await _asked(tab, "First wording")
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/edit/") else None)
    goes = await _hold(tab, "**/edit/")
    await tab.questions.first.hover()
    await _edit_link(tab).dblclick()
    goes.set()
    edit = tab.page.get_by_role("textbox", name="Edit the question")
    await expect(edit).to_be_focused()
    await edit.press("Escape")
    await expect(_edit_link(tab)).to_be_focused()
    assert len(asked) == 1


async def test_escape_leaves_the_question_as_it_is(tab: Tab) -> None:
    await _asked(tab, "Stays")
    await _edit_link(tab).focus()
    await tab.page.keyboard.press("Enter")
    edit = tab.page.get_by_role("textbox", name="Edit the question")
    await edit.fill("Never sent")
    await edit.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    await expect(edit).to_be_visible()
    await edit.press("Escape")
    await expect(edit).to_have_count(0)
    await expect(_edit_link(tab)).to_be_focused()
    await expect(tab.questions).to_contain_text("Stays")


async def test_an_empty_edit_is_refused_in_its_form(tab: Tab) -> None:
    tab.device.expect_problem(r"status of 422|htmx:")
    await _asked(tab, "Something")
    await _edit_link(tab).click()
    edit = tab.page.get_by_role("textbox", name="Edit the question")
    await edit.fill("  ")
    await tab.button("Ask again").click()
    await expect(tab.questions.get_by_role("alert")).to_have_text("Write a message first.")
    await edit.press("Escape")


async def test_regenerate_makes_a_second_version(tab: Tab) -> None:
    await _asked(tab, "script:words-5")
    await tab.answer.hover()
    await tab.button("Regenerate").click()
    versions = tab.answers.get_by_role("group", name="Versions")
    await expect(versions).to_contain_text("2 / 2")
    await tab.answered()
    await expect(versions).to_contain_text("2 / 2")  # the foot that came by the websocket
    await tab.button("Previous version").click()
    await expect(versions).to_contain_text("1 / 2")
    await expect(tab.answers).to_have_count(1)


async def test_another_model_from_the_menu(tab: Tab) -> None:
    await _asked(tab, "script:words-5")
    await tab.button("Other models and branches").click()
    menu = tab.page.locator(".message-menu:popover-open")
    others = menu.locator("button[name=model]")
    await expect(others.first).to_be_in_viewport()
    await others.first.click()
    await expect(tab.answers.get_by_role("group", name="Versions")).to_contain_text("2 / 2")
    await tab.answered()


async def test_go_on_in_a_new_conversation(tab: Tab) -> None:
    await _asked(tab, "Root of it")
    await _asked(tab, "And more")
    before = tab.page.url
    await tab.answers.first.hover()
    await tab.button("Other models and branches").first.click()
    await tab.button("Go on in a new conversation").click()
    await expect(tab.page).not_to_have_url(before)
    await expect(tab.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    await expect(tab.page.get_by_role("heading", name="Root of it (branch)", level=1)).to_be_visible()
    await expect(tab.questions).to_have_count(1)
    link = tab.page.get_by_role("navigation").get_by_role("link", name="Root of it (branch)")
    await expect(link).to_have_attribute("aria-current", "page")
    await _asked(tab, "Here it goes on")
    await expect(tab.questions).to_have_count(2)


async def test_a_stale_tab_makes_a_branch(devices: Devices, device: Device, tab: Tab, alice: Person) -> None:
    await _asked(tab, "Common beginning")
    stale = await device.context.new_page()
    await stale.route_web_socket(re.compile("/ws/"), lambda _: None)  # it hears nothing
    other = Tab(stale, device)
    await other.open(tab.path)
    await _asked(tab, "From the first tab")
    await other.ask("From the stale tab")
    await expect(other.questions).to_have_count(2)
    await expect(other.questions.last).to_contain_text("From the stale tab")
    await expect(other.questions.last.get_by_role("group", name="Versions")).to_contain_text("2 / 2")
    await expect(tab.questions.last).to_contain_text("From the stale tab")  # other tabs follow
    await tab.button("Previous version").click()
    await expect(tab.questions.last).to_contain_text("From the first tab")


async def test_other_tabs_follow_to_another_branch(device: Device, tab: Tab) -> None:
    await _asked(tab, "script:words-5")
    await tab.button("Regenerate").click()
    await expect(tab.answers.get_by_role("group", name="Versions")).to_contain_text("2 / 2")
    await tab.answered()
    other = await device.tab(tab.path)
    await expect(other.answers.get_by_role("group", name="Versions")).to_contain_text("2 / 2")
    await tab.button("Previous version").click()
    await expect(other.answers.get_by_role("group", name="Versions")).to_contain_text("1 / 2")


async def test_what_is_sent_early_waits_and_is_asked_in_turn(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    await tab.ask("And another thing")
    waiting = tab.page.get_by_role("list", name="Messages that wait for their turn")
    await expect(waiting).to_contain_text("And another thing")
    await expect(waiting).to_contain_text("Waits for its turn")
    await expect(tab.box).to_have_value("")
    await expect(tab.button("Stop")).to_be_visible()
    await expect(tab.questions).to_have_count(1)
    scripted_provider.release()
    await expect(tab.questions).to_have_count(2)
    await expect(waiting).not_to_contain_text("And another thing")
    await tab.answered()
    assert "And another thing" in await tab.text()


async def test_the_other_tab_sees_what_waits_and_what_is_taken_back(device: Device, tab: Tab) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(10)
    other = await device.tab(tab.path)
    await other.see_words(10)
    await tab.ask("Seen on both")
    waiting = other.page.get_by_role("list", name="Messages that wait for their turn")
    await expect(waiting).to_contain_text("Seen on both")
    await tab.button("Take back").click()
    await expect(waiting).not_to_contain_text("Seen on both")
    await other.button("Stop").click()
    await tab.answered("stopped")


async def test_a_waiting_message_is_taken_back_into_the_box(tab: Tab) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    await tab.ask("Not yet")
    await expect(tab.button("Take back")).to_be_visible()
    await tab.page.reload()
    await tab.button("Take back").click()
    await expect(tab.box).to_have_value("Not yet")
    await expect(tab.box).to_be_focused()
    await expect(tab.button("Take back")).to_have_count(0)
    await tab.button("Stop").click()
    await tab.answered("stopped")
    await expect(tab.questions).to_have_count(1)


async def test_what_is_taken_back_comes_before_what_was_typed_meanwhile(tab: Tab) -> None:
    await _waits(tab, "Not yet")
    goes = await _hold(tab, "**/waiting/**")
    await tab.button("Take back").click()
    await tab.box.fill("Typed since")
    goes.set()
    await expect(tab.box).to_have_value("Not yet\nTyped since")
    await expect(tab.button("Take back")).to_have_count(0)


async def test_the_files_of_what_is_taken_back_join_those_in_the_box(tab: Tab) -> None:
    files = tab.page.locator("#composer-files")
    chips = tab.page.locator("#composer-attachments > li")
    await tab.page.wait_for_load_state()
    await files.set_input_files({"name": "one.txt", "mimeType": "text/plain", "buffer": b"1"})
    await expect(chips).to_have_count(1)
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(1)
    await files.set_input_files({"name": "two.txt", "mimeType": "text/plain", "buffer": b"2"})
    await expect(chips).to_have_count(1)
    await tab.ask("Not yet")
    await expect(tab.button("Take back")).to_be_visible()
    await files.set_input_files({"name": "three.txt", "mimeType": "text/plain", "buffer": b"3"})
    await expect(chips).to_contain_text(["three.txt"])
    await tab.button("Take back").click()
    await expect(chips).to_contain_text(["three.txt", "two.txt"])
    await expect(tab.box).to_have_value("Not yet")


async def test_clicking_twice_on_a_slow_network_takes_back_once(tab: Tab) -> None:
    await _waits(tab, "Not yet")
    goes = await _hold(tab, "**/js/tree*.js")
    await tab.button("Take back").dblclick()
    goes.set()
    await expect(tab.box).to_have_value("Not yet")
    await expect(tab.button("Take back")).to_have_count(0)


async def test_without_a_connection_nothing_is_taken_back(tab: Tab) -> None:
    tab.device.expect_problem("net::ERR_")
    await _waits(tab, "Not yet")
    await tab.page.route("**/js/tree*.js", lambda route: route.abort())
    await tab.button("Take back").click()
    await expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await tab.page.unroute("**/js/tree*.js")
    await tab.button("Take back").click()
    await expect(tab.box).to_have_value("Not yet")
    await expect(tab.button("Take back")).to_have_count(0)


async def test_walking_away_from_an_answer_in_progress_and_back(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-80 pause-40")
    await tab.see_words(40)
    scripted_provider.release()
    await tab.answered()
    await tab.button("Regenerate").click()
    versions = tab.answers.get_by_role("group", name="Versions")
    await expect(versions).to_contain_text("2 / 2")
    await tab.see_words(40)
    await tab.button("Previous version").click()
    await expect(versions).to_contain_text("1 / 2")
    await expect(tab.text_place).to_contain_text("w0080")
    await tab.button("Next version").click()
    await expect(versions).to_contain_text("2 / 2")
    await expect(tab.answer).to_have_attribute("data-status", "running")
    scripted_provider.release()
    await tab.answered()
    assert (await tab.words())[-1] == "w0080"
    assert len(await tab.words()) == 80
