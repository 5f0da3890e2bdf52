"""What somebody fills in to report a message or a link."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation.models.flag import NOTE_LENGTH, Reason


class NoteField(forms.CharField):
    """A text of several lines. A line end counts as one character, as in the browser."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=[("", _("Choose a reason")), *Reason.choices],
        error_messages={"required": _("Choose a reason."), "invalid_choice": _("Choose a reason.")},
    )
    note = NoteField(
        label=_("What should the moderators know? (optional)"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="report-%s")
