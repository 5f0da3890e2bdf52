import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from providers.connections import Connection, connections
from providers.errors import ProviderError, ProviderNotConfigured
from providers.forms import CredentialForm
from providers.models import Credential, ModelOverride
from providers.registry import build_once
from providers.stored import stored

if TYPE_CHECKING:
    CredentialAdminBase = admin.ModelAdmin[Credential]
    OverrideAdminBase = admin.ModelAdmin[ModelOverride]
else:
    CredentialAdminBase = OverrideAdminBase = admin.ModelAdmin  # Django's own class takes no parameter


@admin.register(Credential)
class CredentialAdmin(CredentialAdminBase):
    """Keys are entered here and never shown; a saved one is tried at once."""

    form = CredentialForm
    fields = ("provider", "base_url", "api_key", "key_hint")
    readonly_fields = ("key_hint",)
    list_display = ("provider", "base_url", "key_hint", "updated_at")
    actions = ("try_keys",)

    @admin.display(description=_("key"))
    def key_hint(self, credential: Credential) -> str:
        """The key's last characters, as far as they may be shown."""
        if not credential.encrypted_key:
            return translate("no key")
        return f"…{credential.last_four}" if credential.last_four else translate("a key is stored")

    def save_model(self, request: HttpRequest, obj: Credential, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # After the commit: the network is not for transactions.
        transaction.on_commit(partial(self.try_key, request, obj.provider))

    @admin.action(description=_("Try the selected keys"))
    def try_keys(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        for credential in queryset:
            self.try_key(request, credential.provider)

    def try_key(self, request: HttpRequest, provider: str) -> None:
        """Make a cheap real call with the key and say how it went."""
        try:
            connection = connections(stored())[provider]
            async_to_sync(_check)(connection)
        except ProviderError as error:
            text = translate("The key of %(provider)s is stored, but trying it failed. %(reason)s")
            self.message_user(request, text % {"provider": provider, "reason": error.sentence()}, messages.WARNING)
        else:
            self.message_user(request, translate("The key of %(provider)s works.") % {"provider": provider})


async def _check(connection: Connection) -> None:
    """Raises ProviderError when the provider cannot be used as it is stored."""
    if connection.problem:
        raise ProviderNotConfigured(connection.problem)
    provider = await asyncio.to_thread(build_once, connection)
    try:
        await provider.check()
    finally:
        await provider.close()


@admin.register(ModelOverride)
class ModelOverrideAdmin(OverrideAdminBase):
    list_display = ("model", "label", "context_window", "max_output", "input_price", "output_price", "hidden")
    list_filter = ("hidden",)
    search_fields = ("model", "label")
