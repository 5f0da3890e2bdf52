"""Everything that can go wrong between us and a provider, and what to tell the person.

    ProviderError
    ├── AuthenticationFailed    authentication     the key is wrong
    ├── PermissionDenied        permission         the key may not do this
    │   ├── AccountSettings     account_settings   the account's settings rule out whoever serves this model
    │   └── RegionRefused       region             not offered where this site is
    ├── QuotaExceeded           quota              no credit left
    ├── RateLimited             rate_limit         too many requests; retry_after may say how long
    │   └── TooLargeForRate     too_large_for_rate this request alone is above the limit: waiting does not help
    ├── ContextTooLong          context_too_long   the conversation does not fit the model
    ├── ContentRefused          content_refused    the provider's rules refuse this content
    ├── ModelUnknown            model_unknown      no such model
    ├── ProviderNotConfigured   not_configured     no key, no address, or a key that cannot be read
    │   └── AddressWrong        address_wrong      there is no chat API at the address
    ├── NoModelList             no_model_list      something answers at the address, but not with a list of models
    ├── NoModels                no_models          the server answers and has no model
    ├── AddressInside           address_inside     the provider's address leads inside, and nobody allowed that
    ├── Overloaded              overloaded         the provider is busy or has a fault of its own
    ├── TimedOut                timeout            no answer, or no more of it, in time
    ├── ConnectionLost          connection_lost    never reached, or cut in the middle
    │   └── Blocked             blocked            a firewall in between refused
    ├── MalformedAnswer         malformed          what came back is no answer
    ├── AnswerTooLarge          too_large          the answer passed our own limit
    ├── BadRequest              bad_request        the provider does not take this request
    │   ├── ImagesNotTaken      images_not_taken   the model looks at no images
    │   ├── TooManyImages       too_many_images
    │   ├── ImageTooLarge       image_too_large
    │   └── ImageNotRead        image_not_read     broken, or of a kind that is not taken
    └── InternalError           internal           a fault of ours

`code` is stable and stored. `retryable`: the same request may work in a moment. str(error) holds only our own words, a
status and the provider's error code: never a key, never a text.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from providers.ceilings import Ceiling


class ProviderError(Exception):
    """Any failure of a provider; raised only as one of the subclasses."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after: float | None = None, model: str = "") -> None:
        """`detail`: a technical note in our own words. `retry_after`: seconds until it makes sense to try again."""
        super().__init__(f"{self.code}: {detail}" if detail else self.code)
        self.detail = detail
        self.retry_after = retry_after
        self.model = model
        self.parameter = ""  # the request's parameter that the provider complained of, when it said so
        self.ceiling: Ceiling | None = None  # how long an answer may be asked for, when it said so

    def sentence(self) -> str:
        """What happened, in the active language."""
        return describe(self.code, self.retry_after, self.model).sentence

    def advice(self) -> str:
        """What to do next, in the active language."""
        return describe(self.code, self.retry_after, self.model).advice


class AuthenticationFailed(ProviderError):
    code = "authentication"


class PermissionDenied(ProviderError):
    code = "permission"


class AccountSettings(PermissionDenied):
    code = "account_settings"


class RegionRefused(PermissionDenied):
    code = "region"


class QuotaExceeded(ProviderError):
    code = "quota"


class RateLimited(ProviderError):
    code = "rate_limit"
    retryable = True


class TooLargeForRate(RateLimited):
    code = "too_large_for_rate"
    retryable = False


class ContextTooLong(ProviderError):
    code = "context_too_long"


class ContentRefused(ProviderError):
    code = "content_refused"


class ModelUnknown(ProviderError):
    code = "model_unknown"


class ProviderNotConfigured(ProviderError):
    code = "not_configured"


class NoModelList(ProviderError):
    code = "no_model_list"


class NoModels(ProviderError):
    code = "no_models"


class AddressWrong(ProviderNotConfigured):
    code = "address_wrong"


class AddressInside(ProviderError):
    code = "address_inside"


class Overloaded(ProviderError):
    code = "overloaded"
    retryable = True


class TimedOut(ProviderError):
    code = "timeout"
    retryable = True


class ConnectionLost(ProviderError):
    code = "connection_lost"
    retryable = True


class Blocked(ConnectionLost):
    code = "blocked"
    retryable = False


class MalformedAnswer(ProviderError):
    code = "malformed"


class AnswerTooLarge(ProviderError):
    code = "too_large"


class BadRequest(ProviderError):
    code = "bad_request"


class ImagesNotTaken(BadRequest):
    code = "images_not_taken"


class TooManyImages(BadRequest):
    code = "too_many_images"


class ImageTooLarge(BadRequest):
    code = "image_too_large"


class ImageNotRead(BadRequest):
    code = "image_not_read"


