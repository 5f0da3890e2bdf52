"""Chains of fallbacks: following them, and refusing those that lead nowhere."""

import pytest

import providers
from providers.fallbacks import MAX_FALLBACKS, chain_through, is_circle
from providers.forms import OverrideForm
from providers.models import ModelOverride

pytestmark = pytest.mark.django_db


def _form(model: str, fallback: str, instance: ModelOverride | None = None) -> OverrideForm:
    return OverrideForm({"model": model, "fallback": fallback}, instance=instance)


@pytest.fixture(autouse=True)
def form_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form by itself has no fields but those that the admin gives it."""
    from django.forms import modelform_factory

    made = modelform_factory(ModelOverride, OverrideForm, fields="__all__")
    monkeypatch.setitem(globals(), "OverrideForm", made)


def test_the_model_that_answers_next() -> None:
    ModelOverride.objects.create(model="openai/gpt-4o", label="Ours", fallback="anthropic/claude-sonnet-4-5")
    assert providers.fallback_of("openai/gpt-4o") == "anthropic/claude-sonnet-4-5"
    assert providers.fallback_of("gpt-4o") == "anthropic/claude-sonnet-4-5"
    assert providers.fallback_of("anthropic/claude-sonnet-4-5") == ""
    assert providers.fallback_of("") == ""


def test_a_model_is_never_its_own_fallback() -> None:
    ModelOverride.objects.create(model="openai/gpt-4o", fallback="openai/gpt-4o")
    assert providers.fallback_of("openai/gpt-4o") == ""


def test_chains() -> None:
    fallbacks = {"a/1": "a/2", "a/2": "a/3", "b/1": "a/2"}
    assert chain_through("a/2", fallbacks)[-2:] == ["a/2", "a/3"]
    assert chain_through("a/1", fallbacks) == ["a/1", "a/2", "a/3"]
    assert chain_through("c/1", fallbacks) == ["c/1"]
    assert is_circle(chain_through("a/3", fallbacks | {"a/3": "a/1"}))


def test_a_chain_of_three_is_fine() -> None:
    ModelOverride.objects.create(model="a/2", fallback="a/3")
    ModelOverride.objects.create(model="a/3", fallback="a/4")
    assert MAX_FALLBACKS == 3
    assert _form("a/1", "a/2").is_valid()


@pytest.mark.parametrize("changed", [("a/0", "a/1"), ("a/4", "a/5")])
def test_a_longer_one_is_refused_from_both_ends(changed: tuple[str, str]) -> None:
    for number in (1, 2, 3):
        ModelOverride.objects.create(model=f"a/{number}", fallback=f"a/{number + 1}")
    form = _form(*changed)
    assert "→" in form.errors["fallback"][0]
    assert changed[1] in form.errors["fallback"][0]


@pytest.mark.parametrize("chain", [["a/1"], ["a/1", "a/2"], ["a/1", "a/2", "a/3"]])
def test_circles_are_refused_and_shown(chain: list[str]) -> None:
    following = dict(zip(chain, [*chain[1:], chain[0]], strict=True))
    for model in chain[1:]:
        ModelOverride.objects.create(model=model, fallback=following[model])
    form = _form(chain[0], following[chain[0]])
    assert chain[0] in form.errors["fallback"][0]


def test_a_circle_elsewhere_does_not_matter() -> None:
    """Rows made by other means than the form."""
    ModelOverride.objects.create(model="b/1", fallback="b/2")
    ModelOverride.objects.create(model="b/2", fallback="b/1")
    assert _form("a/1", "a/2").is_valid()


def test_renaming_a_model_counts_with_its_new_name() -> None:
    row = ModelOverride.objects.create(model="a/9", fallback="a/2")
    ModelOverride.objects.create(model="a/2", fallback="a/1")
    assert not _form("a/1", "a/2", row).is_valid()
    assert _form("a/9", "a/2", row).is_valid()


@pytest.mark.parametrize("name", ["gpt-4o", "/gpt-4o", "openai/", "open ai/x y"])
def test_a_fallback_that_is_no_name_is_refused(name: str) -> None:
    assert "fallback" in _form("a/1", name).errors
