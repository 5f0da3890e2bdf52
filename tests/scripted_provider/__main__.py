"""`python -m tests.scripted_provider --port 9100`: the scripted provider in the foreground, at a pace one can watch."""

import argparse
import asyncio

from tests.scripted_provider.script import SCRIPTS
from tests.scripted_provider.server import State, serving


async def _serve(host: str, port: int, tokens_per_second: float) -> None:
    async with serving(State(tokens_per_second), host, port) as url:
        print(f"Scripted provider on {url} (OpenAI: {url}/v1, Anthropic: {url})", flush=True)  # noqa: T201
        await asyncio.Event().wait()


def main() -> None:
    listing = "\n".join(f"  script:{name:20} {what}" for name, what in SCRIPTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.scripted_provider",
        description="A provider that does what the last user message says.",
        epilog=f"scripts:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--tps", type=float, default=40, help="tokens a second unless the script says (default 40)")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.host, options.port, options.tps))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
