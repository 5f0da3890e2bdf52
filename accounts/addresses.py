"""E-mail addresses. One counts, for logging in and as a person's own, once its mailbox has confirmed it or an
administrator has entered it (`User.email`, which is unique). Until then it is a claim (`EmailAddress`, not verified).
One address may have any number of claims: who asks for an address is not told that somebody has it."""

from allauth.account.models import EmailAddress

from accounts.models import User


def is_taken(claim: EmailAddress) -> bool:
    """Whether the mailbox is told that it has an account, instead of being asked to confirm. What an administrator has
    entered goes to another account only by the hand of somebody who has come in."""
    if EmailAddress.objects.filter(email=claim.email, verified=True).exclude(pk=claim.pk).exists():
        return True
    others = User.objects.filter(email=claim.email).exclude(pk=claim.user_id)
    return claim.user.last_login is None and others.exists()


def release(address: EmailAddress) -> None:
    """Takes an address from the other accounts that claim or have it; no mailbox has confirmed it for them."""
    EmailAddress.objects.filter(email=address.email).exclude(pk=address.pk).delete()
    User.objects.filter(email=address.email).exclude(pk=address.user_id).update(email="")
