"""From the form to the chat."""

from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import PASSWORD


async def test_who_gives_an_address_is_told_of_the_mail_in_the_chat(devices: Devices) -> None:
    tab = await (await devices()).tab("/accounts/signup/")
    await tab.page.get_by_role("textbox", name="Username").fill("newcomer")
    await tab.page.get_by_role("textbox", name="E-mail").fill("newcomer@example.org")
    await tab.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await tab.page.keyboard.press("Enter")
    sentence = "A mail is on its way to newcomer@example.org. Open the link in it to confirm the address."
    await expect(tab.page.get_by_role("region", name="Notices").get_by_text(sentence)).to_be_visible()
    await expect(tab.page.locator("#announcer")).to_have_text(sentence)
    await tab.page.reload()
    await expect(tab.box).to_be_focused()
    await expect(tab.page.get_by_text(sentence)).to_have_count(0)
