"""Every provider that is set up, asked for real: a key that is merely there may be revoked or without credit."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from operations.doctor.findings import Finding, Findings, ok, problem, warning
from providers.errors import ProviderError, describe
from providers.health import Checked, check_all


def look() -> Findings:
    checked = async_to_sync(check_all)()
    if not checked:
        yield warning("None is set up: nobody can be answered.", "Set OPENAI_API_KEY or another one; see .env.example.")
    works = any(one.error is None for one in checked)
    for one in checked:
        yield _finding(one, others_work=works)


def _finding(one: Checked, *, others_work: bool) -> Finding:
    if one.error is None:
        return ok(f"{one.label} answers and takes the key.")
    told = describe(one.error.code, one.error.retry_after) if isinstance(one.error, ProviderError) else None
    text, mend = (str(told.sentence), str(told.advice)) if told else (str(one.error), "")
    return (warning if others_work else problem)(f"{one.label}: {text}", mend or "In the admin: Credentials.")
