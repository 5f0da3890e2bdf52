"""What error texts mean, by what servers in the world write: patterns, each with the error that it stands for.

A single word such as “context” or “image” says nothing: it stands in names of files, functions and models as well.
"""

import re
from typing import Final

from providers import errors
from providers.errors import ProviderError

Wordings = tuple[tuple[re.Pattern[str], type[ProviderError]], ...]


def _compiled(*pairs: tuple[str, type[ProviderError]]) -> Wordings:
    return tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in pairs)


_IMAGE = r"\b(?:images?|image[_ ]urls?|image inputs?|vision|multi-?modal(?: data| inputs?)?|input_image)\b"
_NOT_SUPPORTED = r"(?:not (?:currently )?(?:supported?|enabled|accepted|allowed)|unsupported|only supported by)"

# Asked before codes and types, which say something else, or less, in these cases.
SHARP: Final = _compiled(
    (
        r"(account|organi[sz]ation|workspace|user|key)\b[^.\n]{0,60}\b(suspended|disabled|deactivated|banned)\b"
        r"(?![^\n]*\b(balance|credit|fund|billing))",
        errors.PermissionDenied,
    ),
    (
        r"(data|privacy|guardrail)[^.\n]{0,40}\bpolicy|guardrail restrictions|no allowed providers"
        r"|all providers have been"
        r" ignored|zero data retention",
        errors.AccountSettings,
    ),
    (
        r"requires moderation|moderation block|\bflagged\b|content[_ -]?(management )?(policy|filter)"
        r"|safety (system|check|filter|setting)"
        r"|safety_check|(content|prompt|input|output|request|message|text|image)s?\b[^.\n]{0,80}\bviolat"
        r"|violat\w+[^.\n]{0,60}\b(usage|content|safety|acceptable|use)[ -](polic|guideline)"
        r"|inappropriate content"
        r"|content exists risk|considered high risk|data_?inspection_?failed|prohibited[_ ]content"
        r"|敏感内容|敏感词|不安全",
        errors.ContentRefused,
    ),
    (
        r"unsupported_country"
        r"|(country|region|territory|user location|your location)\b[^.\n]{0,40}\b(?:is |are )?"
        r"(not supported|unsupported|not available|restricted|not allowed)"
        r"|not (currently )?(available|supported|offered|accessible)"
        r" (in|from) (your|this) (country|region|location|area)",
        errors.RegionRefused,
    ),
    # Images
    (
        rf"no endpoints (found|available)[^.\n]{{0,60}}{_IMAGE}|at most 0 images?|not a multi-?modal model"
        rf"|unknown variant `?'?(image_url|image)"
        rf"|{_IMAGE}(?:(?!format|type|size)[^.\n]){{0,40}}\b{_NOT_SUPPORTED}(?! (?:format|size|type))"
        rf"|\bmodels?\b[^\n]{{0,80}}(?:does ?n[o']t|do not|cannot|can't|not able to) (?:currently )?"
        rf"(?:support|accept|take|process|have|handle|read|see)[^.\n]{{0,30}}{_IMAGE}"
        r"|missing data required for image input|image input modality is not enabled|content must be a string"
        r"|messages?[.\[]\d+\]?\.content(\.str)?: input should be a valid string"
        r"|content type ['\"`]?image_url['\"`]? is not supported",
        errors.ImagesNotTaken,
    ),
    (
        r"too many images|(at most|maximum of|up to|limit of) \d+ images?\b|limit-mm-per-prompt"
        r"|number of images[^.\n]{0,40}(exceed|maximum|limit)"
        r"|image count[^.\n]{0,20}exceed",
        errors.TooManyImages,
    ),
    (
        r"\bimages? (file |data |size |dimensions? |resolution |payload |exceeds? )*(is |are |was )?(too (large|big)"
        r"|exceeds?\b)|\bimage(s| dimensions?| size| file size| resolution"
        r"|_size)?\b[^.\n]{0,40}\b(exceeds?|larger than"
        r"|too large|too big|over the (size )?limit)\b|image_(file_)?too_large|decompression bomb"
        r"|(maximum|max|allowed) image (size|dimension|resolution)",
        errors.ImageTooLarge,
    ),
    (
        r"unsupported (image|mime)|uploaded an unsupported image|invalid[_ ]image"
        r"|invalid_base64_image|invalid base64 image"
        r"|image_parse_error|unsupported_image|not represent a valid image|could not process (the )?image"
        r"|unable to process (the )?(input )?image|cannot identify image"
        r"|(failed|unable|not able) to (load|decode|read|parse|open)"
        r" (the |an? )?(input )?image|image (is )?(corrupt|malformed)"
        r"|image (format|type|media type)[^.\n]{0,40}"
        r"(not supported|unsupported|invalid)|does not match the provided media type"
        r"|image[^.\n]{0,30} too small|image is not valid"
        r"|media_type: input should be",
        errors.ImageNotRead,
    ),
    # What waiting does not mend
    (
        r"(request|prompt|input|message)s?( body)? (is )?too large\b[^\n]{0,200}"
        r"\b(tokens? per|tpm|tpd|rate limit|per min)",
        errors.TooLargeForRate,
    ),
    (
        r"requires more credits|does ?n[o']t have any credits|can only afford"
        r"|credits? (are|is|have been) (depleted|exhausted|used up)"
        r"|extra usage is required|\blimit: 0\b",
        errors.QuotaExceeded,
    ),
    # Keys, where the status or a code says less
    (r"reported as leaked|unregistered callers", errors.AuthenticationFailed),
    # Addresses
    (
        r"unexpected endpoint|invalid url \(|unknown_url|unknown request url|no route matched|cannot post /",
        errors.AddressWrong,
    ),
    # Models
    (
        r"not a chat model|only supported in v1/responses|does not support chat\b(?! template)"
        r"|operation does not work with the specified model",
        errors.BadRequest,
    ),
    (
        r"(?<!or )(does ?n[o']t|do not|don't|no|not authorized to|not allowed to|not entitled to|not permitted to)"
        r" (have )?access (to )?(the |this )?model|not (allowed|authorized|permitted) to use (the |this )?model"
        r"|must be verified to (use|access)",
        errors.PermissionDenied,
    ),
    (r"no endpoints (found|available) (that|which|support)", errors.BadRequest),
    (r"no endpoints (found|available)", errors.ModelUnknown),
)

