"""Each failure of a provider is one plain sentence, in the person's language, with the buttons that help."""

import re

import pytest
from django.utils import translation
from playwright.async_api import expect

from providers import ErrorText, describe
from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab

MODEL = "openai/scripted"
WAIT = 30  # seconds, as the scripted provider asks
FAILURES = {
    "error-401": "authentication",
    "error-404": "model_unknown",
    "error-429": "rate_limit",
    "error-429-quota": "quota",
    "error-500": "overloaded",
    "context-too-long": "context_too_long",
    "html-200": "malformed",
}
HANGUL = re.compile(r"[가-힣]")


def _text(language: str, code: str) -> ErrorText:
    with translation.override(language):
        return describe(code, retry_after=WAIT if code == "rate_limit" else None, model=MODEL)


async def test_a_refused_question_says_why(tab: Tab) -> None:
    for number, (script, code) in enumerate(FAILURES.items(), 1):
        await tab.ask(f"script:{script}")
        await expect(tab.answers).to_have_count(number)
        await tab.answered("failed")
        text = _text("en", code)
        await expect(tab.answer).to_contain_text(text.sentence)
        await expect(tab.answer).to_contain_text(text.advice)
        await expect(tab.answer.get_by_role("button", name="Regenerate")).to_be_visible()
        await expect(tab.button("Continue")).to_have_count(0)
    await tab.page.reload()
    await expect(tab.answer).to_contain_text(text.sentence)


async def test_failures_are_told_in_korean(devices: Devices, alice: Person) -> None:
    tab = (await (await devices(alice, locale="ko-KR")).tab()).in_korean()
    for number, (script, code) in enumerate(FAILURES.items(), 1):
        await tab.ask(f"script:{script}")
        await expect(tab.answers).to_have_count(number)
        await tab.answered("failed")
        text = _text("ko", code)
        assert HANGUL.search(text.sentence), code
        assert HANGUL.search(text.advice), code
        await expect(tab.answer).to_contain_text(text.sentence)
        await expect(tab.answer).to_contain_text(text.advice)


BREAKS = {
    "cut": ("failed", "The connection to the model was lost"),
    "clean-cut": ("interrupted", "The answer broke off before its end. What had arrived is kept."),
    "error-in-stream": ("failed", "The provider is overloaded or has a problem of its own."),
}


@pytest.mark.parametrize("script", BREAKS)
async def test_an_answer_that_breaks_off_is_kept_and_can_go_on(tab: Tab, script: str) -> None:
    status, sentence = BREAKS[script]
    await tab.ask(f"script:{script}")
    await tab.answered(status)
    kept = await tab.text()
    assert kept.startswith("Hello. You wrote")
    await expect(tab.answer).to_contain_text(sentence)
    await expect(tab.button("Regenerate")).to_be_visible()
    await tab.button("Continue").click()
    await tab.answered()
    assert (await tab.text()).startswith(kept.rstrip())
    await expect(tab.answers).to_have_count(1)


async def test_the_length_limit_offers_to_go_on(tab: Tab) -> None:
    await tab.ask("script:length")
    await tab.answered()
    await expect(tab.answer).to_contain_text("The answer reached its length limit.")
    await tab.button("Continue").click()
    await expect(tab.answer).to_contain_text("Go on with your last answer")
    await tab.answered()


async def test_regenerate_after_a_passing_failure(tab: Tab) -> None:
    await tab.ask("script:error-500")
    await tab.answered("failed")
    failed = await tab.answer.get_attribute("id")
    await tab.button("Regenerate").click()
    await expect(tab.answer).not_to_have_attribute("id", failed or "")
    await tab.answered("failed")
    await expect(tab.answers).to_have_count(1)


async def test_a_question_after_a_failure_is_answered(tab: Tab) -> None:
    await tab.ask("script:error-401")
    await tab.answered("failed")
    await tab.ask("Hello again")
    await expect(tab.answers).to_have_count(2)
    await tab.answered()
