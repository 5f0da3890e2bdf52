"""The keyboard shortcuts: the one table that the page's handler, its overview and its tooltips are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_NAMES = {"mod": "Ctrl", "shift": "Shift", "alt": "Alt", "escape": "Esc", "arrowup": "↑", "arrowdown": "↓"}
_APPLE_NAMES = _NAMES | {"mod": "⌘", "shift": "⇧", "alt": "⌥"}
_APPLE = ("Macintosh", "iPhone", "iPad")


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`keys`: combinations such as "mod+k", in the order "mod+alt+shift+key"; mod is Ctrl, on Apple's machines Command.

    `action` is what static/js/shortcuts.js runs; an empty one is only told of, and done elsewhere.
    """

    action: str
    label: Promise | str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    label: Promise | str
    shortcuts: tuple[Shortcut, ...]


GROUPS = (
    Group(
        _("Anywhere"),
        (
            Shortcut("palette", _("Find a conversation or a command"), ("mod+k",)),
            Shortcut("search", _("Search"), ("/",)),
            Shortcut("new-chat", _("New chat"), ("mod+shift+o", "n")),
            Shortcut("sidebar", _("Show or hide the list"), ("mod+b", "b")),
            Shortcut("overview", _("Keyboard shortcuts"), ("?",)),
        ),
    ),
    Group(
        pgettext_lazy("group of shortcuts", "Reading"),
        (
            Shortcut("previous-question", _("Previous question"), ("alt+arrowup", "k")),
            Shortcut("next-question", _("Next question"), ("alt+arrowdown", "j")),
            Shortcut("copy", _("Copy the last answer"), ("c",)),
            Shortcut("regenerate", _("Have the last answer written again"), ("r",)),
            Shortcut("edit", _("Edit the last question"), ("e",)),
        ),
    ),
    Group(
        pgettext_lazy("group of shortcuts", "Writing"),
        (
            Shortcut("message", _("To the message box"), ("m",)),
            Shortcut("", _("Send the message"), ("enter", "mod+enter")),
            Shortcut("", _("New line"), ("shift+enter",)),
            Shortcut("", _("Stop the answer"), ("escape",)),
        ),
    ),
)


def actions_by_keys() -> dict[str, str]:
    """What the page's handler listens for: the action of each combination."""
    return {keys: shortcut.action for shortcut in _all() if shortcut.action for keys in shortcut.keys}


def names_of(keys: str, request: HttpRequest | None) -> list[str]:
    """A combination as it is written on the reader's keyboard: ["Ctrl", "K"], or ["⌘", "K"]."""
    names = _APPLE_NAMES if request and _is_apple(request) else _NAMES
    return [names.get(key, key.capitalize()) for key in keys.split("+")]


def first_name(action: str, request: HttpRequest | None) -> str:
    """The first combination of `action` for a tooltip: "Ctrl+K", or "⌘K"."""
    keys = next(shortcut.keys[0] for shortcut in _all() if shortcut.action == action)
    names = names_of(keys, request)
    return ("" if names[0] in "⌘⇧⌥" else "+").join(names)


def _all() -> Iterator[Shortcut]:
    for group in GROUPS:
        yield from group.shortcuts


def _is_apple(request: HttpRequest) -> bool:
    agent = request.headers.get("User-Agent", "")
    return any(name in agent for name in _APPLE)
