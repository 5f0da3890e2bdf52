"""{% debug_panel %}: the debug panel, for superusers in development; nothing otherwise."""

from django import template
from django.conf import settings
from django.template.context import Context
from django.template.loader import render_to_string

register = template.Library()


@register.simple_tag(takes_context=True)
def debug_panel(context: Context) -> str:
    """The panel for the page's `conversation`; an empty string outside development and for other people."""
    if not settings.DEVELOPMENT:
        return ""
    from chatbot_site.debugging import is_for, panel

    request = context["request"]
    if not is_for(request):
        return ""
    conversation = context.get("conversation")
    found = panel(request, getattr(conversation, "pk", None))
    return render_to_string("debug/panel.html", {"panel": found}, request=request)
