"""What people may send: a message, a conversation's settings, a title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.older_pages import ChangedFieldsOnly
from conversations.models import Conversation, Folder
from conversations.models.conversation import TITLE_LENGTH
from conversations.models.folder import NAME_LENGTH
from conversations.screening import refusal_of
from conversations.text import one_line, storable
from providers import default_model, may_use, model_info, models_for_menu

if TYPE_CHECKING:
    from accounts.models import User

MAX_TOKENS_STEP = 100
TEMPERATURE_STEP = 0.1
MAX_TOKENS_CEILING = 4000
SYSTEM_PROMPT_LENGTH = 8000
MAX_FOLDERS = 200
_NOT_AVAILABLE = _("This model is not available. Choose another one.")
_NOT_ALLOWED = _("You cannot use this model any more. Choose another one in the settings.")


class StorableTextField(forms.CharField):
    """Text as it came: not stripped, and NUL, which no database holds, replaced visibly instead of refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return storable(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        if self.required and not value.strip():
            raise ValidationError(self.error_messages["required"], code="required")


class MessageIdField(forms.IntegerField):
    """The id of a message, or None for whatever else a page may say."""

    def clean(self, value: Any) -> int | None:
        try:
            number: int | None = super().clean(value)
        except ValidationError:
            return None
        return number if number is not None and 0 < number < 2**63 else None


class MessageForm(forms.Form):
    client_id = forms.UUIDField(error_messages={"required": _("The page is out of date. Reload it and send again.")})
    text = StorableTextField(error_messages={"required": _("Write a message first.")})
    parent = MessageIdField(required=False)

    def __init__(self, *args: Any, has_files: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = not has_files

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


class SettingsForm(ChangedFieldsOnly[Conversation]):
    """How a conversation's next answers are made. The limits are the chosen model's, the models its owner's.

    The model that the conversation has is among the choices even when it was taken from the owner since, so that
    nothing is chosen behind their back; but `model_is_taken` says so, and it cannot be sent any more.
    """

    model = forms.ChoiceField(label=_("Model"), required=False, error_messages={"invalid_choice": _NOT_AVAILABLE})
    temperature = forms.FloatField(label=_("Temperature"), min_value=0, required=False)
    max_tokens = forms.IntegerField(label=_("Longest answer, in tokens"), min_value=MAX_TOKENS_STEP, required=False)
    streaming = forms.BooleanField(label=_("Show the answer while it is written"), required=False)
    system_prompt = StorableTextField(label=_("Instructions for this conversation"), required=False)
    cache_answers = forms.BooleanField(label=_("Give the same question the same answer"), required=False)

    class Meta:
        model = Conversation
        fields = ["model", "temperature", "max_tokens", "streaming", "system_prompt", "cache_answers"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner, kept = self.instance.owner, self.instance.model
        default = default_model(owner)
        self.initial["model"] = kept or default
        sent = self.data.get("model", "") if self.is_bound else ""
        chosen = (sent if self.is_bound and self.is_changed("model") else "") or kept or default
        self.model_is_taken = bool(kept) and not may_use(owner, kept)
        self.info = model_info(chosen) if chosen else None
        cast(forms.ChoiceField, self.fields["model"]).choices = _choices(owner, sent or chosen, kept=kept)
        self._limit()

    @property
    def shown(self) -> list[SafeString]:
        """What the page shows, in hidden fields of the message box's form."""
        return [field.as_hidden(attrs={"form": "composer"}, only_initial=True) for field in self]

    @classmethod
    def shown_after(cls, form: SettingsForm | None, conversation: Conversation) -> list[SafeString]:
        """The same for a page whose message has brought a change of them; nothing for one that has not."""
        return cls(instance=conversation).shown if form and form.has_changed() else []

    def _limit(self) -> None:
        highest = self.info.max_temperature if self.info else 2.0
        longest = min(MAX_TOKENS_CEILING, self.info.max_output) if self.info else MAX_TOKENS_CEILING
        temperature, max_tokens = self.fields["temperature"], self.fields["max_tokens"]
        temperature.disabled = highest is None
        _bound(temperature, 0, highest if highest is not None else 2.0, TEMPERATURE_STEP)
        # What the slider makes of it: a value between two steps, or beyond its end, is not changed by being shown.
        shown = round(round(self.instance.temperature / TEMPERATURE_STEP) * TEMPERATURE_STEP, 1)
        self.initial["temperature"] = shown if highest is None else min(shown, highest)
        _bound(max_tokens, MAX_TOKENS_STEP, max(longest, MAX_TOKENS_STEP), MAX_TOKENS_STEP)

    def clean(self) -> dict[str, Any]:
        """What the page shows may be beyond the limits of a model that was chosen elsewhere: whoever chooses a model is
        told, and not whoever only sends a message."""
        cleaned = super().clean()
        for name in [] if self.is_changed("model") else [n for n in self.errors if not self.is_changed(n)]:
            del self.errors[name]
            cleaned[name] = getattr(self.instance, name)
        return cleaned

    def clean_temperature(self) -> float:
        value = self.cleaned_data["temperature"]
        return self.instance.temperature if value is None else round(value, 2)

    def clean_max_tokens(self) -> int:
        value = self.cleaned_data["max_tokens"]
        return self.instance.max_tokens if value is None else value

    def clean_model(self) -> str:
        model: str = (self.cleaned_data["model"] if self.is_changed("model") else "") or self.instance.model
        if model and not may_use(self.instance.owner, model):
            raise ValidationError(_NOT_ALLOWED, code="not_allowed")
        return model

    def clean_system_prompt(self) -> str:
        if "system_prompt" not in self.data:
            return self.instance.system_prompt
        text: str = self.cleaned_data["system_prompt"].strip()
        excess = len(text) - SYSTEM_PROMPT_LENGTH
        if excess > 0:
            raise ValidationError(
                ngettext_lazy(
                    "The instructions are %(excess)s character too long; at most %(limit)s are possible.",
                    "The instructions are %(excess)s characters too long; at most %(limit)s are possible.",
                    excess,
                ),
                code="too_long",
                params={"excess": _grouped(excess), "limit": _grouped(SYSTEM_PROMPT_LENGTH)},
            )
        return _allowed(self.instance, text) if text != self.instance.system_prompt else text


class RegenerateForm(forms.Form):
    """Which model writes the other answer; empty: the conversation's own."""

    model = forms.ChoiceField(required=False, error_messages={"invalid_choice": _NOT_AVAILABLE})

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = _choices(conversation.owner, self.data.get("model", ""), kept=conversation.model)
        cast(forms.ChoiceField, self.fields["model"]).choices = choices


def _choices(owner: User, chosen: str, *, kept: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The models by provider; and the chosen one, since a provider that is set up may know more than it lists."""
    groups = models_for_menu(owner)
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
        title = _said(one_line(self.cleaned_data["title"]), self.fields["title"])
        return _allowed(self.instance, title)


def _allowed(conversation: Conversation, text: str) -> str:
    """`text`, which its owner wants to put into `conversation`, unless the site's screen refuses it."""
    if text and (sentence := refusal_of(conversation.owner, conversation, text)):
        raise ValidationError(sentence, code="refused")
    return text


def _said(line: str, field: forms.Field) -> str:
    if not line:
        raise ValidationError(field.error_messages["required"], code="required")
    return line


class FolderForm(forms.ModelForm[Folder]):
    """The name of a folder; its instance knows the owner."""

    name = StorableTextField(
        label=_("Name of the folder"),
        error_messages={"required": _("A folder needs a name."), "taken": _("You already have a folder of this name.")},
    )

    class Meta:
        model = Folder
        fields = ["name"]

    def clean_name(self) -> str:
        name = _said(one_line(self.cleaned_data["name"]), self.fields["name"])
        if len(name) > NAME_LENGTH:
            sentence = _("The name of a folder has at most %(limit)s characters.")
            raise ValidationError(sentence, code="too_long", params={"limit": NAME_LENGTH})
        others = Folder.objects.filter(owner=self.instance.owner).exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise self._taken()
        if self.instance._state.adding and others.count() >= MAX_FOLDERS:
            sentence = _("You have %(limit)s folders. Delete one before you make another.")
            raise ValidationError(sentence, code="too_many", params={"limit": MAX_FOLDERS})
        return name

    def _taken(self) -> ValidationError:
        return ValidationError(self.fields["name"].error_messages["taken"], code="taken")

    def store(self) -> bool:
        """Save a valid form; false, with the reason among its errors, when the name has just been taken."""
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            self.add_error("name", self._taken())
            return False
        return True
