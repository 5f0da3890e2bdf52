"""A page whose token is too old, or whose session has ended: what was to be sent is sent, or its text comes back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Devices
from tests.browser.people import NO_CONNECTION, PASSWORD, Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

REFUSED = "status of 403"
OTHER_TOKEN = "b" * 32
END_SESSION = """
from django.contrib.sessions.models import Session
Session.objects.filter(pk={!r}).delete()
"""
SPOIL = """() => {
    for (const one of document.querySelectorAll('[name=csrfmiddlewaretoken]')) one.value = 'x'.repeat(64);
    document.body.setAttribute('hx-headers', JSON.stringify({'X-CSRFToken': 'x'.repeat(64)}));
}"""


async def _rotate(tab: Tab) -> None:
    """As a log-in in another tab does."""
    tab.device.expect_problem(REFUSED)
    await tab.device.context.clear_cookies(name="csrftoken")
    await tab.device.context.add_cookies([{"name": "csrftoken", "value": OTHER_TOKEN, "url": tab.device.url}])


async def _log_in(page: Page, person: Person) -> None:
    await page.get_by_role("textbox", name=re.compile("user", re.IGNORECASE)).fill(person.name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("how", ["rotated", "lost", "spoiled"])
async def test_a_message_is_sent_all_the_same_and_once(tab: Tab, how: str, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("Before")
    await tab.answered()
    tab.device.expect_problem(REFUSED)
    if how == "rotated":
        await _rotate(tab)
    elif how == "lost":
        await tab.device.context.clear_cookies(name="csrftoken")
    else:
        await tab.page.evaluate(SPOIL)
    await tab.ask("After")
    await expect(tab.answers).to_have_count(2)
    await tab.answered()
    await expect(tab.page.get_by_role("alert")).to_be_empty()
    await tab.page.reload()
    await expect(tab.questions).to_have_count(2)
    assert len(scripted_provider.chats) == 2


async def test_the_first_message_of_a_new_chat_too(tab: Tab) -> None:
    await _rotate(tab)
    await tab.ask("First")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)


async def test_other_commands_too(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-30 pause-10")
    await tab.see_words(10)
    await _rotate(tab)
    await tab.button("Stop").click()  # by fetch
    await tab.answered("stopped")
    await _rotate(tab)
    await tab.page.locator("#composer-files").set_input_files(  # by XMLHttpRequest
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Some notes"}
    )
    await expect(tab.page.get_by_text("notes.txt")).to_be_visible()
    await _rotate(tab)
    await tab.button("Regenerate").click()
    await asyncio.to_thread(scripted_provider.wait_until, lambda provider: len(provider.chats) > 1)
    scripted_provider.release()
    await tab.see_words(30)
    await tab.answered()
    await _rotate(tab)
    await tab.questions.get_by_role("link", name="Edit").click()
    await tab.page.get_by_role("textbox", name="Edit the question").fill("script:words-12")
    await tab.button("Ask again").click()
    await expect(tab.questions).to_contain_text("script:words-12")
    await tab.see_words(12)
    await tab.answered()
    await _rotate(tab)
    await tab.page.get_by_role("button", name="Model and settings").click()
    await tab.page.get_by_role("checkbox", name="Show the answer while it is written").click()
    await expect(tab.page.get_by_text("Saved.", exact=True)).to_be_visible()


async def test_a_token_that_is_refused_again_is_not_asked_for_for_ever(tab: Tab) -> None:
    asked = []
    tab.device.expect_problem(REFUSED + "|htmx")

    async def refuse(route) -> None:  # type: ignore[no-untyped-def]
        asked.append(route.request)
        await route.fulfill(status=403, headers={"X-CSRF-Refused": "true"}, body="no")

    await tab.page.route("**/messages/", refuse)
    await tab.ask("Again and again")
    await expect(tab.box).to_have_value("Again and again")
    assert len(asked) == 2
    await tab.page.unroute("**/messages/")
    await tab.box.press("Enter")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)


@pytest.fixture
def ended(site: Site, alice: Person) -> Iterator[None]:
    yield
    site.session_of(alice.name)


@pytest.mark.parametrize("cookies", ["kept", "cleared"])
@pytest.mark.parametrize("place", ["new", "there"])
async def test_where_the_session_is_gone_the_text_is_back_after_the_log_in(
    device: Device, alice: Person, site: Site, cookies: str, place: str
) -> None:
    device.expect_problem(NO_CONNECTION + "|" + REFUSED)
    tab = await device.tab()
    if place == "there":
        await tab.ask("Before")
        await tab.answered()
    path = tab.path
    await tab.page.route_web_socket("**/ws/**", lambda socket: None)  # it cannot tell
    await tab.page.reload()
    if cookies == "cleared":
        await device.context.clear_cookies()
    else:
        site.run(END_SESSION.format(alice.session))
    await tab.ask("What I was about to say")
    await tab.page.wait_for_url("**/accounts/login/**")
    await _log_in(tab.page, alice)
    await tab.page.wait_for_url(f"**{path}")
    await expect(tab.box).to_have_value("What I was about to say")
    await expect(tab.questions).to_have_count(1 if place == "there" else 0)  # not sent by itself
    await tab.box.press("Enter")
    await tab.answered()


async def test_nothing_is_sent_as_somebody_else_who_has_logged_in_since(
    device: Device, alice: Person, devices: Devices, crowd: Iterator[Person]
) -> None:
    bob = next(crowd)
    device.expect_problem(NO_CONNECTION + "|status of 4|htmx")
    tab = await device.tab()
    await tab.page.route_web_socket("**/ws/**", lambda socket: None)
    await tab.page.reload()
    await device.context.add_cookies([{"name": "sessionid", "value": bob.session, "url": device.url}])
    await tab.ask("For nobody else")
    await expect(tab.page.get_by_text(bob.name)).to_be_visible()
    await expect(tab.box).to_have_value("")
    await expect(tab.questions).to_have_count(0)
    await expect(tab.page.get_by_role("link", name="For nobody else")).to_have_count(0)
    await device.context.add_cookies([{"name": "sessionid", "value": alice.session, "url": device.url}])
    await tab.open("/")
    await expect(tab.box).to_have_value("For nobody else")


async def test_without_javascript_the_text_is_given_back(devices: Devices, alice: Person) -> None:
    device = await devices(alice, java_script_enabled=False)
    tab = await device.tab()
    await tab.box.fill("Written with care")
    await _rotate(tab)
    await tab.button("Send").click()
    await expect(tab.page.get_by_role("heading", name="The page was open for too long")).to_be_visible()
    await expect(tab.box).to_have_value("Written with care")
    await tab.button("Send again").click()
    await expect(tab.questions).to_contain_text("Written with care")
    await expect(tab.questions).to_have_count(1)


async def test_without_javascript_and_without_a_session_the_text_is_shown(devices: Devices, alice: Person) -> None:
    device = await devices(alice, java_script_enabled=False)
    tab = await device.tab()
    await tab.box.fill("Written with care")
    device.expect_problem(REFUSED)
    await device.context.clear_cookies(name="sessionid")
    await tab.button("Send").click()
    await expect(tab.box).to_have_value("Written with care")
    await expect(tab.page.get_by_role("link", name="Log in")).to_be_visible()
