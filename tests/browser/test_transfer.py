"""Export and import as a person does them: a file in, a look at it, a click; and downloads."""

import json
import re
from pathlib import Path

from playwright.async_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import Devices
from tests.browser.people import Device, Person, Tab

SAMPLES = Path(__file__).parents[1] / "conversations/transfer/samples"


async def _import(tab: Tab, path: Path) -> None:
    """From the account menu to the preview."""
    await tab.page.locator(".account > summary").click()
    await tab.page.get_by_role("link", name="Import and export").click()
    await tab.page.get_by_label("ZIP or JSON file of an export").set_input_files(path)
    await tab.button("Check the file").click()


def _read(path: Path) -> bytes:
    return path.read_bytes()


async def test_from_the_file_to_the_conversation(tab: Tab) -> None:
    await _import(tab, SAMPLES / "chatgpt.json")
    await expect(tab.page.get_by_text("2 messages of tools are left out.")).to_be_visible()
    await tab.page.wait_for_load_state()
    assert await violations(tab.page) == []
    await tab.button("Import 2 conversations").click()
    await expect(tab.page.get_by_text("2 conversations with 6 messages are imported.")).to_be_visible()
    await tab.page.get_by_role("link", name="Show my conversations").click()
    await tab.page.get_by_role("link", name="앤초비로 뭘 만들까요?").click()
    await expect(tab.text_place).to_have_text("푸타네스카요.")


async def test_a_file_that_is_none(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<!doctype html>")
    await _import(tab, path)
    await expect(tab.page.get_by_role("alert")).to_contain_text("This is a web page.")
    await tab.page.get_by_role("link", name="Choose another file").click()
    await expect(tab.page.get_by_role("alert")).to_have_count(0)
    await tab.page.wait_for_load_state()
    assert await violations(tab.page) == []


async def test_without_javascript(devices: Devices, alice: Person) -> None:
    device = await devices(alice, java_script_enabled=False)
    tab = await device.tab("/import/")
    await tab.page.get_by_label("ZIP or JSON file of an export").set_input_files(SAMPLES / "librechat_flat.json")
    await tab.button("Check the file").click()
    await tab.button("Import 1 conversation").click()
    await expect(tab.page.get_by_text("1 conversation with 4 messages is imported.")).to_be_visible()


async def test_a_conversation_is_downloaded_in_three_ways(tab: Tab) -> None:
    await tab.ask("What is a queue?")
    await tab.answered()
    await tab.page.reload()
    await tab.page.get_by_role("button", name=re.compile("Model and settings")).click()
    for label, ending in (("Markdown", "md"), ("HTML", "html"), ("JSON", "json")):
        async with tab.page.expect_download() as event:
            await tab.page.get_by_role("link", name=label, exact=True).click()
        download = await event.value
        assert download.suggested_filename == f"What is a queue.{ending}"
        text = _read(await download.path()).decode()
        assert "What is a queue?" in text
    assert json.loads(text)["format"] == "chat-conversation"


async def test_the_downloaded_page_looks_like_the_chat(
    devices: Devices, device: Device, tab: Tab, tmp_path: Path
) -> None:
    """From disk, with nothing from any server, in the dark and on a narrow screen."""
    await tab.ask("script:markdown")
    await tab.answered()
    async with tab.page.expect_download() as event:
        await tab.page.evaluate("location.href = location.pathname + 'export/html/'")
    path = tmp_path / "page.html"
    await (await event.value).save_as(path)
    page = await device.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.emulate_media(color_scheme="dark")
    await page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    dark = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    await page.emulate_media(color_scheme="light")
    assert dark != await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")


async def test_all_at_once_is_a_zip(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    await tab.open("/import/")
    async with tab.page.expect_download() as event:
        await tab.page.get_by_role("link", name="Download all").click()
    download = await event.value
    assert download.suggested_filename.endswith(".zip")
    assert _read(await download.path())[:4] == b"PK\x03\x04"


async def test_a_narrow_screen(devices: Devices, alice: Person) -> None:
    device = await devices(alice, viewport={"width": 320, "height": 640})
    tab = await device.tab("/import/")
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 320
