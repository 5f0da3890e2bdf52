"""Files for questions: uploaded one by one before the message is sent, shown to their owner, taken back."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import attachments
from conversations.models import Attachment
from conversations.uploads import Busy, Refused
from conversations.views.access import MemberRequest, members_only, not_hidden

RETRY_AFTER = 2  # seconds; most images take less
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg"}


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def attachment_create(request: MemberRequest) -> HttpResponse:
    """POST keeps files; the answer holds a chip for each, and a sentence for each that was refused (status 422).
    Where one may come in later, since other images are being read, the status is 503.

    GET gives the chips of unsent attachments again (`id`, for a draft that comes back); those gone are left out.
    """
    if request.method != "POST":
        kept = _drafted(request)
        return render(request, "conversations/attachment_chips.html", {"attachments": kept})
    files = request.FILES.getlist("file")[: attachments.MAX_FILES]
    kept, problems, is_busy = [], [] if files else [_("Choose a file first.")], False
    for file in files:
        try:
            kept.append(attachments.store(request.user, file))
        except Refused as refusal:
            problems.append(str(refusal))
            is_busy = is_busy or isinstance(refusal, Busy)
    context = {"attachments": kept, "errors": problems}
    status = 503 if is_busy else 422 if problems else 200
    response = render(request, "conversations/attachment_chips.html", context, status=status)
    if is_busy:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _drafted(request: MemberRequest) -> list[Attachment]:
    try:
        ids = [UUID(text) for text in request.GET.getlist("id")[: attachments.MAX_FILES]]
    except ValueError:
        raise Http404 from None
    own = Attachment.objects.owned_by(request.user).unsent()
    return list(own.filter(pk__in=ids).defer("text").order_by("created_at", "id"))


@require_safe
@members_only
def attachment(request: MemberRequest, attachment_id: UUID) -> HttpResponse:
    """The file itself, for its owner. An image may be shown in the page; a text is only ever a plain download."""
    [found] = attachments.chosen(request.user, [str(attachment_id)])
    if found.message is not None:
        not_hidden(found.message)
    try:
        with found.file.open("rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(data, content_type=found.media_type if found.is_image else "text/plain")
    response["Content-Disposition"] = content_disposition_header(not found.is_image, _file_name(found)) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _file_name(found: Attachment) -> str:
    """The name with the ending of what is in the file: images may have been written anew as another kind."""
    ending = _ENDINGS.get(found.media_type)
    if ending is None or found.name.lower().endswith((ending, ".jpeg" if ending == ".jpg" else ending)):
        return found.name
    return found.name.rpartition(".")[0] + ending if "." in found.name else found.name + ending


@require_POST
@members_only
def attachment_delete(request: MemberRequest, attachment_id: UUID) -> HttpResponse:
    """Take back a file that was not sent yet."""
    [found] = attachments.chosen(request.user, [str(attachment_id)])
    if not found.is_unsent:
        raise Http404
    found.delete()
    return HttpResponse() if request.htmx else redirect("home")
