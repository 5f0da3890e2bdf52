"""The search page, with and without htmx, and that it keeps everybody to their own."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation
from conversations.search.results import CANDIDATES, PAGE
from tests.conversations.search.conftest import found, look, newest, say

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
ENGLISH = {"Accept-Language": "en"}


def _html(client: Client, text: str, **headers: str) -> str:
    response = client.get("/search/", {"q": text}, headers=headers or ENGLISH)
    assert response.status_code == 200
    return response.content.decode()


def test_a_hit_shows_the_passage_and_opens_at_the_message(alice: User, alice_client: Client) -> None:
    conversation = say(alice, "서버가 느려요.", "로그를 보세요.", title="운영")
    html = _html(alice_client, "로그")
    message = newest(conversation)
    assert html.count("data-search-hit") == 1
    assert "<mark>로그</mark>를 보세요." in html
    assert f'href="/c/{conversation.pk}/?at={message.pk}#message-{message.pk}"' in html
    assert "운영" in html


def test_titles_come_first_then_the_newest(alice: User) -> None:
    say(alice, "첫 계획")
    say(alice, "?", title="계획표")
    say(alice, "둘째 계획", "셋째 계획")
    assert found(alice, "계획") == ["계획표", "셋째 계획", "둘째 계획", "첫 계획"]


def test_htmx_gets_the_results_alone(alice: User, alice_client: Client) -> None:
    say(alice, "사과")
    html = _html(alice_client, "사과", **HTMX)
    assert "<html" not in html
    assert "data-search-hit" in html
    restored = _html(alice_client, "사과", **HTMX, **{"HX-History-Restore-Request": "true"})
    assert "<html" in restored


def test_nothing_asked_and_nothing_found_say_what_to_do(alice_client: Client) -> None:
    assert "from one syllable on" in _html(alice_client, "  ")
    assert "Try fewer or shorter words" in _html(alice_client, "없는말")
    assert "search-hits" not in _html(alice_client, "없는말")


def test_a_looser_reading_is_named_as_one(alice: User, alice_client: Client) -> None:
    say(alice, "서버를 켰어요.")
    assert "come close" in _html(alice_client, "서버에서")
    assert "come close" not in _html(alice_client, "서버")


def test_pages_join_without_gap_or_repeat(alice: User, alice_client: Client) -> None:
    count = 2 * PAGE + 5
    say(alice, *[f"사과 {n}번" for n in range(count)], title="사과")
    seen: list[str] = []
    url = "/search/?q=사과"
    for _ in range(10):
        html = alice_client.get(url, headers=HTMX).content.decode()
        seen += re.findall(r"</mark> (\d+)번", html) or []
        following = re.search(r'hx-get="([^"]+)"', html)
        if following is None:
            break
        url = following[1].replace("&amp;", "&")
    assert seen == [str(n) for n in reversed(range(count))]


def test_pages_go_on_past_what_only_looks_like_it(alice: User) -> None:
    say(alice, "대화기록", *["대화. 화기. 기록."] * (CANDIDATES + 3))
    page = look(alice, "대화기록")
    assert page.hits == []
    assert page.after
    assert [hit.pieces[0].text for hit in look(alice, "대화기록", str(page.after)).hits] == ["대화기록"]


@pytest.mark.parametrize("cursor", ["x", "0x1", "3t1", "0t", "0t-1", "0t" + "9" * 19, "0t1;", "\0"])
def test_a_broken_cursor_is_not_found(alice_client: Client, cursor: str) -> None:
    assert alice_client.get("/search/", {"q": "a", "after": cursor}).status_code == 404


def test_a_constant_number_of_queries(alice: User, alice_client: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    say(alice, *[f"사과 {n}" for n in range(60)], title="사과")
    look(alice, "사과")
    alice_client.get("/search/")
    # Whose session it is; what is new; for each reading titles, messages and their texts.
    for text, readings in (("사과", 1), ("사과 5", 1), ("사과에서는", 3), ("없는말이었다", 3)):
        with django_assert_max_num_queries(4 + 2 + 3 * readings):
            alice_client.get("/search/", {"q": text})


def test_nobody_finds_what_is_anothers(alice: User, bob: User, client: Client) -> None:
    say(bob, "비밀 이야기", title="비밀")
    look(bob, "비밀")
    say(alice, "비밀은 없다")
    client.force_login(alice)
    assert found(alice, "비밀") == ["비밀은 없다"]
    assert _html(client, "비밀").count("data-search-hit") == 1
    assert found(alice, f"{bob.pk}_비밀") == []
    assert found(alice, f't{bob.pk}_비밀" OR "{bob.pk}_비밀') == []


def test_the_deleted_and_the_temporary_are_not_found_and_the_archived_are_marked(
    alice: User, alice_client: Client
) -> None:
    conversation = say(alice, "사과", title="사과")
    rows = Conversation.objects.filter(pk=conversation.pk)
    assert len(found(alice, "사과")) == 2
    for change in ({"deleted_at": timezone.now()}, {"expires_at": timezone.now()}):
        rows.update(**change)
        assert found(alice, "사과") == []
        rows.update(**dict.fromkeys(change))
    rows.update(archived_at=timezone.now())
    html = _html(alice_client, "사과")
    assert html.count("data-search-hit") == html.count("Archived<") == 2


def test_a_temporary_conversation_is_never_taken_in(alice: User) -> None:
    conversation = say(alice, "덧없다", title="덧없다")
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(expires_at=timezone.now())
    assert found(alice, "덧없다") == []
    rows.update(expires_at=None)
    assert len(found(alice, "덧없다")) == 2


def test_what_is_found_is_inert(alice: User, alice_client: Client) -> None:
    say(alice, "<script>alert('사과')</script>", title="<img src=x onerror=alert(1)>사과")
    html = _html(alice_client, "사과")
    assert html.count("data-search-hit") == 2
    assert "<script>alert" not in html
    assert "<img" not in html
    html = _html(alice_client, '"><script>alert(1)</script>')
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    "text",
    [
        "사" * 10_000,
        "a " * 5_000,
        "!?.,;:()[]{}",
        '"',
        "*",
        "a* b*",
        "NEAR(a b)",
        "a OR b AND NOT c",
        "tokens:a",
        "^a",
        "a'b",
        "'a':*",
        "a & b | !c <-> d",
        "\\",
        "a\0b",
        "\0",
        "\ud800",
        "%s %d %%",
        "🙂",
        "\u200b",
        "ㅎ",
        "%",
    ],
)
def test_absurd_queries_do_no_harm(alice: User, alice_client: Client, text: str) -> None:
    say(alice, "a b c")
    for headers in (ENGLISH, HTMX):
        assert alice_client.get("/search/", {"q": text.encode("utf-8", "replace")}, headers=headers).status_code == 200
    look(alice, text)


def test_logged_out_people_go_to_the_login(client: Client) -> None:
    response = client.get("/search/", {"q": "사과"})
    assert response["Location"].startswith("/accounts/login/")
    assert parse_qs(urlsplit(response["Location"]).query)["next"][0].startswith("/search/")


@pytest.mark.usefixtures("provider")
def test_the_list_links_to_it(alice_client: Client) -> None:
    assert 'href="/search/"' in alice_client.get("/").content.decode()
