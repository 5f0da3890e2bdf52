"""What a run says at its end: in words, and as values for --json."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from operations.batch.ledger import Ledger
from operations.batch.stopping import Stop
from operations.batch.survey import Survey

ANSWERED = ("answered", "cached")
EXIT_CODES = {"signal": 130, "budget": 3}


def counted(ledger: Ledger) -> tuple[int, int]:
    """Lines with an answer, and lines with an error, of all runs into this OUT."""
    good = sum(ledger.outcomes[name] for name in ANSWERED)
    return good, ledger.outcomes.total() - good


def exit_code(ledger: Ledger, stop: Stop) -> int:
    if stop:
        return EXIT_CODES.get(stop.reason, 1)
    return 1 if counted(ledger)[1] else 0


def values(out: Path, survey: Survey, ledger: Ledger, stop: Stop) -> dict[str, Any]:
    good, wrong = counted(ledger)
    return {
        "output": str(out),
        "lines": survey.lines,
        "answered": good,
        "from_cache": ledger.outcomes["cached"],
        "failed": wrong,
        "errors": {name: count for name, count in ledger.outcomes.items() if name not in ANSWERED},
        "left": survey.lines - good - wrong,
        "input_tokens": ledger.tokens["input_tokens"],
        "output_tokens": ledger.tokens["output_tokens"],
        "cost": float(ledger.cost),
        "stopped": stop.reason or None,
    }


def sentence(out: Path, survey: Survey, ledger: Ledger, stop: Stop) -> str:
    good, wrong = counted(ledger)
    cached = f" ({ledger.outcomes['cached']:,} from the cache)" if ledger.outcomes["cached"] else ""
    parts = [f"{out}: {good:,} of {survey.lines:,} lines answered{cached}{_failures(ledger, wrong)}."]
    parts.append(f"{_tokens(ledger)}, {dollars(ledger.cost)}.")
    if stop:
        left = survey.lines - good - wrong
        parts.append(f"{stop.sentence} {left:,} lines are left: the same command goes on.")
    return " ".join(parts)


def dry_run_values(survey: Survey) -> dict[str, Any]:
    least, most = survey.cost()
    return {
        "lines": survey.lines,
        "bad_lines": survey.bad,
        "input_tokens": survey.input_tokens,
        "cost_of_input": float(least),
        "cost_at_most": float(most),
        "models": sorted(survey.models),
        "unpriced": survey.unpriced,
    }


def dry_run_sentence(survey: Survey) -> str:
    least, most = survey.cost()
    parts = [
        f"{survey.lines:,} lines, {survey.bad:,} of them cannot be asked; about {survey.input_tokens:,} tokens in."
    ]
    parts.append(f"Cost: {dollars(least)} for the questions, at most {dollars(most)} with the longest answers.")
    if survey.unpriced:
        parts.append(f"No price is known for {', '.join(survey.unpriced)}.")
    return " ".join(parts)


def dollars(cost: Decimal) -> str:
    return f"${cost:,.4f}" if cost < 1 else f"${cost:,.2f}"


def _failures(ledger: Ledger, wrong: int) -> str:
    if not wrong:
        return ""
    named = [f"{name} {count:,}" for name, count in ledger.outcomes.most_common() if name not in ANSWERED]
    return f", {wrong:,} failed ({', '.join(named)})"


def _tokens(ledger: Ledger) -> str:
    return f"{ledger.tokens['input_tokens']:,} tokens in, {ledger.tokens['output_tokens']:,} out"
