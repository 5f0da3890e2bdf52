from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_site.admin_lists import ForgivingList
from providers.admin_words import not_usable, outcome, unreadable
from providers.connections import connections
from providers.errors import ProviderError
from providers.forms import CredentialForm, OverrideForm
from providers.listed import heard
from providers.models import Credential, ModelOverride
from providers.naming import split_model
from providers.stored import stored
from providers.trial import try_out

if TYPE_CHECKING:
    CredentialAdminBase = admin.ModelAdmin[Credential]
    OverrideAdminBase = admin.ModelAdmin[ModelOverride]
else:
    CredentialAdminBase = OverrideAdminBase = admin.ModelAdmin  # Django's own class takes no parameter


@admin.register(Credential)
class CredentialAdmin(ForgivingList, CredentialAdminBase):
    """Keys are entered here and never shown; a saved one is tried at once, and so is a changed address."""

    form = CredentialForm
    fields = ("provider", "base_url", "allow_inside", "api_key", "key_hint")
    readonly_fields = ("key_hint",)
    list_display = ("provider", "base_url", "allow_inside", "key_hint", "updated_at")
    actions = ("try_keys",)

    @admin.display(description=_("key"))
    def key_hint(self, credential: Credential) -> str:
        """The key's last characters, as far as they may be shown."""
        if not credential.encrypted_key:
            return gettext("no key")
        return f"…{credential.last_four}" if credential.last_four else gettext("a key is stored")

    @method_decorator(sensitive_post_parameters("api_key"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's own, without the key in reports of errors."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # After the commit: the network is not for transactions.
        transaction.on_commit(partial(self.try_key, request, obj))

    @admin.action(description=_("Try the selected keys"))
    def try_keys(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            self.try_key(request, credential)

    def try_key(self, request: HttpRequest, credential: Credential) -> None:
        """Make real calls with the key and say how it went."""
        connection = connections(stored()).get(credential.provider)
        if connection is None or (reason := unreadable(credential)):
            reason = reason if connection else gettext("It has no address.")
            self.message_user(request, not_usable(credential.provider, reason), messages.WARNING)
            return
        try:
            async_to_sync(try_out)(connection)
        except ProviderError as error:
            self.message_user(request, outcome(connection, error), messages.WARNING)
        else:
            self.message_user(request, outcome(connection, None), messages.SUCCESS)


@admin.register(ModelOverride)
class ModelOverrideAdmin(ForgivingList, OverrideAdminBase):
    form = OverrideForm
    list_display = ("model", "label", "who", "fallback", "input_price", "output_price", "hidden")
    list_filter = ("hidden", "groups")
    search_fields = ("model", "label")
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("model", "label", "hidden")}),
        (_("Who may use it"), {"fields": ("groups",)}),
        (_("When it fails"), {"fields": ("fallback",)}),
        (_("What it can do"), {"fields": ("context_window", "max_output", "supports_images")}),
        (_("What it costs"), {"fields": ("input_price", "output_price")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelOverride]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("who may use it"))
    def who(self, override: ModelOverride) -> str:
        names = ", ".join(sorted(group.name for group in override.groups.all()))
        return names or (gettext("nobody") if override.is_restricted else gettext("everybody"))

    def save_model(self, request: HttpRequest, obj: ModelOverride, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.fallback and (doubt := _doubt(obj.fallback)):
            self.message_user(request, doubt, messages.WARNING)


def _doubt(fallback: str) -> str:
    """Why a fallback may never answer, as far as is known without asking anyone; "" when nothing speaks against it."""
    provider, name = split_model(fallback)
    connection = connections(stored()).get(provider)
    if connection is None:
        words = gettext("The fallback's provider %(provider)s is not set up on this site yet.")
        return words % {"provider": provider}
    listing = heard(connection)
    if listing is None or listing.models is None or any(model.name == name for model in listing.models):
        return ""
    words = gettext("The fallback “%(model)s” is not in the list of %(provider)s. Check how it is written.")
    return words % {"provider": connection.label, "model": name}
