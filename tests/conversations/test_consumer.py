"""The websocket: who may look on, what they are told, and what it does with whatever comes up."""

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chatbot_site.asgi import application
from conversations.generation.engine import Engine
from conversations.models import Conversation, Generation, Message, WaitingMessage
from tests.conversations.conftest import converse
from tests.conversations.generation.test_runner import ask, end_of, until
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("running_engine")]
NOT_BEGUN = {"leaf": None, "s": None, "waiting": 0, "locked": False}


async def _cookie(user: User) -> str:
    client = Client()
    await sync_to_async(client.force_login)(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _socket(conversation_id: object, session: str = "", origin: str = "http://localhost") -> WebsocketCommunicator:
    headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
    if session:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()))
    return WebsocketCommunicator(application, f"/ws/c/{conversation_id}/?language=en", headers=headers)


async def _open(conversation_id: object, session: str = "") -> WebsocketCommunicator:
    socket = _socket(conversation_id, session)
    connected, _ = await socket.connect(timeout=10)
    assert connected
    return socket


async def _receive(socket: WebsocketCommunicator) -> dict[str, Any]:
    return dict(json.loads(await socket.receive_from(timeout=10)))


async def _close_code(socket: WebsocketCommunicator) -> int:
    while True:
        message = await socket.receive_output(timeout=10)
        if message["type"] == "websocket.close":
            return int(message["code"])


