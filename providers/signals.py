"""A saved or deleted row is seen at once in this process, once its transaction is through."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from providers import stored
from providers.models import Credential, ModelOverride


@receiver([post_save, post_delete], sender=Credential)
@receiver([post_save, post_delete], sender=ModelOverride)
def forget_what_was_read(using: str, **_kwargs: Any) -> None:
    stored.forget()  # for the rest of this transaction
    transaction.on_commit(stored.forget, using=using)  # for a read by others in between
