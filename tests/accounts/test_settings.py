"""The settings page, the language and the theme."""

import re

import pytest

from accounts.models import Preferences

pytestmark = pytest.mark.django_db

GOOD = {
    "language": "",
    "theme": "system",
    "default_model": "",
    "temperature": "0.7",
    "max_tokens": "2000",
    "streaming": "on",
}


@pytest.fixture
def hers(client, alice, log_in):
    """Alice's browser, which asks for English."""
    log_in(client, "alice")
    return client


def html_lang(response) -> str:
    return response.content.decode().split('<html lang="')[1][:2]


def test_the_defaults_need_no_row(alice):
    preferences = Preferences.of(alice)
    assert (preferences.language, preferences.theme, preferences.default_model) == ("", "system", "")
    assert (preferences.temperature, preferences.max_tokens, preferences.streaming) == (0.7, 2000, True)
    assert not Preferences.objects.exists()


@pytest.mark.parametrize(("configured", "tokens"), [(2048, 2000), (50, 100), (100_000, 4000)])
def test_the_sites_own_length_is_brought_within_the_limits(alice, settings, configured, tokens):
    settings.MAX_TOKENS = configured
    assert Preferences.of(alice).max_tokens == tokens


def test_saving(hers, alice):
    changed = {"default_model": "anthropic/claude-test", "temperature": "1.0", "max_tokens": "4000", "theme": "dark"}
    response = hers.post("/settings/", GOOD | changed, follow=True)
    assert "Saved." in response.content.decode()
    saved = Preferences.objects.get(user=alice)
    assert (saved.default_model, saved.temperature, saved.max_tokens) == ("anthropic/claude-test", 1.0, 4000)
    assert 'data-theme="dark"' in response.content.decode()


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
def test_an_older_page_changes_what_was_changed_on_it(hers, alice, headers):
    hers.post("/settings/", GOOD | {"custom_instructions": "I am a nurse.\nBe brief."})
    page = hers.get("/settings/").content.decode()
    hidden = re.findall(r'<input type="hidden" name="(initial-[^"]+)"([^>]*)>', page)
    shown = {name: rest.partition('value="')[2].partition('"')[0] for name, rest in hidden}
    assert set(shown) == {f"initial-{name}" for name in (*GOOD, "custom_instructions")}
    elsewhere = {"theme": "dark", "custom_instructions": "I am a judge.", "streaming": False, "temperature": 0.2}
    Preferences.objects.update(**elsewhere)
    form = GOOD | shown | {"custom_instructions": "I am a nurse.\r\nBe brief.", "max_tokens": "300"}
    assert hers.post("/settings/", form, headers=headers).status_code in (200, 302)
    saved = Preferences.objects.get(user=alice)
    assert {name: getattr(saved, name) for name in elsewhere} == elsewhere
    assert (saved.max_tokens, saved.language) == (300, "")


def test_streaming_can_be_turned_off(hers, alice):
    hers.post("/settings/", {key: value for key, value in GOOD.items() if key != "streaming"})
    assert Preferences.objects.get(user=alice).streaming is False


def test_htmx_gets_the_form_alone(hers):
    response = hers.post("/settings/", GOOD | {"max_tokens": "300"}, headers={"hx-request": "true"})
    page = response.content.decode()
    assert "<html" not in page
    assert "Saved." in page
    assert 'value="300"' in page


def test_htmx_gets_errors_too(hers):
    response = hers.post("/settings/", GOOD | {"max_tokens": "1"}, headers={"hx-request": "true"})
    assert response.status_code == 422
    assert "id_max_tokens_error" in response.content.decode()


@pytest.mark.parametrize("change", [{"language": "ko"}, {"theme": "light"}])
def test_htmx_loads_the_page_anew_for_another_look(hers, change):
    response = hers.post("/settings/", GOOD | change, headers={"hx-request": "true"})
    assert (response.status_code, response.headers["HX-Refresh"]) == (200, "true")


