"""What people may send: a message, a conversation's settings, a title."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from conversations.models import Conversation
from conversations.models.conversation import TITLE_LENGTH
from conversations.text import storable
from providers import default_model, model_info, models_for_menu

MAX_TOKENS_STEP = 100
MAX_TOKENS_CEILING = 4000


class StorableTextField(forms.CharField):
    """Text as it came: not stripped, and NUL, which no database holds, replaced visibly instead of refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return storable(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        if self.required and not value.strip():
            raise ValidationError(self.error_messages["required"], code="required")


class MessageForm(forms.Form):
    client_id = forms.UUIDField(error_messages={"required": _("The page is out of date. Reload it and send again.")})
    text = StorableTextField(error_messages={"required": _("Write a message first.")})

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        excess = len(text) - settings.MAX_MESSAGE_CHARACTERS
        if excess > 0:
            raise ValidationError(
                ngettext_lazy(
                    "The message is %(excess)s character too long; at most %(limit)s are possible.",
                    "The message is %(excess)s characters too long; at most %(limit)s are possible.",
                    excess,
                ),
                code="too_long",
                params={"excess": _grouped(excess), "limit": _grouped(settings.MAX_MESSAGE_CHARACTERS)},
            )
        return text


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


class SettingsForm(forms.ModelForm[Conversation]):
    """How a conversation's next answers are made. The limits are the chosen model's."""

    model = forms.ChoiceField(label=_("Model"), required=False)
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, required=False)
    max_tokens = forms.IntegerField(label=_("Longest answer, in tokens"), min_value=MAX_TOKENS_STEP, required=False)
    streaming = forms.BooleanField(label=_("Show the answer while it is written"), required=False)

    class Meta:
        model = Conversation
        fields = ["model", "temperature", "max_tokens", "streaming"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = (self.data.get("model") if self.is_bound else "") or self.instance.model or default_model()
        self.initial["model"] = self.instance.model or default_model()
        self.info = model_info(chosen) if chosen else None
        self.fields["model"].choices = _choices(chosen, kept=self.instance.model)  # type: ignore[attr-defined]  # a ChoiceField, as declared above
        self._limit()

    def _limit(self) -> None:
        highest = self.info.max_temperature if self.info else 2.0
        longest = min(MAX_TOKENS_CEILING, self.info.max_output) if self.info else MAX_TOKENS_CEILING
        temperature, max_tokens = self.fields["temperature"], self.fields["max_tokens"]
        temperature.disabled = highest is None
        _bound(temperature, 0, highest if highest is not None else 2.0, 0.1)
        _bound(max_tokens, MAX_TOKENS_STEP, max(longest, MAX_TOKENS_STEP), MAX_TOKENS_STEP)

    def clean_temperature(self) -> float:
        value = self.cleaned_data["temperature"]
        return self.instance.temperature if value is None else round(value, 2)

    def clean_max_tokens(self) -> int:
        value = self.cleaned_data["max_tokens"]
        return self.instance.max_tokens if value is None else value

    def clean_model(self) -> str:
        return self.cleaned_data["model"] or self.instance.model


def _choices(chosen: str, *, kept: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The models by provider; and the chosen one, since a provider that is set up may know more than it lists."""
    groups = models_for_menu()
    choices = [(group.label, [(info.id, info.label) for info in group.models]) for group in groups]
    listed = any(chosen == info.id for group in groups for info in group.models)
    if chosen and not listed and (chosen == kept or model_info(chosen).provider in {g.provider for g in groups}):
        choices.insert(0, (str(_("In use")), [(chosen, model_info(chosen).label)]))
    return choices


def _bound(field: forms.Field, low: float, high: float, step: float) -> None:
    field.min_value, field.max_value = low, high  # type: ignore[attr-defined]  # number fields have both
    field.validators = [v for v in field.validators if getattr(v, "code", "") not in ("min_value", "max_value")]
    from django.core.validators import MaxValueValidator, MinValueValidator

    field.validators += [MinValueValidator(low), MaxValueValidator(high)]
    field.widget.attrs.update({"min": low, "max": high, "step": step})


class RenameForm(forms.ModelForm[Conversation]):
    title = StorableTextField(
        label=_("Title"), max_length=TITLE_LENGTH, error_messages={"required": _("A conversation needs a title.")}
    )

    class Meta:
        model = Conversation
        fields = ["title"]

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())
