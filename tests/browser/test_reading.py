"""Reading: what a screen reader hears, the end that is kept in view, and a long conversation."""

import re

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.people import Device, Person, Tab, make_conversation
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

MESSAGES = 300
LISTEN = """() => {
    window.heard = [];
    const region = document.getElementById("announcer");
    const listener = new MutationObserver(() => heard.push(region.textContent));
    listener.observe(region, { childList: true, characterData: true, subtree: true });
}"""
FROM_END = """() => {
    const place = document.getElementById("reading");
    return place.scrollHeight - place.clientHeight - place.scrollTop;
}"""

# Scrolls up as far as it goes, and gives the height at which the first message then stands.
TO_THE_TOP = """() => {
    document.getElementById("reading").scrollTop = 0;
    window.mark = document.querySelector("article");
    return mark.getBoundingClientRect().top;
}"""
# Others may have been on their way before, which keep the place as they come.
UP_UNTIL_TOLD = """() => {
    document.getElementById("reading").scrollTop = 0;
    return document.getElementById("toasts").textContent.includes("That did not work.");
}"""
SELECT_FIRST_SEEN = """() => {
    const top = document.getElementById("reading").getBoundingClientRect().top;
    const seen = [...document.querySelectorAll("article [data-message-body]")]
        .find(body => body.getBoundingClientRect().top > top);
    getSelection().selectAllChildren(seen);
}"""
SELECTION_PLACE = "getSelection().getRangeAt(0).getBoundingClientRect().top"
# The earlier messages come, and at that very moment the reader moves to the top.
SCROLLED_AS_THEY_COME = """() => {
    const scroll = () => { document.getElementById("reading").scrollTop = 0; };
    document.addEventListener("htmx:beforeSwap", scroll, { capture: true, once: true });
    htmx.trigger(document.querySelector(".earlier"), "intersect");
}"""
# As if nothing had been heard of the end yet; then the page looks for itself.
UNHEARD = """() => {
    document.querySelector('[data-role="assistant"]').dataset.status = "running";
    document.getElementById("announcer").textContent = "";
    document.dispatchEvent(new CustomEvent("messages:check"));
}"""
# The place where the page learns of its end, kept so that a test can bring news of it late.
KEEP_LISTENER = """
window.IntersectionObserver = class extends IntersectionObserver {
    constructor(listener, options) {
        super(listener, options);
        if (options?.root?.id === "reading") window.hearOfEnd = listener;
    }
};
"""
TO_THE_TOP_BEFORE_LATE_NEWS = """() => {
    document.getElementById("reading").scrollTop = 0;
    hearOfEnd([{ isIntersecting: true, target: document.getElementById("reading-end") }]);
}"""
# In which the observers have had their say.
TWO_FRAMES = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
STAYS = "place => Math.abs(mark.getBoundingClientRect().top - place) < 60"


@pytest_asyncio.fixture(loop_scope="session")
async def long_one(device: Device, alice: Person, site: Site) -> Tab:
    """A conversation of 300 messages, just opened: its newest ones are in sight."""
    tab = await device.tab(make_conversation(site, alice, MESSAGES))
    await _at_the_end(tab)
    return tab


async def _at_the_end(tab: Tab) -> None:
    await tab.page.wait_for_function(f"() => ({FROM_END})() < 8")


async def test_an_answer_is_announced_when_it_begins_and_ends(tab: Tab) -> None:
    await tab.page.evaluate(LISTEN)
    await tab.ask("script:words-60")
    await tab.answered()
    await expect(tab.page.get_by_role("status").filter(has_text="The answer is finished.")).to_have_count(1)
    heard = await tab.page.evaluate("heard")
    assert len(heard) == 2, heard
    assert heard[0] == "The answer has begun."
    assert heard[1].startswith("The answer is finished. w0001 w0002")
    assert await tab.page.locator("#messages").get_attribute("aria-live") is None


