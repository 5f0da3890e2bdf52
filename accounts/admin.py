"""Accounts in the administration: finding people, suspending them, letting them in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import allauth.account.admin
import allauth.usersessions.admin  # noqa: F401  # for what it registers, see below
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import sessions
from accounts.models import User

if TYPE_CHECKING:
    UserAdminBase = DjangoUserAdmin[User]
else:
    UserAdminBase = DjangoUserAdmin  # Django's own class takes no parameter


def _password_change(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect("account_change_password")


# One login page for everybody, with its limits on tries and its list of sessions.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it
admin.site.password_change = _password_change  # type: ignore[assignment, method-assign]  # ours signs the other devices out too

# allauth registers these. Editing them there would leave sessions alive and addresses at odds.
admin.site.unregister([EmailAddress, UserSession])


@admin.register(User)
class UserAdmin(UserAdminBase):
    list_display = ("username", "email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "email")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    readonly_fields = ("date_joined", "last_login")
    actions = ("suspend", "restore")
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    @admin.action(description=_("Suspend the selected users"))
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """One by one, since saving is what signs a person out. Nobody locks themselves out."""
        count = _set_active(queryset.exclude(pk=cast(User, request.user).pk).filter(is_active=True), active=False)
        text = ngettext("%(count)d user is suspended.", "%(count)d users are suspended.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Let the selected users in again"))
    def restore(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = _set_active(queryset.filter(is_active=False), active=True)
        text = ngettext("%(count)d user may come in again.", "%(count)d users may come in again.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:  # an address that an administrator takes away must open nothing any more
            EmailAddress.objects.filter(user_id=obj.pk).delete()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        person = self.get_object(request, id)
        if request.method == "POST" and person is not None:
            sessions.drop_dead(person)
        return response


def _set_active(people: QuerySet[User], active: bool) -> int:
    rows = list(people)
    for person in rows:
        person.is_active = active
        person.save(update_fields=["is_active"])
    return len(rows)
