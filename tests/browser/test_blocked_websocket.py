"""Proxies that do not let the websocket through: what is written appears all the same, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import NO_CONNECTION, Device, Person, numbered_words
from tests.browser.proxy import Mode, Proxy
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Process, Site

BAD = [Mode.REFUSE, Mode.IGNORE, Mode.CLOSE, Mode.CUT, Mode.SILENT]
COMPLETE = """
from conversations.models import Generation
print(Generation.objects.filter(conversation={!r}, status="complete").count())
"""
SELECTED = "() => getSelection().toString()"
SELECT_FIRST_BLOCK = """() => {
    const block = [...document.querySelectorAll('[data-message-body]')].at(-1).firstElementChild;
    getSelection().selectAllChildren(block);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(web: Process) -> AsyncIterator[Proxy]:
    made = await Proxy(web.url).start()
    yield made
    await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def behind(devices: Devices, alice: Person, proxy: Proxy) -> Device:
    device = await devices(alice, url=proxy.url)
    device.expect_problem(NO_CONNECTION)
    return device


async def _seen(proxy: Proxy, address: str, count: int) -> None:
    """Until so many requests to addresses like this one have come by."""
    async with asyncio.timeout(30):
        while sum(address in request for request in proxy.requests) < count:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("mode", BAD)
async def test_an_answer_grows_and_ends_without_a_websocket(
    behind: Device, proxy: Proxy, mode: Mode, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode = mode
    tab = await behind.tab()
    await tab.ask("script:words-80 pause-20")
    await tab.see_words(20)
    await expect(tab.answer).to_have_attribute("data-status", "running")
    scripted_provider.release()
    await tab.answered()
    assert await tab.words() == numbered_words(80)
    await expect(tab.button("Regenerate")).to_be_visible()
    await expect(tab.button("Stop")).to_be_hidden()
    await expect(tab.page.get_by_text("Reconnecting")).to_be_hidden()
    await expect(tab.answers).to_have_count(1)
    await tab.page.reload()
    assert await tab.words() == numbered_words(80)


@pytest.mark.parametrize("status", [200, 400, 403, 502])
async def test_whatever_the_proxy_answers_instead_of_the_upgrade(behind: Device, proxy: Proxy, status: int) -> None:
    proxy.mode, proxy.status = Mode.REFUSE, status
    tab = await behind.tab()
    await tab.ask("script:words-20")
    await tab.answered()
    assert await tab.words() == numbered_words(20)


async def test_a_websocket_that_falls_silent_in_mid_answer(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode, proxy.frames = Mode.FORGET, 3
    tab = await behind.tab()
    await tab.ask("script:words-80 pause-40")
    await tab.see_words(40)
    proxy.mode = Mode.PASS  # the next one is good
    scripted_provider.release()
    await tab.answered()
    assert await tab.words() == numbered_words(80)


async def test_frames_that_come_late_neither_double_nor_take_back_what_was_seen(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode, proxy.late = Mode.LATE, 7.0
    tab = await behind.tab()
    await tab.ask("script:words-120 tps-10 pause-100")
    await tab.page.evaluate(
        """() => {
            window.wentBack = false;
            let most = 0;
            new MutationObserver(() => {
                const length = document.querySelector('[data-role="assistant"] > [data-message-body]')
                    ?.textContent.length ?? 0;
                window.wentBack ||= length < most;
                most = Math.max(most, length);
            }).observe(document.getElementById('messages'), {childList: true, subtree: true, characterData: true});
        }"""
    )
    await tab.see_words(30)
    await expect(tab.text_place).to_contain_text("w0100", timeout=40_000)
    scripted_provider.release()
    await expect(tab.answer).to_have_attribute("data-status", "complete", timeout=30_000)
    assert await tab.words() == numbered_words(120)
    assert not await tab.page.evaluate("window.wentBack")


async def test_stop_continue_regenerate_and_edit_without_a_websocket(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode = Mode.CLOSE
    tab = await behind.tab()
    await tab.ask("script:words-60 pause-20")
    await tab.see_words(20)
    await tab.button("Stop").click()
    await tab.answered("stopped")
    await tab.button("Continue").click()
    await tab.answered()
    await tab.button("Regenerate").click()
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: len(provider.chats) > 2)
    scripted_provider.release()
    await tab.see_words(60)
    await tab.answered()
    assert await tab.words() == numbered_words(60)
    await tab.questions.get_by_role("link", name="Edit").click()
    await tab.page.get_by_role("textbox", name="Edit the question").fill("script:words-30")
    await tab.button("Ask again").click()
    await expect(tab.questions).to_contain_text("script:words-30")
    await tab.see_words(30)
    await tab.answered()
    assert await tab.words() == numbered_words(30)


async def test_what_waits_is_asked_and_answered_without_a_websocket(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode = Mode.SILENT
    tab = await behind.tab()
    await tab.ask("script:words-30 pause-10")
    await tab.see_words(10)
    await tab.ask("script:words-40")
    await expect(tab.button("Take back")).to_be_visible()
    scripted_provider.release()
    await expect(tab.answers).to_have_count(2)
    await tab.answered()
    assert await tab.words() == numbered_words(40)
    await expect(tab.button("Take back")).to_have_count(0)


async def test_what_is_sent_behind_a_waiting_message_follows_it(
    behind: Device, proxy: Proxy, site: Site, scripted_provider: ScriptedProvider
) -> None:
    """Also where the waiting one was asked and answered meanwhile, of which the page does not know yet."""
    proxy.mode = Mode.SILENT
    tab = await behind.tab()
    await tab.ask("The first. script:words-20 pause-10")
    await tab.see_words(10)
    await tab.ask("The second")
    await expect(tab.button("Take back")).to_be_visible()
    await tab.box.fill("The third")
    scripted_provider.release()
    async with asyncio.timeout(30):
        while site.run(COMPLETE.format(tab.path.split("/")[2])) != "2":
            await asyncio.sleep(0.05)
    await tab.box.press("Enter")
    await expect(tab.answers).to_have_count(3)
    await tab.answered()
    await tab.page.reload()
    await expect(tab.questions).to_have_count(3)
    await expect(tab.questions.nth(1)).to_contain_text("The second")


async def test_a_failure_is_told_without_a_websocket(behind: Device, proxy: Proxy) -> None:
    proxy.mode = Mode.REFUSE
    tab = await behind.tab()
    await tab.ask("script:error-400")
    await tab.answered("failed")
    await expect(tab.button("Regenerate")).to_be_visible()


async def test_what_another_device_asks_appears_without_a_websocket(
    behind: Device, proxy: Proxy, device: Device
) -> None:
    proxy.mode = Mode.SILENT
    tab = await behind.tab()
    await tab.ask("Here")
    await tab.answered()
    other = await device.tab(tab.path)
    await other.ask("There")
    await other.answered()
    await expect(tab.questions).to_have_count(2, timeout=40_000)
    await expect(tab.answers).to_have_count(2)


async def test_the_end_of_an_answer_leaves_selection_and_place_alone(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    proxy.mode = Mode.SILENT
    tab = await behind.tab()
    await tab.ask("script:markdown pause-20")
    await expect(tab.text_place.locator("> *").first).to_be_visible()
    await tab.page.evaluate(SELECT_FIRST_BLOCK)
    selected = await tab.page.evaluate(SELECTED)
    assert selected
    scripted_provider.release()
    await tab.answered()
    assert await tab.page.evaluate(SELECTED) == selected


async def test_a_model_that_thinks_for_long_is_not_asked_about_all_the_time(
    behind: Device, proxy: Proxy, scripted_provider: ScriptedProvider
) -> None:
    tab = await behind.tab()
    await tab.ask("script:words-20 pause-5")
    await tab.see_words(5)
    before = len(proxy.requests)
    await _seen(proxy, "/state/", 2)
    asked = [request for request in proxy.requests[before:] if "/static/" not in request]
    assert all("/state/" in request for request in asked)  # never the page, and no second socket
    scripted_provider.release()
    await tab.answered()
    assert proxy.upgrades == 1 + sum("GET / " in request for request in asked)


async def test_sockets_that_are_closed_at_once_are_tried_less_and_less(behind: Device, proxy: Proxy) -> None:
    proxy.mode = Mode.CLOSE
    tab = await behind.tab()
    await _seen(proxy, "/ws/", 4)
    await expect(tab.page.get_by_text("Answers appear a little later here.")).to_be_visible()
    for claim in ("Reconnecting", "You are offline"):
        await expect(tab.page.get_by_text(claim)).to_be_hidden()
    tried = proxy.upgrades
    assert tried < 10
    proxy.mode = Mode.PASS
    await tab.page.evaluate("dispatchEvent(new Event('online'))")  # as when the network changes
    await expect(tab.page.get_by_text("Answers appear a little later here.")).to_be_hidden()
