"""Texts as safe HTML: answers from markdown, whole or while being written, and a person's words as they are."""

from .markdown import render, render_within
from .plain import is_plain, render_plain
from .sanitizing import stored
from .stream import Op, StreamRenderer

__all__ = ["Op", "StreamRenderer", "is_plain", "render", "render_plain", "render_within", "stored"]
