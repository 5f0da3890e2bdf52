import logging

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from chatbot_site import health

ALL_WELL = {"database": "ok", "cache": "ok", "channel_layer": "ok", "migrations": "ok"}
NO_REDIS = "redis://:s3cret@127.0.0.1:1/0"


def test_alive_without_touching_the_database(client: Client) -> None:
    response = client.get("/healthz")  # pytest-django would refuse a query here

    assert response.status_code == 200
    assert response.content == b"ok\n"
    assert "no-cache" in response["Cache-Control"]


def test_ready_when_everything_answers(client: Client, db: None) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"ready": True, "checks": ALL_WELL}


def test_not_ready_without_the_cache(client: Client, db: None, settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": NO_REDIS}}

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "checks": ALL_WELL | {"cache": "failed"}}
    assert "Not ready: cache: ConnectionError" in caplog.text


def test_not_ready_without_the_channel_layer(client: Client, db: None, settings) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [NO_REDIS]}}
    }

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == ALL_WELL | {"channel_layer": "failed"}
    assert "s3cret" not in response.content.decode()


def test_not_ready_with_a_migration_missing(client: Client, db: None) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="sessions").delete()

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == ALL_WELL | {"migrations": "failed"}


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    # pytest-django refuses the queries of a test that has not asked for the database, as a dead server would.
    caplog.set_level(logging.ERROR)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"
    assert set(response.json()["checks"]) == set(health.CHECKS)


def test_probes_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
