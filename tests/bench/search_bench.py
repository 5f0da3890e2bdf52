"""How long a search takes among a million messages, on SQLite and on PostgreSQL.

    python -m tests.bench.search_bench sqlite [MESSAGES [SHARE]]
    python -m tests.bench.search_bench postgresql [MESSAGES [SHARE]]

Fills a database of its own (a temporary file; the database chat_search_bench at TEST_DATABASE_URL's server) with
messages of 300 people and of one who wrote a SHARE of all (a tenth), then times the searches of that one, and drops it.
The texts follow the word frequencies of a language: a few words are everywhere, most are rare. A tenth of the words of
Korean sentences are English, particles are attached.
"""

import itertools
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

POOL, OWNERS, PER_CONVERSATION = 20_000, 300, 40
NAME = "chat_search_bench"
PARTICLES = [
    "",
    "",
    "",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "에서",
    "으로",
    "로",
    "와",
    "과",
    "도",
    "하고",
    "했다",
]


class Language:
    """Words with their frequencies: the n-th word is said about 1/n as often as the first."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        syllables = [chr(code) for code in chance.sample(range(0xAC00, 0xD7A4, 4), 900)]
        weights = [1 / (n + 8) for n in range(900)]
        self.korean = self._words(lambda: chance.choices(syllables, weights, k=chance.choice([1, 2, 2, 2, 3, 3, 4])))
        letters, letter_weights = "etaoinshrdlcumwfgypbvk", range(44, 0, -2)
        self.english = self._words(lambda: chance.choices(letters, letter_weights, k=chance.randint(2, 10)))
        self.weights = list(itertools.accumulate(1 / (n + 3) for n in range(20_000)))

    def _words(self, make: Callable[[], list[str]]) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < 20_000:
            words["".join(make())] = None
        return list(words)

    def text(self) -> str:
        length = self.chance.randint(10, 90)
        english = self.chance.choices(self.english, cum_weights=self.weights, k=length)
        if self.chance.random() < 0.4:
            return " ".join(english)
        korean = self.chance.choices(self.korean, cum_weights=self.weights, k=length)
        particles = self.chance.choices(PARTICLES, k=length)
        is_english = [self.chance.random() < 0.1 for _ in range(length)]
        return " ".join(
            e if foreign else k + p for e, k, p, foreign in zip(english, korean, particles, is_english, strict=True)
        )


def prepare(kind: str, folder: str) -> None:
    """The settings, and an empty database with all tables."""
    server = os.environ.get("TEST_DATABASE_URL", "postgres://root@127.0.0.1:5432/test").rpartition("/")[0]
    if kind == "postgresql":
        os.system(f"dropdb --if-exists -h 127.0.0.1 {NAME} && createdb -h 127.0.0.1 {NAME}")
    os.environ |= {
        "ENV_FILE": "tests/no.env",
        "APP_ENV": "development",
        "VAR_DIR": folder,
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3" if kind == "sqlite" else f"{server}/{NAME}",
        "DJANGO_SETTINGS_MODULE": "chatbot_site.settings",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def owners_of(count: int, share: float, chance: random.Random) -> Iterator[tuple[int, int]]:
    """(owner, conversation) of each message, as people write side by side. Owner 1 writes `share` of them."""
    conversations = [
        (1 if chance.random() < share else chance.randint(2, OWNERS), n) for n in range(count // PER_CONVERSATION)
    ]
    for start in range(0, len(conversations), 100):
        block = conversations[start : start + 100] * PER_CONVERSATION
        chance.shuffle(block)
        yield from block


def fill(kind: str, count: int, share: float, pool: list[tuple[str, str]], chance: random.Random) -> None:
    from django.utils import timezone

    from accounts.models import User
    from conversations.models import Conversation

    User.objects.bulk_create([User(username=f"person{n}") for n in range(1, OWNERS + 1)])
    ids = list(User.objects.order_by("pk").values_list("pk", flat=True))
    keys = [uuid.UUID(int=chance.getrandbits(128), version=4) for _ in range(count // PER_CONVERSATION + 1)]
    places = list(owners_of(count, share, chance))
    owner_of = {number: ids[owner - 1] for owner, number in places}
    made = [Conversation(pk=keys[n], owner_id=o, title=f"대화 {n}", title_is_indexed=True) for n, o in owner_of.items()]
    Conversation.objects.bulk_create(made, 2000)
    now = timezone.now()
    texts = [chance.randrange(len(pool)) for _ in places]
    rows = ((n + 1, keys[number], pool[texts[n]][0], now) for n, (_owner, number) in enumerate(places))
    entries = (
        (2 * n + 2, pool[texts[n]][1], keys[number], n + 1, ids[owner - 1]) for n, (owner, number) in enumerate(places)
    )
    (_fill_sqlite if kind == "sqlite" else _fill_postgresql)(rows, entries)


MESSAGE = "id, role, content, reasoning, html, model, is_indexed, created_at, conversation_id"
ENTRY = "id, tokens, conversation_id, message_id, owner_id"


def _fill_sqlite(rows: Iterator[tuple], entries: Iterator[tuple]) -> None:
    from django.db import connection

    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA synchronous = OFF")
        raw = connection.connection
        raw.execute("INSERT INTO conversations_search(conversations_search, rank) VALUES ('hashsize', 67108864)")
        raw.execute("BEGIN")
        raw.executemany(
            f"INSERT INTO conversations_message ({MESSAGE}) VALUES (?, 'user', ?, '', '', '', 1, ?, ?)",
            ((pk, text, now.isoformat(" "), key.hex) for pk, key, text, now in rows),
        )
        for part in iter(lambda: list(itertools.islice(entries, 5000)), []):
            raw.executemany(
                f"INSERT INTO conversations_searchentry ({ENTRY}) VALUES (?, ?, ?, ?, ?)",
                ((pk, tokens, key.hex, message, owner) for pk, tokens, key, message, owner in part),
            )
        raw.execute("COMMIT")
    connection.close()


def _fill_postgresql(rows: Iterator[tuple], entries: Iterator[tuple]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'conversations_search'")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX conversations_search")
        cursor.execute("SET session_replication_role = replica")
        raw = connection.connection.cursor()
        with raw.copy(f"COPY conversations_message ({MESSAGE}) FROM STDIN") as copy:
            for pk, key, text, now in rows:
                copy.write_row((pk, "user", text, "", "", "", True, now, key))
        with raw.copy(f"COPY conversations_searchentry ({ENTRY}) FROM STDIN") as copy:
            for pk, tokens, key, message, owner in entries:
                copy.write_row((pk, tokens, key, message, owner))
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(index)
        cursor.execute("VACUUM ANALYZE")


def queries(language: Language, pool: list[tuple[str, str]], chance: random.Random) -> dict[str, list[str]]:
    """Forty of each kind."""
    said: dict[str, int] = {}
    for text, _tokens in pool:
        for word in set(text.split()):
            said[word] = said.get(word, 0) + 1
    once = [word for word, times in said.items() if times == 1 and len(word) > 2]
    common = [word for word in language.korean[:80] if len(word) > 1][:30] + language.english[:10]
    syllables = sorted({c for word in language.korean[:60] for c in word})
    nothing = ["".join(chance.choices(syllables, k=4)) for _ in range(30)]
    return {
        "rare": chance.sample(once, 40),
        "common": common,
        "one syllable": chance.sample(syllables, 40),
        "prefix": [word[: chance.randint(2, 4)] for word in language.english[10:50]],
        "no hit": nothing + ["".join(chance.choices("qxzjw", k=6)) for _ in range(10)],
    }


def measure(asked: dict[str, list[str]]) -> None:
    from accounts.models import User
    from conversations.search.index import index_own
    from conversations.search.query import parse
    from conversations.search.results import find

    user = User.objects.order_by("pk").first()
    took: dict[str, list[float]] = {kind: [] for kind in asked}
    hits: dict[str, int] = {}
    for warm in (False, True):
        for kind, words in asked.items():
            for word in words[: None if warm else 5]:
                start = time.perf_counter()
                index_own(user)
                page = find(user, parse(word))
                if warm:
                    took[kind].append((time.perf_counter() - start) * 1000)
                    hits[kind] = hits.get(kind, 0) + len(page.hits)
    print(f"{'':14}{'p50 ms':>8}{'p95 ms':>8}{'max ms':>8}{'hits shown':>12}")
    for kind, times in took.items():
        _row(kind, times, hits[kind])
    _row("all", [t for times in took.values() for t in times], sum(hits.values()))


def _row(kind: str, times: list[float], hits: int) -> None:
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"{kind:14}{statistics.median(times):8.1f}{p95:8.1f}{max(times):8.1f}{hits:12}", flush=True)


def size(kind: str, folder: str) -> str:
    from django.db import connection

    if kind == "sqlite":
        return f"{Path(folder, 'db.sqlite3').stat().st_size / 2**20:,.0f} MB in all"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), pg_relation_size('conversations_search'), "
            "pg_total_relation_size('conversations_message')"
        )
        return "{:,.0f} MB in all, the index {:,.0f}, messages {:,.0f}".format(*(n / 2**20 for n in cursor.fetchone()))


def main() -> None:
    kind, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    share = float(sys.argv[3]) if len(sys.argv) > 3 else 0.1
    with tempfile.TemporaryDirectory(prefix="search-bench-") as folder:
        prepare(kind, folder)
        from conversations.search.tokens import tokens_of

        chance = random.Random(1)
        language = Language(chance)
        pool = [(text, tokens_of(text)) for text in (language.text() for _ in range(POOL))]
        print(f"{statistics.mean(len(t) for t, _ in pool):.0f} characters a message, "
              f"{statistics.mean(len(t.split()) for _, t in pool):.0f} tokens", flush=True)  # fmt: skip
        begun = time.monotonic()
        fill(kind, count, share, pool, chance)
        print(f"{kind}: {count:,} messages in {time.monotonic() - begun:.0f} s, {size(kind, folder)}", flush=True)
        measure(queries(language, pool, chance))
        if kind == "postgresql":
            from django.db import connections

            connections.close_all()
            connections["default"].close_pool()
            os.system(f"dropdb -h 127.0.0.1 {NAME}")


if __name__ == "__main__":
    main()
