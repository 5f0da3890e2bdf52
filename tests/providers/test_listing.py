"""Reading and fetching lists of models."""

import json

import pytest

from providers import errors
from providers.listed_model import ListedModel
from providers.listing import fetch_listing, read_listing
from tests.scripted_provider.fixture import ScriptedProvider


def test_the_usual_shape() -> None:
    body = {"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}
    assert read_listing(json.dumps(body).encode()) == [ListedModel("b"), ListedModel("a")]


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"id": "m", "max_model_len": 4096}, 4096),
        ({"id": "m", "context_length": 131072}, 131072),
        ({"id": "m", "meta": {"n_ctx": 2048, "n_ctx_train": 8192}}, 2048),
        ({"id": "m", "context_window": None}, 0),
        ({"name": "m"}, 0),
    ],
)
def test_context_windows(entry: dict[str, object], window: int) -> None:
    assert read_listing(json.dumps({"data": [entry]}).encode()) == [ListedModel("m", window)]


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"data": 3}', b'{"error": "no"}', b'"m"', b"[" * 100_000])
def test_what_is_no_list(content: bytes) -> None:
    with pytest.raises(errors.MalformedAnswer):
        read_listing(content)


def test_fetching(scripted_provider: ScriptedProvider) -> None:
    models = fetch_listing(scripted_provider.openai_url, {"Authorization": "Bearer a-key"})
    assert models[:2] == [ListedModel("scripted-small"), ListedModel("scripted-large", 65_536)]


def test_a_wrong_key(scripted_provider: ScriptedProvider) -> None:
    with pytest.raises(errors.AuthenticationFailed):
        fetch_listing(scripted_provider.openai_url, {"Authorization": "Bearer wrong"})


def test_nobody_there(unused_url: str) -> None:
    with pytest.raises(errors.ConnectionLost):
        fetch_listing(unused_url)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.com", "nonsense"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(errors.ProviderNotConfigured):
        fetch_listing(address)
