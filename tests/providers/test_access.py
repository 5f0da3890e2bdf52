"""Who may use which model, and what that costs."""

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.test import Client

import providers
from providers import listed, stored
from providers.connections import Connection
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
