"""The audit log in people's words."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from moderation import audit_words
from moderation.audit_words import ACTIONS, action_in_words, target_in_words

MODERATION = Path(audit_words.__file__).parent
CALL = re.compile(r'audit\.record\(\s*"([a-z_.]+)"')


def _codes() -> set[str]:
    """The codes that stand in the sources as they are, and those of the actions on cases."""
    found = {code for path in MODERATION.rglob("*.py") for code in CALL.findall(path.read_text())}
    return found | {f"case.{name}" for name in re.findall(r'_act\("(\w+)"', (MODERATION / "actions.py").read_text())}


def test_every_action_has_words() -> None:
    codes = _codes()
    assert {"case.dismissed", "conversation.opened", "person.logged_in"} <= codes
    assert codes <= ACTIONS.keys()


def test_an_unknown_action_is_named_by_its_code() -> None:
    assert action_in_words("thing.done") == "thing.done"


@pytest.mark.parametrize(
    ("kind", "target_id", "words"),
    [
        ("moderation.case", "7", "Case 7"),
        ("accounts.user", "3", "User 3"),
        ("gone.thing", "1", "gone.thing 1"),
        ("nonsense", "1", "nonsense 1"),
        ("", "", ""),
    ],
)
def test_targets(kind: str, target_id: str, words: str) -> None:
    with translation.override("en"):
        assert target_in_words(kind, target_id) == words
