"""E-mail addresses. One counts, for logging in and as a person's own, once its mailbox has confirmed it or an
administrator has entered it (`User.email`, which is unique). Until then it is a claim (`EmailAddress`, not verified).
One address may have any number of claims: who asks for an address is not told that somebody has it."""

from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User


def claim(request: HttpRequest, user: User, email: str) -> EmailAddress:
    """Instead of what the account claimed before; the address that counts stays until this one is confirmed.

    Raises ImmediateHttpResponse where mails do not go out; the address is claimed all the same.
    """
    with transaction.atomic():
        EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).delete()
        claimed, _made = EmailAddress.objects.get_or_create(user=user, email=email)
    send_verification_email_to_address(request, claimed)
    return claimed


def may_be_written_to(request: HttpRequest, claimed: EmailAddress) -> bool:
    """A few mails in five minutes for each account, and some more for all that claim the address."""
    for_account = ratelimit.consume(request, action="claim", key=f"{claimed.user_id} {claimed.email}")
    return bool(for_account) and bool(ratelimit.consume(request, action="mailbox", key=claimed.email))


def is_taken(claim: EmailAddress) -> bool:
    """Whether the mailbox is told that it has an account, instead of being asked to confirm. What an administrator has
    entered goes to another account only by the hand of somebody who has come in."""
    if EmailAddress.objects.filter(email=claim.email, verified=True).exclude(pk=claim.pk).exists():
        return True
    others = User.objects.filter(email=claim.email).exclude(pk=claim.user_id)
    return claim.user.last_login is None and others.exists()


def lock_claims(email: str) -> None:
    """Whoever confirms an address meanwhile waits for the end of the transaction, and then finds it taken."""
    list(EmailAddress.objects.select_for_update(of=("self",)).filter(email=email).order_by("pk").values_list("pk"))


def release(address: EmailAddress) -> None:
    """Takes an address from whoever has it without a mailbox's word. Claims of others stay, and are never confirmed:
    that one is waiting is what keeps its owner out where the address must be confirmed (see stages.py)."""
    User.objects.filter(email=address.email).exclude(pk=address.user_id).update(email="")
