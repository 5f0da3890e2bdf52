"""What a moderator does with cases, one or many: the form that asks for it, and the sentences that answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.text import seen_length
from moderation import actions
from moderation.models import Case

Sentence = str | Promise
NEEDS_TEXT = {"warn": _("Write what the person should know."), "suspend": _("Write the reason: the person reads it.")}
TEXT_LENGTHS = {"warn": 1000, "suspend": 500}


@dataclass(frozen=True, slots=True)
class Act:
    """`done` says that it is done; `goes_on`: the next case is up then."""

    run: actions.Action
    done: Sentence
    goes_on: bool = True


ACTS: dict[str, Act] = {
    "dismiss": Act(actions.dismiss, _("The case is dismissed.")),
    "hide": Act(actions.hide, _("The message is hidden.")),
    "unhide": Act(actions.unhide, _("The message is shown again."), goes_on=False),
    "lock": Act(actions.lock, _("The conversation is locked.")),
    "unlock": Act(actions.unlock, _("The conversation is open again."), goes_on=False),
    "warn": Act(actions.warn, _("The person is warned.")),
    "suspend": Act(actions.suspend, _("The person is suspended.")),
    "reinstate": Act(actions.reinstate, _("The person may come in again."), goes_on=False),
    "escalate": Act(actions.escalate, _("The case is escalated.")),
    "assign": Act(actions.assign, _("The case is yours."), goes_on=False),
    "release": Act(actions.release, _("The case is nobody's again."), goes_on=False),
    "reopen": Act(actions.reopen, _("The case is open again."), goes_on=False),
}
BULK = ("dismiss", "hide", "escalate", "assign")


class ActionForm(forms.Form):
    """One action on one case, as its screen asks for it. `list` is the query of the queue it was opened from."""

    action = forms.ChoiceField(choices=[(name, name) for name in ACTS])
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    note = forms.CharField(required=False, max_length=TEXT_LENGTHS["warn"], strip=True)
    list = forms.CharField(required=False, max_length=1000)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        action, note = str(cleaned.get("action", "")), str(cleaned.get("note", ""))
        if action in NEEDS_TEXT and "note" in cleaned and not seen_length(note):
            self.add_error("note", str(NEEDS_TEXT[action]))
        if len(note) > TEXT_LENGTHS.get(action, TEXT_LENGTHS["warn"]):
            text = gettext("Write at most %(number)d characters.") % {"number": TEXT_LENGTHS[action]}
            self.add_error("note", text)
        return cleaned

    @property
    def problem(self) -> str:
        """What is wrong with it, in one line."""
        return " ".join(str(text) for errors in self.errors.values() for text in errors)


def outcome_sentences(outcome: actions.Outcome) -> list[str]:
    """What to tell of an action on several cases; why some were refused once for each reason."""
    done, changed, refused = len(outcome.done), len(outcome.collided), len(outcome.refused)
    sentences = []
    if done:
        sentences.append(ngettext("%(count)d case is done.", "%(count)d cases are done.", done) % {"count": done})
    if changed:
        text = ngettext(
            "%(count)d case was changed by somebody else meanwhile and is left as it is.",
            "%(count)d cases were changed by somebody else meanwhile and are left as they are.",
            changed,
        )
        sentences.append(text % {"count": changed})
    if refused:
        text = ngettext("%(count)d case is left as it is.", "%(count)d cases are left as they are.", refused)
        reasons = dict.fromkeys(reason for _case, reason in outcome.refused)
        sentences.append(" ".join([text % {"count": refused}, *reasons]))
    return sentences


_MEANWHILE: dict[str, Sentence] = {
    Case.Resolution.DISMISSED: _("%(name)s has dismissed this case meanwhile."),
    Case.Resolution.HIDDEN: _("%(name)s has hidden the message meanwhile."),
    Case.Resolution.LOCKED: _("%(name)s has locked the conversation meanwhile."),
    Case.Resolution.WARNED: _("%(name)s has warned the person meanwhile."),
    Case.Resolution.SUSPENDED: _("%(name)s has suspended the person meanwhile."),
}


def collision_sentence(case: Case, reader: User) -> str:
    """Who did what to `case`, as it is now, while `reader` looked at it."""
    if not case.is_open:
        done = _MEANWHILE.get(case.resolution, _("%(name)s has resolved this case meanwhile."))
        return str(done) % {"name": _name(case.resolved_by)}
    if case.assignee_id not in (None, reader.pk):
        return gettext("%(name)s has taken this case meanwhile.") % {"name": _name(case.assignee)}
    return gettext("This case has changed meanwhile. This is how it is now.")


def _name(person: User | None) -> str:
    return person.username if person else gettext("Somebody")
