"""Commands on conversations as the list sends them, and what the list then shows."""

import re

from django.test import Client

from accounts.models import User
from conversations.models import Conversation, Folder
from conversations.sidebar import listing

HTMX = {"HX-Request": "true", "Accept-Language": "en"}
ENGLISH = {"Accept-Language": "en"}


def _post(client: Client, conversation: Conversation, command: str, **form: object) -> str:
    response = client.post(f"/c/{conversation.pk}/{command}/", form, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def _sections(html: str) -> dict[str, list[str]]:
    """The titles in each group of a list."""
    found = re.findall(r'<section data-group="(\w+)"(.*?)</section>', html, re.DOTALL)
    return {key: titles for key, part in found if (titles := re.findall(r'class="entry-link[^>]*>([^<]*)<', part))}


def _titles(user: User) -> dict[str, list[str]]:
    shown = listing(user)
    groups = [shown.pinned, *shown.groups]
    return {g.key: [c.title for c in g.conversations] for g in groups if g and g.conversations}


def _folder(owner: User, name: str = "Work", *conversations: Conversation) -> Folder:
    folder = Folder.objects.create(owner=owner, name=name)
    Conversation.objects.filter(pk__in=[c.pk for c in conversations]).update(folder=folder)
    return folder
