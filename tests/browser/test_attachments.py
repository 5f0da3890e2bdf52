"""Files for a message: chosen, pasted, dropped, taken back, sent; what the model gets and what the page shows."""

import asyncio
import re
from base64 import b64decode, b64encode
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import Devices
from tests.browser.people import Person, Tab
from tests.conversations.pictures import photo, picture
from tests.scripted_provider.fixture import ScriptedProvider

PNG = picture(size=(60, 40))
MODULE = "**/js/attachments*.js"
UPLOAD = re.compile(r"/attachments/$")
RESTORED = re.compile(r"/attachments/\?id=")
# Files that come by paste or drop, as the browser hands them over.
BRING = """([kind, name, type, data]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
    const target = kind === "paste" ? document.getElementById("composer-text") : document.getElementById("reading");
    const options = { bubbles: true, cancelable: true };
    if (kind === "paste") target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
    else target.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: transfer }));
}"""


def _file(name: str, data: bytes, kind: str = "image/png") -> dict[str, object]:
    return {"name": name, "mimeType": kind, "buffer": data}


def _chips(tab: Tab) -> Locator:
    return tab.page.locator("#composer-attachments > li")


async def _choose(tab: Tab, *files: dict[str, object]) -> None:
    await tab.page.wait_for_load_state()
    async with tab.page.expect_file_chooser() as opened:
        await tab.button("Attach files").click()
    await (await opened.value).set_files(list(files))  # type: ignore[arg-type]


async def _bring(tab: Tab, kind: str, name: str = "image.png", data: bytes = PNG) -> None:
    await tab.page.wait_for_load_state()
    await tab.page.evaluate(BRING, [kind, name, "image/png", b64encode(data).decode()])


async def _hold(tab: Tab, url: str | re.Pattern[str]) -> asyncio.Event:
    """A slow network: what is asked of `url` goes when the event is set."""
    goes = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await goes.wait()
        await route.continue_()

    await tab.page.route(url, hold_back)
    return goes


async def _go_to(tab: Tab, name: str) -> None:
    await tab.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    await expect(tab.page.get_by_role("heading", name=name, level=1)).to_be_visible()


def _parts(provider: ScriptedProvider) -> list[dict[str, dict[str, str]]]:
    """What the model was last asked, in parts."""
    asked = [chat.body["messages"][-1] for chat in provider.chats]
    content: list[dict[str, dict[str, str]]] = asked[-1]["content"]
    return content


