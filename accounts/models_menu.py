"""The models a person may choose as their default. They come from another app, by the dotted path settings.MODEL_MENU,
since accounts imports no sibling."""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User


class Model(Protocol):
    """id: "provider/model". max_temperature: None when it takes none. max_output: tokens."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def max_temperature(self) -> float | None: ...
    @property
    def max_output(self) -> int: ...


class Group(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def models(self) -> Sequence[Model]: ...


def menu(user: User) -> Sequence[Group]:
    """The groups of the model menu, one for each provider, with the models that the person may use; empty when the
    site has no model or no menu."""
    path = getattr(settings, "MODEL_MENU", "")
    if not path:
        return ()
    return cast(Callable[[User], Sequence[Group]], import_string(path))(user)
