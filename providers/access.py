"""Who may use which model: a ModelOverride that names groups closes its model to everybody else."""

from typing import TYPE_CHECKING

from providers.connections import connections
from providers.naming import split_model
from providers.stored import stored

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

    Person = AbstractUser | AnonymousUser


def may_use(user: "Person | None", model: str) -> bool:
    """Whether the person may use "provider/model" or a bare name. Superusers may use all; None restricts nothing.

    For threads: it asks for the person's groups, and only where the model is not open to everybody.
    """
    needed = [groups for closed, groups in stored().groups.items() if _leads_to(model.strip(), closed)]
    if not needed or user is None or user.is_superuser:
        return True
    own = _groups_of(user)
    return all(own & groups for groups in needed)


def closed_to(user: "Person | None") -> frozenset[str]:
    """The models, as overrides name them, that the person may not use. For threads; at most one query."""
    needed = stored().groups
    if not needed or user is None or user.is_superuser:
        return frozenset()
    own = _groups_of(user)
    return frozenset(model for model, groups in needed.items() if not own & groups)


def _groups_of(user: "Person") -> frozenset[int]:
    return frozenset(user.groups.values_list("pk", flat=True))


def _leads_to(model: str, closed: str) -> bool:
    """Whether asking for `model` may reach the model `closed`, also by the name that a provider lists it under."""
    provider, name = split_model(model)
    if f"{provider}/{name}" == closed:
        return True
    return closed.partition("/")[2] == model and provider not in connections(stored())