CONTEXT: Final = re.compile(
    r"max(imum)? (allowed )?context|ContextWindowExceeded|max input characters"
    r"|max_(completion_)?tokens must be [^.\n]{0,30}\bgot -\d"
    r"|string too long\. expected a string with maximum length|tokens[^.\n]{0,40}\bmax_seq_len"
    r"|context[ _-](length|window|size|limit)\b[^.\n]{0,60}\b(exceed|not enough|overflow)"
    r"|(exceed\w*|beyond|(longer|larger|greater|more) than|over|outgrow\w*)\b[^.\n]{0,80}"
    r"\b(context[ _-]?(length|window|size|limit)|n_ctx)"
    r"|context (length|window|size) of only|trying to keep the first \d+ tokens"
    r"|reached context length|n_keep\b.{0,60}\bn_ctx"
    r"|context the overflows|mid-generation context overflow|context overflow"
    r"|prompt (is |was )?too long"
    r"|(input|prompt|query|request|conversation|messages?) (text )?(is|are) too (long|large)\b"
    r"|input (length )?too long|too many (input |prompt )?tokens(?! per\b|,? please wait)|reduce the length of"
    r"|maximum (prompt|input)( token)? (length|count|size)|longer than the (maximum )?model"
    r"|(input|prompt|message)s?( token)?s?( count| length)?\b[^.\n]{0,40}\bexceeds? (the |its |your |max)?"
    r"[^.\n]{0,40}\b(tokens?|limit|maximum|length)"
    r"|token (count|limit)[^.\n]{0,60}exceed|exceed\w* (the )?(model )?(token|max_?tokens|length) limit"
    r"|model token limit|prompt tokens?[^.\n]{0,30}exceed|requested tokens? [^.\n]{0,30}exceed"
    r"|range of input length|inputs?`? (tokens|must have less than)|body too large for \S+ model|超长",
    re.IGNORECASE,
)
QUOTA: Final = re.compile(
    r"credit balance|insufficient (balance|credits?|funds|quota)|exceeded your current quota|spend(ing)? limit"
    r"|out of credits|no credits? (left|remaining)|(not enough|run out of|ran out of) (credits?|balance|funds)"
    r"|balance (is )?(too low|insufficient|not enough)|payment required|billing (hard )?limit|余额不足|欠费"
    r"|budget (has been |is |was )?exceeded|exceeded ?budget|over budget|key limit exceeded"
    r"|\bfree tier\b[^.\n]{0,40}exhaust"
    r"|account is in good standing|api usage limits|monthly included credits|额度(不足|已用尽|已用完)",
    re.IGNORECASE,
)
BROAD: Final = _compiled(
    (r"context deadline exceeded|timed? ?out waiting|request timed? ?out", errors.TimedOut),
    (CONTEXT.pattern, errors.ContextTooLong),
    (QUOTA.pattern, errors.QuotaExceeded),
    (
        r"insufficient permissions|missing scopes|(?<!or )permission denied"
        r"|does not have permission|organization has been restricted",
        errors.PermissionDenied,
    ),
    (
        r"(incorrect|invalid|no|missing|wrong|expired|revoked) api[- _]?key"
        r"|api[- _]?key (is )?(not valid|invalid|expired"
        r"|missing)|user not found|no auth credentials|not authenticated|authenticat(e|ion) (failed|error)"
        r"|authorization failed|(access|auth\w*|bearer|security|api)[- _]token\b[^.\n]{0,40}\b(invalid|expired|missing)"
        r"|login fail",
        errors.AuthenticationFailed,
    ),
    (
        r"\b(?<!/)(models?|deployment)\b[^\n]{0,200}(not found|does not exist|do not exist|is not available|not exist\b"
        r"|not a valid model|is not supported\b|not (currently )?deployed"
        r"|has been (deprecated|decommissioned|removed))"
        r"|invalid model|not a valid model|unknown model|no such model|model[_ ]not[_ ]exist|not found the model"
        r"|un(available|able to access) (non-serverless )?model|model identifier is invalid|模型不存在"
        r"|on-demand throughput isn.t supported",
        errors.ModelUnknown,
    ),
    (
        r"model not loaded|no models? loaded|loading model|\boverloaded\b|at capacity"
        r"|model is (currently )?loading|model (was |is |has |has been )?(unloaded|crashed)|failed to load (the )?model"
        r"|out of memory|insufficient system resources"
        r"|temporarily unavailable",
        errors.Overloaded,
    ),
    (
        r"rate[- ]?limit|too many requests|rate-limited|(tokens?|requests?) per (min|day|hour)|request limit reached",
        errors.RateLimited,
    ),
)

