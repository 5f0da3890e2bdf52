"""Texts that mean harm, or are merely enormous: shown as they are, or refused politely; nothing in them runs."""

from playwright.async_api import expect

from tests.browser.people import Tab

NOTHING_RAN = (
    "() => window.ran === undefined && document.querySelectorAll('#messages script, #messages img').length === 0"
)
TEXTS = [
    "<script>window.ran = 1</script>",
    '<img src=x onerror="window.ran = 1">',
    "<svg onload=window.ran=1></svg>",
    "'; DROP TABLE conversations_message; --",
    "{{ 7 * 7 }} {% debug %} ${window.ran = 1}",
    "abc\u202edef\u202c ghi",
    "👨\u200d👩\u200d👧\u200d👦 한국어 ʇxǝʇ",
]
MANY = ["[" * 9000, "(" * 9000, "> " * 4500, "*" * 9000, "`" * 9000, "$" * 9000]


async def test_questions_are_shown_as_they_were_written(tab: Tab) -> None:
    shown = tab.questions.locator("[data-message-body]")
    for number, text in enumerate(TEXTS, 1):
        await tab.ask(text)
        await expect(tab.answers).to_have_count(number)
        await tab.answered()
    assert await shown.all_text_contents() == TEXTS
    await tab.page.reload()
    assert await shown.all_text_contents() == TEXTS
    assert await tab.page.evaluate(NOTHING_RAN)


async def test_an_answer_that_quotes_a_script_runs_nothing(tab: Tab) -> None:
    """The scripted model repeats what it was asked."""
    await tab.ask('Say: <script>window.ran = 1</script> <img src=x onerror="window.ran = 1"> javascript:alert(1)')
    await tab.answered()
    assert await tab.page.evaluate(NOTHING_RAN)
    links = await tab.text_place.get_by_role("link").evaluate_all("links => links.map(link => link.href)")
    assert not [link for link in links if not link.startswith("https:")]


async def test_a_title_with_markup_is_text(tab: Tab) -> None:
    await tab.ask("<b>bold</b> & <i>brave</i> ones")
    await tab.answered()
    await expect(tab.page.get_by_role("heading", level=1)).to_have_text("<b>bold</b> & <i>brave</i> ones")
    await tab.page.reload()
    link = tab.page.get_by_role("navigation").get_by_role("link", name="<b>bold</b> & <i>brave</i> ones", exact=True)
    await expect(link).to_be_visible()
    assert (await tab.page.title()).startswith("<b>bold</b>")


async def test_a_million_characters_on_one_line_are_refused_politely(tab: Tab) -> None:
    tab.device.expect_problem(r"status of 422|htmx:")
    text = "x" * 1_000_000
    await tab.box.focus()
    await tab.page.evaluate("text => document.execCommand('insertText', false, text)", text)
    await tab.box.press("Enter")
    await expect(tab.page.get_by_role("alert")).to_contain_text("at most 10,000 are possible.")
    assert len(await tab.box.input_value()) == len(text)
    await expect(tab.questions).to_have_count(0)
    await tab.box.fill("Short")
    await tab.box.press("Enter")
    await tab.answered()


async def test_thousands_of_brackets_are_a_question_like_any_other(tab: Tab) -> None:
    for number, text in enumerate(MANY, 1):
        await tab.ask(text)
        await expect(tab.answers).to_have_count(number)
        await tab.answered()
    await tab.page.reload()
    assert await tab.questions.locator("[data-message-body]").all_text_contents() == MANY
    await tab.ask("And a plain one")
    await expect(tab.answers).to_have_count(len(MANY) + 1)
    await tab.answered()


async def test_an_endless_answer_is_ended_by_the_site(tab: Tab) -> None:
    """A million characters come down in one piece: the limit of what goes up the websocket is not theirs."""
    await tab.ask("script:huge")
    await tab.answered("failed")
    await expect(tab.answer).to_contain_text("The answer grew longer than this site allows")
    await tab.ask("Still there?")
    await expect(tab.answers).to_have_count(2)
    await tab.answered()
