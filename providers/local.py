"""The small model on this machine, for a site without a provider: SmolLM2-135M-Instruct (Apache-2.0), on llama.cpp.

`is_offered` says whether it is in the menu; `server` is this process's one server, started at the first need.
"""

import asyncio
import atexit
import contextlib
import importlib.util
import json
import logging
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from providers.errors import ProviderNotConfigured

logger = logging.getLogger(__name__)

NAME = "local"
MODEL = "smollm2-135m-instruct"
GROUP_LABEL = _("On this machine")
LABEL = _("SmolLM2 135M (tiny English demo)")
CONTEXT_WINDOW = 4096  # the model reads 8192; half of it halves the server's memory
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
START_SECONDS = 60.0
STOP_SECONDS = 5.0


def model_path() -> Path:
    """Where the model's file belongs, there or not."""
    return Path(settings.LOCAL_MODEL_DIR) / FILE_NAME


def is_offered(*, others_configured: bool) -> bool:
    """Whether the local model is in the menu: LOCAL_MODEL "on", or "auto" and no other provider is configured.

    In either case its file and llama.cpp must be there.
    """
    wanted = settings.LOCAL_MODEL == "on" or (settings.LOCAL_MODEL == "auto" and not others_configured)
    return wanted and _can_serve() and model_path().is_file()


@cache
def _can_serve() -> bool:
    return importlib.util.find_spec("xllamacpp") is not None


class LocalModelServer:
    """A child process that serves the model on a free port of the loopback address; it ends with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._base_url = ""

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_running else None

    async def base_url(self) -> str:
        """The address to talk to, as soon as the server answers; started, or started again, when it does not run.

        Raises ProviderNotConfigured when it cannot be started.
        """
        if self.is_running and self._base_url:
            return self._base_url
        return await asyncio.to_thread(self.start)

    def start(self) -> str:
        """The same, blocking; for threads. Raises ProviderNotConfigured."""
        with self._lock:
            if self.is_running and self._base_url:
                return self._base_url
            self._end()
            atexit.unregister(self.stop)
            atexit.register(self.stop)
            self._base_url = self._start()
            return self._base_url

    def stop(self) -> None:
        """End the server, if it runs."""
        with self._lock:
            self._end()

    def _start(self) -> str:
        if not model_path().is_file():
            raise ProviderNotConfigured("the local model's file is not there; manage.py fetch_local_model gets it")
        command = [sys.executable, "-m", "providers.local_server", str(model_path()), "--leashed"]
        process = subprocess.Popen(  # noqa: S603 - our own module, with our own path
            [*command, "--context", str(CONTEXT_WINDOW), "--alias", MODEL],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,  # held open while we live: the server ends when it closes
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Ctrl-C is ours to handle
        )
        self._process = process
        impatience = threading.Timer(START_SECONDS, process.kill)
        impatience.start()
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker: it was asked for above
            first_line = process.stdout.readline()
        finally:
            impatience.cancel()
        try:
            address: str = json.loads(first_line)["listening"]
        except (ValueError, LookupError, TypeError):
            self._end()
            raise ProviderNotConfigured("the local model's server did not start") from None
        logger.info("The local model's server runs as process %s", process.pid)
        return f"{address}/v1"

    def _end(self) -> None:
        process, self._process, self._base_url = self._process, None, ""
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


server = LocalModelServer()