class InternalError(ProviderError):
    code = "internal"


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One failure in words: what happened, and what to do next."""

    sentence: str
    advice: str


_TRY_AGAIN = _("Try again in a moment. If it keeps happening, choose another model.")
_ASK_ADMIN = _("Choose another model, or ask the administrator to check the key.")
_TEXTS: dict[str, tuple[Promise, Promise]] = {
    "authentication": (_("The provider did not accept the API key."), _ASK_ADMIN),
    "permission": (_("The API key is not allowed to use this model."), _ASK_ADMIN),
    "account_settings": (
        _("The settings of the account at the provider rule out this model, for example those for privacy."),
        _("Choose another model, or ask the administrator to check the account's settings at the provider."),
    ),
    "region": (
        _("The provider does not offer this where this site runs: the country or region is not supported."),
        _("Choose a model of another provider."),
    ),
    "quota": (
        _("The account at the provider has no credit left."),
        _("Choose another model, or ask the administrator to top up the account."),
    ),
    "rate_limit": (
        _("The provider is receiving too many requests right now."),
        _("Wait a moment and try again, or choose another model."),
    ),
    "too_large_for_rate": (
        _("This request alone is larger than the provider lets this account send in a minute or a day."),
        _(
            "Waiting does not help. Start a new conversation, shorten the message, lower the longest answer in the"
            " settings, or choose another model."
        ),
    ),
    "context_too_long": (
        _("The conversation is longer than this model can read."),
        _("Start a new conversation, shorten the message, or choose a model that reads more."),
    ),
    "content_refused": (
        _("The provider's rules do not allow an answer to this."),
        _("Put the message differently, or choose another model."),
    ),
    "model_unknown": (
        _("The provider does not know this model."),
        _("Choose another model in the conversation's settings."),
    ),
    "not_configured": (
        _("This model is not set up on this site."),
        _("Choose another model, or ask the administrator to enter a key for the provider."),
    ),
    "address_wrong": (
        _("The provider's address seems to be wrong: there is no chat API at it."),
        _(
            "Choose another model, or ask the administrator to check the address. That of an OpenAI-compatible server"
            " usually ends in /v1."
        ),
    ),
    "no_model_list": (
        _("There is no list of models at the provider's address."),
        _(
            "Check the address: it usually ends in /v1. If the server has no such list, name its models in the admin,"
            " under Model overrides."
        ),
    ),
    "no_models": (
        _("The provider answers, but offers no model."),
        _("Load a model on that server, or name one in the admin, under Model overrides."),
    ),
    "address_inside": (
        _("The provider's address leads into this site's own network."),
        _("Choose another model, or ask the administrator to allow the address."),
    ),
    "overloaded": (_("The provider is overloaded or has a problem of its own."), _TRY_AGAIN),
    "timeout": (_("The model did not answer in time."), _TRY_AGAIN),
    "connection_lost": (_("The connection to the model was lost or could not be made."), _TRY_AGAIN),
    "blocked": (
        _("A firewall between this site and the provider blocked the request."),
        _("Choose another model, or ask the administrator to check the network. The key is not the reason."),
    ),
    "malformed": (
        _("What the provider sent back could not be read as an answer."),
        _("Try again, or choose another model. The administrator may need to check the provider's address."),
    ),
    "too_large": (
        _("The answer grew longer than this site allows, so it was stopped."),
        _("Ask for a shorter answer, or continue from here."),
    ),
    "bad_request": (
        _("The provider did not accept the request."),
        _("Check the model and its settings, or choose another model."),
    ),
    "images_not_taken": (
        _("This model does not take images."),
        _("Choose a model that looks at images, or ask without the image."),
    ),
    "too_many_images": (
        _("These are more images than this model takes at once."),
        _("Start a new conversation with fewer images, or choose another model."),
    ),
    "image_too_large": (
        _("An image is too large for this model."),
        _("Make the image smaller and send it again, or choose another model."),
    ),
    "image_not_read": (
        _("The provider could not read an image: its format is not supported, or it is damaged."),
        _("Save the image as PNG or JPEG and send it again."),
    ),
    "internal": (_("Something went wrong on our side."), _TRY_AGAIN),
}
_NAMED_MODEL_UNKNOWN = _("The provider does not know the model “%(model)s”.")
_NAMED_MODEL_NOT_SET_UP = _("The model “%(model)s” is not set up on this site.")
_NAMED = {"model_unknown": _NAMED_MODEL_UNKNOWN, "not_configured": _NAMED_MODEL_NOT_SET_UP}


def describe(code: str, retry_after: float | None = None, model: str = "") -> ErrorText:
    """The words for a stored error code, in the active language; an unknown code reads as an internal error.

    `retry_after` in seconds and `model` make the words more exact where the code allows it.
    """
    sentence, advice = (str(text) for text in _TEXTS.get(code, _TEXTS["internal"]))
    if model and code in _NAMED:
        sentence = str(_NAMED[code]) % {"model": model}
    if code == "rate_limit" and retry_after is not None:
        advice = _wait_advice(retry_after)
    return ErrorText(sentence, advice)


def _wait_advice(seconds: float) -> str:
    whole = max(1, math.ceil(seconds))
    if whole > 90:
        minutes = math.ceil(whole / 60)
        text = ngettext(
            "Try again in %(minutes)d minute, or choose another model.",
            "Try again in %(minutes)d minutes, or choose another model.",
            minutes,
        )
        return text % {"minutes": minutes}
    text = ngettext(
        "Try again in %(seconds)d second, or choose another model.",
        "Try again in %(seconds)d seconds, or choose another model.",
        whole,
    )
    return text % {"seconds": whole}
