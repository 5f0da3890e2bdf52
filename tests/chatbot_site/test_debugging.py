import sys
import uuid
from types import ModuleType

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import include, path

from accounts.models import User
from chatbot_site import debugging, debugging_urls
from chatbot_site.debugging import DebugMiddleware, profile, reports
from conversations.models import Conversation, Generation, Message
from tests.chatbot_site.processes import environment, manage

SHOW = Template("{% load debugging %}{% debug_panel %}")


@pytest.fixture
def alice(alice: User) -> User:
    """She made the site: a superuser. Bob and Charlie are members."""
    alice.is_superuser = True
    alice.save()
    return alice


@pytest.fixture
def development(settings) -> None:
    """The site as chatbot_site.urls and the settings make it with APP_ENV=development."""
    from chatbot_site import urls

    site = ModuleType("development_urls")
    site.urlpatterns = [*urls.urlpatterns, path("debug/", include("chatbot_site.debugging_urls"))]
    settings.ROOT_URLCONF = site
    settings.DEVELOPMENT = True
    after = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    inserted = ["chatbot_site.debugging.DebugMiddleware"]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:after], *inserted, *settings.MIDDLEWARE[after:]]
    reports.clear()


@pytest.fixture
def answered(alice: User) -> Conversation:
    conversation = Conversation.objects.create(owner=alice, model="openai/gpt-4o", temperature=0.3, max_tokens=700)
    message = Message.objects.create(conversation=conversation, role="assistant", content="Hello")
    Generation.objects.create(
        conversation=conversation, message=message, status="complete", model="openai/gpt-4o", max_tokens=700,
        input_tokens=1234, output_tokens=567, ttft_ms=89, duration_ms=4321, finish_reason="stop",
    )  # fmt: skip
    return conversation


def test_the_panel_shows_the_last_answer(development, client: Client, alice: User, answered: Conversation) -> None:
    client.force_login(alice)

    page = client.get("/debug/panel/", {"conversation": answered.pk}).content.decode()

    for shown in ("alice", str(answered.pk), "openai/gpt-4o", "1234", "567", "89 ms", "4321 ms", "stop"):
        assert shown in page, shown


def test_the_panel_finds_the_conversation_of_the_page_that_asks(
    development, client: Client, alice: User, answered: Conversation
) -> None:
    client.force_login(alice)
    address = f"http://testserver/c/{answered.pk}/"

    page = client.get("/debug/panel/", headers={"HX-Request": "true", "HX-Current-URL": address}).content.decode()

    assert "1234" in page


def test_the_panel_counts_the_queries(development, client: Client, alice: User, answered: Conversation) -> None:
    client.force_login(alice)

    response = client.get("/debug/panel/", {"conversation": answered.pk})

    assert response.context["panel"].queries > 0


def test_the_panel_shows_nothing_of_other_peoples_conversations(
    development, client: Client, bob: User, answered: Conversation
) -> None:
    bob.is_superuser = True
    bob.save()
    client.force_login(bob)

    page = client.get("/debug/panel/", {"conversation": answered.pk}).content.decode()

    assert str(answered.pk) not in page
    assert "1234" not in page


def test_the_panel_is_for_people_who_are_logged_in(development, client: Client, db: None) -> None:
    assert client.get("/debug/panel/").status_code == 302