BLOCKED: Final = re.compile(
    r"attention required|\bcloudflare\b|\berror code: 10\d\d|you have been blocked"
    r"|request (was |has been |is )?blocked"
    r"|blocked by [^.\n]{0,40}\b(firewall|network|proxy|administrator|security)|web application firewall"
    r"|check your network settings|request not allowed|captcha|incapsula|just a moment"
    r"|public (network )?access is disabled"
    r"|\bip( address)?\b[^.\n]{0,40}\b(not (authorized|allowed|permitted|in )|blocked|banned)|ip_not_authorized"
    r"|access denied[^.\n]{0,60}\b(network|firewall|security)",
    re.IGNORECASE,
)
ABOUT_A_KEY: Final = re.compile(r"\b(api[- _]?keys?|keys?|tokens?|credentials?|permissions?|scopes?)\b", re.IGNORECASE)
NO_SUCH_PATH: Final = re.compile(
    r"^\W*(\d{3}\W*)?(error\W*)?not[ _]?found\W*$"
    r"|\b(page|file|path|route|uri|url|endpoint|resource|method)\b[^\n]{0,60}\b(not (be )?found|does not exist"
    r"|not exist|not allowed|not supported|unknown)\b"
    r"|\b(invalid|unknown|unexpected|unrecognized|unsupported|no such|no matching|no)\b[^\n]{0,20}\b(url|path|endpoint"
    r"|route|uri|handler)\b|method not allowed",
    re.IGNORECASE | re.MULTILINE,
)
NOT_STREAMED: Final = re.compile(
    r"verified to stream"
    r"|\bstream(ing)?\b['\"`]?( is| with| mode)?[^.\n]{0,30}\bnot (currently )?(supported?|allowed|available)"
    r"|(does ?n[o']t|do not) support ['\"`]?stream(ing)?\b(?!_)|unsupported[^.\n]{0,20}['\"`]stream['\"`]",
    re.IGNORECASE,
)
_RATE = re.compile(r"\blimit:? ?(\d[\d,]*)\b[^\n]{0,60}\brequested:? ?(\d[\d,]*)", re.IGNORECASE)
_PER_MINUTE = re.compile(r"tokens? per (min|day|hour)|\bTP[MD]\b|rate limit", re.IGNORECASE)


def is_above_rate(message: str) -> bool:
    """Whether one request alone is more than the limit allows in all."""
    found = _RATE.search(message)
    if found is None or not _PER_MINUTE.search(message):
        return False
    limit, requested = (int(number.replace(",", "")) for number in found.groups())
    return requested > limit > 0
