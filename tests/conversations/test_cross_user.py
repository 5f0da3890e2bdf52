"""Nobody reaches anything of anybody else's: every address that takes an id, found by walking the URL map."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests.conversations.conftest import converse

_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
# Addresses whose parameter is not somebody's belonging: tokens that are secrets by themselves.
NOT_AN_ID = {"account_reset_password_from_key", "account_confirm_email"}


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _walk(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name or "", route


ADDRESSES = sorted({(name, route) for name, route in _walk(get_resolver()) if name not in NOT_AN_ID and "<" in route})
NAMES = {"conversation_id": "conversation", "message_id": "message"}


def _address(route: str, ids: dict[str, object]) -> str:
    return "/" + _PARAMETER.sub(lambda m: str(ids[NAMES[m["name"]]]), route)


def test_every_address_with_an_id_is_known_here() -> None:
    unknown = {m["name"] for _, route in ADDRESSES for m in _PARAMETER.finditer(route)} - set(NAMES)
    assert not unknown, f"say in NAMES which object these are: {unknown}"
    assert len(ADDRESSES) >= 9


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(("name", "route"), ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_bob_gets_404_for_everything_of_alices(
    alice: User, bob: User, client: Client, name: str, route: str, method: str
) -> None:
    hers, his = converse(alice, "hers", "answer"), converse(bob, "his", "answer")
    client.force_login(bob)
    form = {"text": "Hello", "client_id": str(uuid.uuid4()), "title": "Taken over"}
    for conversation in (hers, his):  # hers as a whole, and her message under a conversation of his
        if conversation is his and "message_id" not in route:
            continue
        ids = {"conversation": conversation.pk, "message": hers.leaf_id}
        address = _address(route, ids)
        response = getattr(client, method)(address, form)
        assert response.status_code in (404, 405), address
    hers.refresh_from_db()
    assert (hers.title, hers.deleted_at, hers.messages.count()) == ("hers", None, 2)


@pytest.mark.parametrize(("name", "route"), ADDRESSES)
def test_logged_out_people_are_sent_to_the_login(alice: User, client: Client, name: str, route: str) -> None:
    hers = converse(alice, "hers", "answer")
    ids = {"conversation": hers.pk, "message": hers.leaf_id}
    address = _address(route, ids)
    for method in ("get", "post"):
        response = getattr(client, method)(address)
        assert response.status_code == 405 or response["Location"].startswith("/accounts/login/"), address


def test_her_message_is_no_earlier_message_of_his(alice: User, bob: User, client: Client) -> None:
    hers, his = converse(alice, "hers", "answer"), converse(bob, "his", "answer")
    client.force_login(bob)
    assert client.get(f"/c/{his.pk}/messages/", {"before": hers.leaf_id}).status_code == 404
