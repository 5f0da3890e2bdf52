import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripted_provider.fixture import ScriptedProvider
from tests.site import Site, scratch_database


@pytest.fixture
def site(
    tmp_path_factory: pytest.TempPathFactory,
    scripted_provider: ScriptedProvider,
    postgres_url: str,
    redis_url: str,
) -> Iterator[Site]:
    """A site on the real PostgreSQL and the real Redis."""
    folder = tmp_path_factory.mktemp("site")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with scratch_database(postgres_url, f"chat_test{worker}") as database_url:
        made = Site(folder, provider_url=scripted_provider.url, database_url=database_url, redis_url=redis_url)
        yield made.prepare()
        made.close()


@pytest.fixture
def sqlite_site(tmp_path: Path, scripted_provider: ScriptedProvider) -> Iterator[Site]:
    """A site as `make run` starts it: SQLite, one process, no Redis."""
    made = Site(tmp_path, provider_url=scripted_provider.url)
    yield made.prepare()
    made.close()
