"""Nobody reaches anything of anybody else's: every address that takes an id, found by walking the URL map.

Not another member, not a moderator (who reviews in the administration, with a reason), and not even its owner while
the account is suspended; by HTTP and by websocket.
"""

import re
import uuid
from collections.abc import Callable, Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from chatbot_site.asgi import application
from conversations.models import Conversation, Folder, ImportJob, WaitingMessage
from conversations.sharing import share
from moderation.models import Case, Notice
from moderation.roles import MODERATORS
from tests.conversations.conftest import converse
from tests.conversations.pictures import kept

_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
# Addresses whose parameter is not somebody's belonging: tokens that are secrets by themselves.
NOT_AN_ID = {"account_reset_password_from_key", "account_confirm_email", "share", "share-report"}
FORM = {
    "text": "Hello",
    "title": "Taken over",
    "name": "Taken over",
    "reason": "spam",
    "note": "Taken over",
}
# What each parameter of an address is an id of, as made for a conversation of somebody's.
IDS: dict[str, Callable[[Conversation], object]] = {
    "conversation_id": lambda conversation: conversation.pk,
    "message_id": lambda conversation: conversation.leaf_id,
    "share_id": lambda conversation: share(conversation, days=7).pk,
    "folder_id": lambda conversation: Folder.objects.get_or_create(owner=conversation.owner, name="Hers")[0].pk,
    "attachment_id": lambda conversation: kept(conversation.owner, "hers.txt", b"hers").pk,
    "waiting_id": lambda conversation: (
        WaitingMessage.objects.create(conversation=conversation, content="hers", client_id=uuid.uuid4()).pk
    ),
    "job_id": lambda conversation: (
        ImportJob.objects.create(
            owner=conversation.owner, status=ImportJob.Status.READY, report={"conversations": 1}
        ).pk
    ),
    "notice_id": lambda conversation: Notice.objects.create(person=conversation.owner, kind=Notice.Kind.WARNING).pk,
    "export_format": lambda conversation: "json",
}


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _walk(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name or "", route


ADDRESSES = sorted({route for name, route in _walk(get_resolver()) if name not in NOT_AN_ID and "<" in route})


def _address(route: str, conversation: Conversation, **instead: object) -> str:
    """`route` with the ids of what is in `conversation`."""

    def id_of(parameter: re.Match[str]) -> str:
        name = parameter["name"]
        return str(instead[name] if name in instead else IDS[name](conversation))

    return "/" + _PARAMETER.sub(id_of, route)


@pytest.fixture
def moderator(bob: User) -> User:
    bob.groups.add(Group.objects.get(name=MODERATORS))
    return bob


def test_every_address_with_an_id_is_known_here() -> None:
    unknown = {m["name"] for route in ADDRESSES for m in _PARAMETER.finditer(route)} - set(IDS)
    assert not unknown, f"say in IDS which object these are: {unknown}"
    assert len(ADDRESSES) >= 35


def _reaches_nothing(client: Client, method: str, route: str, alice: User, intruder: User) -> None:
    hers, his = converse(alice, "hers", "answer"), converse(intruder, "his", "answer")
    client.force_login(intruder)
    addresses = [_address(route, hers)]
    if "message_id" in route:  # her message under a conversation of his
        addresses.append(_address(route, hers, conversation_id=his.pk))
    for address in addresses:
        response = getattr(client, method)(address, FORM | {"client_id": str(uuid.uuid4())})
        assert response.status_code in (404, 405), address
    _is_untouched(hers)


def _is_untouched(hers: Conversation) -> None:
    hers.refresh_from_db()
    assert (hers.title, hers.deleted_at, hers.messages.count()) == ("hers", None, 2)
    assert (hers.pinned_at, hers.archived_at, hers.folder) == (None, None, None)
    assert {folder.name for folder in Folder.objects.all()} <= {"Hers"}
    assert not Case.objects.exists()
    assert not Notice.objects.filter(read_at__isnull=False).exists()


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("route", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_bob_gets_404_for_everything_of_alices(alice: User, bob: User, client: Client, route: str, method: str) -> None:
    _reaches_nothing(client, method, route, alice, bob)


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("route", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_moderator_gets_404_for_everything_of_alices(
    alice: User, moderator: User, client: Client, route: str, method: str
) -> None:
    _reaches_nothing(client, method, route, alice, moderator)


@pytest.mark.parametrize("route", ADDRESSES)
def test_logged_out_people_are_sent_to_the_login(alice: User, client: Client, route: str) -> None:
    _is_sent_to_the_login(client, _address(route, converse(alice, "hers", "answer")))


@pytest.mark.parametrize("route", ADDRESSES)
def test_a_suspended_person_reaches_nothing_of_their_own(alice: User, client: Client, route: str) -> None:
    address = _address(route, converse(alice, "hers", "answer"))
    client.force_login(alice)
    alice.is_active = False
    alice.save()
    _is_sent_to_the_login(client, address)


def _is_sent_to_the_login(client: Client, address: str) -> None:
    for method in ("get", "post"):
        response = getattr(client, method)(address)
        assert response.status_code == 405 or response["Location"].startswith("/accounts/login/"), address


def test_her_message_is_no_earlier_message_of_his(alice: User, bob: User, client: Client) -> None:
    hers, his = converse(alice, "hers", "answer"), converse(bob, "his", "answer")
    client.force_login(bob)
    assert client.get(f"/c/{his.pk}/messages/", {"before": hers.leaf_id}).status_code == 404


# --- Websockets -----------------------------------------------------------------------------------


def _session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def _close_code(conversation: Conversation, session: str) -> int:
    """With which the socket of somebody who may not look on is closed, without having told anything."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode()
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), (b"cookie", cookie)]
    socket = WebsocketCommunicator(application, f"/ws/c/{conversation.pk}/?language=en", headers=headers)
    await socket.connect(timeout=10)
    message = await socket.receive_output(timeout=10)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_engine")
@pytest.mark.parametrize("persona", ["bob", "moderator"])
async def test_others_are_told_nothing_by_websocket(alice: User, persona: str, request: pytest.FixtureRequest) -> None:
    intruder = await sync_to_async(request.getfixturevalue)(persona)
    hers = await sync_to_async(converse)(alice, "hers", "answer")
    assert await _close_code(hers, await sync_to_async(_session_of)(intruder)) == 4404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("running_engine")
async def test_a_suspended_person_is_told_nothing_by_websocket(alice: User) -> None:
    hers = await sync_to_async(converse)(alice, "hers", "answer")
    session = await sync_to_async(_session_of)(alice)
    await User.objects.filter(pk=alice.pk).aupdate(is_active=False)  # even where nothing has ended the session
    assert await _close_code(hers, session) == 4401
