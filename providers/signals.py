"""A saved or deleted row is seen at once in this process, once its transaction is through."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from providers import stored
from providers.models import Credential, ModelOverride


@receiver(m2m_changed, sender=ModelOverride.groups.through)
def keep_restricted_in_step(instance: ModelOverride, action: str, reverse: bool, **_kwargs: Any) -> None:
    """By what an administrator chooses. That a group is deleted does not come here: it opens its models to nobody."""
    if reverse or action not in ("post_add", "post_remove", "post_clear"):
        return
    instance.is_restricted = instance.groups.exists()
    ModelOverride.objects.filter(pk=instance.pk).update(is_restricted=instance.is_restricted)


@receiver([post_save, post_delete], sender=Credential)
@receiver([post_save, post_delete], sender=ModelOverride)
@receiver(m2m_changed, sender=ModelOverride.groups.through)
@receiver(post_delete, sender=Group)
def forget_what_was_read(using: str, **_kwargs: Any) -> None:
    stored.forget()  # for the rest of this transaction
    transaction.on_commit(stored.forget, using=using)  # for a read by others in between
