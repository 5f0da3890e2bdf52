"""Who may use which model, and what that costs."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.core.cache import cache
from django.test import Client

import providers
from providers import listed, stored
from providers.connections import Connection
from providers.listed_model import ListedModel
from providers.models import ModelOverride
from tests.scripted_provider.fixture import ScriptedProvider

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED, OPEN = "vllm/scripted-small", "vllm/scripted-large"


@pytest.fixture
def staff() -> Group:
    return Group.objects.create(name="Staff")


@pytest.fixture(autouse=True)
def vllm(settings, scripted_provider: ScriptedProvider) -> None:
    """A server with several models whose list is known."""
    settings.OPENAI_COMPATIBLE_SERVERS = {"vllm": scripted_provider.openai_url}
    listed.refresh(Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url))


@pytest.fixture
def vllm_lists(scripted_provider: ScriptedProvider) -> Callable[..., None]:
    """Says what the server's list has."""

    def say(*names: str) -> None:
        connection = Connection("vllm", "providers.openai.OpenAIProvider", scripted_provider.openai_url)
        listing = listed.Listing(tuple(map(ListedModel, names)), time.time(), base_url=scripted_provider.openai_url)
        cache.set(listed._key(connection), listing)

    return say


@pytest.fixture
def closed(staff: Group) -> ModelOverride:
    """A model that only the staff may use."""
    override = ModelOverride.objects.create(model=CLOSED)
    override.groups.add(staff)
    return override


def _menu(user: object) -> set[str]:
    return {model.id for group in providers.models_for_menu(user) for model in group.models}  # type: ignore[arg-type]


def test_the_group_may_and_others_may_not(alice: "User", bob: "User", staff: Group, closed: ModelOverride) -> None:
    alice.groups.add(staff)

    assert providers.may_use(alice, CLOSED)
    assert not providers.may_use(bob, CLOSED)
    assert providers.may_use(bob, OPEN)
    assert CLOSED in _menu(alice)
    assert CLOSED not in _menu(bob)
    assert OPEN in _menu(bob)


def test_superusers_may_use_all_and_nobody_in_particular_is_not_restricted(
    charlie: "User", closed: ModelOverride
) -> None:
    charlie.is_superuser = True
    assert providers.may_use(charlie, CLOSED)
    assert CLOSED in _menu(charlie)
    assert providers.may_use(None, CLOSED)
    assert CLOSED in _menu(None)


def test_an_anonymous_visitor_is_in_no_group(closed: ModelOverride) -> None:
    assert not providers.may_use(AnonymousUser(), CLOSED)
    assert providers.may_use(AnonymousUser(), OPEN)


def test_any_of_several_groups_is_enough(bob: "User", closed: ModelOverride) -> None:
    testers = Group.objects.create(name="Testers")
    closed.groups.add(testers)
    bob.groups.add(testers)
    assert providers.may_use(bob, CLOSED)


@pytest.mark.parametrize("name", ["scripted-small", " vllm/scripted-small "])
def test_another_way_of_writing_the_name_is_no_way_in(bob: "User", closed: ModelOverride, name: str) -> None:
    """A bare name is looked up in the providers' own lists, so it leads to the same model."""
    assert not providers.may_use(bob, name)


@pytest.mark.parametrize(
    "name",
    [
        "vllm/scripted-small-2024-08-06",
        "vllm/scripted-small-20240806",
        "vllm/scripted-small@20240806",
        "vllm/scripted-small-0613",
        "vllm/scripted-small-latest",
        "vllm/scripted-small-preview-05-06",
        "vllm/scripted-small:latest",
        "vllm/scripted-small:free",
        "vllm/ft:scripted-small:us::1",
        "vllm/Scripted-Small",
        "VLLM/scripted-small",
        "vllm/ scripted-small",
        "vllm /scripted-small",
        "vllm//scripted-small",
        "vllm/vllm/scripted-small",
        "vllm/models/scripted-small",
        "vllm/scripted-small ",
        "vllm/scripted\u2011small",
        "vllm/scripted-small\u200b",
        "vllm/scripted-ѕmall",
        "scripted-small-2024-08-06",
        "Scripted-Small",
        "vllm/a-dear-model-that-no-list-has",
        "vllm/",
    ],
)
def test_no_other_name_leads_to_a_closed_model_or_around_the_menu(
    bob: "User", closed: ModelOverride, name: str
) -> None:
    assert not providers.may_use(bob, name)


