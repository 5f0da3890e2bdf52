"""Models that only some groups may use: not in anybody else's menus, and refused with a sentence."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Preferences, User
from conversations.generation.jobs import next_model
from conversations.models import Conversation, Generation, Message
from providers import models_for_menu
from providers.models import ModelOverride
from providers.stored import forget
from tests.conversations.conftest import MODEL, converse

pytestmark = pytest.mark.usefixtures("provider")
Form = Callable[..., dict[str, str]]
ENGLISH = {"Accept-Language": "en"}
HTMX = {"HX-Request": "true"} | ENGLISH
CLOSED = "openai/scripted-large"
SENTENCE = "You cannot use this model any more."


@pytest.fixture
def chosen(db: None) -> Iterator[Group]:
    """The group whose members may use CLOSED, which the provider has listed by now."""
    deadline = time.monotonic() + 20
    while CLOSED not in {info.id for group in models_for_menu() for info in group.models}:
        assert time.monotonic() < deadline, "the provider has not listed its models"
        time.sleep(0.01)
    group = Group.objects.create(name="Chosen")
    ModelOverride.objects.create(model=CLOSED).groups.set([group])
    forget()
    yield group
    forget()


def test_members_of_the_group_find_and_use_it(alice: User, alice_client: Client, chosen: Group, form: Form) -> None:
    alice.groups.add(chosen)
    assert f'value="{CLOSED}"' in alice_client.get("/").content.decode()
    sent = form("Hello", model=CLOSED)
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=HTMX).status_code == 200


def test_nobody_else_finds_it(alice_client: Client, chosen: Group, conversation: Conversation) -> None:
    answer = Message.objects.get(role="assistant")
    for path in ("/", f"/c/{conversation.pk}/", f"/c/{conversation.pk}/messages/{answer.pk}/menu/"):
        assert f'value="{CLOSED}"' not in alice_client.get(path).content.decode(), path
    palette = alice_client.get(f"/palette/?q=scripted-large&c={conversation.pk}", headers=HTMX).content.decode()
    assert f'"{CLOSED}"' not in palette


@pytest.mark.parametrize("name", [f"{CLOSED}-2024-08-06", f"{CLOSED}:latest", CLOSED.upper(), "openai/o1-pro"])
def test_no_door_takes_another_name_of_it_or_a_name_that_nobody_lists(
    alice: User, alice_client: Client, chosen: Group, form: Form, name: str
) -> None:
    """A new chat, the settings, another answer, a fallback, a preference, a conversation that had it before."""
    conversation = converse(alice, "question", "answer", model=MODEL)
    path, answer = f"/c/{conversation.pk}/", Message.objects.get(role="assistant")
    tries = {
        f"/c/{uuid.uuid4()}/messages/": form("Hello", model=name),
        f"{path}messages/": form("Hello", model=name),
        f"{path}settings/": {"model": name},
        f"{path}messages/{answer.pk}/regenerate/": {"model": name},
        "/settings/": {"default_model": name, "temperature": "0.7", "max_tokens": "1000", "theme": "system"},
    }
    for address, data in tries.items():
        assert alice_client.post(address, data, headers=HTMX).status_code == 422, address
    generation = Generation(conversation=conversation, message=answer, model=MODEL)
    ModelOverride.objects.create(model=MODEL, fallback=name)
    assert next_model(generation, [MODEL]) == ""
    Conversation.objects.update(model=name)
    for command in ("regenerate", "continue"):
        assert alice_client.post(f"{path}messages/{answer.pk}/{command}/", headers=HTMX).status_code == 422, command
    assert Message.objects.count() == 2


def test_sending_with_it_is_refused(alice_client: Client, chosen: Group, form: Form) -> None:
    sent = form("Hello", model=CLOSED)
    response = alice_client.post(f"/c/{uuid.uuid4()}/messages/", sent, headers=HTMX)
    assert response.status_code == 422
    assert SENTENCE in response.content.decode()
    assert not Conversation.objects.exists()


def test_a_conversation_whose_model_was_taken_says_so_and_can_take_another(
    alice: User, alice_client: Client, chosen: Group, form: Form
) -> None:
    conversation = converse(alice, "question", "answer", model=CLOSED)
    path = f"/c/{conversation.pk}/"
    assert SENTENCE in alice_client.get(path, headers=ENGLISH).content.decode()
    for extra in ({}, {"model": CLOSED}):
        response = alice_client.post(f"{path}messages/", form("More?", **extra), headers=HTMX)
        assert response.status_code == 422
        assert SENTENCE in response.content.decode()
    answer = Message.objects.get(role="assistant")
    for command in ("regenerate", "continue"):
        response = alice_client.post(f"{path}messages/{answer.pk}/{command}/", headers=HTMX)
        assert response.status_code == 422
        assert SENTENCE in response.content.decode()
    assert alice_client.post(f"{path}settings/", {"model": MODEL}, headers=HTMX).status_code == 200
    assert alice_client.post(f"{path}messages/", form("More?"), headers=HTMX).status_code == 200


def test_writing_again_with_it_is_refused(alice_client: Client, chosen: Group, conversation: Conversation) -> None:
    answer = Message.objects.get(role="assistant")
    path = f"/c/{conversation.pk}/messages/{answer.pk}/regenerate/"
    assert alice_client.post(path, {"model": CLOSED}, headers=HTMX).status_code == 422
    assert Message.objects.count() == 2


def test_a_preferred_model_that_was_taken_is_not_that_of_new_chats(
    alice: User, alice_client: Client, chosen: Group, form: Form
) -> None:
    preferences = Preferences.of(alice)
    preferences.default_model = CLOSED
    preferences.save()
    assert SENTENCE not in alice_client.get("/", headers=ENGLISH).content.decode()
    assert alice_client.post(f"/c/{uuid.uuid4()}/messages/", form("Hello"), headers=HTMX).status_code == 200
    assert Message.objects.get(role="assistant").model == MODEL
