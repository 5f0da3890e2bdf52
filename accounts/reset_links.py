"""Links by which people choose a new password."""

from allauth.account.forms import UserTokenForm as AllauthUserTokenForm

from accounts.models import User


class UserTokenForm(AllauthUserTokenForm):  # type: ignore[misc]  # allauth ships no types
    """A link that was sent before a suspension opens nothing during it."""

    def _get_user(self, uidb36: str) -> User | None:
        user: User | None = super()._get_user(uidb36)
        return user if user is not None and user.is_active else None