def test_a_malformed_conversation_is_not_found(development, client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get("/debug/panel/", {"conversation": "1 OR 1=1"}).status_code == 404


@pytest.mark.parametrize("address", [str(pattern.pattern) for pattern in debugging_urls.urlpatterns])
def test_superusers_alone_find_its_addresses(development, client: Client, alice: User, bob: User, address: str) -> None:
    def statuses() -> set[int]:
        return {method(f"/debug/{address}").status_code for method in (client.get, client.post)} - {405}

    assert statuses() == {302}  # to the log-in
    for bob.is_staff in (False, True):
        bob.save()
        client.force_login(bob)
        assert statuses() == {404}
    client.force_login(alice)
    assert not statuses() & {403, 404}


@pytest.mark.parametrize("name", ["", "bob"])
def test_what_others_ask_for_is_not_profiled(development, client: Client, bob: User, name: str) -> None:
    if name:
        client.force_login(bob)
    client.cookies[debugging.COOKIE] = "1"

    client.get("/accounts/login/?profile")

    assert not reports


def test_the_panel_is_in_the_sidebar_of_superusers_alone(development, alice: User, bob: User) -> None:
    panels = {}
    for person in (alice, bob, AnonymousUser()):
        client = Client()
        if person.is_authenticated:
            client.force_login(person)
        request = client.get("/").wsgi_request
        panels[person] = SHOW.render(Context({"request": request}))

    assert [bool(panel) for panel in panels.values()] == [True, False, False]
    assert "debug-panel" in panels[alice]


def test_the_page_of_a_member_has_nothing_of_it(development, client: Client, bob: User) -> None:
    client.force_login(bob)

    assert "debug" not in client.get("/").content.decode()


def test_what_members_do_is_not_profiled(development, client: Client, bob: User) -> None:
    client.force_login(bob)
    client.cookies[debugging.COOKIE] = "1"

    client.get("/healthz?profile")
    client.get("/")
    Client().get("/healthz?profile")

    assert not reports


def test_who_is_no_superuser_any_more_has_lost_it(development, client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/debug/panel/").status_code == 200
    User.objects.update(is_superuser=False)

    assert client.get("/debug/panel/").status_code == 404


def test_profile_in_the_address_profiles_one_request(development, client: Client, alice: User) -> None:
    client.force_login(alice)

    client.get("/healthz?profile")
    client.get("/healthz")

    assert [report.request for report in reports] == ["GET /healthz"]
    assert "GET /healthz" in client.get("/debug/profile/").content.decode()


def test_the_switch_profiles_every_request_until_it_is_off(development, client: Client, alice: User) -> None:
    client.force_login(alice)

    client.post("/debug/profile/switch/")
    client.get("/healthz")
    client.post("/debug/profile/switch/")
    client.get("/healthz")

    assert len(reports) == 1


def test_the_switch_leads_back_to_the_site_only(development, client: Client, alice: User) -> None:
    client.force_login(alice)

    back = client.post("/debug/profile/switch/", headers={"Referer": "http://testserver/c/1/"})
    away = client.post("/debug/profile/switch/", headers={"Referer": "https://elsewhere.example/"})

    assert (back.url, away.url) == ("http://testserver/c/1/", "/")


def test_profiles_without_pyinstrument_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyinstrument", None)

    response, text = profile(lambda: HttpResponse("x"))

    assert response.content == b"x"
    assert "function calls" in text


def test_nothing_of_it_exists_outside_development(client: Client, alice: User, settings) -> None:
    client.force_login(alice)

    assert not settings.DEVELOPMENT
    assert client.get("/debug/panel/").status_code == 404
    assert client.get("/debug/profile/").status_code == 404
    assert SHOW.render(Context({"request": RequestFactory().get("/")})) == ""
    with pytest.raises(MiddlewareNotUsed):
        DebugMiddleware(lambda request: HttpResponse())


def test_production_does_not_even_load_it(tmp_path) -> None:
    program = (
        "import sys; from django.urls import get_resolver, reverse; get_resolver().url_patterns;"
        "from django.core.asgi import get_asgi_application; get_asgi_application();"
        "print([m for m in sys.modules if m.startswith('chatbot_site.debugging')])"
    )
    env = environment(tmp_path, APP_ENV="production", SECRET_KEY="k" * 60, ALLOWED_HOSTS="chat.example.org")

    done = manage("shell", "--no-imports", "--command", program, env=env)

    assert done.stdout.strip() == "[]", done.stderr


def test_counts_each_query_once(db: None) -> None:
    counter = debugging.QueryCounter()
    with debugging.connection.execute_wrapper(counter):
        list(User.objects.all())
        User.objects.filter(pk=uuid.uuid4().int % 1000).exists()

    assert counter.count == 2
