"""How long an answer may be, read out of what servers say."""

import pytest

from providers import errors
from providers.ceilings import ceiling_in
from providers.failures import from_body

WINDOW = "This model's maximum context length is 4096 tokens. However, "
OF_THE_MODEL = [
    (
        "max_tokens is too large: 5000. This model supports at most 4096 completion tokens, whereas you provided 5000.",
        4096,
    ),
    ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
    (
        "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20241022",
        8192,
    ),
    (
        "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less "
        "than the `context_window` for this model",
        8192,
    ),
    (
        "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for "
        "`max_completion_tokens` is less than the `context_window` for this model",
        8192,
    ),
    ("max_tokens for `llama-3.1-8b-instant` must be less than or equal to 8000", 8000),
    (
        "The parameter `max_completion_tokens` specified in the request are not valid: integer above "
        "maximum value, expected a value <= 12288, but got 32000 instead.",
        12288,
    ),
    ("Range of max_tokens should be [1, 8192]", 8192),
    ("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 2000]", 2000),
    (
        "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported "
        "range is from 1 (inclusive) to 65537 (exclusive). Update the value and try again.",
        65536,
    ),
    (
        "too many tokens: max tokens must be less than or equal to 4096, the maximum output for this "
        "model - received 8192",
        4096,
    ),
    (
        "The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum "
        "tokens value that is lower than 8192.",
        8192,
    ),
    (
        "Malformed input request: #/max_tokens: 100000 is not less or equal to 4096, please reformat "
        "your input and try again.",
        4096,
    ),
    ("max_tokens 参数非法。请检查文档。取值范围 [1,4095]", 4095),
    ("max_tokens must be at most 4096", 4096),
    ("max_tokens (5000) exceeds the maximum of 4,096", 4096),
    ("Requested max_tokens 5000 exceeds maximum 4096", 4096),
    ("max_tokens cannot be greater than 4096", 4096),
    ("max_tokens cannot exceed 4096", 4096),
    ("max_tokens must be between 1 and 4096", 4096),
    ("max_tokens: Input should be less than or equal to 4096", 4096),
    ("The max_tokens must be <= 4096", 4096),
    ("Maximum output tokens is 4096, got 5000", 4096),
    ("max_tokens should not exceed 4096 tokens", 4096),
    ("max_tokens 5000 is larger than the maximum 4096", 4096),
    ("The value of max_tokens is over the limit: 4096", 4096),
    ("Requests with max_tokens > 4096 must have stream=true", 4096),
    ("max_new_tokens must be less than 4097", 4096),
    ("This model supports at most 4096 completion tokens. The max_tokens you gave is 5000", 4096),
    (
        "Error code: 400 - {'error': {'message': \"max_tokens is too large: 5000. This model supports at "
        'most 4096 completion tokens, whereas you provided 5000."}}',
        4096,
    ),
    ("max_tokens value 5000 exceeds model's max output of 4096 tokens", 4096),
    ("ValidationException: max_tokens: 5000. Maximum: 4096", 4096),
    ("max_tokens 的取值范围为1-4096", 4096),
    ("max_tokens=5000 is too big; the maximum allowed is 4096.", 4096),
    ("num_predict must be less than 4097", 4096),
    ("max output tokens must be in range 1 to 8192", 8192),
]
LEFT_FREE = [
    (
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (3000 in"
        " the messages, 2000 in the completion). Please reduce the length of the messages or completion.",
        1096,
    ),
    (
        "This model's maximum context length is 4097 tokens, however you requested 4226 tokens (3970 in "
        "your prompt; 256 for the completion). Please reduce your prompt; or completion length.",
        127,
    ),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context "
        "length is 64001 tokens and your request has 24235 input tokens (64000 > 64001 - 24235). None",
        39766,
    ),
    (
        "Requested token count exceeds the model's maximum context length of 202752 tokens. You "
        "requested a total of 202941 tokens: 170941 tokens from the input messages and 32000 tokens for "
        "the completion. Please reduce",
        31811,
    ),
    (
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 "
        "tokens (130000 of text input, 10000 in the output). Please reduce the length of either one, or "
        "use the middle-out transform",
        1072,
    ),
    ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3000 `inputs` tokens and 2000 `max_new_tokens`", 1096),
    (
        "input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000, decrease input "
        "length or `max_tokens` and try again",
        1000,
    ),
    ("Prompt contains 3000 tokens and 2000 draft tokens, too large for model with 4096 maximum context length", 1096),
    (
        "This model's maximum context length is 131072 tokens. However, you requested 128000 output "
        "tokens and your prompt contains at least 3073 input tokens, for a total of at least 131073 "
        "tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
        63999,
    ),
]
NO_CEILING = [
    ("max_tokens is too large"),
    ("`max_tokens` must be greater than `thinking.budget_tokens`"),
    ("max_tokens must be at least 1, got 0"),
    ("max_tokens must be greater than or equal to 1"),
    ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
    (
        "Could not finish the message because max_tokens or model output limit was reached. Please try "
        "again with higher max_tokens."
    ),
    (
        "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens (7000 in"
        " the messages, 2000 in the completion)."
    ),
    ("This model's maximum context length is 4096 tokens. However, your messages resulted in 7575 tokens."),
    ("Requested tokens (5000) exceed context window of 4096"),
    ("Input tokens 120 plus max_tokens 5000 exceeds maximum of 4096"),
]


@pytest.mark.parametrize(("message", "tokens"), OF_THE_MODEL)
def test_a_bound_of_the_model(message: str, tokens: int) -> None:
    error = from_body(400, {"error": {"message": message}})
    assert type(error) is errors.BadRequest
    assert error.ceiling is not None
    assert (error.ceiling.tokens, error.ceiling.lasting) == (tokens, True)
    assert error.parameter == ""


@pytest.mark.parametrize(("message", "tokens"), LEFT_FREE)
def test_what_a_conversation_leaves_free(message: str, tokens: int) -> None:
    error = from_body(400, {"error": {"message": message}})
    assert type(error) is errors.ContextTooLong
    assert error.ceiling is not None
    assert (error.ceiling.tokens, error.ceiling.lasting) == (tokens, False)


@pytest.mark.parametrize("message", NO_CEILING)
def test_no_bound_is_guessed(message: str) -> None:
    assert from_body(400, {"error": {"message": message}}).ceiling is None


def test_the_bound_may_stand_in_other_fields() -> None:
    said = "max_tokens is too large: 1048576. This model supports at most 131072 completion tokens."
    wrong_place = {"error": {"message": "Param Incorrect", "param": said, "code": "400"}}
    listed = {"detail": [{"loc": ["body", "max_tokens"], "msg": "Input should be less than or equal to 4096"}]}
    found = [from_body(400, body).ceiling for body in (wrong_place, listed)]
    assert [ceiling.tokens for ceiling in found if ceiling] == [131072, 4096]


def test_a_parameter_says_what_the_number_is_about() -> None:
    assert ceiling_in("must be at most 4096") is None
    found = ceiling_in("must be at most 4096", "max_tokens")
    assert found is not None
    assert found.tokens == 4096


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429])
def test_other_troubles_are_not_about_length(status: int) -> None:
    message = "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens"
    assert from_body(status, {"error": {"message": message}}).ceiling is None
