"""Redis, where it is used: does it answer, and does what one process tells arrive at another."""

from __future__ import annotations

import asyncio
import secrets

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

from operations.doctor.findings import Findings, ok, problem, warning

SECONDS = 3.0
_START = "Is it running, and is REDIS_URL right? While it is away pages fail or come late."


def look() -> Findings:
    if not settings.REDIS_URL:
        yield ok("Not used: one process serves this site.")
        return
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=SECONDS, socket_timeout=SECONDS)
    try:
        with client:
            about = client.info()
    except redis.RedisError as error:
        yield problem(f"It cannot be used: {error}", _START)
        return
    yield ok(f"Redis {about['redis_version']} answers.")
    yield from _memory(about)
    yield from _round_trip()


def _memory(about: dict[str, object]) -> Findings:
    most, used = int(str(about.get("maxmemory") or 0)), int(str(about.get("used_memory") or 0))
    if most and used > most * 0.9 and about.get("maxmemory_policy") == "noeviction":
        yield warning("It is full and refuses to write.", "Raise maxmemory, or set maxmemory-policy to allkeys-lru.")


def _round_trip() -> Findings:
    try:
        arrived = async_to_sync(_sent_and_received)()
    except Exception as error:  # whatever the layer raises
        yield problem(f"A message did not arrive ({type(error).__name__}).", _START)
        return
    if arrived:
        yield ok("A message from one process to another arrives.")
    else:
        yield problem("What arrived was not what had been sent.", "Does another site use the same REDIS_URL?")


async def _sent_and_received() -> bool:
    layer = get_channel_layer()
    group, token = f"doctor-{secrets.token_hex(8)}", secrets.token_hex(8)
    async with asyncio.timeout(SECONDS):
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        await layer.group_send(group, {"type": "doctor", "token": token})
        received = await layer.receive(channel)
        await layer.group_discard(group, channel)
    return bool(received["token"] == token)
