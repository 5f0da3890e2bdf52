"""E-mail addresses. One counts, for logging in and as a person's own, once its mailbox has confirmed it or an
administrator has entered it (`User.email`, which is unique). Until then it is a claim (`EmailAddress`, not verified).
One address may have any number of claims: who asks for an address is not told that somebody has it."""

from allauth.account.internal.flows import email_verification
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from accounts.models import User


def claim(request: HttpRequest, user: User, email: str) -> EmailAddress:
    """Sends a mail to confirm the address, one in three minutes to a mailbox; the page says the same in either case.

    Raises ImmediateHttpResponse where mails do not go out; the address is claimed all the same.
    """
    sends = email_verification.consume_email_verification_rate_limit(request, email, dry_run=True)
    address: EmailAddress = EmailAddress.objects.add_new_email(request, user, email)
    if not sends:
        email_verification.add_email_verification_sent_message(request, email, signup=False)
    return address


def release(address: EmailAddress) -> None:
    """Takes an address from the other accounts that claim or have it; no mailbox has confirmed it for them."""
    EmailAddress.objects.filter(email=address.email).exclude(pk=address.pk).delete()
    User.objects.filter(email=address.email).exclude(pk=address.user_id).update(email="")
