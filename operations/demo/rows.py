"""The plan as rows: people, and their conversations in batches of one transaction each."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection, transaction

from accounts.models import Preferences, User
from conversations.models import Conversation, Folder, Generation, Message, Share
from conversations.rendering import render
from moderation.roles import MEMBERS, MODERATORS
from operations.demo import texts
from operations.demo.plan import LANGUAGES, Planned, language_of
from providers import Usage, cost_of, estimate_tokens

BATCH_MESSAGES = 5_000
ROWS_AT_ONCE = 1_000
Status = Generation.Status


@dataclass(slots=True)
class Batch:
    """Conversations that were stored, with the ids of the messages of each."""

    planned: list[Planned]
    ids: list[list[int]]

    def __iter__(self) -> Iterator[tuple[Planned, list[int]]]:
        return zip(self.planned, self.ids, strict=True)


def make_people(count: int, password: str, now: datetime) -> tuple[list[User], list[User]]:
    """`count` people and the moderators, all with the same password; names that are taken get a number."""
    taken = set(User.objects.values_list("username", flat=True))
    hashed = make_password(password)  # once: it is meant to take long
    people = [_person(name, hashed, now) for name in _names(texts.NAMES, count, taken)]
    moderators = [_person(name, hashed, now) for name in _names(texts.MODERATORS, len(texts.MODERATORS), taken)]
    for moderator in moderators:
        moderator.is_staff = True
    with transaction.atomic():
        User.objects.bulk_create([*people, *moderators], batch_size=ROWS_AT_ONCE)
        _join(MEMBERS, people)
        _join(MODERATORS, moderators)
        Preferences.objects.bulk_create(
            [_preferences(number, person) for number, person in enumerate([*people, *moderators])]
        )
    return people, moderators


def _names(wanted: Sequence[str], count: int, taken: set[str]) -> Iterator[str]:
    """English and Korean ones in turns, as the languages of people are."""
    kinds = len(LANGUAGES)
    free = [(_name(wanted, number) for number in itertools.count(kind, kinds)) for kind in range(kinds)]
    for made in range(count):
        name = next(name for name in free[made % kinds] if name not in taken)
        taken.add(name)
        yield name


def _name(wanted: Sequence[str], number: int) -> str:
    rounds, place = divmod(number, len(wanted))
    return f"{wanted[place]}{rounds + 1}" if rounds else wanted[place]


def _person(name: str, hashed: str, now: datetime) -> User:
    first_name = texts.FIRST_NAMES.get(name, name.capitalize())
    email = f"{name}@{texts.DOMAIN}"
    return User(username=name, email=email, first_name=first_name, password=hashed, date_joined=now - timedelta(90))


def _join(name: str, people: Iterable[User]) -> None:
    group, _ = Group.objects.get_or_create(name=name)
    through = User.groups.through
    through.objects.bulk_create([through(user_id=person.pk, group_id=group.pk) for person in people])


def _preferences(number: int, person: User) -> Preferences:
    language = language_of(number)
    said = language.instructions[number // 2 % 2] if number % 5 == 3 else ""
    return Preferences(user=person, language=language.code, custom_instructions=said)


def make_folders(people: Sequence[User], now: datetime) -> list[list[Folder]]:
    """Four for each person."""
    made = [
        [Folder(owner=person, name=name, created_at=now - timedelta(80)) for name in language_of(number).folders]
        for number, person in enumerate(people)
    ]
    Folder.objects.bulk_create([folder for own in made for folder in own], batch_size=ROWS_AT_ONCE)
    return made


def store(
    planned: Iterable[Planned],
    people: Sequence[User],
    folders: Sequence[Sequence[Folder]],
    now: datetime,
    done: Callable[[int], object],
) -> Iterator[Batch]:
    """Store everything, a batch at a time. `done` hears how many messages were stored."""
    for some in _batches(planned):
        with transaction.atomic():
            batch = _store(some, people, folders, now)
        done(sum(len(one.said) for one in some))
        yield batch


def _batches(planned: Iterable[Planned]) -> Iterator[list[Planned]]:
    some: list[Planned] = []
    messages = 0
    for one in planned:
        some.append(one)
        messages += len(one.said)
        if messages >= BATCH_MESSAGES:
            yield some
            some, messages = [], 0
    if some:
        yield some


def _store(some: list[Planned], people: Sequence[User], folders: Sequence[Sequence[Folder]], now: datetime) -> Batch:
    """Ids are taken beforehand, so that each row knows its parent, and a conversation its leaf. Keys are checked at the
    end of the transaction."""
    ids = iter(_message_ids(sum(len(one.said) for one in some)))
    conversations, messages, generations = [], [], []
    ids_of: list[list[int]] = []
    for one in some:
        own = [next(ids) for _ in one.said]
        ids_of.append(own)
        started = now - timedelta(hours=one.age_hours, minutes=3 * len(own))
        conversations.append(_conversation(one, people, folders, own, started))
        for index in range(len(own)):
            message, generation = _message(one, index, own, started + timedelta(minutes=3 * index))
            messages.append(message)
            if generation is not None:
                generations.append(generation)
    Conversation.objects.bulk_create(conversations, batch_size=ROWS_AT_ONCE)
    Message.objects.bulk_create(messages, batch_size=ROWS_AT_ONCE)
    Generation.objects.bulk_create(generations, batch_size=ROWS_AT_ONCE)
    Share.objects.bulk_create(_shares(some, conversations), batch_size=ROWS_AT_ONCE)
    return Batch(some, ids_of)


def _message_ids(count: int) -> Sequence[int]:
    """Ids that nobody else gets. Inside a transaction, which on SQLite is the only one that writes."""
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sequence, [table, count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    last = row[0] if row else 0
    return range(last + 1, last + 1 + count)


def _conversation(
    one: Planned, people: Sequence[User], folders: Sequence[Sequence[Folder]], ids: list[int], started: datetime
) -> Conversation:
    ended = started + timedelta(minutes=3 * (len(ids) - 1))
    return Conversation(
        pk=one.id,
        owner=people[one.owner],
        title=one.title,
        model=one.model,
        folder=None if one.folder is None else folders[one.owner][one.folder],
        leaf_id=ids[one.leaf],
        created_at=started,
        updated_at=ended,
        pinned_at=ended if one.is_pinned else None,
        archived_at=ended if one.is_archived else None,
        deleted_at=ended if one.is_deleted else None,
    )


def _message(one: Planned, index: int, ids: list[int], at: datetime) -> tuple[Message, Generation | None]:
    said = one.said[index]
    is_answer = one.is_answer(index)
    ended = one.ended if is_answer and index == one.leaf else "complete"
    text = _as_far_as_it_came(said.text, ended)
    message = Message(
        pk=ids[index],
        conversation_id=one.id,
        parent_id=None if said.parent is None else ids[said.parent],
        role=Message.Role.ASSISTANT if is_answer else Message.Role.USER,
        content=text,
        html=_html(text) if is_answer else "",
        model=one.model if is_answer else "",
        created_at=at,
    )
    return message, _generation(one, message, index, ended, at) if is_answer else None


def _as_far_as_it_came(text: str, ended: str) -> str:
    if ended == "failed":
        return ""
    return text[: len(text) // 2] if ended in ("stopped", "interrupted") else text


@functools.lru_cache(maxsize=1024)
def _html(text: str) -> str:
    return str(render(text)) if text else ""


def _generation(one: Planned, message: Message, index: int, ended: str, at: datetime) -> Generation:
    written = _tokens(message.content)
    read = 60 * (index + 1)
    seconds = timedelta(seconds=1 + written / 60)
    return Generation(
        conversation_id=one.id,
        message_id=message.pk,
        status=Status(ended),
        model=one.model,
        temperature=0.7,
        max_tokens=2000,
        attempt=1,
        seq=len(message.content),
        kept_text=len(message.content),
        finish_reason="stop" if ended == "complete" else "",
        error_code="overloaded" if ended == "failed" else "",
        input_tokens=read,
        output_tokens=written,
        cost=_cost(one.model, read, written),
        ttft_ms=None if ended == "failed" else 300 + 7 * index % 400,
        duration_ms=int(seconds.total_seconds() * 1000),
        created_at=at,
        started_at=at,
        finished_at=at + seconds,
    )


@functools.lru_cache(maxsize=1024)
def _tokens(text: str) -> int:
    return estimate_tokens(text)


@functools.lru_cache(maxsize=100_000)
def _cost(model: str, read: int, written: int) -> Decimal | None:
    cost = cost_of(model, Usage(read, written))
    return None if cost is None else round(cost, 6)


def _shares(some: list[Planned], rows: list[Conversation]) -> list[Share]:
    return [
        Share(conversation=row, title=row.title, leaf_id=row.leaf_id or 0, leaf_length=len(one.said[one.leaf].text))
        for one, row in zip(some, rows, strict=True)
        if one.is_shared and one.ended == "complete"
    ]
