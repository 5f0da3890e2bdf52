"""The end of a session: by an administrator, in another tab, from another device."""

import asyncio
import re
from collections.abc import Iterator

from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

LOGIN = re.compile("/accounts/login/")
SUSPEND = """
from accounts.models import User
user = User.objects.get(username={name!r})
user.is_active = False
user.save()
"""


async def _log_in(devices: Devices, alice: Person) -> Device:
    device = await devices()
    tab = await device.tab("/accounts/login/")
    await tab.page.get_by_role("textbox", name="Username or e-mail").fill(alice.name)
    await tab.page.get_by_role("textbox", name="Password").fill(alice.password)
    await tab.button("Log in").click()
    await tab.page.wait_for_url(device.url + "/")
    await tab.page.close()
    return device


async def test_a_suspended_account_is_shown_out_in_mid_answer(
    tab: Tab, alice: Person, site: Site, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(3)
    await asyncio.to_thread(site.run, SUSPEND.format(name=alice.name))
    scripted_provider.release()
    await expect(tab.page).to_have_url(LOGIN)
    await tab.open("/")
    await expect(tab.page).to_have_url(LOGIN)


async def test_logging_out_in_another_tab(device: Device, tab: Tab) -> None:
    await tab.ask("script:words-20 pause-10")
    await tab.see_words(3)
    other = await device.tab("/settings/")
    await other.button("Log out").click()
    await expect(other.page).to_have_url(LOGIN)
    await expect(tab.page).to_have_url(LOGIN)


async def test_sending_after_the_session_has_ended_leads_to_the_login_and_keeps_the_text(
    device: Device, tab: Tab, alice: Person
) -> None:
    await tab.ask("Hello")
    await tab.answered()
    path = tab.path
    await device.context.clear_cookies(name="sessionid")
    await tab.ask("Lost?")
    await expect(tab.page).to_have_url(LOGIN)
    await tab.page.get_by_role("textbox", name="Username or e-mail").fill(alice.name)
    await tab.page.get_by_role("textbox", name="Password").fill(alice.password)
    await tab.button("Log in").click()
    await tab.page.wait_for_url(f"**{path}")
    await expect(tab.box).to_have_value("Lost?")


async def test_the_other_device_is_signed_out_from_the_list(devices: Devices, alice: Person) -> None:
    here, there = await _log_in(devices, alice), await _log_in(devices, alice)
    far = await there.tab("/")
    await far.ask("script:words-20 pause-10")
    await far.see_words(3)
    near = await here.tab("/accounts/sessions/")
    await expect(near.page.get_by_text("this device")).to_have_count(1)
    rows = near.page.get_by_role("listitem")
    before = await rows.count()
    await near.button("Sign out all the others").click()
    await expect(near.page.get_by_text("All other devices are signed out.")).to_be_visible()
    await expect(rows).to_have_count(1)
    assert before >= 2
    await expect(far.page).to_have_url(LOGIN)
    await near.open("/")
    await expect(near.box).to_be_visible()


async def test_one_device_is_signed_out(devices: Devices, alice: Person) -> None:
    here, there = await _log_in(devices, alice), await _log_in(devices, alice)
    near = await here.tab("/accounts/sessions/")
    await near.page.get_by_role("button", name=re.compile("^Sign out (?!all)")).first.click()
    await expect(near.page.get_by_text("That device is signed out.")).to_be_visible()
    far = await there.tab("/")
    await expect(far.page).to_have_url(LOGIN)
    await near.page.reload()
    await expect(near.page).to_have_url(re.compile("/accounts/sessions/"))


async def test_a_changed_password_ends_the_other_device(devices: Devices, alice: Person) -> None:
    here, there = await _log_in(devices, alice), await _log_in(devices, alice)
    far = await there.tab("/")
    await far.ask("Hello")
    await far.answered()
    near = await here.tab("/accounts/password/change/")
    await near.page.get_by_role("textbox", name="Current password").fill(alice.password)
    await near.page.get_by_role("textbox", name="New password").fill("another horse entirely")
    await near.button("Change password").click()
    await expect(near.page.get_by_text("The password is changed.")).to_be_visible()
    await expect(far.page).to_have_url(LOGIN)


async def test_another_persons_conversation_is_not_there(devices: Devices, tab: Tab, crowd: Iterator[Person]) -> None:
    await tab.ask("A secret")
    await tab.answered()
    bob = await devices(next(crowd))
    bob.expect_problem("status of 404")
    theirs = await bob.tab()
    response = await theirs.open(tab.path)
    assert response
    assert response.status == 404
    await expect(theirs.page.get_by_text("A secret")).to_have_count(0)
