import re
from pathlib import Path

import pytest

from conversations.rendering.highlighting import CLASS_OF
from conversations.rendering.sanitizing import CODE_CLASSES

CSS = (Path(__file__).parents[3] / "static" / "css" / "conversation.css").read_text()
CSS = CSS[CSS.index("/* Colours of code") :]
RULES = re.findall(r"& \.(\w+) \{ color: light-dark\((#\w{6}), (#\w{6})\)", CSS)
LIGHT_SURFACE, DARK_SURFACE = "#f6f6f7", "#17181b"


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "light", "dark"), RULES)
def test_colours_can_be_read(name: str, light: str, dark: str) -> None:
    assert contrast(light, LIGHT_SURFACE) >= 4.5
    assert contrast(dark, DARK_SURFACE) >= 4.5


def test_every_class_has_a_colour_and_passes_the_cleaner() -> None:
    assert {name for name, _, _ in RULES} == set(CLASS_OF.values()) == CODE_CLASSES


def test_the_colours_of_code_are_small() -> None:
    assert len(CSS.encode()) < 5_000
