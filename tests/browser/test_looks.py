"""What one sees: even lists, tables that can be read on a phone, notices that lie on nothing, no frame for a mouse."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab, make_conversation
from tests.site import Site

MAKE_ANSWERS = """
import json
from accounts.models import User
from conversations.models import Conversation, Message
from conversations.rendering import render
owner = User.objects.get(username={name!r})
conversation = Conversation.objects.create(owner=owner, title="Answers")
leaf = None
for text in json.loads({texts!r}):
    leaf = Message.objects.create(conversation=conversation, parent=leaf, role="user", content="And?")
    leaf = Message.objects.create(
        conversation=conversation, parent=leaf, role="assistant", content=text, html=render(text)
    )
conversation.leaf = leaf
conversation.save()
print(conversation.pk)
"""
LISTS = """\
- one
- two
  - two a
  - two b
    1. deep
    2. deeper
  - two c
- three
- four
"""
TABLE = """\
| 항목 | 담당 부서 | 처리 상태 | 비고 |
| --- | --- | --- | --- |
| 개인정보 | 개인정보보호책임자지정운영위원회 | 완료 | 지난주에 담당자가 바뀌어서 다시 확인해야 하는 항목이 있어요. |
| Budget | A department with a long name | open | The last column holds a sentence that nobody wants word by word. |
"""
LONG_TOKEN = "| name | value |\n| --- | --- |\n| key | " + "x" * 400 + " |\n"
# The distances between the lines of the list, in whole pixels.
GAPS = """() => {
    const range = document.createRange();
    const walker = document.createTreeWalker(document.querySelector("[data-role=assistant] ul"), NodeFilter.SHOW_TEXT);
    const tops = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        if (!text.data.trim()) continue;
        range.selectNode(text);
        tops.push(range.getBoundingClientRect().top);
    }
    return tops.slice(1).map((top, index) => Math.round(top - tops[index]));
}"""
OVERLAPS = """() => {
    const toasts = [...document.querySelectorAll(".toast")].map(toast => toast.getBoundingClientRect());
    const places = document.querySelectorAll("#composer, .actions :is(a, button), .jumps:not(:has(> .jump[hidden]))");
    return [...places].filter(place => place.checkVisibility({ visibilityProperty: true })).filter(place => {
        const view = document.getElementById("reading").getBoundingClientRect();
        const box = place.getBoundingClientRect();
        if (place.closest("#reading") && (box.top >= view.bottom || box.bottom <= view.top)) return false;
        const bottom = place.closest("#reading") ? Math.min(box.bottom, view.bottom) : box.bottom;
        return toasts.some(t => t.left < box.right && box.left < t.right && t.top < bottom && box.top < t.bottom);
    }).map(place => place.outerHTML.slice(0, 80));
}"""
SAY = """text => {
    const toast = Object.assign(document.createElement("div"), { className: "toast" });
    toast.append(Object.assign(document.createElement("p"), { textContent: text }));
    document.getElementById("toasts").append(toast);
}"""
WIDTHS = [(320, 568), (360, 640), (768, 1024), (1280, 800), (640, 400)]


def _answers(site: Site, owner: Person, *texts: str) -> str:
    script = MAKE_ANSWERS.format(name=owner.name, texts=json.dumps(texts))
    return f"/c/{site.run(script)}/"


async def test_nested_lists_have_even_gaps(devices: Devices, alice: Person, site: Site) -> None:
    tab = await (await devices(alice)).tab(_answers(site, alice, LISTS))
    gaps = await tab.page.evaluate(GAPS)
    assert len(gaps) == 8
    assert max(gaps) - min(gaps) <= 1, gaps


@pytest.mark.parametrize("width", [320, 390])
async def test_tables_can_be_read_on_a_phone(devices: Devices, alice: Person, site: Site, width: int) -> None:
    phone = {"viewport": {"width": width, "height": 740}, "has_touch": True, "is_mobile": True}
    tab = await (await devices(alice, **phone)).tab(
        _answers(site, alice, TABLE, LONG_TOKEN, "| a | b |\n|---|---|\n| 1 | 2 |\n")
    )
    wide, token, small = [tab.page.locator("[data-role=assistant] .table").nth(number) for number in range(3)]
    widths = await wide.locator("tr").last.locator("td").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
    assert widths[-1] >= 160, widths
    heights = await wide.locator("tr").evaluate_all("rows => rows.map(row => row.clientHeight)")
    assert max(heights) <= 200, heights
    assert await wide.evaluate("box => box.scrollWidth > box.clientWidth")
    assert await token.evaluate("box => box.scrollWidth") <= 600
    assert await small.evaluate("box => box.scrollWidth === box.clientWidth")
    assert await small.locator("table").evaluate("table => table.clientWidth") < 200
    assert await tab.page.evaluate("document.querySelector('#reading').scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("text", ["Deleted.", "아무 일도 일어나지 않았어요. 잠시 뒤에 다시 해 보세요. " * 3])
async def test_a_notice_lies_on_nothing(
    devices: Devices, alice: Person, site: Site, size: tuple[int, int], text: str
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    tab = await (await devices(alice, viewport=viewport)).tab(make_conversation(site, alice, 20))
    for draft in ("", "line\n" * 12):
        await tab.box.fill(draft)
        await tab.page.evaluate(SAY, text)
        await expect(tab.page.locator(".toast").last).to_be_in_viewport(ratio=1)
        await tab.page.wait_for_function(f"() => !({OVERLAPS})().length")
        assert await tab.page.evaluate(FROM_END) < 4
        await tab.page.evaluate("document.querySelectorAll('.toast').forEach(toast => toast.remove())")
    await tab.page.wait_for_function("() => getComputedStyle(document.querySelector('.dock')).paddingTop === '0px'")


FROM_END = """() => {
    const place = document.getElementById("reading");
    return place.scrollHeight - place.clientHeight - place.scrollTop;
}"""


@pytest.mark.parametrize("key", [False, True], ids=["mouse", "keyboard"])
async def test_earlier_messages_draw_no_frame(devices: Devices, alice: Person, site: Site, key: bool) -> None:
    tab = await (await devices(alice)).tab(make_conversation(site, alice, 120))
    await tab.page.wait_for_load_state()
    before = await tab.page.get_by_role("article").count()
    if key:
        await tab.box.press("a")
    await tab.page.evaluate("document.activeElement.blur()")
    await tab.page.mouse.move(700, 300)
    await tab.page.mouse.wheel(0, -20_000)
    await expect(tab.page.get_by_role("article").nth(before)).to_be_attached()
    assert await tab.page.evaluate("document.activeElement.id") != "reading"
    assert await tab.page.locator("#reading:focus-visible").count() == 0


async def test_a_button_that_goes_leaves_no_frame_after_a_mouse(tab: Tab) -> None:
    await tab.ask("Apples")
    await tab.answered()
    await tab.answer.hover()
    await tab.answer.get_by_role("button", name="Regenerate").click()
    await expect(tab.answer.get_by_role("group", name="Versions")).to_be_visible()
    await tab.answered()
    assert await tab.page.locator("#reading:focus-visible").count() == 0
