"""Today is the reader's day, wherever the server is."""

from datetime import datetime

import pytest
from playwright.async_api import expect

from tests.accounts.test_time_zone import EAST, WEST, between_midnights
from tests.browser.conftest import Devices
from tests.browser.people import Person
from tests.site import Site

MAKE = """
from datetime import datetime
from accounts.models import User
from conversations.models import Conversation
owner = User.objects.get(username={name!r})
Conversation.objects.create(owner=owner, title="Between", updated_at=datetime.fromisoformat({moment!r}))
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
    site.manage("shell", "--no-imports", "-c", MAKE.format(name=alice.name, moment=moment.isoformat()))
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
