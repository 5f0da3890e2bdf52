from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from providers import local, outbound
from providers.connections import addressed
from providers.credentials import EncryptionKeyError
from providers.fallbacks import MAX_FALLBACKS, chain_through, is_circle
from providers.models import Credential, ModelOverride

if TYPE_CHECKING:
    CredentialModelForm = forms.ModelForm[Credential]
    OverrideModelForm = forms.ModelForm[ModelOverride]
else:
    CredentialModelForm = OverrideModelForm = forms.ModelForm  # Django's own class takes no parameter


class CredentialForm(CredentialModelForm):
    """A credential's form. The key goes in and never comes out."""

    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Stored encrypted and never shown again. Leave empty to keep the one that is stored; a new address needs it"
            " again."
        ),
    )

    class Meta:
        model = Credential
        fields = ("provider", "base_url", "allow_inside")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keyed_for = self.instance.destination if self.instance.encrypted_key else None

    def clean_provider(self) -> str:
        provider: str = self.cleaned_data["provider"]
        if provider == local.NAME:
            raise ValidationError(_("This name belongs to the local model."))
        return provider

    def clean_base_url(self) -> str:
        base_url: str = self.cleaned_data["base_url"]
        if base_url and not outbound.is_plain(base_url):
            raise ValidationError(
                _("Write only the address: no name or password, no backslash, no “#”, and a “?” only behind the path.")
            )
        return base_url

    def clean_api_key(self) -> str:
        key: str = self.cleaned_data["api_key"]
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValidationError(_("A key has only Latin letters, digits and signs, without spaces."))
        return key

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = cleaned.get("api_key", "")
        if not key and not cleaned.get("base_url") and not self.instance.encrypted_key:
            self.add_error("api_key", _("Enter a key, or the base URL of a server that needs none."))
        elif key:
            self._encrypt(key)
        if cleaned.get("provider", "openai") not in addressed() and not cleaned.get("base_url"):
            self.add_error("base_url", _("Enter the base URL of this server."))
        if cleaned.get("base_url") and not cleaned.get("allow_inside"):
            self._refuse_inside(cleaned["base_url"])
        if not key and not self.errors:
            self._keep_key_to_its_address(cleaned)
        return cleaned

    def _keep_key_to_its_address(self, cleaned: dict[str, Any]) -> None:
        """A stored key goes nowhere but where whoever entered it meant it to go: else it could be read at its goal."""
        meant = Credential(**{name: cleaned[name] for name in CredentialForm.Meta.fields})
        if self._keyed_for is not None and self._keyed_for != meant.destination:
            sentence = _(
                "The stored key was entered for another address or network, so enter it again. For a server without a"
                " key, delete this credential and add another."
            )
            self.add_error("api_key", ValidationError(sentence, code="key_anew"))

    def _refuse_inside(self, base_url: str) -> None:
        if address := outbound.inside_address_of(base_url):
            sentence = _(
                "%(host)s leads to %(address)s, which is this machine or a part of its own network. If you trust that"
                " server, tick “inside my network”."
            )
            named = {"host": outbound.host_of(base_url), "address": address}
            self.add_error("base_url", ValidationError(sentence, code="inside", params=named))

    @sensitive_variables("key")
    def _encrypt(self, key: str) -> None:
        try:
            self.instance.set_key(key)
        except EncryptionKeyError:
            self.add_error(
                "api_key",
                _("The key cannot be stored: ENCRYPTION_KEY is missing or is no Fernet key. See .env.example."),
            )


class OverrideForm(OverrideModelForm):
    """What the site knows better about a model. Its fallback may lead in no circle and not too far."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("model") and cleaned.get("fallback"):
            self._check_chain(cleaned["model"], cleaned["fallback"])
        return cleaned

    def _check_chain(self, model: str, fallback: str) -> None:
        others = ModelOverride.objects.exclude(pk=self.instance.pk).exclude(fallback="")
        chain = chain_through(model, dict(others.values_list("model", "fallback")) | {model: fallback})
        named = {"chain": " → ".join(chain), "most": MAX_FALLBACKS}
        if is_circle(chain):
            sentence = _("The fallbacks would go in a circle: %(chain)s.")
            self.add_error("fallback", ValidationError(sentence, code="circle", params=named))
        elif len(chain) > MAX_FALLBACKS + 1:
            sentence = _("A chain has %(most)s fallbacks at most, and this one would be longer: %(chain)s.")
            self.add_error("fallback", ValidationError(sentence, code="too_long", params=named))
