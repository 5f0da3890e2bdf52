"""Notices to people: shown until they were read, to nobody else, and at no cost where nobody looks."""

import pytest
from django.template import engines
from django.test import RequestFactory

from accounts.models import User
from conversations.models import Conversation
from moderation.models import Notice
from tests.conversations.conftest import converse

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>\u202e"


def tell(person: User, kind: str = Notice.Kind.WARNING, **fields: object) -> Notice:
    return Notice.objects.create(person=person, kind=kind, **fields)


def test_a_notice_is_shown_until_it_is_read(alice, browser_of):
    notice = tell(alice, text="Please keep to the rules.")
    client = browser_of(alice)
    page = client.get("/settings/").content.decode()
    assert "A warning from the moderators" in page
    assert "Please keep to the rules." in page
    response = client.post(f"/notices/{notice.pk}/read/", headers={"referer": "http://testserver/settings/"})
    assert response.headers["Location"] == "http://testserver/settings/"
    assert "Please keep to the rules." not in client.get("/settings/").content.decode()


@pytest.mark.parametrize("kind", Notice.Kind.values)
def test_every_kind_has_its_words(alice, browser_of, kind):
    conversation = converse(alice, "A question about stones")
    tell(alice, kind, conversation=conversation)
    page = browser_of(alice).get("/settings/").content.decode()
    assert f'data-kind="{kind}"' in page
    assert f'href="/c/{conversation.pk}/"' in page
    assert "A question about stones" in page


def test_htmx_takes_the_notice_away(alice, browser_of):
    notice = tell(alice)
    response = browser_of(alice).post(f"/notices/{notice.pk}/read/", headers={"hx-request": "true"})
    assert (response.status_code, response.content) == (200, b"")


def test_reading_twice_is_no_failure_and_keeps_the_first_time(alice, browser_of):
    notice = tell(alice)
    client = browser_of(alice)
    client.post(f"/notices/{notice.pk}/read/")
    first = Notice.objects.get().read_at
    assert client.post(f"/notices/{notice.pk}/read/").status_code == 302
    assert Notice.objects.get().read_at == first


def test_nobody_reads_or_sees_the_notices_of_others(alice, bob, moderator, browser_of):
    notice = tell(alice, text="for alice only")
    client = browser_of(moderator)
    assert client.post(f"/notices/{notice.pk}/read/").status_code == 404
    assert "for alice only" not in client.get("/settings/").content.decode()
    assert Notice.objects.get().read_at is None


@pytest.mark.parametrize("number", ["0", "99999999999", "99999999999999999999999"])
def test_a_notice_that_is_not_there(alice, browser_of, number):
    assert browser_of(alice).post(f"/notices/{number}/read/").status_code == 404


def test_reading_takes_a_post_and_a_log_in(alice, client, browser_of):
    notice = tell(alice)
    assert browser_of(alice).get(f"/notices/{notice.pk}/read/").status_code == 405
    assert client.post(f"/notices/{notice.pk}/read/").status_code == 302
    assert Notice.objects.get().read_at is None


def test_another_site_is_no_place_to_go_back_to(alice, browser_of):
    notice = tell(alice)
    response = browser_of(alice).post(f"/notices/{notice.pk}/read/", headers={"referer": "https://evil.example/"})
    assert response.headers["Location"] == "/"


def test_evil_words_and_titles_are_inert(alice, browser_of):
    conversation = Conversation.objects.create(owner=alice, title=EVIL)
    tell(alice, text=EVIL, conversation=conversation)
    page = browser_of(alice).get("/settings/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def rendered(request, text: str) -> str:
    return engines["django"].from_string(text).render({}, request)


def test_a_page_that_shows_none_asks_for_none(alice, django_assert_num_queries):
    request = RequestFactory().get("/")
    request.user = User.objects.select_related("preferences").get(pk=alice.pk)  # as the site's backend gives it
    tell(alice)
    with django_assert_num_queries(0):
        rendered(request, "nothing")
    with django_assert_num_queries(1):
        assert rendered(request, "{% if notices %}{{ notices|length }}{% endif %}{{ notices|length }}") == "11"


def test_strangers_cost_no_query(client, django_assert_num_queries):
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with django_assert_num_queries(0):
        assert rendered(request, "{% for one in notices %}x{% endfor %}") == ""
