"""{% icons %}: the page's sprite of icons, drawn once a process: it is the same on every page."""

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icons() -> SafeString:
    return render_to_string("includes/icons.html")
