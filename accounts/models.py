"""Who uses the site, and how they like it."""

import unicodedata
from typing import Any, ClassVar, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from accounts.lookalikes import SKELETON_LENGTH, skeleton

# The fillers of Hangul are letters that show nothing.
NAME = r"^(?:(?![\u115f\u1160\u3164\uffa0])[\w.-])+\Z"
LOOKS_TAKEN = _("This name looks like one that is taken. Choose another.")
MAX_TEMPERATURE = 2.0
MIN_TOKENS, MAX_TOKENS, TOKEN_STEP = 100, 4000, 100


def _normal(password: str | None) -> str | None:
    return password if password is None else passwords.normal(password)


def normal_email(email: str) -> str:
    """An address as it is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(DjangoUserManager["User"]):
    """Finds people by name whatever the case they type it in."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> "User":
        return super().get_by_natural_key(User.normalize_username(username or ""))

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        return super().create_user(username, email, _normal(password), **fields)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        return super().create_superuser(username, email, _normal(password), **fields)

    async def aget_by_natural_key(self, username: str | None) -> "User":
        return await super().aget_by_natural_key(User.normalize_username(username or ""))


class User(AbstractUser):
    """A person. Names and e-mail addresses are stored in lower case, so that they are unique whatever the case.

    A name has no "@": what has one is an e-mail address, which the login takes as well.
    `is_active` False means suspended: see `accounts.receivers`.
    """

    username = models.CharField(
        _("username"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(NAME, _("Use letters, digits, dots, hyphens and underscores only."))],
        error_messages={"unique": _("This username is taken.")},
    )
    looks_like = models.CharField(
        max_length=SKELETON_LENGTH, editable=False, default="", help_text="see accounts.lookalikes"
    )
    email = models.EmailField(_("e-mail"), blank=True)
    suspension_reason = models.CharField(
        _("reason of the suspension"),
        max_length=500,
        blank=True,
        help_text=_("The person reads it when they try to log in."),
    )

    objects: ClassVar[UserManager] = UserManager()
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email=""),
                name="accounts_user_email_unique_when_given",
                violation_error_message=_("Someone already uses this e-mail address."),
            ),
            models.UniqueConstraint(
                fields=["looks_like"], condition=~Q(looks_like=""), name="accounts_user_name_looks_like_no_other"
            ),
        ]

    @classmethod
    def normalize_username(cls, username: str) -> str:
        if not isinstance(username, str):  # Django's form hands on None where it has refused the name itself
            return username
        return unicodedata.normalize("NFKC", username).lower().strip()

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(_normal(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return any(super(User, self).check_password(one) for one in passwords.spellings(raw_password or ""))

    async def acheck_password(self, raw_password: str | None) -> bool:
        return await sync_to_async(self.check_password)(raw_password)

    def clean(self) -> None:
        super().clean()
        self.email = normal_email(self.email)

    def validate_unique(self, exclude: Any = None) -> None:
        super().validate_unique(exclude)
        if "username" not in (exclude or ()) and self.is_mistaken_for_another():
            raise ValidationError({"username": ValidationError(LOOKS_TAKEN, code="looks_taken")})

    def is_mistaken_for_another(self) -> bool:
        """Whether the name looks like somebody else's."""
        if not self.username:
            return False
        alike = User.objects.filter(looks_like=skeleton(self.normalize_username(self.username)))
        return alike.exclude(pk=self.pk).exists()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.username = self.normalize_username(self.username)
        self.looks_like = skeleton(self.username)
        if kwargs.get("update_fields") and "username" in kwargs["update_fields"]:
            kwargs["update_fields"] = {*kwargs["update_fields"], "looks_like"}
        self.email = normal_email(self.email)
        super().save(*args, **kwargs)


class Language(models.TextChoices):
    SYSTEM = "", _("As the browser asks")
    KOREAN = "ko", "한국어"
    ENGLISH = "en", "English"


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the device is set")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


def site_temperature() -> float:
    """The temperature of whoever has chosen none."""
    return float(settings.DEFAULT_TEMPERATURE)


def site_max_tokens() -> int:
    """The answer length, in tokens, of whoever has chosen none: the site's, on a step within the limits."""
    return max(MIN_TOKENS, min(MAX_TOKENS, int(settings.MAX_TOKENS) // TOKEN_STEP * TOKEN_STEP))


class Preferences(models.Model):
    """How a person likes the site, and what their new conversations start with.

    `default_model` is "provider/model", or "" for the site's own default. Nobody needs a row: see `of`.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="preferences")
    language = models.CharField(_("Language"), max_length=8, blank=True, choices=Language, default=Language.SYSTEM)
    theme = models.CharField(_("Theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    default_model = models.CharField(_("Model"), max_length=200, blank=True)
    temperature = models.FloatField(
        _("Temperature"),
        default=site_temperature,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_TEMPERATURE)],
    )
    max_tokens = models.PositiveIntegerField(
        _("Longest answer, in tokens"),
        default=site_max_tokens,
        validators=[MinValueValidator(MIN_TOKENS), MaxValueValidator(MAX_TOKENS)],
    )
    custom_instructions = models.TextField(_("Custom instructions"), blank=True, max_length=4000)
    streaming = models.BooleanField(_("Show answers while they are being written"), default=True)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return f"{self.user_id}"

    @classmethod
    def of(cls, user: User | AnonymousUser) -> Self:
        """The saved preferences, or the defaults, unsaved. Costs no query for the user of a request."""
        if not isinstance(user, User):
            return cls()
        saved: Self | None = getattr(user, "preferences", None)
        return saved or cls(user=user)
