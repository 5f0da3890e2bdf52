"""Korean and English: as the browser asks, and as the person chooses."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Person

LOG_IN = {"ko": "로그인", "en": "Log in"}


@pytest.mark.parametrize(
    ("asked", "given"), [("ko-KR", "ko"), ("en-US", "en"), ("en-GB", "en"), ("fr-FR", "ko"), ("ja-JP", "ko")]
)
async def test_the_language_is_the_browsers_else_korean(devices: Devices, asked: str, given: str) -> None:
    tab = await (await devices(locale=asked)).tab("/accounts/login/")
    await expect(tab.page.locator("html")).to_have_attribute("lang", given)
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text(LOG_IN[given])


async def test_the_switch_before_the_login_stays(devices: Devices, alice: Person) -> None:
    tab = await (await devices(locale="ko-KR")).tab("/accounts/login/")
    await tab.button("English").click()
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")
    await tab.page.get_by_role("textbox", name="Username or e-mail").fill(alice.name)
    await tab.page.get_by_role("textbox", name="Password").fill(alice.password)
    await tab.button("Log in").click()
    await expect(tab.page.get_by_role("heading", name="New chat", level=1)).to_be_visible()
    await tab.button("Send").wait_for()
    await expect(tab.page.locator("html")).to_have_attribute("lang", "en")


async def test_the_language_in_the_settings_follows_the_person(devices: Devices, alice: Person) -> None:
    tab = await (await devices(alice)).tab("/settings/")
    await tab.page.get_by_role("combobox", name="Language").select_option("한국어")
    await tab.button("Save").click()
    await expect(tab.page.locator("html")).to_have_attribute("lang", "ko")
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("설정")
    elsewhere = await (await devices(alice, locale="en-US")).tab()
    await expect(elsewhere.page.locator("html")).to_have_attribute("lang", "ko")
    await expect(elsewhere.page.get_by_role("heading", name="새 대화", level=1)).to_be_visible()


async def test_a_whole_conversation_in_korean(devices: Devices, alice: Person) -> None:
    tab = (await (await devices(alice, locale="ko-KR")).tab()).in_korean()
    await tab.ask("안녕하세요, 무지개는 왜 생기나요?")
    await tab.answered()
    await expect(tab.page).to_have_title(re.compile("^안녕하세요, 무지개는 왜 생기나요"))
    await expect(tab.answer.get_by_role("button", name="복사", exact=True)).to_be_visible()
    await tab.ask("script:words-20 pause-5")
    await tab.see_words(3)
    await tab.page.get_by_role("button", name=re.compile("^(멈추기|중지|멈춤)$")).click()
    await tab.answered("stopped")
    words = await tab.page.locator("body").inner_text()
    assert not re.search(r"\b(Stop|Copy|Regenerate|Continue|Settings|Log out|New chat|You stopped)\b", words)
