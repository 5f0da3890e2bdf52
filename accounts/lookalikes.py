"""Names that look alike: the skeleton of Unicode's security report (UTS 39), which is the same for all of them.

The letters that are taken for each other are those of the package confusable-homoglyphs. Two names of one skeleton are
one name to whoever reads them, such as "paypal" with a Cyrillic "а", "bob" and "b0b", "bernard" and "bemard".
"""

import json
import unicodedata
from functools import cache
from importlib.resources import files

import regex

SKELETON_LENGTH = 400
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")


def skeleton(name: str) -> str:
    """What `name` looks like; only good for comparing with another one."""
    plainest = _plainest()
    for _twice in range(2):  # a letter may lead to one that has a form of its own
        name = "".join(plainest.get(letter, letter) for letter in unicodedata.normalize("NFD", name))
        name = unicodedata.normalize("NFD", name.casefold())
    return _UNSEEN.sub("", name).replace("vv", "w")[:SKELETON_LENGTH]


@cache
def _plainest() -> dict[str, str]:
    """Each letter that looks like others, with the one that stands for all of them."""
    alike: dict[str, list[dict[str, str]]] = json.loads(
        files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    )
    others = {letter: [_bare(other["c"]) for other in found] for letter, found in alike.items()}
    plainest = {letter: _stands_for(letter, others) for letter in others if len(letter) == 1}
    for capital, plain in list(plainest.items()):
        small = capital.lower()
        # "кam" and "КAM" are one name here: what looks like a Latin letter as a capital does so as a small one.
        if plain.isascii() and len(small) == 1 and not plainest.get(small, small).isascii():
            plainest |= dict.fromkeys((small, plainest.get(small, small)), plain)
    return plainest


def _stands_for(letter: str, others: dict[str, list[str]]) -> str:
    """The data leads from each letter to what it is taken for, and from there back to all of them."""
    if len(others[letter]) > 1:
        return letter
    other = others[letter][0]
    return other if len(others.get(other, ())) > 1 else min(letter, other)


def _bare(text: str) -> str:
    return text.strip("\u200e")
