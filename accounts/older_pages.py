"""Forms on pages that may be older than what they change: another tab or device may have saved something since."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


class ChangedFieldsOnly(forms.ModelForm[Row]):
    """Takes from a page what was changed on it; the rest stays what it is by now.

    The page says what it showed in hidden fields (`initial-NAME`). What comes without counts as changed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changed(self) -> list[str]:
        return [name for name in self.fields if self.is_changed(name)]

    def is_changed(self, name: str) -> bool:
        is_told = self.add_initial_prefix(name) in self.data and not self.instance._state.adding
        return not self.fields[name].disabled and (not is_told or name in self.changed_data)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return cleaned | {name: getattr(self.instance, name) for name in cleaned if not self.is_changed(name)}

    def store(self) -> None:
        """Save a valid form: what was changed, and nothing else of the row."""
        if self.instance._state.adding:
            self.save()
        elif self.changed:
            self.instance.save(update_fields=self.changed)
