"""The review in the administration: conversations of anybody, listed without their texts, opened for a reason.

There is no other way in the administration to read what people write: their messages, files and links have no admin.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from conversations.models import Attachment, Conversation, Message
from moderation import audit
from moderation.admin.access import behind_login, may_moderate, moderator, moderators_only
from moderation.flagging import flag
from moderation.models import Flag, Reason
from moderation.models.flag import NOTE_LENGTH
from moderation.models.opening import REASON_LENGTH
from moderation.review.filters import MOST_PEOPLE, ReviewForm
from moderation.review.listing import review_page
from moderation.review.openings import MIN_REASON, ReasonNeeded, current_opening, open_case_of, record_opening
from moderation.review.reading import ReadPage, last_page, page_after, page_from, page_to
from moderation.review.searching import unseal
from providers import models_for_menu

LIST = "admin:conversations_conversation_changelist"
CHANGE = "admin:conversations_conversation_change"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you need to read this conversation?"),
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


class FlagForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    note = forms.CharField(label=_("Note"), max_length=NOTE_LENGTH, required=False)


@admin.register(Conversation)
class ConversationAdmin(admin.ModelAdmin[Conversation]):
    """Only the way in: list, reason and reading are views of their own, and nothing can be changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        return may_moderate(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_moderate(request.user)

    def get_urls(self) -> list[URLPattern]:
        # There is no page that deletes one: the permission to only lets whoever has it delete a person with all theirs.
        one = "<uuid:pk>/"
        return [
            path("", behind_login(require_safe(self.show_list)), name="conversations_conversation_changelist"),
            path(one, behind_login(require_safe(self.read)), name="conversations_conversation_change"),
            path(f"{one}open/", behind_login(require_POST(self.open_it)), name="review_open"),
            path(
                f"{one}messages/<int:message_id>/flag/",
                behind_login(require_POST(self.flag_message)),
                name="review_flag",
            ),
            path(f"{one}files/<uuid:file_id>/", behind_login(require_safe(self.show_image)), name="review_image"),
        ]

    @moderators_only
    def show_list(self, request: HttpRequest) -> HttpResponse:
        form = ReviewForm(request.GET)
        filters = form.filters
        cursor = request.GET.get("p", "")
        # To learn that somebody said something is to read a little, so each search is recorded, but not what was asked.
        if filters.text and not unseal(moderator(request), filters, cursor):
            audit.record("conversations.searched", actor=moderator(request), target=filters.person_meant)
        page = review_page(moderator(request), filters, cursor)
        context = {
            "form": form,
            "filters": filters,
            "page": page,
            "next_query": _query(request, page.next),
            "previous_query": _query(request, page.previous),
            "most_people": MOST_PEOPLE,
            "models": [model.id for group in models_for_menu() for model in group.models],
        }
        return self._show(request, "list", {"title": gettext("Conversations"), **context})

    @moderators_only
    def read(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The conversation for whoever has opened it within the hour, for anybody else the question why."""
        conversation = _conversation(pk)
        opening = current_opening(moderator(request), conversation)
        if opening is None:
            return self._ask(request, conversation, ReasonForm())
        page = _page(request, conversation)
        if not page.turns and conversation.leaf_id is not None:
            raise Http404
        context = {"conversation": conversation, "opening": opening, "page": page, "flag_form": FlagForm(auto_id=False)}
        return self._show(request, "read", {"title": gettext("Opened conversation"), **context})

    @moderators_only
    def open_it(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        conversation, form = _conversation(pk), ReasonForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        case = None if reason or form.errors else open_case_of(conversation)
        try:
            record_opening(moderator(request), conversation, reason, case)
        except ReasonNeeded:
            if not form.errors:
                form.add_error("reason", gettext("Write at least %(count)d characters.") % {"count": MIN_REASON})
            return self._ask(request, conversation, form, status=422)
        at, address = request.GET.get("at", ""), reverse(CHANGE, args=[conversation.pk])
        return redirect(f"{address}?at={at}" if at.isascii() and at.isdigit() else address)

    @moderators_only
    def flag_message(self, request: HttpRequest, pk: UUID, message_id: int) -> HttpResponse:
        """Make a message a case, by the moderator's own word."""
        conversation, form = _opened(request, pk), FlagForm(request.POST)
        message = Message.objects.filter(conversation=conversation, pk=_within(message_id)).first()
        if message is None or not form.is_valid():
            raise Http404
        person, said = moderator(request), form.cleaned_data
        case = flag(
            conversation.owner,
            said["reason"],
            Flag.Source.REPORT,
            message=message,
            conversation=conversation,
            note=said["note"],
            reporter=person,
        )
        if case.is_open:
            messages.success(request, gettext("The message is flagged: it is in the queue now."))
        else:
            messages.info(request, gettext("You flagged this message before, and the case was resolved."))
        return HttpResponseRedirect(f"{reverse(CHANGE, args=[conversation.pk])}?at={message.pk}#message-{message.pk}")

    @moderators_only
    def show_image(self, request: HttpRequest, pk: UUID, file_id: UUID) -> HttpResponse:
        """An attached image. Texts are on the page itself."""
        conversation = _opened(request, pk)
        found = Attachment.objects.filter(pk=file_id, kind=Attachment.Kind.IMAGE)
        file = (
            found.filter(message__conversation=conversation) | found.filter(waiting__conversation=conversation)
        ).first()
        if file is None:
            raise Http404
        return _image(file)

    def _ask(
        self, request: HttpRequest, conversation: Conversation, form: ReasonForm, status: int = 200
    ) -> HttpResponse:
        case = open_case_of(conversation)
        context = {"conversation": conversation, "form": form, "case": case, "min_reason": MIN_REASON}
        return self._show(request, "ask", {"title": gettext("Open a conversation"), **context}, status)

    def _show(self, request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        response = TemplateResponse(request, f"admin/moderation/review/{name}.html", whole, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _query(request: HttpRequest, cursor: str) -> str:
    """The list's address with another cursor; "" for none."""
    asked = request.GET.copy()
    asked["p"] = cursor
    return f"?{asked.urlencode()}" if cursor else ""


def _conversation(pk: UUID) -> Conversation:
    """Anybody's: temporary and deleted ones too, as long as they are stored. Raises Http404."""
    found = Conversation.objects.select_related("owner", "folder").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _opened(request: HttpRequest, pk: UUID) -> Conversation:
    """One that the moderator has opened within the hour. Raises Http404 for any other."""
    conversation = _conversation(pk)
    if current_opening(moderator(request), conversation) is None:
        raise Http404
    return conversation


def _page(request: HttpRequest, conversation: Conversation) -> ReadPage:
    for name, page in (("end", page_to), ("after", page_after), ("at", page_from)):
        if text := request.GET.get(name, ""):
            if not text.isascii() or not text.isdigit():
                raise Http404
            return page(conversation, _within(int(text[:20])))
    return last_page(conversation)


def _within(number: int) -> int:
    """`number`, if a database can have a row of it. Raises Http404."""
    if number >= 2**63:
        raise Http404
    return number


def _image(file: Attachment) -> HttpResponse:
    try:
        with file.file.open("rb") as opened:
            response = HttpResponse(opened.read(), content_type=file.media_type)
    except FileNotFoundError:
        raise Http404 from None
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response
