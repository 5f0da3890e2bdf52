from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from providers import local
from providers.credentials import EncryptionKeyError
from providers.models import Credential

if TYPE_CHECKING:
    CredentialModelForm = forms.ModelForm[Credential]
else:
    CredentialModelForm = forms.ModelForm  # Django's own class takes no parameter


class CredentialForm(CredentialModelForm):
    """A credential's form. The key goes in and never comes out."""

    api_key = forms.CharField(
        label=_("API key"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Stored encrypted and never shown again. Leave empty to keep the one that is stored."),
    )

    class Meta:
        model = Credential
        fields = ("provider", "base_url")

    def clean_provider(self) -> str:
        provider: str = self.cleaned_data["provider"]
        if provider == local.NAME:
            raise ValidationError(_("This name belongs to the local model."))
        return provider

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
        return cleaned

    def _encrypt(self, key: str) -> None:
        try:
            self.instance.set_key(key)
        except EncryptionKeyError:
            self.add_error(
                "api_key",
                _("The key cannot be stored: ENCRYPTION_KEY is missing or is no Fernet key. See .env.example."),
            )
