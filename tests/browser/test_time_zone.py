"""Today is the reader's day, wherever the server is."""

from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.accounts.test_time_zone import EAST, WEST, between_midnights
from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab
from tests.site import Site

MAKE = """
from datetime import datetime
from accounts.models import User
from conversations.models import Conversation
owner = User.objects.get(username={name!r})
Conversation.objects.create(owner=owner, title="Between", updated_at=datetime.fromisoformat({moment!r}))
"""
A_DAY_OLDER = """
from datetime import timedelta
from django.db.models import F
from accounts.models import User
from conversations.models import Conversation
owner = User.objects.get(username={name!r})
Conversation.objects.filter(owner=owner).update(updated_at=F("updated_at") - timedelta(days=1))
"""


def _group(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    is_today = moment.astimezone(ZoneInfo(zone)).date() == datetime.now(ZoneInfo(zone)).date()
    return "today" if is_today else "yesterday"


@pytest.mark.parametrize("zone", [EAST, WEST])
async def test_a_conversation_stands_under_the_readers_date_from_the_first_page_on(
    devices: Devices, alice: Person, site: Site, zone: str
) -> None:
    moment = between_midnights()
    site.run(MAKE.format(name=alice.name, moment=moment.isoformat()))
    device = await devices(alice, timezone_id=zone)
    tab = await device.tab()
    place = tab.page.locator(f'[data-group="{_group(moment, zone)}"]')
    await expect(place.get_by_role("link", name="Between", exact=True)).to_be_visible()
    await tab.page.reload()
    assert await tab.page.evaluate("document.documentElement.dataset.zone") == zone
    await expect(place.get_by_role("link", name="Between", exact=True)).to_be_visible()


async def test_whoever_is_where_the_server_is_sends_no_cookie(devices: Devices, alice: Person) -> None:
    device = await devices(alice, timezone_id="Asia/Seoul")
    tab = await device.tab()
    await tab.page.wait_for_load_state("networkidle")
    assert "timezone" not in {cookie["name"] for cookie in await device.context.cookies()}


@pytest.mark.parametrize("how", ["midnight", "looked at again"])
async def test_a_page_that_stays_open_over_midnight_knows_what_was_yesterday(
    device: Device, alice: Person, site: Site, how: str
) -> None:
    page = await device.context.new_page()
    await page.clock.install()
    tab = Tab(page, device)
    await tab.open("/")
    await tab.ask("Apples")
    await tab.answered()
    link = tab.page.get_by_role("link", name="Apples", exact=True)
    await expect(tab.page.locator('[data-group="today"]').locator(link)).to_be_visible()
    site.run(A_DAY_OLDER.format(name=alice.name))  # so it is for the server, tomorrow
    if how == "midnight":
        await page.clock.fast_forward("24:00:00")
    else:
        await page.clock.set_system_time(datetime.now() + timedelta(days=1))
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(tab.page.locator('[data-group="yesterday"]').locator(link)).to_be_visible()
    await expect(tab.page.get_by_role("heading", name="Today")).to_be_hidden()
