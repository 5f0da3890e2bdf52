"""What must happen when an account or a session ends, whoever ended it."""

from typing import Any

from allauth.account import signals as allauth_signals
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.signals import user_logged_out
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from django.http import HttpRequest

from accounts import memberships, sessions
from accounts.models import User
from accounts.signals import account_disabled, session_ended

LOGGED_OUT = "logged_out_id"  # of a request: who has just logged out by it


def connect() -> None:
    post_save.connect(user_saved, sender=User)
    pre_delete.connect(user_goes, sender=User)
    post_delete.connect(user_deleted, sender=User)
    post_delete.connect(user_gone, sender=User)
    post_delete.connect(session_row_deleted, sender=UserSession)
    user_logged_out.connect(logged_out)
    for signal in (allauth_signals.password_changed, allauth_signals.password_set, allauth_signals.password_reset):
        signal.connect(password_replaced)
    memberships.connect()


def user_saved(sender: type[User], instance: User, raw: bool = False, **kwargs: Any) -> None:
    if instance.is_active or raw:
        return
    sessions.end_all(instance)
    user_deleted(sender, instance)


def user_goes(sender: type[User], instance: User, **kwargs: Any) -> None:
    """The rows of their sessions go with them; Django's sessions are ended while these still tell which they are."""
    sessions.end_all(instance)


def user_gone(sender: type[User], instance: User, **kwargs: Any) -> None:
    """The administration's own log names people in words: what was done to them stays, with the id alone."""
    kind = ContentType.objects.get_for_model(User)
    of_them = LogEntry.objects.filter(content_type=kind, object_id=str(instance.pk))
    of_them.update(object_repr=f"#{instance.pk}", change_message="")


def user_deleted(sender: type[User], instance: User, **kwargs: Any) -> None:
    user_id = instance.pk
    transaction.on_commit(lambda: account_disabled.send(sender, user_id=user_id))


def session_row_deleted(sender: type[UserSession], instance: UserSession, **kwargs: Any) -> None:
    session_key = instance.session_key
    transaction.on_commit(lambda: session_ended.send(sender, session_key=session_key))


def logged_out(sender: Any, request: HttpRequest, user: User | None = None, **kwargs: Any) -> None:
    if user is not None:
        setattr(request, LOGGED_OUT, user.pk)  # for LoggedOutMiddleware
    session_key = request.session.session_key
    deleted, _rows = UserSession.objects.filter(session_key=session_key).delete()
    if session_key and not deleted:  # signed in so recently that no row was there yet
        session_ended.send(UserSession, session_key=session_key)


def password_replaced(sender: Any, user: User, **kwargs: Any) -> None:
    sessions.drop_dead(user)
