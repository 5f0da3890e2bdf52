"""Pages for whoever asks, of whom nothing can be looked up: in both languages, without database and session."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import translation

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def bilingual(template: str, context: dict[str, Any] | None = None) -> str:
    """The template in Korean, which includes its words once more in English."""
    with translation.override("ko"):
        return render_to_string(template, {"styles": _styles(), **(context or {})})


def _styles() -> list[str]:
    try:
        return [static(f"css/{name}.css") for name in ("tokens", "base", "forms")]
    except ValueError:  # static files have not been collected: the page is plain then
        return []