async def test_a_chosen_photo_reaches_the_model_and_is_shown(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await _choose(tab, _file("holiday.jpg", photo(), "image/jpeg"))
    await expect(_chips(tab)).to_have_count(1)
    await expect(_chips(tab).get_by_role("img", name="holiday.jpg")).to_be_visible()
    await tab.ask("What is this?")
    await expect(_chips(tab)).to_have_count(0)
    await tab.answered()

    text, image = _parts(scripted_provider)
    assert text == {"type": "text", "text": "What is this?"}
    kind, _, data = image["image_url"]["url"].partition(";base64,")
    sent = Image.open(BytesIO(b64decode(data)))
    assert (kind, sent.size) == ("data:image/jpeg", (300, 400))
    for _ in range(2):
        shown = tab.questions.get_by_role("img", name="holiday.jpg")
        await expect(shown).to_have_count(1)
        await expect(shown).to_have_js_property("naturalWidth", 300)
        await tab.page.reload()


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_pasted_or_dropped_image_goes_with_the_message(
    tab: Tab, kind: str, scripted_provider: ScriptedProvider
) -> None:
    await _bring(tab, kind)
    await expect(_chips(tab).get_by_role("img", name="image.png")).to_be_visible()
    await tab.ask("And this?")
    await tab.answered()
    assert _parts(scripted_provider)[1]["image_url"]["url"].startswith("data:image/png;base64,")


async def test_where_files_can_be_dropped_is_to_be_seen(tab: Tab) -> None:
    zone = tab.page.get_by_text("Drop the files to attach them")
    await expect(zone).to_be_hidden()
    await _bring(tab, "dragover")
    await expect(zone).to_be_visible()
    await _bring(tab, "dragleave")
    await expect(zone).to_be_hidden()
    await _bring(tab, "dragover")
    await _bring(tab, "drop")
    await expect(zone).to_be_hidden()
    await expect(_chips(tab)).to_have_count(1)


async def test_files_are_taken_back_and_the_focus_is_kept_by_keyboard_alone(tab: Tab) -> None:
    await _choose(tab, _file("one.txt", b"1", "text/plain"), _file("two.txt", b"2", "text/plain"))
    await expect(_chips(tab)).to_have_count(2)
    await tab.button("Remove “one.txt”").focus()
    await tab.page.keyboard.press("Enter")
    await expect(_chips(tab)).to_have_count(1)
    await expect(tab.button("Remove “two.txt”")).to_be_focused()
    await tab.page.keyboard.press("Enter")
    await expect(tab.box).to_be_focused()
    await expect(_chips(tab)).to_have_count(0)
    await tab.ask("Nothing attached")
    await tab.answered()
    await expect(tab.questions.get_by_role("list")).to_have_count(0)


async def test_a_text_file_goes_before_the_question(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await _choose(tab, _file("main.py", b"print('hi')\n", "text/x-python"))
    await expect(_chips(tab)).to_contain_text("main.py")
    await tab.ask("What does it do?")
    await tab.answered()
    asked = scripted_provider.chats[0].body["messages"][-1]["content"]
    assert asked == "main.py\n```\nprint('hi')\n```\n\nWhat does it do?"
    link = tab.questions.get_by_role("link", name=re.compile("main.py"))
    async with tab.page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "main.py"


async def test_an_image_alone_is_a_message(tab: Tab) -> None:
    await _bring(tab, "paste")
    await expect(_chips(tab)).to_have_count(1)
    await tab.button("Send").click()
    await tab.answered()
    await expect(tab.questions.get_by_role("img", name="image.png")).to_be_visible()
    await expect(tab.questions.locator("[data-message-body]")).to_be_hidden()


async def test_what_cannot_be_read_is_refused_with_a_sentence_and_the_draft_stays(tab: Tab) -> None:
    tab.device.expect_problem("status of 422")
    await tab.page.wait_for_load_state()
    await tab.box.fill("Half a thought")
    await _choose(tab, _file("paper.pdf", b"%PDF-1.7", "application/pdf"), _file("good.txt", b"1", "text/plain"))
    await expect(tab.page.get_by_role("alert")).to_contain_text("“paper.pdf” cannot be read.")
    await expect(_chips(tab)).to_have_count(1)
    await expect(tab.box).to_have_value("Half a thought")


async def test_a_draft_keeps_its_files_over_a_reload(tab: Tab) -> None:
    await _choose(tab, _file("one.txt", b"1", "text/plain"))
    await expect(_chips(tab)).to_have_count(1)
    await tab.box.fill("With a file")
    await tab.page.reload()
    await expect(_chips(tab)).to_contain_text("one.txt")
    await expect(tab.box).to_have_value("With a file")
    await tab.box.press("Enter")
    await tab.answered()
    await tab.page.reload()
    await expect(tab.questions).to_contain_text("one.txt")
    await expect(_chips(tab)).to_have_count(0)


async def test_a_message_that_was_not_sent_gives_its_files_back(tab: Tab) -> None:
    tab.device.expect_problem(r"status of 422|htmx:")
    await _choose(tab, _file("one.txt", b"1", "text/plain"))
    await expect(_chips(tab)).to_have_count(1)
    await tab.ask("x" * 10_001)
    await expect(tab.page.get_by_role("alert")).to_contain_text("too long")
    await expect(_chips(tab)).to_have_count(1)
    await tab.ask("Shorter")
    await tab.answered()
    await expect(tab.questions).to_contain_text("one.txt")


async def test_enter_before_the_first_file_is_taken_in_waits_for_it(
    tab: Tab, scripted_provider: ScriptedProvider
) -> None:
    goes = await _hold(tab, MODULE)
    await _bring(tab, "paste")
    await tab.ask("What is this?")
    goes.set()
    await tab.answered()
    assert _parts(scripted_provider)[1]["image_url"]["url"].startswith("data:image/png;base64,")


async def test_a_message_whose_file_cannot_be_taken_in_is_not_sent(tab: Tab) -> None:
    tab.device.expect_problem("net::ERR_")
    tried, fails = asyncio.Event(), asyncio.Event()

    async def fail(route: Route) -> None:
        tried.set()
        await fails.wait()
        await route.abort()

    await tab.page.route(MODULE, fail)
    await _bring(tab, "paste")
    await tried.wait()
    await tab.ask("What is this?")
    fails.set()
    await expect(tab.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    await expect(tab.box).to_have_value("What is this?")
    await expect(tab.questions).to_have_count(0)
    await tab.box.press("Enter")
    await tab.answered()
    await expect(tab.questions).to_have_count(1)


async def test_enter_before_a_draft_has_its_files_again_waits_for_them(tab: Tab) -> None:
    await _choose(tab, _file("one.txt", b"1", "text/plain"))
    await expect(_chips(tab)).to_have_count(1)
    await tab.box.fill("With a file")
    goes = await _hold(tab, RESTORED)
    async with tab.page.expect_request(RESTORED):
        await tab.page.reload()
    await tab.box.press("Enter")
    goes.set()
    await tab.answered()
    await expect(tab.questions).to_contain_text("one.txt")
    await expect(_chips(tab)).to_have_count(0)


async def test_a_file_added_while_a_draft_gets_its_files_again_joins_them(tab: Tab) -> None:
    await _choose(tab, _file("one.txt", b"1", "text/plain"))
    await expect(_chips(tab)).to_have_count(1)
    goes = await _hold(tab, RESTORED)
    async with tab.page.expect_request(RESTORED):
        await tab.page.reload()
    await _choose(tab, _file("two.txt", b"2", "text/plain"))
    await expect(_chips(tab)).to_contain_text(["two.txt"])
    await tab.ask("Both")
    goes.set()
    await tab.answered()
    await expect(tab.questions).to_contain_text("one.txt")
    await expect(tab.questions).to_contain_text("two.txt")


async def test_a_file_stays_with_the_conversation_it_was_meant_for(tab: Tab) -> None:
    await tab.ask("Elsewhere")
    await tab.answered()
    await _go_to(tab, "New chat")
    goes = await _hold(tab, MODULE)
    await _bring(tab, "paste", "here.png")
    await _go_to(tab, "Elsewhere")
    await _bring(tab, "paste", "there.png")
    goes.set()
    await expect(_chips(tab).get_by_role("img", name="there.png")).to_be_visible()
    await _bring(tab, "paste", "last.png")
    await expect(_chips(tab).get_by_role("img", name="last.png")).to_be_visible()
    await expect(_chips(tab)).to_have_count(2)


async def test_files_of_two_conversations_are_uploaded_one_after_another(tab: Tab) -> None:
    await tab.ask("Elsewhere")
    await tab.answered()
    await _go_to(tab, "New chat")
    first, second, uploads = asyncio.Event(), asyncio.Event(), 0

    async def hold_back(route: Route) -> None:
        nonlocal uploads
        uploads += 1
        await (first if uploads == 1 else second).wait()
        await route.continue_()

    await tab.page.route(UPLOAD, hold_back)
    async with tab.page.expect_request_finished(lambda request: bool(UPLOAD.search(request.url))):
        await _bring(tab, "paste", "here.png")
        await _go_to(tab, "Elsewhere")
        await _bring(tab, "paste", "there.png")
        first.set()
    await _bring(tab, "paste", "too.png")
    await tab.ask("Both")
    second.set()
    await expect(tab.questions.last.get_by_role("img")).to_have_count(2)


async def test_ten_files_go_with_one_message(tab: Tab) -> None:
    await _choose(tab, *(_file(f"{number}.txt", b"1", "text/plain") for number in range(11)))
    await expect(_chips(tab)).to_have_count(10)
    await expect(tab.page.get_by_role("alert")).to_have_text("At most 10 files go with one message.")


async def test_without_javascript_a_file_is_sent_with_the_message(
    devices: Devices, alice: Person, scripted_provider: ScriptedProvider
) -> None:
    tab = await (await devices(alice, java_script_enabled=False)).tab()
    await tab.page.locator("#composer-files").set_input_files(_file("cat.png", PNG))  # type: ignore[arg-type]
    await tab.box.fill("Look")
    await tab.button("Send").click()
    await expect(tab.questions.get_by_role("img", name="cat.png")).to_be_visible()
    scripted_provider.wait_until(lambda provider: provider.chats)
    assert _parts(scripted_provider)[1]["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("size", [{"width": 320, "height": 568}])
async def test_on_a_small_screen_nothing_sticks_out(devices: Devices, alice: Person, size: dict[str, int]) -> None:
    tab = await (await devices(alice, viewport=size)).tab()
    name = "a very long name of a file that does not fit into one line at all.txt"
    await _choose(tab, _file(name, b"1", "text/plain"), _file("wide.png", picture(size=(1500, 20))))
    await expect(_chips(tab)).to_have_count(2)
    await tab.ask("Look")
    await tab.answered()
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = await tab.questions.get_by_role("img").bounding_box()
    assert wide
    assert wide["x"] >= 0
    assert wide["x"] + wide["width"] <= 320
