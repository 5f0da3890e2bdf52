"""The queue and the screen of a case. Cases come from flags, and change by nothing but the actions here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from moderation import audit
from moderation.actions import Collision, Refused, apply_to
from moderation.admin.access import behind_login, may_moderate, moderator, moderators_only
from moderation.admin.case_actions import ACTS, BULK, ActionForm, collision_sentence, outcome_sentences
from moderation.admin.case_screen import find_case, screen_of
from moderation.admin.queue import TABS, Queue, queue_of, queue_of_text
from moderation.models import Case
from moderation.review.openings import record_opening

QUEUE = "admin:moderation_case_changelist"
BULK_LABELS = {
    "dismiss": _("Dismiss"),
    "hide": _("Hide the messages"),
    "escalate": _("Escalate"),
    "assign": _("Assign to me"),
}
QUEUE_KEYS = [
    ("j", _("Next case")),
    ("k", _("Previous case")),
    ("x", _("Choose the case")),
    ("Enter", _("Open the case")),
    ("?", _("These keys")),
]
CASE_KEYS = [
    ("d", _("Dismiss")),
    ("h", _("Hide the message, or show it again")),
    ("l", _("Lock the conversation, or unlock it")),
    ("w", _("Warn the person")),
    ("s", _("Suspend the person")),
    ("e", _("Escalate")),
    ("a", _("Assign to me, or release")),
    ("o", _("Reopen")),
    ("u", _("To the list of cases")),
    ("?", _("These keys")),
]


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin[Case]):
    """Only the way in: the list, the screen and the actions are views of their own, and there are no others."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        return may_moderate(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_moderate(request.user)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("", behind_login(require_GET(self.queue)), name="moderation_case_changelist"),
            path("bulk/", behind_login(require_POST(self.bulk)), name="moderation_case_bulk"),
            path("<int:pk>/", behind_login(require_GET(self.screen)), name="moderation_case_change"),
            path("<int:pk>/act/", behind_login(require_POST(self.act)), name="moderation_case_act"),
        ]

    @moderators_only
    def queue(self, request: HttpRequest) -> HttpResponse:
        queue, form = queue_of(moderator(request), request.GET)
        page = queue.page(request.GET.get("p", ""))
        tabs = [(queue.query(tab=tab), label, tab == queue.tab) for tab, label in TABS.items()]
        context = self._context(
            request,
            title=gettext("Cases"),
            queue=queue,
            form=form,
            page=page,
            tabs=tabs,
            next_query=f"?{queue.query(p=page.next)}" if page.next else "",
            previous_query=f"?{queue.query(p=page.previous)}" if page.previous else "",
            bulk_actions=[(name, BULK_LABELS[name]) for name in BULK],
            keys=QUEUE_KEYS,
        )
        return TemplateResponse(request, "admin/moderation/case/queue.html", context)

    @moderators_only
    def bulk(self, request: HttpRequest) -> HttpResponse:
        action, queue = request.POST.get("action", ""), queue_of_text(moderator(request), request.POST.get("list", ""))
        if action not in BULK:
            raise Http404
        chosen = _chosen(request.POST.getlist("case"))
        if not chosen:
            messages.warning(request, gettext("Choose cases first."))
        for sentence in outcome_sentences(apply_to(chosen, ACTS[action].run, moderator(request))):
            messages.info(request, sentence)
        return HttpResponseRedirect(_list_url(queue))

    @moderators_only
    def screen(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._show(request, _case_or_404(pk), queue_of(moderator(request), request.GET)[0])

    @moderators_only
    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        case, form = _case_or_404(pk), ActionForm(request.POST)
        queue = queue_of_text(moderator(request), request.POST.get("list", ""))
        if not form.is_valid():
            return self._show(request, case, queue, problem=form.problem, status=422)
        act, version = ACTS[form.cleaned_data["action"]], form.cleaned_data["version"]
        try:
            case = act.run(case, moderator(request), version=version, note=form.cleaned_data["note"])
        except Collision:
            now = _case_or_404(pk)
            return self._show(request, now, queue, problem=collision_sentence(now, moderator(request)), status=409)
        except Refused as refused:
            return self._show(request, case, queue, problem=str(refused), status=422)
        messages.success(request, str(act.done))
        return _onwards(request, case, queue, goes_on=act.goes_on)

    def _show(
        self, request: HttpRequest, case: Case, queue: Queue, *, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """The screen, which is kept as an opening.

        `problem` comes above everything, with what the moderator had written still in its field.
        """
        _record_opening(case, moderator(request))
        context = self._context(
            request,
            title=gettext("Case %(number)d") % {"number": case.pk},
            case=case,
            screen=screen_of(case, moderator(request), request.GET.get("before", "")),
            queue=queue,
            problem=problem,
            written={request.POST.get("action", ""): request.POST.get("note", "")},
            written_text=request.POST.get("note", ""),
            keys=CASE_KEYS,
            is_mine=case.assignee_id == request.user.pk,
        )
        return TemplateResponse(request, "admin/moderation/case/screen.html", context, status=status)

    def _context(self, request: HttpRequest, **context: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, **context}


def _chosen(values: list[str]) -> list[Case]:
    """The cases of "id:version" pairs, with the versions that were on the page."""
    pairs = [value.split(":") for value in values]
    versions = {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) == 2 and all(map(_is_number, pair))}
    found = Case.objects.select_related("person", "conversation", "message", "share").in_bulk(versions)
    for pk, case in found.items():
        case.version = versions[pk]
    return [found[pk] for pk in versions if pk in found]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _record_opening(case: Case, person: User) -> None:
    if case.conversation is None:
        audit.record("case.opened", actor=person, target=case)
    else:
        record_opening(person, case.conversation, case=case)


def _case_or_404(pk: int) -> Case:
    case = find_case(pk)
    if case is None:
        raise Http404
    return case


def _onwards(request: HttpRequest, case: Case, queue: Queue, *, goes_on: bool) -> HttpResponse:
    """To the next case after a decision, to the same one after anything else, to the list when nothing is left."""
    query = queue.query()
    target: Case | None = case
    if goes_on:
        target = queue.after(case)
        if target is None:
            messages.info(request, gettext("There is no other open case in this list."))
            return HttpResponseRedirect(_list_url(queue))
    address = reverse("admin:moderation_case_change", args=[target.pk if target else case.pk])
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _list_url(queue: Queue) -> str:
    query = queue.query()
    return f"{reverse(QUEUE)}?{query}" if query else reverse(QUEUE)
