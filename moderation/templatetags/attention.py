"""`{% attention as seen %}`: what needs the reader's attention, for the administration's first page."""

from __future__ import annotations

from django import template
from django.template.context import RequestContext

from accounts.models import User
from moderation.admin import front_page

register = template.Library()


@register.simple_tag(takes_context=True)
def attention(context: RequestContext) -> front_page.Attention | None:
    """None for somebody who is not logged in."""
    user = context["request"].user
    return front_page.attention(user) if isinstance(user, User) else None
