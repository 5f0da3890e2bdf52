"""Accounts in the administration: finding people, suspending them, letting them in again."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, cast

import allauth.account.admin
import allauth.usersessions.admin  # noqa: F401  # for what it registers, see below
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import ranks, sessions, suspending
from accounts.lookalikes import skeleton
from accounts.models import LOOKS_TAKEN, User
from accounts.signals import suspension_changed
from chatbot_site.admin_lists import ForgivingList

if TYPE_CHECKING:
    UserAdminBase = DjangoUserAdmin[User]
    GroupAdminBase = DjangoGroupAdmin
else:
    UserAdminBase, GroupAdminBase = DjangoUserAdmin, DjangoGroupAdmin  # Django's own class takes no parameter


def _password_change(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect("account_change_password")


# One login page for everybody, with its limits on tries and its list of sessions.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it
admin.site.password_change = _password_change  # type: ignore[assignment, method-assign]  # ours signs the other devices out too

# allauth registers these. Editing them there would leave sessions alive and addresses at odds.
admin.site.unregister([EmailAddress, UserSession])


@admin.register(User)
class UserAdmin(ForgivingList, UserAdminBase):
    """Who may change people changes only those below themselves (`accounts.ranks`); `is_staff` follows the groups."""

    list_display = ("username", "email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("username", "email")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    readonly_fields = ("is_staff", "date_joined", "last_login")
    actions = ("suspend", "restore")
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        (_("Suspension"), {"fields": ("is_active", "suspension_reason")}),
        (_("Rights"), {"fields": ("groups", "is_staff", "is_superuser", "user_permissions")}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only superusers make superusers and give single permissions; nobody changes their own rights."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if not _asks(request).is_superuser:
            fields += ("is_superuser", "user_permissions")
        if obj is not None and obj.pk == request.user.pk:
            fields += ("is_active", "groups", "is_superuser", "user_permissions")
        return tuple(dict.fromkeys(fields))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may(request, obj)

    @admin.action(description=_("Suspend the selected users"), permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """One by one, since saving is what signs a person out. Nobody locks out themselves, or anybody above them."""
        people = ranks.above(request.user, queryset.exclude(pk=_asks(request).pk)).filter(is_active=True)
        count = sum(suspending.suspend(person, "", by=_asks(request)) for person in list(people))
        text = ngettext("%(count)d user is suspended.", "%(count)d users are suspended.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Let the selected users in again"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = ranks.above(request.user, queryset).filter(is_active=False)
        count = sum(suspending.reinstate(person, by=_asks(request)) for person in list(people))
        text = ngettext("%(count)d user may come in again.", "%(count)d users may come in again.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Who may delete a person deletes all that is theirs, also what nobody deletes by itself: cases and notices are
        read-only so that a decision cannot be undone unseen. Of what is theirs only the numbers are shown. Of a
        selection nobody is deleted as long as somebody is in it whom one may not act on: the page names them."""
        _nested, counts, _lacking, protected = super().get_deleted_objects(objs, request)
        chosen = objs if isinstance(objs, QuerySet) else User.objects.filter(pk__in=[person.pk for person in objs])
        theirs = {request.user.pk, *ranks.above(request.user, chosen).values_list("pk", flat=True)}
        kept = [str(person) for person in objs if person.pk not in theirs]
        if kept:
            text = _("You cannot delete people of your own rank or a higher one. Take them out of the selection.")
            self.message_user(request, text, messages.ERROR)
        return [str(person) for person in objs], counts, set(), [*protected, *kept]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:  # an address that an administrator takes away must open nothing any more
            EmailAddress.objects.filter(user_id=obj.pk).delete()
        if change and "is_active" in form.changed_data:
            suspension_changed.send(User, person=obj, by=_asks(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        person = self.get_object(request, id)
        if request.method == "POST" and person is not None:
            sessions.drop_dead(person)
        return response


admin.site.unregister(Group)


class GroupForm(ModelForm[Group]):
    """Ranks, deadlines and models go by the names of groups: none may be taken for another by whoever gives rights."""

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = Group.objects.exclude(pk=self.instance.pk).values_list("name", flat=True)
        if "name" in self.changed_data and _looks(name) in map(_looks, others):
            raise ValidationError(LOOKS_TAKEN, code="looks_taken")
        return name


def _looks(name: str) -> str:
    """Whatever the case of its letters, whose skeletons may differ: "I" looks like "l", "i" does not."""
    return skeleton(unicodedata.normalize("NFKC", name).lower())


@admin.register(Group)
class GroupAdmin(ForgivingList, GroupAdminBase):
    """The groups that the site itself stands on can be given other rights, but are neither renamed nor deleted."""

    form = GroupForm

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "name") if obj is not None and obj.name in ranks.SITE_GROUPS else fields

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        is_ours = obj is not None and obj.name in ranks.SITE_GROUPS
        return super().has_delete_permission(request, obj) and not is_ours

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Of a selection nothing is deleted as long as one of these is in it: the page names it."""
        nested, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if ours := [str(group) for group in objs if group.name in ranks.SITE_GROUPS]:
            lacking.discard(self.opts.verbose_name)
        return nested, counts, lacking, [*protected, *ours]


def _asks(request: HttpRequest) -> User:
    """Who asks: the administration's pages are for people who are logged in."""
    return cast(User, request.user)


def _may(request: HttpRequest, person: User | None) -> bool:
    return person is None or person.pk == request.user.pk or ranks.may_act_on(request.user, person)
