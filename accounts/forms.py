"""The forms of the account pages: allauth's, with our words and one password field, and the settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import addresses, sign_up
from accounts.models import MAX_TEMPERATURE, MAX_TOKENS, MIN_TOKENS, TOKEN_STEP, Preferences, User
from accounts.models_menu import Group, Model
from accounts.older_pages import ChangedFieldsOnly
from accounts.screening import refusal_of

if TYPE_CHECKING:
    from django.http import HttpRequest

NUMBER_ERRORS = ("required", "invalid", "min_value", "max_value", "step_size")
TEMPERATURE_ERROR = _("Choose a temperature between 0 and 2, in steps of 0.1.")
TOKENS_ERROR = _("Choose a number of tokens between 100 and 4000, in steps of 100.")
INSTRUCTIONS_LENGTH = 4000
EMAIL_HINT = _("For logging in, and for a new password if you forget yours. A mail goes there to confirm it.")
PASSWORD_HINT = _("At least 8 characters, and nothing that is easy to guess.")
MOST_ACCOUNTS = 20  # that one mail names
NAME_ATTRIBUTES = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


def _dress(form: forms.Form, **labels: Any) -> None:
    """Labels stand above fields instead of in them, and a password can be shown."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
        if isinstance(field.widget, forms.PasswordInput):
            field.widget.template_name = "forms/password.html"
            field.help_text = PASSWORD_HINT if field.widget.attrs.get("autocomplete") == "new-password" else ""
    for name, label in labels.items():
        form.fields[name].label = label


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, login=_("Username or e-mail"), password=_("Password"))
        self.fields["login"].widget.attrs |= NAME_ATTRIBUTES | {"autocomplete": "username", "maxlength": "254"}

    def clean_login(self) -> str:
        return User.normalize_username(super().clean_login())


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]  # allauth ships no types
    """The e-mail address is optional, unless settings.SIGN_UP names the domains that may sign up. It is a claim until a
    mail has confirmed it (see addresses.py)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        domains = sign_up.allowed_domains()
        super().__init__(*args, email_required=bool(domains), **kwargs)
        self.order_fields(["username", "email", "password1"])
        _dress(self, username=_("Username"), email=_("E-mail") if domains else _("E-mail (optional)"))
        self.fields["username"].widget.attrs |= NAME_ATTRIBUTES
        self.fields["username"].help_text = _("Letters, digits, dots, hyphens and underscores.")
        self.fields["email"].help_text = _domain_hint(domains) or EMAIL_HINT

    def clean_email(self) -> str:
        return _of_domain(super().clean_email())

    def validate_unique_email(self, value: str) -> str:
        return value

    def save(self, request: HttpRequest) -> User:
        email, self.cleaned_data["email"] = self.cleaned_data["email"], ""
        must_confirm = bool(sign_up.allowed_domains())
        with transaction.atomic():
            saved: User = super().save(request)
            if must_confirm:  # the mail goes out on the way in (see stages.py)
                EmailAddress.objects.create(user=saved, email=email, primary=True)
        if email and not must_confirm:
            try:
                addresses.claim(request, saved, email)
            except ImmediateHttpResponse:
                messages.error(
                    request, _("The mail to confirm your e-mail address could not be sent. Try again later.")
                )
        return saved


def _of_domain(email: str) -> str:
    """Raises ValidationError where settings.SIGN_UP names domains and this is of another."""
    if email and not sign_up.is_allowed(email):
        raise ValidationError(_domain_hint(sign_up.allowed_domains()), code="domain")
    return email


def _domain_hint(domains: Iterable[str]) -> str:
    names = ", ".join(f"@{name}" for name in sorted(domains))
    return str(_("An address that ends in %(domains)s.") % {"domains": names}) if names else ""


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth ships no types
    password2 = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, oldpassword=_("Current password"), password1=_("New password"))


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, email=_("E-mail"))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """One mail, however many accounts claim the address: how long the page takes does not tell of them."""
        if not self.users:
            return str(super().save(request, **kwargs))
        adapter, email = get_adapter(), str(self.cleaned_data["email"])
        likeliest = sorted(self.users, key=lambda one: (one.email == email, bool(one.last_login), one.last_login))[::-1]
        accounts = [
            {"name": user.get_username(), "url": adapter.get_reset_password_from_key_url(_reset_key(user))}
            for user in likeliest[:MOST_ACCOUNTS]
        ]
        adapter.send_mail("account/email/password_reset_key", email, {"accounts": accounts})
        return email


def _reset_key(user: User) -> str:
    return f"{user_pk_to_url_str(user)}-{allauth_forms.default_token_generator.make_token(user)}"


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth ships no types
    password2 = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, password1=_("New password"))


class EmailForm(allauth_forms.AddEmailForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self, email=_("New e-mail address"))

    def clean_email(self) -> str:
        return _of_domain(super().clean_email())

    def save(self, request: HttpRequest) -> EmailAddress:
        return addresses.claim(request, self.user, self.cleaned_data["email"])


class InstructionsField(forms.CharField):
    """A text of several lines. A line end counts as one character, as in the browser."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def validate(self, value: str) -> None:
        super().validate(value)
        excess = len(value) - INSTRUCTIONS_LENGTH
        if excess > 0:
            sentence = ngettext_lazy(
                "The instructions are %(excess)s character too long; at most %(limit)s are possible.",
                "The instructions are %(excess)s characters too long; at most %(limit)s are possible.",
                excess,
            )
            numbers = {"excess": _grouped(excess), "limit": _grouped(INSTRUCTIONS_LENGTH)}
            raise ValidationError(sentence, code="too_long", params=numbers)


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


