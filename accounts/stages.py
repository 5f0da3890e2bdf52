"""What stands between a right password and being signed in."""

from typing import Any

from allauth.account import stages
from allauth.account.models import EmailAddress

from accounts.models import User


class EmailVerificationStage(stages.EmailVerificationStage):  # type: ignore[misc]  # allauth ships no types
    """Under a rule about e-mail domains, newcomers confirm their address before they come in for the first time.

    Members from before the rule, and those whom an administrator has added, are not locked out by it.
    """

    def handle(self) -> tuple[Any, bool]:
        newcomer = self.login.user
        if newcomer is not None and not _awaits_confirmation(newcomer):
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


def _awaits_confirmation(user: User) -> bool:
    if user.last_login is not None:
        return False
    # Only signing up makes a primary address that nobody has confirmed.
    return bool(EmailAddress.objects.filter(user_id=user.pk, primary=True, verified=False).exists())
