"""What is still under way when the person goes on: nothing is lost or doubled, and nothing else waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from playwright.async_api import Error, Route, expect

from tests.browser.people import Tab, numbered_words

LOOK_AGAIN = "document.dispatchEvent(new CustomEvent('messages:check'))"


class HeldBack:
    """A route: requests stop there until they are let go, or are answered with a failure."""

    def __init__(self) -> None:
        self.asked, self._let_go = asyncio.Event(), asyncio.Event()
        self._fails = False

    @classmethod
    async def at(cls, tab: Tab, address: str) -> Self:
        made = cls()
        await tab.page.route(address, made._hold)
        return made

    async def _hold(self, route: Route) -> None:
        self.asked.set()
        await self._let_go.wait()
        with contextlib.suppress(Error):  # the page may have given it up
            await (route.abort() if self._fails else route.continue_())

    def let_go(self) -> None:
        self._let_go.set()

    def fail(self) -> None:
        self._fails = True
        self._let_go.set()


async def _asked(tab: Tab, text: str) -> None:
    await tab.ask(text)
    await tab.answered()


async def _open(tab: Tab, name: str) -> None:
    await tab.page.get_by_role("link", name=name, exact=True).click()
    await expect(tab.page.get_by_role("heading", name=name, level=1, exact=True)).to_be_visible()


async def test_a_look_at_one_conversation_keeps_no_other_waiting(tab: Tab) -> None:
    await _asked(tab, "One")
    look = await HeldBack.at(tab, f"**{tab.path}")
    await tab.page.evaluate(LOOK_AGAIN)
    await look.asked.wait()
    await _open(tab, "New chat")
    await expect(tab.questions).to_have_count(0)
    await _asked(tab, "script:words-20")
    assert await tab.words() == numbered_words(20)
    path = tab.path
    look.let_go()
    await _asked(tab, "script:words-30")
    assert await tab.words() == numbered_words(30)
    assert tab.path == path


async def test_a_command_whose_button_went_meanwhile_keeps_nothing_waiting(tab: Tab) -> None:
    await _asked(tab, "script:words-5")
    await _asked(tab, "script:words-6")
    path = await tab.answers.nth(1).get_by_role("button", name="Regenerate").get_attribute("hx-post")
    second = await HeldBack.at(tab, f"**{path}")
    await tab.answers.nth(1).get_by_role("button", name="Regenerate").click()
    await second.asked.wait()
    await tab.answers.nth(0).get_by_role("button", name="Regenerate").click()
    await expect(tab.answers).to_have_count(1)
    tab.device.expect_problem("status of 4|Response Status Error")  # refused, if the first is still being written
    async with tab.page.expect_response(f"**{path}"):
        second.let_go()
    await tab.answered()
    await tab.ask("script:words-20")
    await tab.see_words(20)
    await tab.answered()


async def test_what_is_sent_stays_in_sight_while_the_page_looks_at_the_server(tab: Tab) -> None:
    await _asked(tab, "One")
    sending = await HeldBack.at(tab, "**/messages/")
    await tab.ask("Two")
    await expect(tab.questions).to_have_count(2)
    async with tab.page.expect_response(f"**{tab.path}"):
        await tab.page.evaluate(LOOK_AGAIN)
    await tab.page.evaluate("() => new Promise(done => setTimeout(done))")
    await expect(tab.questions.last).to_contain_text("Two")
    sending.let_go()
    await expect(tab.answers.last).not_to_have_attribute("data-pending", "")
    await tab.answered()
    await expect(tab.questions).to_have_count(2)
    await expect(tab.answers).to_have_count(2)


async def test_what_could_not_be_sent_is_back_for_who_came_back_before_that_was_known(tab: Tab) -> None:
    await _asked(tab, "Here")
    await _open(tab, "New chat")
    await _asked(tab, "There")
    sending = await HeldBack.at(tab, "**/messages/")
    tab.device.expect_problem("net::ERR_|htmx:sendError|htmx:afterRequest")
    await tab.ask("On its way")
    await sending.asked.wait()
    await _open(tab, "Here")
    await _open(tab, "There")
    await expect(tab.box).to_have_value("")
    sending.fail()
    await expect(tab.box).to_have_value("On its way")


async def test_the_settings_of_a_conversation_leave_its_messages_alone(tab: Tab) -> None:
    await _asked(tab, "One")
    saving = await HeldBack.at(tab, "**/settings/")
    await tab.page.get_by_role("button", name="Model and settings").click()
    await tab.page.get_by_role("checkbox", name="Show the answer while it is written").click()
    await saving.asked.wait()
    await tab.page.keyboard.press("Escape")
    await _asked(tab, "Two")
    saving.let_go()
    await tab.page.reload()
    await expect(tab.questions).to_have_count(2)
