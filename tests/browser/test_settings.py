"""Model, temperature, length and streaming: of one conversation, and as defaults for new ones."""

import asyncio
import contextlib
import re

from playwright.async_api import Error, Locator, Route, expect

from tests.browser.people import Device, Person, Tab
from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site

CLAUDE = "anthropic/claude-sonnet-4-5"
NO_TEMPERATURE = "anthropic/claude-scripted"  # as all Claude models after 4.6
ONE, TWO = re.compile(r"^1(\.0)?$"), re.compile(r"^2(\.0)?$")
# The change that is under way is given up for the newer one.
REPLACED = "htmx:(afterRequest|sendAbort)"
PREFER_CLAUDE = """
from accounts.models import Preferences, User
alice = User.objects.get(username={name!r})
Preferences.objects.create(user=alice, default_model="anthropic/claude-sonnet-4-5", temperature=1.6)
"""


async def _panel(tab: Tab) -> Locator:
    """The opened settings of the conversation."""
    tab.device.expect_problem(REPLACED)
    await tab.page.get_by_role("button", name=re.compile("Model and settings")).click()
    panel = tab.page.get_by_role("dialog", name="Settings of this conversation")
    await expect(panel).to_be_visible()
    return panel


async def _set(slider: Locator, value: str) -> None:
    """As dragging does: the value, and a change, of which Playwright tells."""
    await slider.fill(value)


