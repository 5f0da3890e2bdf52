"""What the palette offers: a person's conversations, the commands whose pages exist, the models of the menu."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from conversations.models import Conversation
from conversations.models.conversation import ConversationQuerySet
from providers import default_model, models_for_menu

if TYPE_CHECKING:
    from accounts.models import User

ITEMS = 30
CONVERSATIONS_AT_FIRST = 5  # the commands shall be in sight
MODELS, MODELS_AT_FIRST = 8, 4  # more of them only when they are searched for


@dataclass(frozen=True, slots=True)
class Command:
    """One of three: a page (`url_name`), a POST (`posts`), or an action of static/js/shortcuts.js.

    `of_conversation`: makes sense only where there is one, with messages. `needs`: a setting that must be on.
    """

    label: Promise | str
    url_name: str = ""
    query: str = ""
    action: str = ""
    posts: bool = False
    is_pane: bool = False
    for_staff: bool = False
    needs: str = ""
    of_conversation: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """What palette_items.html reads; `url` is empty for an action or a model."""

    label: str
    url: str = ""
    posts: bool = False
    is_pane: bool = False
    action: str = ""
    model: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    label: Promise | str
    items: list[Item]


COMMANDS = (
    Command(_("New chat"), "home", is_pane=True),
    Command(_("Temporary chat"), "home", query="?temporary=1", is_pane=True),
    Command(_("Search"), "search"),
    Command(_("Archived conversations"), "conversation-archived"),
    Command(_("Manage conversations"), "conversation-manage"),
    Command(_("Import and export"), "import"),
    Command(_("My shared links"), "share-list", needs="SHARING"),
    Command(_("Copy the last answer"), action="copy", of_conversation=True),
    Command(_("Have the last answer written again"), action="regenerate", of_conversation=True),
    Command(_("Edit the last question"), action="edit", of_conversation=True),
    Command(_("Show or hide the list"), action="sidebar"),
    Command(_("Keyboard shortcuts"), "shortcuts", action="overview"),
    Command(_("Settings"), "settings"),
    Command(_("Signed-in devices"), "usersessions_list"),
    Command(_("Administration"), "admin:index", for_staff=True),
    Command(_("Log out"), "account_logout", posts=True),
)


def sections(user: User, text: str, conversation: Conversation | None) -> list[Section]:
    """At most ITEMS in all, at one query for the titles. Without a text, the newest conversations come first."""
    commands = _commands(user, text, conversation)
    models = _models(user, text, conversation) if conversation else []
    room = ITEMS - len(commands) - len(models) if text else CONVERSATIONS_AT_FIRST
    titles = titles_matching(user, text).only("id", "title")[:room]
    found = [
        Section("conversations", pgettext_lazy("items", "Conversations"), [_item(title) for title in titles]),
        Section("commands", _("Commands"), commands),
        Section("models", _("Models for this conversation"), models),
    ]
    if text:
        found.insert(0, found.pop(1))
    return [section for section in found if section.items]


def titles_matching(user: User, text: str) -> ConversationQuerySet:
    """Conversations of `user` with `text` in their title, the newest first; all of them when it is empty."""
    listed = Conversation.objects.listed_for(user).newest_first()
    return listed.filter(title__icontains=text) if text else listed


def _item(conversation: Conversation) -> Item:
    return Item(conversation.title, reverse("conversation", args=[conversation.pk]), is_pane=True)


def _commands(user: User, text: str, conversation: Conversation | None) -> list[Item]:
    has_messages = conversation is not None and not conversation._state.adding
    wanted = (command for command in COMMANDS if _is_for(user, command) and _means(command.label, text))
    items = (_command_item(command) for command in wanted if has_messages or not command.of_conversation)
    return [item for item in items if item]


def _is_for(user: User, command: Command) -> bool:
    return (user.is_staff or not command.for_staff) and (not command.needs or bool(getattr(settings, command.needs)))


def _command_item(command: Command) -> Item | None:
    """None where this site has no such page."""
    try:
        url = reverse(command.url_name) + command.query if command.url_name else ""
    except NoReverseMatch:
        return None
    return Item(str(command.label), url, posts=command.posts, is_pane=command.is_pane, action=command.action)


def _means(label: Promise | str, text: str) -> bool:
    """A word of the label begins with `text`, in the reader's language or in English."""
    with override("en"):
        english = str(label)
    return any(_begins(words, text.casefold()) for words in (str(label).casefold(), english.casefold()))


def _begins(words: str, text: str) -> bool:
    return words.startswith(text) or f" {text}" in words


def _models(user: User, text: str, conversation: Conversation) -> list[Item]:
    chosen = conversation.model or default_model(user)
    menu = ((group.label, model) for group in models_for_menu(user) for model in group.models)
    made = (
        Item(f"{model.label} · {group}", model=model.id, is_chosen=model.id == chosen)
        for group, model in menu
        if text.casefold() in f"{model.label} {group}".casefold()
    )
    return list(islice(made, MODELS if text else MODELS_AT_FIRST))
