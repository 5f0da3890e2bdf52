"""Export and import: downloads of one conversation or all, and the pages of an import from the file to the report."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from conversations.limits import LimitReached
from conversations.models import ImportJob
from conversations.transfer import jobs, slots
from conversations.transfer.archive import ARCHIVE_SECONDS, InOtherThreads, zip_pieces
from conversations.transfer.exporting import (
    EXPORT_SECONDS,
    Gathered,
    as_html,
    as_json,
    as_markdown,
    gather,
    title_of,
)
from conversations.transfer.names import disposition, safe_stem
from conversations.transfer.reports import Report
from conversations.views.access import MemberRequest, members_only, own_conversation
from conversations.views.messages import with_wait

_FORMATS: dict[str, tuple[Callable[[Gathered], str], str, str]] = {
    "json": (as_json, "json", "application/json"),
    "markdown": (lambda gathered: as_markdown(gathered, EXPORT_SECONDS), "md", "text/markdown; charset=utf-8"),
    "html": (as_html, "html", "text/html; charset=utf-8"),
}
FORM_BYTES = 64 << 10  # what a form weighs beside its file


@require_safe
@never_cache
@members_only
def conversation_export(request: MemberRequest, conversation_id: UUID, export_format: str) -> HttpResponse:
    """One conversation as a file: the whole tree as JSON, the current branch as Markdown or HTML."""
    conversation = own_conversation(request.user, conversation_id)
    if export_format not in _FORMATS:
        raise Http404
    write, ending, media_type = _FORMATS[export_format]
    try:
        with slots.take(request.user):
            content = write(gather(conversation)).encode("utf-8", "replace")
    except LimitReached as reached:
        context = {"problem": reached.sentence, "conversation": conversation}
        page = render(request, "conversations/transfer/export_wait.html", context)
        return with_wait(request, page, reached)
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = disposition(f"{safe_stem(title_of(conversation))}.{ending}")
    return response


@require_safe
@never_cache
@members_only
def export_all(request: MemberRequest) -> HttpResponseBase:
    """All conversations as a ZIP, sent while it is made."""
    response = StreamingHttpResponse(content_type="application/zip")
    if request.method == "GET":
        try:
            slot = slots.take(request.user)
        except LimitReached as reached:
            return with_wait(request, _form(request, export_problem=reached.sentence), reached)
        response.streaming_content = InOtherThreads(zip_pieces(request.user, seconds=ARCHIVE_SECONDS), slot)
    request.META["HTTP_ACCEPT_ENCODING"] = ""  # it is compressed already
    response["Content-Disposition"] = disposition(f"conversations {timezone.localdate().isoformat()}.zip")
    return response


@csrf_exempt  # until its size is known: checking the token reads the whole body
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@members_only
def import_page(request: MemberRequest) -> HttpResponse:
    """Choose a file; and the imports so far."""
    if request.method != "POST":
        return _form(request)
    if _length(request) > settings.IMPORT_MAX_BYTES + FORM_BYTES:
        return _form(request, _too_large(), status=413)
    return _upload(request)


def _length(request: HttpRequest) -> int:
    given = request.META.get("CONTENT_LENGTH") or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


@csrf_protect
def _upload(request: MemberRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        return _form(request, _("Choose a file first."), status=422)
    if (upload.size or 0) > settings.IMPORT_MAX_BYTES:
        return _form(request, _too_large(), status=413)
    try:
        job = jobs.take_in(request.user, upload)
    except jobs.Busy:
        return _form(request, _("Another import is still under way. Wait until it has ended."), status=409)
    except LimitReached as reached:
        return with_wait(request, _form(request, reached.sentence), reached)
    return redirect("import-job", job.pk)


def _too_large() -> str:
    limit = filesizeformat(settings.IMPORT_MAX_BYTES)
    return _("The file is larger than %(limit)s, the most that can be imported.") % {"limit": limit}


def _form(request: MemberRequest, problem: str = "", status: int = 200, export_problem: str = "") -> HttpResponse:
    earlier = ImportJob.objects.owned_by(request.user).order_by("-created_at")[: jobs.LISTED]
    context = {
        "problem": problem,
        "export_problem": export_problem,
        "limit": settings.IMPORT_MAX_BYTES,
        "is_cleaned_up": bool(settings.RETENTION_DAYS),
        "earlier": [(job, Report.of(job.report)) for job in earlier],
    }
    return render(request, "conversations/transfer/import.html", context, status=status)


def _own_job(user: User, job_id: UUID) -> ImportJob:
    """Raises Http404 for anybody else's and one that does not exist."""
    try:
        return ImportJob.objects.owned_by(user).get(pk=job_id)
    except ImportJob.DoesNotExist:
        raise Http404 from None


@require_safe
@never_cache
@members_only
def import_job(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """How an import stands: what was found in the file, how far storing it has come, what became of it."""
    job = _own_job(request.user, job_id)
    report = Report.of(job.report)
    context = {"job": job, "report": report, "percent": min(100 * job.done // max(report.conversations, 1), 100)}
    name = "job" if request.htmx else "job_page"
    return render(request, f"conversations/transfer/{name}.html", context)


@require_POST
@members_only
def import_start(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Store what was found; or go on where a process that is gone has stopped."""
    job = _own_job(request.user, job_id)
    if not jobs.go_on(job):
        jobs.confirm(job)
    return _back_to(job)


@require_POST
@members_only
def import_discard(request: MemberRequest, job_id: UUID) -> HttpResponse:
    job = _own_job(request.user, job_id)
    if job.is_working and not job.is_stuck:
        return _back_to(job)
    jobs.discard(job)
    return redirect("import")


def _back_to(job: ImportJob) -> HttpResponse:
    return redirect("import-job", job.pk)
