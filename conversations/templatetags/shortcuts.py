"""The shortcuts in templates: the handler's table, and key names for tooltips."""

from __future__ import annotations

import json
from typing import Any

from django import template

from conversations.shortcuts import actions_by_keys, first_name

register = template.Library()


@register.simple_tag
def shortcut_table() -> str:
    """JSON, for a data attribute: {"mod+k": "palette", ...}."""
    return json.dumps(actions_by_keys(), separators=(",", ":"))


@register.simple_tag(takes_context=True)
def shortcut(context: dict[str, Any], action: str) -> str:
    """The keys of `action` as the reader's keyboard names them: "Ctrl+K"."""
    return first_name(action, context.get("request"))
