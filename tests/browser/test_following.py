"""The end of the conversation stays in view until the reader moves away from it, whatever moves the page itself."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab, make_conversation
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

# Short ones, long ones, and ones with lists, a table, code and a formula.
TURNS = [
    "Hello there", "script:markdown", "script:long-500 tps-900", "One more thing", "script:words-90 tps-400",
    "script:markdown tps-300", "script:long-900 tps-1500", "And this?", "script:markdown tps-400",
    "script:long-250 tps-600", "script:words-8", "script:long-700 tps-900",
]  # fmt: skip
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
LONG_CODE = """
from accounts.models import User
from conversations.models import Conversation, Message
owner = User.objects.get(username={name!r})
conversation = Conversation.objects.create(owner=owner, title="Code")
question = Message.objects.create(conversation=conversation, role="user", content="Write it")
code = "Here it is.\\n\\n```python\\n" + "print(1)\\n" * 60 + "```\\nThat was it."
conversation.leaf = Message.objects.create(conversation=conversation, parent=question, role="assistant", content=code)
conversation.save()
print(conversation.pk)
"""
THINK = "(box, text) => (box.lastChild ?? box.appendChild(new Text())).appendData(text.repeat(300))"  # as frames do
TELL_END = """() => {
    const article = [...document.querySelectorAll("article")].at(-1);
    const detail = { id: 0, status: "complete", article };
    article.dispatchEvent(new CustomEvent("answer:status", { bubbles: true, detail }));
}"""
FROM_END = """() => {
    const place = document.getElementById("reading");
    return place.scrollHeight - place.clientHeight - place.scrollTop;
}"""
# Until nothing moves any more, five frames alike: how far the end is away then.
SETTLED = """() => new Promise(done => {
    const place = document.getElementById("reading");
    let last = "", same = 0;
    const look = () => {
        const now = `${place.scrollTop} ${place.scrollHeight} ${place.clientHeight}`;
        same = now === last ? same + 1 : 0;
        last = now;
        if (same >= 5) done(place.scrollHeight - place.clientHeight - place.scrollTop);
        else requestAnimationFrame(look);
    };
    look();
})"""


async def _follows(tab: Tab, what: str) -> None:
    assert await tab.page.evaluate(SETTLED) < 4, what
    await expect(tab.button("Jump to the latest"), what).to_be_hidden()


async def _turn(tab: Tab, number: int) -> None:
    await tab.ask(f"{number}. {TURNS[number - 1]}")
    await expect(tab.answers).to_have_count(number)
    await tab.answered()
    await _follows(tab, f"turn {number}: {TURNS[number - 1]}")


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
async def test_twelve_turns_of_mixed_length_end_in_view(
    devices: Devices, alice: Person, options: dict[str, object]
) -> None:
    tab = await (await devices(alice, **options)).tab()
    for number in range(1, 13):
        await _turn(tab, number)


async def test_it_follows_after_a_reload_too(tab: Tab) -> None:
    for number in range(1, 13):
        await _turn(tab, number)
        if number == 6:
            await tab.page.reload()
            await expect(tab.answers).to_have_count(number)
            await _follows(tab, "after the reload")


async def test_it_follows_over_a_slow_line(tab: Tab) -> None:
    """The message stands there long before the server has taken it."""

    go_on = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await tab.page.route("**/messages/", hold_back)
    for number in range(1, 8):
        go_on.clear()
        await tab.ask(f"{number}. {TURNS[number - 1]}")
        await expect(tab.questions).to_have_count(number)
        await _follows(tab, f"turn {number} is not taken yet")
        go_on.set()
        await expect(tab.page.locator("[data-pending]")).to_have_count(0)
        await tab.answered()
        await _follows(tab, f"turn {number}: {TURNS[number - 1]}")


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
async def test_what_is_sent_from_above_leads_to_the_end(
    devices: Devices, alice: Person, site: Site, options: dict[str, object]
) -> None:
    tab = await (await devices(alice, **options)).tab(make_conversation(site, alice, 60))
    await _follows(tab, "just opened")
    await tab.page.evaluate("document.getElementById('reading').scrollTop -= 900")
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.ask("script:long-300 tps-600")
    await expect(tab.answer).to_contain_text("A long answer")
    await tab.answered()
    await _follows(tab, "after the answer")


async def test_one_step_of_the_wheel_leaves_and_scrolling_back_follows_again(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:long-1500 pause-700 pause-900 pause-1100 pause-1300")
    await _overflows(tab)
    await tab.page.mouse.move(700, 400)
    await tab.page.mouse.wheel(0, -20)
    await tab.page.wait_for_function(f"() => ({FROM_END})() > 10")
    await tab.grown(scripted_provider)
    await expect(tab.button("Jump to the latest")).to_be_visible()
    assert await tab.page.evaluate(FROM_END) > 20
    await tab.page.mouse.wheel(0, 5000)
    await expect(tab.button("Jump to the latest")).to_be_hidden()
    await tab.grown(scripted_provider)
    await _follows(tab, "after scrolling back")
    scripted_provider.release()


@pytest.mark.parametrize("key", ["PageUp", "ArrowUp", "Home", "Shift+Space"])
async def test_keys_leave_the_end(tab: Tab, scripted_provider: ScriptedProvider, key: str) -> None:
    await tab.ask("script:long-1500 pause-700 pause-900 pause-1100 pause-1300")
    await _overflows(tab)
    await tab.page.locator("#reading").focus()
    await tab.page.keyboard.press(key)
    await tab.page.wait_for_function(f"() => ({FROM_END})() > 10")
    await tab.page.evaluate(SETTLED)
    place = await tab.page.evaluate("document.getElementById('reading').scrollTop")
    await tab.grown(scripted_provider)
    await tab.page.evaluate(SETTLED)
    assert await tab.page.evaluate("document.getElementById('reading').scrollTop") == place
    await tab.page.keyboard.press("End")
    await expect(tab.button("Jump to the latest")).to_be_hidden()
    await tab.grown(scripted_provider)
    await _follows(tab, "after the key End")
    scripted_provider.release()


async def test_the_scroll_bar_leaves_the_end(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    """Chromium without a head draws none: its place is pressed, and what it does is done while it is held."""
    await tab.ask("script:long-1500 pause-700 pause-900 pause-1100")
    await _overflows(tab)
    box = await tab.page.locator("#reading").bounding_box()
    assert box
    await tab.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 60)
    await tab.page.mouse.down()
    await tab.grown(scripted_provider)
    await tab.page.evaluate("document.getElementById('reading').scrollTop -= 140")
    await tab.page.mouse.up()
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.grown(scripted_provider)
    assert await tab.page.evaluate(FROM_END) > 140
    scripted_provider.release()


async def test_a_finger_leaves_the_end(devices: Devices, alice: Person, scripted_provider: ScriptedProvider) -> None:
    device = await devices(alice, **PHONE)
    tab = await device.tab()
    await tab.ask("script:long-1500 pause-700 pause-900 pause-1100 pause-1300")
    await _overflows(tab)
    client = await device.context.new_cdp_session(tab.page)
    for kind, y in [("touchStart", 200), *(("touchMove", y) for y in range(220, 500, 20)), ("touchEnd", None)]:
        points = [{"x": 200, "y": y}] if y else []
        await client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.page.evaluate(SETTLED)
    place = await tab.page.evaluate("document.getElementById('reading').scrollTop")
    await tab.grown(scripted_provider)
    assert await tab.page.evaluate("document.getElementById('reading').scrollTop") == place
    await tab.button("Jump to the latest").tap()
    await tab.grown(scripted_provider)
    await _follows(tab, "after the jump")
    scripted_provider.release()


async def test_a_search_in_the_page_is_left_where_it_leads(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    """Neither wheel nor key: the browser itself scrolls, while the answer grows."""
    await tab.ask("script:long-1500 pause-700 pause-900 pause-1100 pause-1300")
    await _overflows(tab)
    await tab.page.evaluate("document.querySelector('article').scrollIntoView()")
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.grown(scripted_provider)
    await expect(tab.questions.first).to_be_in_viewport()
    scripted_provider.release()


async def test_the_growing_message_box_and_the_keyboard_of_a_phone_keep_the_end(
    devices: Devices, alice: Person, site: Site
) -> None:
    tab = await (await devices(alice, **PHONE)).tab(make_conversation(site, alice, 40))
    await _follows(tab, "just opened")
    for text in ("line\n" * 12, "short", "line\n" * 40, ""):
        await tab.box.fill(text)
        await _follows(tab, f"with {len(text)} characters in the box")
    for height in (420, 844, 380, 844):
        await tab.page.set_viewport_size({"width": 390, "height": height})
        await _follows(tab, f"{height} px high")
    await tab.page.set_viewport_size({"width": 844, "height": 390})
    await _follows(tab, "turned")
    await tab.ask("script:long-200")
    await tab.answered()
    await _follows(tab, "after an answer")


async def test_a_box_that_is_measured_by_hand_keeps_the_end(device: Device, alice: Person, site: Site) -> None:
    """Browsers without field-sizing: for a moment the box is one line high, and the messages higher."""
    await device.context.add_init_script("CSS.supports = name => name !== 'field-sizing';")
    tab = await device.tab(make_conversation(site, alice, 40))
    await tab.box.evaluate("box => box.style.setProperty('field-sizing', 'fixed')")
    await _follows(tab, "just opened")
    await tab.box.fill("line\n" * 8)
    for letter in "abcdef":
        await tab.box.press(letter)
        await _follows(tab, f"at the letter {letter}")


async def test_what_comes_late_keeps_the_end(tab: Tab) -> None:
    """Images and fonts make what stands above higher, long after it came."""
    for number in range(1, 5):
        await _turn(tab, number)
    for selector, height in (("article:first-child", 300), ("article:nth-child(4)", 250), ("article:last-child", 90)):
        await tab.page.locator(f"#messages > {selector}").evaluate(
            "(article, height) => article.style.setProperty('padding-block-end', `${height}px`)", height
        )
        await _follows(tab, f"{selector} is {height} px higher")
    await tab.page.locator("#messages > article:first-child").evaluate("article => article.removeAttribute('style')")
    await _follows(tab, "it is as before")


async def test_what_is_read_out_at_the_end_of_an_answer_moves_nothing(tab: Tab) -> None:
    """An answer with code that was fetched anew before it is told of: its captions are no part of what is read out."""
    await tab.ask("script:long-500")
    await tab.answered()
    await tab.ask("script:hello")
    await tab.answered()
    await expect(tab.page.locator("#announcer")).to_contain_text("The answer is finished. Hello.")
    await asyncio.sleep(0.5)  # until nothing that comes or goes explains a move
    for _ in range(2):
        await tab.page.evaluate("document.getElementById('announcer').textContent = ''")
        await tab.page.evaluate(TELL_END)
        await expect(tab.page.locator("#announcer")).to_contain_text("Hello.")
        await expect(tab.page.locator("#announcer")).not_to_contain_text("python")
        await _follows(tab, "told of")


async def test_what_the_reader_unfolds_stays_where_it_is(tab: Tab, site: Site, alice: Person) -> None:
    made = site.run(LONG_CODE.format(name=alice.name))
    await tab.open(f"/c/{made}/")
    await _follows(tab, "just opened")
    code = tab.answer.locator("figure")
    before = await code.bounding_box()
    await tab.button("Show all 60 lines").click()
    assert await tab.page.evaluate(SETTLED) > 500
    assert await code.bounding_box() | {"height": 0} == before | {"height": 0}  # type: ignore[operator]
    await expect(tab.button("Jump to the latest")).to_be_visible()
    await tab.button("Show fewer lines").click()
    await _follows(tab, "folded again")
    await tab.ask("script:long-200")
    await tab.answered()
    await _follows(tab, "after an answer")


async def test_what_thoughts_are_opened_while_they_are_written_does_not_keep_from_the_end(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:long-600")
    await tab.answered()
    await tab.ask("script:reasoning pause-3")
    await expect(tab.answer.locator("summary")).to_be_visible()
    await tab.answer.locator("summary").evaluate("summary => summary.click()")  # a press that scrolls to nothing
    await _follows(tab, "opened")
    scripted_provider.release()
    await tab.answered()
    await _follows(tab, "ended")


async def test_thoughts_that_are_opened_while_they_are_written_show_the_newest(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    await tab.ask("script:reasoning pause-3")
    await tab.answer.locator("summary").click()
    thoughts = tab.answer.locator("[data-reasoning-body]")
    for number in (1, 2, 3):
        await thoughts.evaluate(THINK, f"The thought {number} ")
        await tab.page.wait_for_function(
            "box => box.scrollTop + box.clientHeight > box.scrollHeight - 4", arg=await thoughts.element_handle()
        )
        assert await thoughts.evaluate("box => box.scrollTop") > 100
    await thoughts.hover()
    await tab.page.mouse.wheel(0, -200)
    await tab.page.wait_for_function(
        "box => box.scrollTop + box.clientHeight < box.scrollHeight - 150", arg=await thoughts.element_handle()
    )
    place = await thoughts.evaluate("box => box.scrollTop")
    await thoughts.evaluate(THINK, "The thought 4 ")
    scripted_provider.release()
    await tab.answered()
    assert await thoughts.evaluate("box => box.scrollTop") == place


async def test_the_start_page_begins_at_its_top_at_any_zoom(devices: Devices, alice: Person) -> None:
    for width, height in ((1280, 800), (640, 400), (320, 256), (360, 640)):
        tab = await (await devices(alice, viewport={"width": width, "height": height})).tab()
        await tab.page.wait_for_load_state()
        await tab.page.evaluate(SETTLED)
        assert await tab.page.evaluate("document.getElementById('reading').scrollTop") == 0, (width, height)
        await expect(tab.button("Jump to the latest")).to_be_hidden()
        await tab.page.close()


async def _overflows(tab: Tab) -> None:
    """Until the answer has come to its first pause, far below."""
    words = (
        "() => document.querySelector('[data-role=assistant] > [data-message-body]').textContent.split(/\\s+/).length"
    )
    await tab.page.wait_for_function(f"() => ({words})() > 650")
    await _follows(tab, "at the first pause")
