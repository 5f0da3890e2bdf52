import asyncio
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from chatbot_site.static_files import StaticFilesMiddleware

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture(autouse=True)
def script(tmp_path: Path, settings) -> None:
    (tmp_path / "app.js").write_bytes(SCRIPT)
    settings.STATIC_ROOT = tmp_path
    settings.MIDDLEWARE = ["chatbot_site.static_files.StaticFilesMiddleware"]


def test_serves_a_file(client: Client) -> None:
    response = client.get("/static/app.js")

    assert response.status_code == 200
    assert response.content == SCRIPT
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Content-Length"] == str(len(SCRIPT))


@pytest.mark.django_db
def test_serves_a_file_to_async_servers_without_a_warning() -> None:
    response = asyncio.run(_get("/static/app.js"))

    assert response.content == SCRIPT


async def _get(address: str) -> HttpResponse:
    return await AsyncClient().get(address)


def test_a_file_that_the_browser_has_is_not_sent_again(client: Client) -> None:
    etag = client.get("/static/app.js")["ETag"]

    response = client.get("/static/app.js", headers={"If-None-Match": etag})

    assert (response.status_code, response.content) == (304, b"")


def test_a_part_of_a_file(client: Client) -> None:
    response = client.get("/static/app.js", headers={"Range": "bytes=7-11"})

    assert (response.status_code, response.content) == (206, b"const")


def test_head_sends_no_content(client: Client) -> None:
    response = client.head("/static/app.js")

    assert response.content == b""
    assert response["Content-Length"] == str(len(SCRIPT))


def test_other_addresses_go_on_to_the_site() -> None:
    request = HttpRequest()
    request.path_info = "/c/1/"

    assert StaticFilesMiddleware(lambda request: HttpResponse("site"))(request).content == b"site"