async def test_the_owner_is_told_where_the_conversation_stands(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    socket = await _open(conversation.pk, await _cookie(alice))
    assert await _receive(socket) == {"leaf": conversation.leaf_id, "s": "complete", "waiting": 0, "locked": False}
    await socket.disconnect()


async def test_the_owner_is_told_what_waits_and_of_a_lock(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    await Conversation.objects.filter(pk=conversation.pk).aupdate(locked_at=timezone.now())
    for _ in range(2):  # after the lock: what waits in an open conversation is asked at once
        await WaitingMessage.objects.acreate(conversation=conversation, content="later", client_id=uuid.uuid4())
    socket = await _open(conversation.pk, await _cookie(alice))
    assert await _receive(socket) == {"leaf": conversation.leaf_id, "s": "complete", "waiting": 2, "locked": True}
    await socket.disconnect()


async def test_the_owner_is_told_what_was_hidden(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "a bad answer")
    await Message.objects.filter(pk=conversation.leaf_id).aupdate(hidden_at=timezone.now())
    socket = await _open(conversation.pk, await _cookie(alice))
    await _receive(socket)
    fragment = await socket.receive_from(timeout=10)
    assert f'id="message-{conversation.leaf_id}"' in fragment
    assert "data-hidden-notice" in fragment
    assert "bad answer" not in fragment
    await socket.disconnect()


async def test_an_answer_arrives(alice: User, provider: ScriptedProvider) -> None:
    conversation_id = uuid.uuid4()
    socket = await _open(conversation_id, await _cookie(alice))
    assert await _receive(socket) == NOT_BEGUN
    generation = await ask(alice, "Hello script:words-5", id=conversation_id)
    status, shown, footer = "", "", ""
    while status != "complete" or not footer:
        text = await socket.receive_from(timeout=10)
        if text.startswith("{"):
            frame = json.loads(text)
            status = frame.get("s", status)
            shown += json.dumps(frame.get("b", ""))
        elif status == "complete":
            footer = text
    assert "w0005" in shown
    assert "Regenerate" in footer
    await end_of(generation)
    await socket.disconnect()


async def test_logged_out_is_closed_with_4401(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question")
    assert await _close_code(await _open(conversation.pk)) == 4401
    assert await _close_code(await _open(conversation.pk, "no-such-session")) == 4401


async def test_somebody_else_is_closed_with_4404(alice: User, bob: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question")
    assert await _close_code(await _open(conversation.pk, await _cookie(bob))) == 4404


async def test_a_deleted_conversation_is_closed_with_4404(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question")
    await Conversation.objects.filter(pk=conversation.pk).aupdate(deleted_at=conversation.created_at)
    assert await _close_code(await _open(conversation.pk, await _cookie(alice))) == 4404


async def test_waiting_at_an_id_that_another_person_then_uses_shows_nothing(
    alice: User, bob: User, provider: ScriptedProvider
) -> None:
    conversation_id = uuid.uuid4()
    socket = await _open(conversation_id, await _cookie(bob))
    assert await _receive(socket) == NOT_BEGUN
    await end_of(await ask(alice, "Hello script:words-5", id=conversation_id))
    assert await socket.receive_nothing()
    await socket.disconnect()


async def test_a_foreign_origin_is_refused(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question")
    connected, _ = await _socket(conversation.pk, await _cookie(alice), origin="https://evil.example").connect()
    assert not connected


@pytest.mark.parametrize("path", ["/ws/c/not-a-uuid/", "/ws/", "/ws/c/"])
async def test_an_address_that_is_not_there_is_closed(path: str) -> None:
    socket = WebsocketCommunicator(
        application, path, headers=[(b"origin", b"http://localhost"), (b"host", b"localhost")]
    )
    connected, _ = await socket.connect()
    assert connected
    assert await _close_code(socket) == 4404


@pytest.mark.parametrize("sent", ["{", "x" * 60_000, '{"type": "close"}', "\ud7ff\x00"])
async def test_whatever_comes_up_is_ignored(alice: User, sent: str) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    socket = await _open(conversation.pk, await _cookie(alice))
    await _receive(socket)
    await socket.send_to(text_data=sent)
    await socket.send_to(bytes_data=sent.encode())
    assert await socket.receive_nothing()
    await socket.disconnect()


async def test_a_disabled_account_loses_its_sockets_at_once(alice: User) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    socket = await _open(conversation.pk, await _cookie(alice))
    await _receive(socket)
    alice.is_active = False
    await alice.asave()
    assert await _close_code(socket) == 4403


async def test_an_account_disabled_behind_our_back_loses_its_sockets_with_the_frames(
    alice: User, provider: ScriptedProvider, running_engine: Engine
) -> None:
    generation = await ask(alice, "Hello script:slow")
    socket = await _open(generation.conversation_id, await _cookie(alice))
    await _receive(socket)
    await get_user_model().objects.filter(pk=alice.pk).aupdate(is_active=False)
    assert await _close_code(socket) == 4403
    await Generation.objects.filter(pk=generation.pk).aupdate(stop_requested=True)
    await end_of(generation)


async def test_logging_out_elsewhere_closes_the_socket(alice: User, provider: ScriptedProvider) -> None:
    generation = await ask(alice, "Hello script:hold")
    await until(lambda: Generation.objects.filter(pk=generation.pk, seq__gt=0).aexists())
    session = await _cookie(alice)
    socket = await _open(generation.conversation_id, session)
    await _receive(socket)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    await sync_to_async(client.post)("/accounts/logout/")
    assert await _close_code(socket) == 4403
    await sync_to_async(provider.release)()
    await end_of(generation)


async def test_what_waits_is_announced_and_so_is_what_is_taken_back(alice: User, provider: ScriptedProvider) -> None:
    generation = await ask(alice, "script:hold")
    socket = await _open(generation.conversation_id, await _cookie(alice))
    client = Client()
    await sync_to_async(client.force_login)(alice)
    path = f"/c/{generation.conversation_id}"
    await sync_to_async(client.post)(f"{path}/messages/", {"text": "Later", "client_id": str(uuid.uuid4())})
    await until(lambda: _said(socket, {"waiting": 1}))
    waiting = await WaitingMessage.objects.aget()
    await sync_to_async(client.post)(f"{path}/waiting/{waiting.pk}/delete/")
    await until(lambda: _said(socket, {"waiting": 0}))
    await sync_to_async(provider.release)()
    await end_of(generation)
    await socket.disconnect()


async def _said(socket: WebsocketCommunicator, frame: dict[str, object]) -> bool:
    return await _receive(socket) == frame


async def test_a_new_message_elsewhere_is_announced(alice: User, provider: ScriptedProvider) -> None:
    conversation = await sync_to_async(converse)(alice, "question", "answer")
    socket = await _open(conversation.pk, await _cookie(alice))
    await _receive(socket)
    client = Client()
    await sync_to_async(client.force_login)(alice)
    form = {"text": "Next script:words-2", "client_id": str(uuid.uuid4())}
    await sync_to_async(client.post)(f"/c/{conversation.pk}/messages/", form)

    async def announced() -> bool:
        return "new" in await _receive(socket)

    await until(announced)
    await end_of(await Generation.objects.alatest("id"))
    await socket.disconnect()
