"""OpenAI's moderation endpoint: scores, long texts, and everything that goes wrong."""

import pytest

import providers
from providers import errors, moderation
from providers.models import Credential
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def openai_key(settings, scripted_provider: ScriptedProvider) -> None:
    options = {"api_key": "a-key", "base_url": scripted_provider.openai_url}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": settings.PROVIDERS["openai"] | options}


async def _scores(text: str) -> dict[str, float]:
    found = await providers.moderate(text)
    await providers.close_providers()
    assert found is not None
    return dict(found.scores)


async def test_scores(openai_key: None, scripted_provider: ScriptedProvider) -> None:
    scores = await _scores("A text: moderate-violence-0.9 moderate-self-harm/intent-0.25")

    assert scores["violence"] == 0.9
    assert scores["self-harm/intent"] == 0.25
    assert scores["hate"] < 0.01
    (asked,) = scripted_provider.requests
    assert asked.path == "/v1/moderations"
    assert asked.headers["authorization"] == "Bearer a-key"
    assert asked.body["model"] == "omni-moderation-latest"


async def test_without_a_key_there_is_none(settings, scripted_provider: ScriptedProvider) -> None:
    assert await providers.moderate("Hello") is None
    options = {"api_key": "", "base_url": scripted_provider.openai_url}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": settings.PROVIDERS["openai"] | options}
    assert await providers.moderate("Hello") is None
    assert scripted_provider.requests == []


async def test_another_provider_s_key_is_not_used(settings, scripted_provider: ScriptedProvider) -> None:
    options = {"api_key": "a-key", "base_url": scripted_provider.anthropic_url}
    settings.PROVIDERS = settings.PROVIDERS | {"anthropic": settings.PROVIDERS["anthropic"] | options}
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    assert await providers.moderate("Hello") is None
    assert scripted_provider.requests == []


async def test_an_empty_text_is_not_asked_about(openai_key: None, scripted_provider: ScriptedProvider) -> None:
    assert await _scores(" \n") == {}
    assert scripted_provider.requests == []


@pytest.mark.parametrize("where", [0, 7_990, 8_100, 140_000, 299_950])
async def test_a_long_text_is_asked_in_pieces_and_the_highest_score_counts(
    openai_key: None, scripted_provider: ScriptedProvider, where: int
) -> None:
    """Also on the edge of two pieces."""
    text = ("가" * where) + " moderate-hate-0.8 " + "나" * (300_000 - where)
    assert (await _scores(text + "moderate-hate-0.3"))["hate"] == 0.8
    pieces = [piece for asked in scripted_provider.requests for piece in asked.body["input"]]
    assert max(map(len, pieces)) <= moderation.PIECE_CHARACTERS
    assert max(len(asked.body["input"]) for asked in scripted_provider.requests) <= moderation.PIECES_AT_ONCE


async def test_text_that_is_not_unicode_is_asked_about(openai_key: None) -> None:
    assert (await _scores("\ud800 moderate-hate-0.8"))["hate"] == 0.8


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error-401", errors.AuthenticationFailed),
        ("error-429-quota", errors.QuotaExceeded),
        ("error-429", errors.RateLimited),
        ("error-500", errors.Overloaded),
    ],
)
async def test_its_errors_are_ours(openai_key: None, name: str, kind: type[errors.ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        await providers.moderate(f"A secret text. moderation-{name}")
    await providers.close_providers()
    assert "secret" not in str(caught.value)


async def test_it_takes_no_longer_than_it_may(openai_key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "SECONDS", 0.05)
    with pytest.raises(errors.TimedOut):
        await providers.moderate("moderation-hang")
    await providers.close_providers()


async def test_nobody_there(settings, unused_url: str) -> None:
    options = {"api_key": "a-key", "base_url": unused_url}
    settings.PROVIDERS = settings.PROVIDERS | {"openai": settings.PROVIDERS["openai"] | options}
    with pytest.raises(errors.ConnectionLost):
        await providers.moderate("Hello")
    await providers.close_providers()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"results": 3}', b'{"results": [{"category_scores": {"hate": "high"}}]}']
)
async def test_an_answer_that_is_none(openai_key: None, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    async def odd(*_args: object) -> bytes:
        return body

    monkeypatch.setattr("providers.openai.OpenAIProvider.moderate", odd)
    with pytest.raises(errors.MalformedAnswer):
        await providers.moderate("Hello")
    await providers.close_providers()


async def test_a_stored_key_that_cannot_be_read_is_said() -> None:
    await Credential.objects.acreate(provider="openai", encrypted_key="nonsense")
    with pytest.raises(errors.ProviderNotConfigured):
        await providers.moderate("Hello")
