"""What it costs to render an answer piece by piece: CPU per token and bytes of operations.

Run from the project's root: python -m tests.bench.render_bench [profile]
"""

import cProfile
import json
import re
import sys
import time

from conversations.rendering import StreamRenderer, render

SECTION = """## Section {n}: how the queue drains

The worker **polls** the queue every `250 ms` and hands each job to a *bounded* pool. When the
pool is full the job stays where it is, so nothing is lost; see [the notes](https://example.org/n{n}).

작업자는 **250밀리초(기본값)**마다 대기열을 확인하고 각 작업을 *제한된* 풀에 넘깁니다. 아무것도 잃지 않습니다.

1. Read the head of the queue and check its deadline.
2. Claim it with a lease of 30 seconds.
3. Acknowledge only after the result is stored.

- Retries back off: 1 s, 2 s, 4 s
- A poisoned job goes to the side table
  - with its last traceback
  - and the worker's name

| stage | p50 (ms) | p95 (ms) | note |
|-------|---------:|---------:|------|
| claim | 3.1 | 9.8 | index only |
| run   | 41.0 | 120.4 | bounded by I/O |

```python
async def drain(queue, limit={n}):
    async for job in queue.claim(limit=limit):
        try:
            result = await run(job, timeout=30)
        except TimeoutError:
            await queue.release(job, delay=2 ** job.tries)
```

> In short: a lease plus an idempotent store gives *at least once*, which is what callers expect.

"""


def tokens(count: int) -> list[str]:
    """An answer of that many pieces of about four characters."""
    pieces: list[str] = []
    while len(pieces) < count:
        pieces += re.findall(r"\s*\S{1,4}|\s+$", SECTION.replace("{n}", str(len(pieces))))
    return pieces[:count]


def measure(pieces: list[str]) -> tuple[float, float, int, int]:
    """CPU seconds of feeding and of finishing, bytes of operations as JSON, number of feeds that changed something."""
    renderer, size, changes = StreamRenderer(), 0, 0
    start = time.process_time()
    results = [renderer.feed(piece) for piece in pieces]
    fed = time.process_time()
    results.append(renderer.finish())
    finished = time.process_time()
    for ops in filter(None, results):
        changes += 1
        size += len(json.dumps(ops, ensure_ascii=False, separators=(",", ":")).encode())
    assert renderer.html() == render("".join(pieces))
    return fed - start, finished - fed, size, changes


def main() -> None:
    """Prints one row for each length and step."""
    measure(tokens(500))
    print(" tokens  step  ms/token  finish ms  KiB of ops  KiB of text  patches")
    for count in (500, 2000, 5000, 50_000):
        for step in (1, 3):
            whole = tokens(count)
            pieces = ["".join(whole[start : start + step]) for start in range(0, count, step)]
            fed, finished, size, changes = min(measure(pieces) for _ in range(1 if count > 5000 else 3))
            text = len("".join(whole).encode()) / 1024
            times = f"{fed / count * 1000:>9.4f} {finished * 1000:>10.2f}"
            print(f"{count:>7} {step:>5} {times} {size / 1024:>11.1f} {text:>12.1f} {changes:>8}")


if __name__ == "__main__":
    if sys.argv[1:] == ["profile"]:
        measure(tokens(500))
        cProfile.run("measure(tokens(2000))", sort="tottime")
    else:
        main()
