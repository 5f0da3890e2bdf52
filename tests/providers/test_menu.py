"""The model menu: from what is set up, from lists in the cache, from the catalogue; and the servers found nearby."""

import threading

import pytest

import providers
from providers import discovery, listed
from providers.connections import Connection
from providers.models import Credential, ModelOverride
from tests.scripted_provider.fixture import ScriptedProvider

pytestmark = pytest.mark.django_db(transaction=True)


def _with_key(settings, name: str, **options: str) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {name: settings.PROVIDERS[name] | options}


def _wait_for_errands() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("provider-"):
            thread.join(10)


def _menu() -> dict[str, list[str]]:
    return {group.provider: [model.name for model in group.models] for group in providers.models_for_menu()}


def test_nothing_is_set_up() -> None:
    assert providers.models_for_menu() == []
    assert providers.default_model() == ""


def test_a_server_s_own_list_is_there_the_next_time(settings, scripted_provider: ScriptedProvider) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}

    assert _menu() == {}  # a page does not wait
    _wait_for_errands()
    assert _menu()["vllm"][:2] == ["scripted-small", "scripted-large"]
    assert providers.default_model() == "vllm/scripted-small"
    _menu()
    assert len(scripted_provider.requests) == 1  # the list is kept


async def test_the_menu_for_coroutines(settings, scripted_provider: ScriptedProvider) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    listed.refresh(Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url))

    groups = await providers.available_models()
    assert groups[0].label == "vllm"
    assert groups[0].models[1].context_window == 65_536


def test_the_anthropic_list_is_asked_in_its_own_way(settings, scripted_provider: ScriptedProvider) -> None:
    _with_key(settings, "anthropic", api_key="a-key", base_url=scripted_provider.anthropic_url)

    providers.models_for_menu()
    _wait_for_errands()
    assert _menu() == {"anthropic": ["claude-scripted"]}
    assert scripted_provider.requests[0].path == "/v1/models"


def test_without_a_list_the_catalogue_s_current_models_are_shown(settings, unused_url: str) -> None:
    _with_key(settings, "openai", api_key="a-key", base_url=unused_url)
    _with_key(settings, "anthropic", api_key="a-key", base_url=unused_url)

    providers.models_for_menu()
    _wait_for_errands()
    menu = _menu()

    assert 3 <= len(menu["openai"]) <= 8
    assert all(name.startswith(("gpt-", "o")) for name in menu["openai"])
    assert all(name.startswith("claude-") for name in menu["anthropic"])
    assert providers.default_model() == f"openai/{menu['openai'][0]}"


def test_a_list_that_fails_later_is_kept(settings, scripted_provider: ScriptedProvider, unused_url: str) -> None:
    connection = Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url)
    first = listed.refresh(connection)
    wrong = Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url, "wrong")
    assert listed.refresh(wrong).models is None
    assert listed.refresh(connection).models == first.models


def test_default_model_is_the_site_s_choice(settings) -> None:
    settings.DEFAULT_MODEL = "claude-opus-5-5"
    assert providers.default_model() == "claude-opus-5-5"


def test_hidden_models_are_left_out(settings, scripted_provider: ScriptedProvider) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    ModelOverride.objects.create(model="vllm/scripted-small", hidden=True)
    providers.models_for_menu()
    _wait_for_errands()
    assert "scripted-small" not in _menu()["vllm"]


def test_a_stored_credential_is_in_the_menu(scripted_provider: ScriptedProvider) -> None:
    Credential.objects.create(provider="mine", base_url=scripted_provider.openai_url, allow_inside=True)
    providers.models_for_menu()
    _wait_for_errands()
    assert "scripted-small" in _menu()["mine"]


def test_servers_on_their_usual_ports_are_found(
    settings, scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, unused_url: str
) -> None:
    settings.PROVIDER_DISCOVERY = True
    ports = {"ollama": int(scripted_provider.url.rpartition(":")[2]), "lmstudio": int(unused_url.split(":")[2][:-3])}
    monkeypatch.setattr(discovery, "PORTS", ports)

    assert _menu() == {}
    _wait_for_errands()
    _menu()
    _wait_for_errands()
    assert set(_menu()) == {"ollama"}
    assert providers.models_for_menu()[0].label == "Ollama"


def test_a_server_found_that_is_set_up_already_is_listed_once(
    settings, scripted_provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_DISCOVERY = True
    port = int(scripted_provider.url.rpartition(":")[2])
    monkeypatch.setattr(discovery, "PORTS", {"ollama": port})
    settings.OPENAI_COMPATIBLE_SERVERS = {"mine": discovery.base_url_of(port)}
    discovery.look()
    providers.models_for_menu()
    _wait_for_errands()
    assert set(_menu()) == {"mine"}


def test_discovery_is_off_by_its_setting(settings, scripted_provider: ScriptedProvider) -> None:
    settings.PROVIDER_DISCOVERY = False
    assert discovery.found_servers() == {}
    _wait_for_errands()
    assert scripted_provider.requests == []