@pytest.mark.parametrize(
    ("closed_name", "listed_name"),
    [
        ("vllm/scripted-SMALL", "scripted-small"),
        ("vllm/models/scripted-small", "scripted-small"),
        ("vllm/scripted", "scripted-2024-08-06"),
        ("vllm/scripted", "scripted:8b"),
        ("vllm/scripted:latest", "scripted"),
        ("vllm/scripted-2024-08-06", "scripted"),
        ("vllm/scripted-sonnet-4-5", "us.vendor.scripted-sonnet-4-5-20250929-v1:0"),
    ],
)
def test_what_a_list_has_of_a_closed_model_is_closed_too(
    bob: "User", staff: Group, vllm_lists: Callable[..., None], closed_name: str, listed_name: str
) -> None:
    vllm_lists(listed_name, "something-else")
    ModelOverride.objects.create(model=closed_name).groups.add(staff)

    assert not providers.may_use(bob, f"vllm/{listed_name}")
    assert not providers.may_use(bob, listed_name)
    assert _menu(bob) == {"vllm/something-else"}


@pytest.mark.parametrize(
    ("closed_name", "other"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4", "gpt-4-turbo"),
        ("llama3:70b", "llama3:8b"),
        ("llama3:70b", "llama3"),
        ("claude-opus-4", "claude-opus-4-1"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-05-13"),
        ("openai/gpt-4o", "azure/gpt-4o"),
    ],
)
def test_another_model_is_not_closed_with_it(
    bob: "User", staff: Group, vllm_lists: Callable[..., None], closed_name: str, other: str
) -> None:
    vllm_lists(closed_name, other)
    ModelOverride.objects.create(model=f"vllm/{closed_name}").groups.add(staff)
    assert providers.may_use(bob, f"vllm/{other}")
    assert _menu(bob) == {f"vllm/{other}"}


def test_a_name_with_an_override_of_its_own_is_what_that_one_says(
    bob: "User", staff: Group, vllm_lists: Callable[..., None]
) -> None:
    vllm_lists("llama3", "llama3:8b")
    ModelOverride.objects.create(model="vllm/llama3").groups.add(staff)
    assert not providers.may_use(bob, "vllm/llama3:8b")
    ModelOverride.objects.create(model="vllm/llama3:8b")
    assert providers.may_use(bob, "vllm/llama3:8b")
    assert not providers.may_use(bob, "vllm/llama3")


def test_a_server_that_was_never_heard_lets_nobody_at_what_it_may_have(
    settings, bob: "User", staff: Group, unused_url: str
) -> None:
    settings.OPENAI_COMPATIBLE_SERVERS = {"silent": unused_url}
    ModelOverride.objects.create(model="silent/dear").groups.add(staff)
    for name in ("silent/dear", "silent/unknown", "dear", "unknown"):
        assert not providers.may_use(bob, name), name
    ModelOverride.objects.create(model="silent/cheap")
    assert providers.may_use(bob, "silent/cheap")


def test_without_a_closed_model_a_provider_may_know_more_than_it_lists(bob: "User") -> None:
    ModelOverride.objects.create(model=CLOSED, label="Ours")
    assert providers.may_use(bob, "vllm/not-listed")


def test_who_is_in_the_group_gets_at_the_listed_names_and_no_more(
    alice: "User", staff: Group, closed: ModelOverride
) -> None:
    alice.groups.add(staff)
    assert not providers.may_use(alice, "vllm/not-listed")
    assert providers.may_use(alice, CLOSED)


def test_the_default_model_counts_as_listed(settings, bob: "User", closed: ModelOverride) -> None:
    settings.DEFAULT_MODEL = "vllm/the-site-s-own"
    assert providers.default_model(bob) == "vllm/the-site-s-own"
    settings.DEFAULT_MODEL = "vllm/scripted-small-2024-08-06"
    assert providers.default_model(bob) == OPEN


def test_the_same_name_at_another_provider_is_another_model(settings, bob: "User", staff: Group) -> None:
    settings.PROVIDERS = settings.PROVIDERS | {"openai": settings.PROVIDERS["openai"] | {"api_key": "a-key"}}
    override = ModelOverride.objects.create(model="vllm/openai/gpt-4o")
    override.groups.add(staff)
    assert providers.may_use(bob, "openai/gpt-4o")
    assert not providers.may_use(bob, "vllm/openai/gpt-4o")


def test_the_default_is_one_that_the_person_may_use(settings, bob: "User", closed: ModelOverride) -> None:
    settings.DEFAULT_MODEL = CLOSED
    assert providers.default_model() == CLOSED
    assert providers.default_model(bob) == OPEN


async def test_for_coroutines(bob: "User", closed: ModelOverride) -> None:
    groups = await providers.available_models(bob)
    assert CLOSED not in {model.id for group in groups for model in group.models}


def test_a_change_of_groups_is_seen_at_once(bob: "User", staff: Group, closed: ModelOverride) -> None:
    assert not providers.may_use(bob, CLOSED)
    closed.groups.clear()
    assert providers.may_use(bob, CLOSED)
    closed.groups.add(staff)
    assert not providers.may_use(bob, CLOSED)
    bob.groups.add(staff)
    assert providers.may_use(bob, CLOSED)
    staff.delete()
    assert stored.stored().groups == {CLOSED: frozenset()}


def test_without_groups_a_person_costs_no_query(bob: "User", django_assert_num_queries) -> None:
    ModelOverride.objects.create(model=CLOSED, label="Small")
    stored.stored()
    with django_assert_num_queries(0):
        _menu(bob)
        providers.may_use(bob, CLOSED)


def test_with_groups_a_person_costs_one_query(bob: "User", staff: Group, django_assert_num_queries) -> None:
    for number in range(5):
        ModelOverride.objects.create(model=f"vllm/model-{number}").groups.add(staff)
    stored.stored()
    with django_assert_num_queries(1):
        _menu(bob)
    with django_assert_num_queries(1):
        providers.may_use(bob, "vllm/model-0")
    with django_assert_num_queries(0):
        providers.may_use(bob, OPEN)


def test_reading_the_overrides_asks_once_for_all_groups(staff: Group, django_assert_num_queries) -> None:
    for number in range(5):
        ModelOverride.objects.create(model=f"vllm/model-{number}").groups.add(staff)
    stored.forget()
    with django_assert_num_queries(3):  # credentials, overrides, their groups
        known = stored.stored()
    assert known.groups["vllm/model-3"] == frozenset({staff.pk})


def test_the_settings_page_offers_what_the_person_may_use(
    alice: "User", bob: "User", staff: Group, closed: ModelOverride, client: Client
) -> None:
    alice.groups.add(staff)
    pages = {}
    for person in (alice, bob):
        client.force_login(person)
        pages[person.username] = client.get("/settings/").content.decode()
        client.logout()
    assert CLOSED in pages["alice"]
    assert CLOSED not in pages["bob"]
    assert OPEN in pages["bob"]


@pytest.mark.parametrize("sees", [True, False])
def test_an_override_says_whether_a_model_sees_images(sees: bool) -> None:
    ModelOverride.objects.create(model="openai/gpt-4o", supports_images=sees)
    assert providers.model_info("openai/gpt-4o").supports_images is sees


def test_without_a_word_the_family_says_whether_it_sees() -> None:
    ModelOverride.objects.create(model="openai/gpt-4o", label="Ours")
    assert providers.model_info("openai/gpt-4o").supports_images


def test_a_model_whose_only_group_is_deleted_is_open_to_nobody(
    alice: "User", staff: Group, closed: ModelOverride
) -> None:
    alice.groups.add(staff)
    staff.delete()
    assert not providers.may_use(alice, CLOSED)
    closed.groups.clear()  # as an administrator does who leaves the choice empty
    assert providers.may_use(alice, CLOSED)
