"""How allauth behaves on this site: who may sign up, what it says, how mail goes out."""

from ipaddress import IPv6Address, ip_address
from typing import Any, NoReturn
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import addresses, mailing, sign_up
from accounts.models import LOOKS_TAKEN, User, normal_email
from accounts.naming import site_name

WRONG_LOGIN = _("The name or the password is not right. Check both and try again.")
WRONG_LOGIN_BY_EMAIL = _(
    "The name or the password is not right. Check both and try again. An e-mail address works here once it is "
    "confirmed; until then, log in with your username."
)
LONGEST_EMAIL = MaxLengthValidator(254)  # in both tables that hold them
TO_CLAIMED_ADDRESS = ("account/email/email_confirmation", "account/email/account_already_exists")
SUSPENDED_KEY = "suspended_person"  # in the session of whoever has just tried to log in
DEFAULT_STAGE = "allauth.account.stages.EmailVerificationStage"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """See settings.SIGN_UP for who may make an account (`accounts.sign_up`)."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": WRONG_LOGIN_BY_EMAIL,
        "username_password_mismatch": WRONG_LOGIN,
        "duplicate_email": _("This is your e-mail address already."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _("Too many tries that failed. Wait a few minutes and try again."),
        "username_taken": _("This username is taken."),
        "username_blacklisted": _("This username cannot be used. Choose another."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return sign_up.is_open()

    def clean_username(self, username: str, shallow: bool = False) -> str:
        cleaned: str = super().clean_username(User.normalize_username(username), shallow)
        if not shallow and User(username=cleaned).is_mistaken_for_another():
            raise ValidationError(LOOKS_TAKEN, code="looks_taken")
        return cleaned

    def clean_email(self, email: str) -> str:
        """What is too long is refused; allauth would cut it, and the domain, which says who may sign up, with it."""
        cleaned: str = super().clean_email(normal_email(email))
        LONGEST_EMAIL(cleaned)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Also when the same name is being taken at this very moment, by a second click on the button say."""
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit)
                return saved
        except IntegrityError:
            messages.error(request, _("This name has just been taken. If it was you, log in."))
            raise ImmediateHttpResponse(redirect("account_login")) from None

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Whoever has shown that a mailbox is theirs gets its address, even from an account that only claims it."""
        try:
            with transaction.atomic():
                addresses.lock_claims(email_address.email)
                if email_address.can_set_verified():
                    addresses.release(email_address)
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:  # another account has confirmed it at this very moment
            return False

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """The page says the same whether one goes out, and which."""
        claimed = emailconfirmation.email_address
        if not addresses.may_be_written_to(request, claimed):
            return
        if addresses.is_taken(claimed):
            self.send_account_already_exists_mail(claimed.email)
        else:
            super().send_confirmation_mail(request, emailconfirmation, signup)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Of a server that listens on :: each IPv4 address comes within an IPv6 one, all of them in one network."""
        try:
            address: str = super().get_client_ip(request)
        except PermissionDenied:  # a proxy that says "unknown", or what a browser said: as if it had said nothing
            address = request.META["REMOTE_ADDR"]
        parsed = ip_address(address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
        return str(mapped or address)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: str) -> str:
        """Whose password is being guessed. allauth's own also has the Host header, of which every port is another."""
        return User.normalize_username(credentials.get("email") or credentials.get("username") or "")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponseRedirect:
        """Only whoever has given the right password comes here, so the next page may say why."""
        request.session[SUSPENDED_KEY] = user.pk
        return redirect("account_inactive")

    def get_login_stages(self) -> list[str]:
        ours = "accounts.stages.EmailVerificationStage"
        return [ours if path == DEFAULT_STAGE else path for path in super().get_login_stages()]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("settings")

    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """After the page (see `accounts.mailing`), but for an address that whoever is logged in wants to have.

        Raises ImmediateHttpResponse, with a page that says so, where mails do not go out.
        """
        address = self.request.build_absolute_uri("/")
        site = {"name": site_name(), "domain": urlsplit(address).netloc}  # as allauth's own templates know it
        about = {"request": self.request, "email": email, "current_site": site}
        about |= {"site_name": site_name(), "site_address": address}
        message = self.render_mail(template_prefix, email, context | about)
        try:
            if self.request.user.is_authenticated and template_prefix in TO_CLAIMED_ADDRESS:
                message.send()
            else:
                mailing.send_soon(message)
        except OSError as error:  # SMTPException is one
            mailing.tell_failed(error)
            _say_mail_failed(self.request)
        except mailing.Trouble:
            _say_mail_failed(self.request)


def _say_mail_failed(request: HttpRequest) -> NoReturn:
    raise ImmediateHttpResponse(render(request, "account/mail_failed.html", status=503)) from None
