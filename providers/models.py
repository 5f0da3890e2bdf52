from decimal import Decimal

from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers import credentials
from providers.addresses import tidy

LAST_CHARACTERS = 4
provider_name = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]{0,49}\Z", _("Use lower-case letters, digits, hyphens and underscores.")
)
model_name = RegexValidator(r"^[^/\s]+/\S+\Z", _("Write it as provider/model."))
# Not Django's own: servers beside this one have names without a dot.
web_address = RegexValidator(r"^https?://[^\s/]+(/\S*)?\Z", _("Write it as http://… or https://…"))


class Credential(models.Model):
    """A provider's key, encrypted at rest. It wins over the one in the settings.

    The name of a provider that the settings do not know, with a base URL, adds an OpenAI-compatible server.
    """

    provider = models.CharField(
        _("provider"),
        max_length=50,
        unique=True,
        validators=[provider_name],
        help_text=_("openai, anthropic, or a name of your own for an OpenAI-compatible server."),
    )
    base_url = models.CharField(
        _("base URL"),
        max_length=300,
        blank=True,
        validators=[web_address],
        help_text=_("Leave empty for the provider's own address. An OpenAI-compatible server usually ends in /v1."),
    )
    allow_inside = models.BooleanField(
        _("inside my network"),
        default=False,
        help_text=_("Allow an address of this machine or of your own network. Tick it only for a server you trust."),
    )
    encrypted_key = models.TextField(_("encrypted key"), blank=True, editable=False)
    last_four = models.CharField(_("key ends in"), max_length=LAST_CHARACTERS, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["provider"]

    def __str__(self) -> str:
        return f"{self.provider} (…{self.last_four})" if self.last_four else self.provider

    def __repr__(self) -> str:
        return f"<Credential: {self}>"

    def set_key(self, key: str) -> None:
        """Encrypt `key` into this row, which is not saved yet. Raises EncryptionKeyError."""
        self.encrypted_key = credentials.encrypt(key) if key else ""
        # A short key would be half shown by its last four characters.
        self.last_four = key[-LAST_CHARACTERS:] if len(key) >= 4 * LAST_CHARACTERS else ""

    @property
    def destination(self) -> tuple[str, bool]:
        """Where the key goes: an address, or a provider by name for its own; and whether that may be inside."""
        return tidy(self.base_url) or self.provider, self.allow_inside

    def key(self) -> str:
        """The key itself, "" when none is stored. Raises CannotDecrypt, EncryptionKeyError."""
        return credentials.decrypt(self.encrypted_key) if self.encrypted_key else ""


class ModelOverride(models.Model):
    """What the site knows better about a model than the catalogue. Empty fields leave the catalogue's word."""

    model = models.CharField(
        _("model"),
        max_length=200,
        unique=True,
        validators=[model_name],
        help_text=_("Written provider/model, for example openai/gpt-4o."),
    )
    label = models.CharField(_("label"), max_length=100, blank=True)
    context_window = models.PositiveIntegerField(_("context window"), null=True, blank=True, help_text=_("In tokens."))
    max_output = models.PositiveIntegerField(_("longest answer"), null=True, blank=True, help_text=_("In tokens."))
    input_price = models.DecimalField(
        _("price of input"),
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("US dollars per million tokens."),
    )
    output_price = models.DecimalField(
        _("price of output"),
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("US dollars per million tokens."),
    )
    supports_images = models.BooleanField(_("sees images"), null=True, blank=True)
    groups = models.ManyToManyField(
        Group,
        verbose_name=_("groups"),
        blank=True,
        related_name="+",
        help_text=_("Who may use it. Leave empty to let everybody."),
    )
    is_restricted = models.BooleanField(
        default=False, editable=False, help_text="groups were chosen: if all of them are deleted, nobody may use it"
    )
    fallback = models.CharField(
        _("fallback"),
        max_length=200,
        blank=True,
        validators=[model_name],
        help_text=_("The model that answers when this one fails before its first word. Written provider/model."),
    )
    hidden = models.BooleanField(_("hidden"), default=False, help_text=_("Left out of the model menu."))

    class Meta:
        verbose_name = _("model override")
        verbose_name_plural = _("model overrides")
        ordering = ["model"]

    def __str__(self) -> str:
        return self.model
