"""A model that writes its thoughts into its text: folded while it streams and after a reload, never in the answer."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider

WORDS = {"en-US": ("Thoughts", "Copy"), "ko-KR": ("생각 과정", "복사")}


async def chat(devices: Devices, alice: Person, locale: str) -> Tab:
    device = await devices(alice, locale=locale, permissions=["clipboard-read", "clipboard-write"])
    tab = await device.tab()
    return tab.in_korean() if locale == "ko-KR" else tab


@pytest.mark.parametrize("locale", WORDS)
@pytest.mark.parametrize("script", ["think", "think-closed", "harmony"])
async def test_thoughts_are_folded_and_the_answer_comes_after_them(
    devices: Devices, alice: Person, scripted_provider: ScriptedProvider, script: str, locale: str
) -> None:
    tab = await chat(devices, alice, locale)
    await tab.ask(f"script:{script} pause-15 pause-50")
    thoughts, body = tab.answer.locator("[data-reasoning]"), tab.answer.locator("[data-message-body]")
    place = body if script == "think-closed" else thoughts.locator("[data-reasoning-body]")
    await expect(place).to_contain_text("First I count")  # nobody can know yet where only the end will be marked
    await asyncio.to_thread(scripted_provider.release)
    await expect(body).to_contain_text("Hello. You wrote")
    await expect(body).not_to_contain_text("First I count")
    await asyncio.to_thread(scripted_provider.release)
    await tab.answered()
    for _ in range(2):
        await expect(thoughts).to_be_visible()
        await expect(thoughts).not_to_have_attribute("open", "")
        await expect(thoughts.locator("summary")).to_have_text(WORDS[locale][0])
        assert await thoughts.locator("[data-reasoning-body]").text_content() == (
            "First I count the words.\n\nThen I answer."
        )
        text = await tab.text()
        assert text.startswith("Hello. You wrote")
        for mark in ("think>", "First I count", "<|"):
            assert mark not in text
        await tab.page.reload()
    await tab.answer.hover()
    await tab.answer.get_by_role("button", name=WORDS[locale][1], exact=True).first.click()
    copied = await tab.clipboard("Hello")
    assert copied.startswith("Hello. You wrote")
    assert "count the words" not in copied


@pytest.mark.parametrize(
    ("script", "english", "korean"),
    [
        ("blank", "The answer is empty.", "답변이 비어 있어요."),
        ("think-only", "The model thought, but wrote no answer.", "모델이 생각만 하고 답변은 쓰지 않았어요."),
        (
            "wants-tool",
            "The model wanted to use a tool, which this site does not offer.",
            "모델이 도구를 쓰려고 했지만, 이 사이트는 도구를 제공하지 않아요.",
        ),
        (
            "finish-out_of_ideas",
            "The answer ended for a reason this site does not know: out_of_ideas",
            "이 사이트가 모르는 이유로 답변이 끝났어요: out_of_ideas",
        ),
    ],
)
@pytest.mark.parametrize("locale", WORDS)
async def test_an_answer_without_text_says_so_and_offers_another(
    devices: Devices, alice: Person, script: str, english: str, korean: str, locale: str
) -> None:
    tab = await chat(devices, alice, locale)
    await tab.ask(f"script:{script}")
    await tab.answered()
    said = korean if locale == "ko-KR" else english
    for _ in range(2):
        await expect(tab.answer.locator(".card")).to_contain_text(said)
        await expect(tab.answer.locator('.card [formaction$="/regenerate/"]')).to_be_visible()
        await tab.page.reload()
    await tab.answer.locator('.card [formaction$="/regenerate/"]').click()
    await expect(tab.answer.locator(".siblings")).to_be_visible()
    await expect(tab.answer.locator(".card")).to_contain_text(said)
