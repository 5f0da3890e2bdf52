"""Who may open the queue and its cases."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.models import User

MODERATE = "moderation.moderate"
Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[Any, HttpRequest, Arguments], HttpResponse]


def may_moderate(user: User | AnonymousUser) -> bool:
    return user.is_active and user.has_perm(MODERATE)


def moderator(request: HttpRequest) -> User:
    """The moderator who asks. Only for views that `moderators_only` guards."""
    return cast(User, request.user)


def moderators_only(view: View[Arguments]) -> View[Arguments]:
    """For methods of admin classes: the login for strangers, 403 for those who may not moderate."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        if not may_moderate(request.user):
            raise PermissionDenied
        return view(self, request, *args, **kwargs)

    return cast(View[Arguments], guarded)


def behind_login(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The administration's own gate: its login page, no caching, CSRF."""
    return admin.site.admin_view(view)
