"""A household vouches for a badge it was shown: signed once, and handed to the wallet.

Nothing is kept here. The words go to the host of the share link, where the holder decides about
them (docs/adr/0030).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from credentials.report import Headline, Outcome, PresentationReport, Report
from credentials.trust import Trust
from credentials.vouching import MAX_COMMENT, MAX_NAME, problem_with
from keys.fetching import CannotFetch, Fetch, HttpRequest
from verifier.strangers import clean, name_warning
from web.errors import Refused
from web.languages import N_, gettext

READY: Mapping[str, str] = {
    "seen": N_("I saw this person work. What the badge says is what I saw."),
    "home": N_("This person has worked in our home. We were content."),
    "again": N_("We would gladly have this person in our home again."),
}
"""Sentences that need no typing; they are signed in the language that the household reads."""
OWN = "own"
MAX_TOWN = 30

_PROBLEMS: Mapping[str, str] = {
    "empty": N_("Write something, or choose a sentence."),
    "long": N_("That is too long. Write less."),
    "contact": N_("Others can read this. Leave out numbers and addresses."),
    "hidden": N_("There are signs in this that cannot be read. Leave them out."),
}
_TAKES_NO_MORE = frozenset({409, 429})
_TAKES_NONE = frozenset({404, 405, 410})


@dataclass(frozen=True)
class Words:
    """What was filled in, ready to sign when `errors` is empty."""

    comment: str
    name: str
    errors: Mapping[str, str]
    """Field → sentence, in the reader's language."""


def can_be_vouched_for(report: Report) -> bool:
    """Tell whether a household may vouch for it: genuine, and shown from its owner's wallet."""
    holder = report.check("holder")
    shown = holder is not None and holder.outcome is Outcome.PASSED
    return report.headline is Headline.GENUINE and shown


def find_badge(report: PresentationReport, badge_id: str) -> Report:
    """Give the report of the badge that is meant, or refuse: nothing is signed about others."""
    whole = all(check.outcome is Outcome.PASSED for check in report.checks)
    for badge in report.badges:
        document = badge.document or {}
        if whole and document.get("id") == badge_id and can_be_vouched_for(badge):
            return badge
    raise Refused(
        N_("You can vouch only for a genuine badge that its owner shows you."),
        status=409,
        code="not-genuine",
        hint=N_("Ask the person for a new link."),
    )


def read_words(form: Mapping[str, str], trust: Trust) -> Words:
    """Read the form; say in each field's place what is wrong."""
    errors: dict[str, str] = {}
    chosen = form.get("sentence", "")
    comment = _one_line(form.get("own", "")) if chosen == OWN else ""
    if chosen in READY:
        comment = gettext(READY[chosen])
    wrong = problem_with(comment, longest=MAX_COMMENT)
    if wrong:
        errors["own" if chosen == OWN else "sentence"] = gettext(_PROBLEMS[wrong])
    town, name = _one_line(form.get("town", "")), _one_line(form.get("name", ""))
    if name:
        field, longest = "name", MAX_NAME
    else:
        field, longest = "town", MAX_NAME
        name = gettext("A household in %(town)s", town=town) if town else gettext("A household")
    wrong = problem_with(name, longest=longest) or ("long" if len(town) > MAX_TOWN else "")
    if wrong:
        errors[field] = gettext(_PROBLEMS[wrong])
    elif name_warning(name, "", trust):
        errors[field] = gettext("Somebody we know has this name. Choose another.")
    if form.get("true") != "yes":
        errors["true"] = gettext("Tick that you are 16 or older, and that it is true.")
    return Words(comment, name, errors)


def deliver(share: str, endorsement: Mapping[str, object], *, fetch: Fetch) -> None:
    """Hand a signed endorsement to the wallet that the share link names; refuse if it does not."""
    parts = urlsplit(share)
    address = urlunsplit(parts._replace(path=f"{parts.path}/endorsements", fragment=""))
    body = json.dumps(endorsement, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/vc+ld+json", "Accept": "application/json"}
    try:
        status = fetch(HttpRequest(address, "POST", headers=headers, body=body)).status
    except CannotFetch:
        status = 0
    if status == 201:
        return
    if status in _TAKES_NONE:
        message = N_("This link takes no words about the badge.")
        hint = N_("Ask the person for a new link.")
    elif status in _TAKES_NO_MORE:
        message = N_("This link takes no more words about the badge.")
        hint = N_("Ask the person for a new link.")
    else:
        message = N_("We could not pass on your words just now. Nothing was kept.")
        hint = N_("Try again in a few minutes.")
    raise Refused(message, status=502 if not status else 409, code="not-delivered", hint=hint)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
