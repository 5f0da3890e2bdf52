"""`python -m providers.local_server FILE`: a GGUF model as an OpenAI-compatible server on the loopback address.

Runs without Django, so that the child process of `providers.local.LocalModelServer` is small and quick to start. Its
first line on standard output is {"listening": "http://127.0.0.1:PORT"}, written when it answers.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

# It shares the machine with the site. Threads that make one token wait for each other, so that on a busy machine two
# are twice as slow as one; reading the prompt gains from two. And none may spin while it waits.
THREADS = 1
PROMPT_THREADS = 2
SLOTS = 2
CACHE_MEBIBYTES = 64


class CannotServe(Exception):
    """One plain sentence that says why."""


def serve(model: Path, *, port: int = 0, context: int = 4096, alias: str = "", leashed: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or, `leashed`, until standard input closes. `port` 0 takes a free one.

    Raises CannotServe.
    """
    if not model.is_file():
        raise CannotServe(f"There is no model at {model}.")
    running = _start(model, port, context, alias)
    sys.stdout.write(json.dumps({"listening": running.listening_address}) + "\n")
    sys.stdout.flush()
    if leashed:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    del running


def _start(model: Path, port: int, context: int, alias: str):  # type: ignore[no-untyped-def] # xllamacpp has no types
    try:
        import xllamacpp
    except ImportError:
        raise CannotServe("The package xllamacpp is not installed; it is in requirements-local.lock.") from None
    options = xllamacpp.CommonParams()
    options.model.path = str(model)
    options.model_alias = {alias or model.stem}
    options.hostnames = ["127.0.0.1"]
    options.port = port
    options.n_ctx = context
    options.n_parallel = SLOTS
    options.kv_unified = True  # the slots share one context instead of having one each
    options.cpuparams.n_threads = THREADS
    options.cpuparams_batch.n_threads = PROMPT_THREADS
    options.cpuparams.poll = options.cpuparams_batch.poll = 0
    options.n_threads_http = SLOTS + 2
    options.cache_ram_mib = CACHE_MEBIBYTES
    options.verbosity = 1
    options.offline = True
    options.ui = False
    options.endpoint_slots = False
    options.cors_origins = ""
    try:
        return xllamacpp.Server(options)
    except (RuntimeError, OSError, ValueError) as failure:
        raise CannotServe(f"The model could not be served: {failure}") from None


def _end_with_standard_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)  # whoever started us is gone; there is nothing to tidy up


def main() -> int:
    parser = argparse.ArgumentParser("python -m providers.local_server", description="Serve a GGUF model on loopback.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--context", type=int, default=4096, help="context window in tokens (default 4096)")
    parser.add_argument("--alias", default="", help="the model's name (default: the file's)")
    parser.add_argument("--leashed", action="store_true", help="end when standard input closes")
    chosen = parser.parse_args()
    try:
        serve(chosen.model, port=chosen.port, context=chosen.context, alias=chosen.alias, leashed=chosen.leashed)
    except CannotServe as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