BAD = [
    ({"temperature": "2.1"}, "temperature"),
    ({"temperature": "-0.1"}, "temperature"),
    ({"temperature": "0.75"}, "temperature"),
    ({"temperature": "nan"}, "temperature"),
    ({"temperature": "inf"}, "temperature"),
    ({"temperature": ""}, "temperature"),
    ({"temperature": "warm"}, "temperature"),
    ({"max_tokens": "0"}, "max_tokens"),
    ({"max_tokens": "4100"}, "max_tokens"),
    ({"max_tokens": "150"}, "max_tokens"),
    ({"max_tokens": "9" * 40}, "max_tokens"),
    ({"max_tokens": ""}, "max_tokens"),
    ({"language": "fr"}, "language"),
    ({"theme": "pink"}, "theme"),
    ({"default_model": "openai/none"}, "default_model"),
    ({"default_model": "<script>alert(1)</script>"}, "default_model"),
]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("change", "field"), BAD)
def test_a_bad_value_is_refused_in_both_languages(browser, alice, log_in, language, change, field):
    client = browser(language)
    log_in(client, "alice")
    response = client.post("/settings/", GOOD | change)
    page = response.content.decode()
    assert response.status_code == 422
    sentence = page.split(f'id="id_{field}_error"><li>')[1].split("</li>")[0]
    assert any("가" <= letter <= "힣" for letter in sentence) == (language == "ko"), sentence
    assert "<script>alert" not in page
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_models_limit_is_named(browser, alice, log_in, language):
    client = browser(language)
    log_in(client, "alice")
    page = client.post("/settings/", GOOD | {"default_model": "anthropic/claude-test", "temperature": "1.5"}).content
    sentence = page.decode().split('id="id_temperature_error"><li>')[1].split("</li>")[0]
    assert "Claude Test" in sentence
    assert "1" in sentence
    page = client.post("/settings/", GOOD | {"default_model": "local/small", "max_tokens": "1100"}).content
    assert "1000" in page.decode().split('id="id_max_tokens_error"><li>')[1].split("</li>")[0]


def test_a_model_without_temperature_takes_any(hers):
    assert hers.post("/settings/", GOOD | {"default_model": "openai/o-test", "temperature": "1.9"}).status_code == 302


def test_a_model_that_is_gone_for_now_is_kept(hers, alice):
    Preferences.objects.create(user=alice, default_model="ollama/away")
    assert "Not available now" in hers.get("/settings/").content.decode()
    assert hers.post("/settings/", GOOD | {"default_model": "ollama/away"}).status_code == 302


@pytest.mark.parametrize("menu", ["", "tests.accounts.menu.empty"])
def test_a_site_without_models_says_so(hers, settings, menu):
    settings.MODEL_MENU = menu
    assert "No model is set up yet." in hers.get("/settings/").content.decode()
    assert hers.post("/settings/", GOOD).status_code == 302


def test_the_settings_are_each_persons_own(browser, alice, bob, log_in):
    Preferences.objects.create(user=alice, theme="dark")
    his = browser()
    log_in(his, "bob")
    assert 'data-theme="system"' in his.get("/settings/").content.decode()
    his.post("/settings/", GOOD | {"theme": "light", "user": str(alice.pk)})
    assert Preferences.objects.get(user=alice).theme == "dark"


def test_the_settings_are_for_people_who_are_logged_in(client):
    assert client.get("/settings/").status_code == 302
    assert client.post("/settings/", GOOD).status_code == 302


def test_htmx_takes_the_whole_page_to_the_login(client):
    response = client.post("/settings/", GOOD, headers={"hx-request": "true"})
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=/settings/"


@pytest.mark.parametrize(
    ("asked", "given"), [("", "ko"), ("en", "en"), ("ko", "ko"), ("en-GB,en;q=0.9", "en"), ("fr,en;q=0.5", "en")]
)
def test_the_browsers_language(browser, asked, given):
    assert html_lang(browser(asked).get("/accounts/login/")) == given


def test_the_switch_wins_over_the_browser(browser):
    client = browser("en")
    response = client.post("/i18n/setlang/", {"language": "ko", "next": "/accounts/login/"}, follow=True)
    assert html_lang(response) == "ko"


def test_the_preference_wins_over_the_switch(browser, alice, log_in):
    Preferences.objects.create(user=alice, language="ko")
    client = browser("en")
    client.post("/i18n/setlang/", {"language": "en"})
    log_in(client, "alice")
    assert html_lang(client.get("/settings/")) == "ko"


def test_the_switch_changes_the_preference_of_who_is_logged_in(hers, alice, browser, log_in):
    hers.post("/i18n/setlang/", {"language": "ko"})
    assert Preferences.objects.get(user=alice).language == "ko"
    elsewhere = browser("en")
    log_in(elsewhere, "alice")
    assert html_lang(elsewhere.get("/settings/")) == "ko"


def test_a_language_saved_here_speaks_on_the_other_device_at_once(hers, browser, alice, log_in):
    phone = browser("en")
    log_in(phone, "alice")
    hers.post("/settings/", GOOD | {"language": "ko", "theme": "dark"})
    page = phone.get("/settings/")
    assert html_lang(page) == "ko"
    assert 'data-theme="dark"' in page.content.decode()


def test_going_back_to_the_browsers_language_forgets_the_switch(hers):
    hers.post("/i18n/setlang/", {"language": "ko"})
    hers.post("/settings/", GOOD)
    assert html_lang(hers.get("/settings/")) == "en"


@pytest.mark.parametrize("language", ["xx", "", "ko\x00", "../../etc"])
def test_the_switch_takes_only_our_languages(hers, alice, language):
    assert hers.post("/i18n/setlang/", {"language": language}).status_code == 302
    assert not Preferences.objects.exists()


def test_the_switch_takes_a_post_and_stays_on_the_site(client):
    assert client.get("/i18n/setlang/").status_code == 405
    response = client.post("/i18n/setlang/", {"language": "en", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
