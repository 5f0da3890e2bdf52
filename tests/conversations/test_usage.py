"""What an answer took, as its panel says it; the sums of a conversation; and the source of an answer."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations.models import Conversation, Generation, Message
from conversations.usage import conversation_usage, details_of, dollars, seconds
from tests.conversations.conftest import MODEL, converse

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def in_english(client: Client) -> Iterator[None]:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with translation.override("en"):
        yield


def _generation(answer: Message, **fields: Any) -> Generation:
    known = {
        "status": "complete", "finish_reason": "stop", "model": MODEL, "max_tokens": 100, "attempt": 1,
        "input_tokens": 1200, "output_tokens": 345, "reasoning_tokens": 40, "cached_tokens": 1000,
        "cost": Decimal("0.0042"), "ttft_ms": 350, "duration_ms": 12400,
    }  # fmt: skip
    return Generation.objects.create(conversation=answer.conversation, message=answer, **known | fields)


@pytest.fixture
def answer(conversation: Conversation) -> Message:
    assert conversation.leaf
    return conversation.leaf


def _page(client: Client, answer: Message, **headers: str) -> str:
    address = f"/c/{answer.conversation_id}/messages/{answer.pk}/details/"
    return " ".join(client.get(address, headers=HTMX | headers).content.decode().split())


def test_everything_that_is_known_of_an_answer(answer: Message, alice_client: Client) -> None:
    _generation(answer)
    page = _page(alice_client, answer)
    for said in ("1,200", "345", "1,000", "40", "$0.0042", "0.35 s", "12.4 s", "Came to its own end"):
        assert f"<dd>{said}</dd>" in page
    assert "(estimated)" not in page
    assert "<dd>1,545</dd>" in page  # the conversation's


def test_estimates_are_marked(answer: Message, alice_client: Client) -> None:
    _generation(answer, usage_estimated=True)
    assert "<dd>345 (estimated)</dd>" in _page(alice_client, answer)


def test_an_unknown_cost_says_so(answer: Message, alice_client: Client) -> None:
    _generation(answer, cost=None)
    assert _page(alice_client, answer).count("<dt>Cost</dt><dd>unknown</dd>") == 2


def test_a_free_answer_is_not_an_unknown_one(answer: Message, alice_client: Client) -> None:
    _generation(answer, cost=Decimal(0))
    assert "<dt>Cost</dt><dd>$0.00</dd>" in _page(alice_client, answer)


def test_an_answer_without_any_generation(answer: Message, alice_client: Client) -> None:
    page = _page(alice_client, answer)
    assert "<dt>Tokens read</dt><dd>unknown</dd>" in page
    assert "Attempts" not in page


def test_an_answer_that_was_continued_is_added_up(answer: Message) -> None:
    _generation(answer, status="stopped", finish_reason="", cost=Decimal("0.001"))
    _generation(answer, cost=Decimal("0.002"), ttft_ms=9000, finish_reason="length", attempt=2)
    details = details_of(answer)
    assert (details.usage.output_tokens, details.usage.cost) == (690, Decimal("0.003"))
    assert (details.first_token, details.duration, details.attempts) == ("0.35 s", "24.8 s", 3)
    assert details.finish == "Reached its length limit"


@pytest.mark.parametrize(
    ("status", "said"), [("stopped", "Stopped by you"), ("interrupted", "Broke off"), ("failed", "Failed")]
)
def test_how_it_ended(answer: Message, status: str, said: str) -> None:
    _generation(answer, status=status, finish_reason="", output_tokens=None, cost=None)
    assert details_of(answer).finish == said


def test_a_failure_before_the_first_token_does_not_make_the_cost_unknown(answer: Message) -> None:
    _generation(answer, status="failed", input_tokens=None, output_tokens=None, cost=None)
    _generation(answer)
    assert details_of(answer).usage.cost_text == "$0.0042"
    assert conversation_usage(answer.conversation).cost_text == "$0.0042"


def test_a_conversation_in_part_without_prices(answer: Message) -> None:
    _generation(answer)
    _generation(answer, cost=None)
    assert conversation_usage(answer.conversation).cost_text == "at least $0.0042"


def test_sums_are_of_this_conversation_only(answer: Message, alice: User) -> None:
    _generation(answer)
    other = converse(alice, "other", "answer")
    assert other.leaf
    _generation(other.leaf)
    assert conversation_usage(answer.conversation).output_tokens == 345


def test_constant_queries(
    answer: Message, alice_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _generation(answer)
    _page(alice_client, answer)
    with django_assert_max_num_queries(6) as few:
        _page(alice_client, answer)
    for _ in range(10):
        _generation(answer)
    with django_assert_max_num_queries(len(few)):
        _page(alice_client, answer)


def test_one_query_for_the_sums(answer: Message, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        conversation_usage(answer.conversation)


def test_the_page_without_a_script(answer: Message, alice_client: Client) -> None:
    page = alice_client.get(f"/c/{answer.conversation_id}/messages/{answer.pk}/details/").content.decode()
    assert page.startswith("<!doctype html>")
    assert "/source/" in page


def test_the_footer_leads_there(answer: Message, alice_client: Client) -> None:
    page = alice_client.get(f"/c/{answer.conversation_id}/").content.decode()
    assert f'href="/c/{answer.conversation_id}/messages/{answer.pk}/details/"' in page


def test_numbers_in_korean() -> None:
    with translation.override("ko"):
        assert "12.4" in seconds(12400)
        assert "1,234.50" in dollars(Decimal("1234.5"))


@pytest.mark.parametrize(
    ("cost", "written"),
    [("0", "$0.00"), ("0.000012", "$0.000012"), ("0.0042", "$0.0042"), ("0.25", "$0.25"), ("12.349", "$12.35")],
)
def test_dollars(cost: str, written: str) -> None:
    assert dollars(Decimal(cost).quantize(Decimal("0.000001"))) == written


# --- The source -----------------------------------------------------------------------------------


def _source(client: Client, conversation: Conversation, message_id: int | None) -> Any:
    return client.get(f"/c/{conversation.pk}/messages/{message_id}/source/")


def test_the_source_is_the_text_as_it_came(alice: User, alice_client: Client) -> None:
    text = "# Title\r\n\n<script>alert(1)</script> *한국어* \U0001f600  "
    made = converse(alice, "question", text)
    response = _source(alice_client, made, made.leaf_id)
    assert response.content.decode() == text
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_source_of_somebody_elses_answer(conversation: Conversation, bob: User, client: Client) -> None:
    client.force_login(bob)
    assert _source(client, conversation, conversation.leaf_id).status_code == 404


def test_the_source_is_of_answers(conversation: Conversation, alice_client: Client) -> None:
    assert conversation.leaf
    assert _source(alice_client, conversation, conversation.leaf.parent_id).status_code == 404
    assert _source(alice_client, conversation, 999_999).status_code == 404


@pytest.mark.parametrize(
    ("reason", "word", "said"),
    [
        ("tool_call", "", "The model wanted to use a tool"),
        ("other", "", "Ended for another reason"),
        ("other", "out_of_ideas", "Ended for a reason this site does not know: out_of_ideas"),
    ],
)
def test_how_a_complete_answer_ended(answer: Message, reason: str, word: str, said: str) -> None:
    _generation(answer, finish_reason=reason, error_code=word)
    assert details_of(answer).finish == said
