"""What is different in a badge that took the place of an older one, as its owner reads both.

Only what the page of a badge shows is compared. Long parts are named, not quoted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.endorsements import embedded_endorsements
from wallet.reading import BadgeView, view_badge
from web.languages import N_

WHAT: Mapping[str, str] = {
    "name": N_("Its name"),
    "sentence": N_("What you can do"),
    "level": N_("The level"),
    "given": N_("The day it was given"),
    "ends": N_("How long it is good"),
    "signer": N_("Who signed"),
    "criteria": N_("What you had to do"),
    "links": N_("What others call it"),
    "said": N_("They say too"),
}
"""Part of a badge → how its owner knows it; a line of the rubric goes by its own name."""
_LONGEST = 300


@dataclass(frozen=True)
class Changed:
    """One part that is different; a text is empty where there was none, or it is too long."""

    what: str
    """A key of `WHAT`, or "mark"."""
    before: str = ""
    after: str = ""
    name: str = ""
    """Of the line of the rubric."""


def changes_between(older: Mapping[str, Any], newer: Mapping[str, Any]) -> tuple[Changed, ...]:
    """List what is different, in the order in which the page shows it."""
    return tuple(_found(older, newer, view_badge(older, "en"), view_badge(newer, "en")))


def _found(
    older: Mapping[str, Any], newer: Mapping[str, Any], old: BadgeView, new: BadgeView
) -> Iterator[Changed]:
    quoted = {
        "name": (old.name, new.name),
        "sentence": (old.sentence, new.sentence),
        "level": (old.level, new.level),
        "given": (_day(old.awarded), _day(new.awarded)),
        "ends": (_day(old.ends), _day(new.ends)),
        "signer": (old.claimed_signer, new.claimed_signer),
    }
    for what, (before, after) in quoted.items():
        if before != after:
            yield Changed(what, before[:_LONGEST], after[:_LONGEST])
    marks = [{mark.name: mark.value for mark in view.marks} for view in (old, new)]
    for name in dict.fromkeys([*marks[0], *marks[1]]):
        before, after = (one.get(name, "") for one in marks)
        if before != after:
            yield Changed("mark", before[:_LONGEST], after[:_LONGEST], name[:_LONGEST])
    if old.criteria != new.criteria:
        yield Changed("criteria")
    if old.links != new.links:
        yield Changed("links")
    if _said(older) != _said(newer):
        yield Changed("said")


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _said(document: Mapping[str, Any]) -> list[Any]:
    return [
        one.get("id") if isinstance(one, dict) else one
        for one in embedded_endorsements(dict(document))
    ]