class SteppedField(forms.IntegerField):
    """Whole numbers on steps. What is far beyond the limits is not measured against the steps: Python does that in
    floats, which end at 308 digits."""

    def to_python(self, value: Any) -> int | None:
        number: int | None = super().to_python(value)
        if number is not None and number.bit_length() > 64:
            raise ValidationError(self.error_messages["max_value"], code="max_value")
        return number


class PreferencesForm(ChangedFieldsOnly[Preferences]):
    """The settings page. `groups` is the model menu; a value beyond the chosen model's limits is refused by name."""

    default_model = forms.ChoiceField(
        label=_("Model"),
        required=False,
        error_messages={"invalid_choice": _("This model is not available. Choose another.")},
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        help_text=_("0 keeps to the likeliest words, higher values vary more. Some models end at 1 or take none."),
        min_value=0,
        max_value=MAX_TEMPERATURE,
        step_size=0.1,
        error_messages=dict.fromkeys(NUMBER_ERRORS, TEMPERATURE_ERROR),
    )
    max_tokens = SteppedField(
        label=_("Longest answer, in tokens"),
        help_text=_("A token is about three quarters of an English word; a Korean syllable is about one."),
        min_value=MIN_TOKENS,
        max_value=MAX_TOKENS,
        step_size=TOKEN_STEP,
        error_messages=dict.fromkeys(NUMBER_ERRORS, TOKENS_ERROR),
    )

    custom_instructions = InstructionsField(
        label=_("Custom instructions"),
        help_text=_(
            "Told to the model in every one of your conversations: what it should know of you, how it answers."
        ),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    class Meta:
        model = Preferences
        fields: ClassVar[list[str]] = [
            "language",
            "theme",
            "custom_instructions",
            "default_model",
            "temperature",
            "max_tokens",
            "streaming",
        ]

    def __init__(self, *args: Any, groups: Sequence[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._models = {model.id: model for group in groups for model in group.models}
        model_field = cast(forms.ChoiceField, self.fields["default_model"])
        model_field.choices = self._choices(groups)
        if not self._models:
            model_field.help_text = _("No model is set up yet. Whoever runs this site can add one.")

    def clean_custom_instructions(self) -> str:
        text: str = self.cleaned_data["custom_instructions"]
        if "custom_instructions" in self.changed_data and (sentence := refusal_of(self.instance.user, text)):
            raise ValidationError(sentence, code="refused")
        return text

    def _choices(self, groups: Sequence[Group]) -> list[Any]:
        listed = [(group.label, [(model.id, model.label) for model in group.models]) for group in groups]
        kept = self.instance.default_model
        # A server that is down for a moment must not cost anybody their choice.
        missing = [(_("Not available now"), [(kept, kept)])] if kept and kept not in self._models else []
        return [("", _("The site's default")), *missing, *listed]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        model = self._models.get(cleaned.get("default_model", ""))
        if model is not None:
            self._keep_temperature_within(model, cleaned.get("temperature"))
            self._keep_tokens_within(model, cleaned.get("max_tokens"))
        return cleaned

    def _keep_temperature_within(self, model: Model, value: float | None) -> None:
        limit = model.max_temperature
        if value is not None and limit is not None and value > limit:
            sentence = _("%(model)s takes a temperature of %(limit)s at most.")
            named = {"model": model.label, "limit": f"{limit:g}"}
            self.add_error("temperature", ValidationError(sentence, code="model_limit", params=named))

    def _keep_tokens_within(self, model: Model, value: int | None) -> None:
        if value is not None and value > max(model.max_output, MIN_TOKENS):
            sentence = _("%(model)s writes %(limit)s tokens at most.")
            named = {"model": model.label, "limit": model.max_output}
            self.add_error("max_tokens", ValidationError(sentence, code="model_limit", params=named))