async def test_a_failure_is_announced(tab: Tab) -> None:
    await tab.ask("script:error-401")
    await tab.answered("failed")
    heard = tab.page.get_by_role("status").filter(has_text="The answer did not finish.")
    await expect(heard).to_contain_text("The provider did not accept the API key.")


async def test_an_end_that_the_page_was_not_told_of_is_announced(tab: Tab) -> None:
    await tab.ask("script:words-5")
    await tab.answered()
    await expect(tab.page.get_by_role("status").filter(has_text="The answer is finished.")).to_have_count(1)
    await tab.page.evaluate(UNHEARD)
    await expect(tab.page.get_by_role("status").filter(has_text="The answer is finished.")).to_have_count(1)
    await tab.answered()


async def test_the_end_stays_in_view_while_the_answer_grows(tab: Tab) -> None:
    await tab.ask("script:long-1200 tps-600")
    await tab.answered()
    assert await tab.page.evaluate("document.getElementById('reading').scrollTop") > 500
    await _at_the_end(tab)
    await expect(tab.button("Jump to the latest")).to_be_hidden()


async def test_who_has_scrolled_up_is_left_there(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:long-1800 pause-800 pause-1000 pause-1200 pause-1400 pause-1600")
    await tab.page.wait_for_function("() => document.getElementById('reading').scrollTop > 600")
    await tab.page.mouse.move(700, 400)
    await tab.page.mouse.wheel(0, -400)
    await expect(tab.button("Jump to the latest")).to_be_visible()
    place = await tab.page.evaluate("document.getElementById('reading').scrollTop")
    for _ in range(3):
        await tab.grown(scripted_provider)
    assert await tab.page.evaluate("document.getElementById('reading').scrollTop") == place
    await expect(tab.answer).to_have_attribute("data-status", "running")
    await tab.button("Jump to the latest").click()
    await expect(tab.button("Jump to the latest")).to_be_hidden()
    await tab.grown(scripted_provider)
    await _at_the_end(tab)
    await tab.page.keyboard.press("Escape")
    await tab.answered("stopped")


async def test_a_selection_outlives_the_stream(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:long-700 pause-200 pause-300 pause-400 pause-500")
    await tab.page.wait_for_function(
        "() => document.querySelectorAll('[data-role=assistant] [data-message-body] > p').length > 2"
    )
    await tab.page.evaluate("""() => getSelection().selectAllChildren(
        document.querySelector('[data-role="assistant"] [data-message-body] p'))""")
    selected = await tab.page.evaluate("getSelection().toString()")
    assert len(selected) > 50
    for _ in range(3):
        await tab.grown(scripted_provider)
    assert await tab.page.evaluate("getSelection().toString()") == selected
    scripted_provider.release()
    await tab.answered()
    assert await tab.page.evaluate("getSelection().toString()") == selected


async def test_a_draft_can_be_written_while_an_answer_comes(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:words-100 pause-10 pause-50")
    await tab.see_words(10)
    await tab.box.press_sequentially("What I want")
    await tab.grown(scripted_provider)
    await tab.box.press_sequentially(" to ask next")
    scripted_provider.release()
    await tab.answered()
    await expect(tab.box).to_have_value("What I want to ask next")
    await expect(tab.box).to_be_focused()


async def test_a_long_conversation_opens_at_its_end(long_one: Tab) -> None:
    await expect(long_one.page.get_by_text(f"number {MESSAGES - 1:03d}.").last).to_be_in_viewport()
    await _at_the_end(long_one)
    assert await long_one.page.get_by_role("article").count() < 60


async def test_scrolling_up_brings_the_earlier_ones_and_keeps_the_place(long_one: Tab) -> None:
    articles = long_one.page.locator("article")
    while (before := await articles.count()) < MESSAGES:
        place = await long_one.page.evaluate(TO_THE_TOP)
        await expect(articles.nth(before)).to_be_attached()
        await long_one.page.wait_for_function(STAYS, arg=place)
    texts = await articles.locator("[data-message-body]").all_text_contents()
    numbers = [re.search(r"number (\d{3})", text)[1] for text in texts]  # type: ignore[index]  # each has one
    assert numbers == [f"{number:03d}" for number in range(MESSAGES)]


async def test_who_scrolls_up_as_the_earlier_ones_come_is_not_taken_back(long_one: Tab) -> None:
    articles = long_one.page.locator("article")
    before = await articles.count()
    await long_one.page.evaluate(SCROLLED_AS_THEY_COME)
    await expect(articles.nth(before)).to_be_attached()
    await expect(long_one.button("Jump to the latest")).to_be_visible()
    await long_one.page.evaluate(TWO_FRAMES)
    assert await long_one.page.evaluate(FROM_END) > 500


async def test_earlier_messages_that_could_not_be_fetched_move_nobody_later(long_one: Tab) -> None:
    long_one.device.expect_problem("status of 500|htmx:responseError|Response Status Error")
    await long_one.page.route("**/messages/?*", lambda route: route.fulfill(status=500))
    await long_one.page.wait_for_function(UP_UNTIL_TOLD)
    await long_one.ask("script:words-5")
    await long_one.answered()
    await _at_the_end(long_one)
    await expect(long_one.button("Jump to the latest")).to_be_hidden()


async def test_who_scrolls_up_before_the_news_of_the_end_comes_is_not_taken_back(
    device: Device, alice: Person, site: Site
) -> None:
    await device.context.add_init_script(KEEP_LISTENER)
    tab = await device.tab(make_conversation(site, alice, MESSAGES))
    await _at_the_end(tab)
    await tab.page.evaluate(TO_THE_TOP_BEFORE_LATE_NEWS)
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.page.evaluate(TWO_FRAMES)
    assert await tab.page.evaluate(FROM_END) > 500


async def test_who_scrolls_up_after_another_part_of_the_page_came_is_not_taken_back(long_one: Tab) -> None:
    await long_one.page.get_by_role("button", name=re.compile("Model and settings")).click()
    panel = long_one.page.get_by_role("dialog", name="Settings of this conversation")
    await panel.get_by_role("checkbox", name="Show the answer while it is written").click()
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await long_one.page.keyboard.press("Escape")
    await long_one.page.evaluate("document.getElementById('reading').scrollTop = 0")
    await expect(long_one.button("Jump to the latest")).to_be_visible()
    await long_one.page.evaluate(TWO_FRAMES)
    assert await long_one.page.evaluate(FROM_END) > 500


async def test_a_long_conversation_goes_on(long_one: Tab, scripted_provider: ScriptedProvider) -> None:
    await long_one.ask("script:words-60")
    await long_one.answered()
    assert len(await long_one.words()) == 60
    await _at_the_end(long_one)
    assert "number 299" in str(scripted_provider.chats[-1].body["messages"])


async def test_a_reader_of_old_messages_stays_there_whatever_another_tab_does(long_one: Tab) -> None:
    articles = long_one.page.locator("article")
    before = await articles.count()
    await long_one.page.evaluate(TO_THE_TOP)
    await expect(articles.nth(before)).to_be_attached()
    await expect(long_one.button("Jump to the latest")).to_be_visible()
    await long_one.page.evaluate(SELECT_FIRST_SEEN)
    selected = await long_one.page.evaluate("getSelection().toString()")
    place = await long_one.page.evaluate(SELECTION_PLACE)
    other = await long_one.device.tab(long_one.path)
    await other.ask("script:words-40")
    await other.answered()
    await expect(long_one.text_place).to_contain_text("w0040")
    assert await long_one.page.evaluate("getSelection().toString()") == selected
    assert abs(await long_one.page.evaluate(SELECTION_PLACE) - place) < 2
    await expect(long_one.button("Jump to the latest")).to_be_visible()
