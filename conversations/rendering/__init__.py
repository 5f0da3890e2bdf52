"""Texts as safe HTML: answers from markdown, whole or while being written, and a person's words as they are."""

from .markdown import render
from .plain import render_plain
from .sanitizing import stored
from .stream import Op, StreamRenderer

__all__ = ["Op", "StreamRenderer", "render", "render_plain", "stored"]
