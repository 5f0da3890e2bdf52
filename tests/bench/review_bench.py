"""How long the review's list and search take among a million messages, on SQLite and on PostgreSQL.

    python -m tests.bench.review_bench sqlite [MESSAGES]
    python -m tests.bench.review_bench postgresql [MESSAGES]

Fills a database of its own as search_bench does (300 people, a tenth of all by one), with twenty models and days over a
year, then times pages of the review as the admin makes them, and drops it.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.bench.search_bench import NAME, POOL, Language, fill, prepare, queries, size

MODELS = ["openai/common"] * 12 + ["openai/second"] * 6 + ["openai/third", "anthropic/fourth"]
DAYS = 365


def prepare_review(kind: str) -> str:
    """For a quick filling: SQLite's second index buffers more, PostgreSQL's is made at the end. How to make it."""
    from django.db import connection

    with connection.cursor() as cursor:
        if kind == "sqlite":
            cursor.execute(
                "INSERT INTO conversations_search_all(conversations_search_all, rank) VALUES ('hashsize', 67108864)"
            )
            return ""
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'conversations_search_all'")
        index: str = cursor.fetchone()[0]
        cursor.execute("DROP INDEX conversations_search_all")
        return index


def spread(index: str, chance: random.Random) -> float:
    """Days and models for the conversations, one rare; then the index. Seconds that the index took."""
    from django.db import connection
    from django.utils import timezone

    from conversations.models import Conversation

    now = timezone.now()
    made = list(Conversation.objects.order_by("title").only("pk"))
    for n, conversation in enumerate(made):
        conversation.updated_at = now - timedelta(minutes=chance.randrange(DAYS * 1440))
        conversation.model = "openai/rare" if n % 5000 == 7 else chance.choice(MODELS)
    Conversation.objects.bulk_update(made, ["updated_at", "model"], 500)
    begun = time.monotonic()
    if index:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute(index)
            cursor.execute("VACUUM ANALYZE")
    return time.monotonic() - begun


def asked(words: dict[str, list[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    from django.utils import timezone

    today = timezone.localdate()
    narrow = {
        "all people": {},
        "of a person": {"person": "person1"},
        "rare model": {"model": "openai/rare"},
        "third model": {"model": "openai/third"},
        "a week": {"since": today - timedelta(days=7)},
        "a month long ago": {"since": today - timedelta(days=330), "until": today - timedelta(days=300)},
        "everything": {"person": "person2", "model": "openai/second", "since": today - timedelta(days=90)},
    }
    for name, filters in narrow.items():
        yield f"list, {name}", filters
        for kind, said in words.items():
            for word in said[:20] if name == "all people" else said[:5]:
                yield f"{kind}, {name}", filters | {"text": word}


def measure(words: dict[str, list[str]]) -> None:
    from accounts.models import User
    from moderation.review.filters import Filters
    from moderation.review.listing import review_page

    user = User.objects.order_by("pk").first()
    assert user is not None
    took: dict[str, list[float]] = {}
    rows: dict[str, int] = {}
    for warm in (False, True):
        for kind, filters in asked(words):
            cursor = ""
            for _page in ("first", "next"):
                start = time.perf_counter()
                page = review_page(user, Filters(**filters), cursor)
                if warm:
                    took.setdefault(kind, []).append((time.perf_counter() - start) * 1000)
                    rows[kind] = rows.get(kind, 0) + len(page.rows)
                if not (cursor := page.next):
                    break
    print(f"{'':36}{'p50 ms':>8}{'max ms':>8}{'pages':>7}{'rows':>6}")
    for kind, times in took.items():
        print(f"{kind:36}{statistics.median(times):8.1f}{max(times):8.1f}{len(times):7}{rows[kind]:6}", flush=True)
    every = [t for times in took.values() for t in times]
    p95 = statistics.quantiles(every, n=20)[-1]
    print(f"all: p50 {statistics.median(every):.1f}, p95 {p95:.1f}, max {max(every):.1f} ms", flush=True)


def index_size(kind: str) -> str:
    from django.db import connection

    if kind == "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('conversations_search_all')")
        return f"the review's index {cursor.fetchone()[0] / 2**20:,.0f} MB"


def main() -> None:
    kind, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="review-bench-") as folder:
        prepare(kind, folder)
        from conversations.search.tokens import tokens_of

        chance = random.Random(1)
        language = Language(chance)
        pool = [(text, tokens_of(text)) for text in (language.text() for _ in range(POOL))]
        begun = time.monotonic()
        index = prepare_review(kind)
        fill(kind, count, 0.1, pool, chance)
        took = spread(index, chance)
        print(f"{kind}: {count:,} messages in {time.monotonic() - begun:.0f} s (index {took:.0f} s), "
              f"{size(kind, folder)} {index_size(kind)}", flush=True)  # fmt: skip
        measure(queries(language, pool, chance))
        if kind == "postgresql":
            from django.db import connections

            connections.close_all()
            connections["default"].close_pool()
            os.system(f"dropdb -h 127.0.0.1 {NAME}")


if __name__ == "__main__":
    main()