async def test_model_and_temperature_go_with_the_question(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    panel = await _panel(tab)
    await panel.get_by_role("combobox", name="Model").select_option("openai/scripted-large")
    await expect(tab.page.locator("#model-name")).to_contain_text("large")  # swapped with the fields
    await panel.get_by_role("spinbutton", name="Longest answer, in tokens").fill("700")
    await _set(panel.get_by_role("slider", name="Temperature"), "1.2")
    await tab.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await tab.ask("Hello")
    await tab.answered()
    asked = scripted_provider.chats[-1].body
    assert asked["model"] == "scripted-large"
    assert asked["temperature"] == 1.2
    assert 700 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
    await expect(tab.page.get_by_role("button", name=re.compile("Model and settings: .*large"))).to_be_visible()


async def test_what_is_typed_while_a_change_is_saved_stays(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    panel = await _panel(tab)
    go_on, asked = asyncio.Event(), asyncio.Event()

    async def hold_back(route: Route) -> None:
        asked.set()
        await go_on.wait()
        with contextlib.suppress(Error):  # the page has given it up
            await route.continue_()

    await tab.page.route("**/settings/", hold_back)
    await _set(panel.get_by_role("slider", name="Temperature"), "1.2")
    await asked.wait()
    length = panel.get_by_role("spinbutton", name="Longest answer, in tokens")
    await length.fill("700")
    go_on.set()
    await length.press("Tab")
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await tab.page.reload()
    panel = await _panel(tab)
    await expect(panel.get_by_role("spinbutton", name="Longest answer, in tokens")).to_have_value("700")
    await expect(panel.get_by_role("slider", name="Temperature")).to_have_value("1.2")


async def test_settings_are_saved_at_once_and_kept(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("Hello")
    await tab.answered()
    panel = await _panel(tab)
    await panel.get_by_role("combobox", name="Model").select_option("openai/scripted-small")
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await expect(tab.page.get_by_role("button", name=re.compile("Model and settings: .*small"))).to_be_visible()
    await _set(panel.get_by_role("slider", name="Temperature"), "0.3")
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await tab.page.reload()
    panel = await _panel(tab)
    await expect(panel.get_by_role("combobox", name="Model")).to_have_value("openai/scripted-small")
    await expect(panel.get_by_role("slider", name="Temperature")).to_have_value("0.3")
    await tab.page.keyboard.press("Escape")
    await tab.ask("And now")
    await tab.answered()
    await expect(tab.answers).to_have_count(2)
    assert scripted_provider.chats[-1].body["temperature"] == 0.3


async def test_a_change_is_called_saved_only_when_it_is(tab: Tab) -> None:
    await tab.ask("Hello")
    await tab.answered()
    panel = await _panel(tab)
    saved = panel.get_by_text("Saved.", exact=True)
    await panel.get_by_role("checkbox", name="Show the answer while it is written").click()
    await expect(saved).to_be_visible()
    await tab.page.route("**/settings/", lambda route: route.abort())
    tab.device.expect_problem("settings/|htmx:sendError")
    await _set(panel.get_by_role("slider", name="Temperature"), "1.2")
    notices = tab.page.get_by_role("region", name="Notices")
    await expect(notices).to_contain_text("The server cannot be reached.")
    await expect(saved).to_be_hidden()


async def test_limits_follow_the_model(
    device: Device, alice: Person, site: Site, scripted_provider: ScriptedProvider
) -> None:
    site.run(PREFER_CLAUDE.format(name=alice.name))
    tab = await device.tab()
    panel = await _panel(tab)
    model, slider = panel.get_by_role("combobox", name="Model"), panel.get_by_role("slider", name="Temperature")
    await expect(model).to_have_value(CLAUDE)
    await expect(slider).to_have_attribute("max", ONE)
    await expect(slider).to_have_value("1")
    await tab.page.keyboard.press("Escape")
    await tab.ask("Hello, Claude")
    await tab.answered()
    asked = scripted_provider.chats[-1]
    assert (asked.api, asked.body["temperature"]) == ("anthropic", 1)
    await _panel(tab)
    await model.select_option("openai/scripted-large")
    await expect(slider).to_have_attribute("max", TWO)
    await _set(slider, "1.7")
    await tab.page.keyboard.press("Escape")
    await tab.ask("Hello, large one")
    await expect(tab.answers).to_have_count(2)
    await tab.answered()
    assert scripted_provider.chats[-1].body["temperature"] == 1.7


async def test_a_model_without_temperature_says_so(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    panel = await _panel(tab)
    await panel.get_by_role("combobox", name="Model").select_option(NO_TEMPERATURE)
    await expect(panel.get_by_text("This model sets its own temperature.")).to_be_visible()
    await expect(panel.get_by_role("slider", name="Temperature")).to_be_disabled()
    await tab.page.keyboard.press("Escape")
    await tab.ask("Hello, Claude")
    await tab.answered()
    assert "temperature" not in scripted_provider.chats[-1].body


async def test_without_streaming_the_answer_comes_whole(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    panel = await _panel(tab)
    await panel.get_by_role("checkbox", name="Show the answer while it is written").uncheck()
    await tab.page.keyboard.press("Escape")
    await tab.ask("Hello")
    await tab.answered()
    assert "You wrote “Hello”" in await tab.text()
    assert not scripted_provider.chats[-1].body.get("stream")


async def test_defaults_apply_to_new_chats(device: Device, scripted_provider: ScriptedProvider) -> None:
    tab = await device.tab("/settings/")
    await tab.page.get_by_role("combobox", name="Model").select_option("openai/scripted-large")
    await tab.page.get_by_role("spinbutton", name="Temperature").fill("0.4")
    await tab.page.get_by_role("spinbutton", name="Longest answer, in tokens").fill("500")
    await tab.button("Save").click()
    await expect(tab.page.get_by_text("Saved.")).to_be_visible()
    await tab.page.reload()
    await expect(tab.page.get_by_role("combobox", name="Model")).to_have_value("openai/scripted-large")
    await tab.page.get_by_role("link", name="Back to the chat").click()
    await expect(tab.page.get_by_role("button", name=re.compile("Model and settings: .*large"))).to_be_visible()
    await tab.ask("Hello")
    await tab.answered()
    asked = scripted_provider.chats[-1].body
    assert (asked["model"], asked["temperature"]) == ("scripted-large", 0.4)
    assert 500 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))


async def test_the_colours_can_be_chosen(device: Device) -> None:
    tab = await device.tab("/settings/")
    await tab.page.get_by_role("combobox", name="Theme").select_option("Dark")
    await tab.button("Save").click()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
    await tab.open("/")
    dark = await tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    await tab.page.emulate_media(color_scheme="light")
    assert await tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    assert await tab.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


async def test_settings_changed_in_mid_answer_do_not_disturb_it(tab: Tab, scripted_provider: ScriptedProvider) -> None:
    await tab.ask("script:hold")
    await expect(tab.text_place).to_contain_text("Hello")
    panel = await _panel(tab)
    await panel.get_by_role("combobox", name="Model").select_option("openai/scripted-large")
    await expect(panel.get_by_text("Saved.", exact=True)).to_be_visible()
    await asyncio.to_thread(scripted_provider.release)
    await tab.answered()
    assert "Anything else" in await tab.text()
