"""Who has a badge: counts that tell of nobody, and those who want to be shown (domain B.6).

Counts are of people, from five on, as they stood at the last midnight (invariant 18). The showcase
is a wish that its owner takes back at any time; it is on the page of the achievement only, never in
a badge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from issuer.audit import record
from issuer.award_tables import Award, BadgeState, Credential
from issuer.showcase_tables import Showing
from issuer.statistics import SMALLEST, shown_counts
from issuer.tables import Organisation, Person
from web.errors import Refused
from web.languages import N_

MAX_NICKNAME = 40
MAX_WORDS = 200
_CONTACT = re.compile(r"@|https?:|www\.|(?:\d[\s./-]*){6,}", re.IGNORECASE)
"""A way to reach somebody: it must not stand on a public page."""


@dataclass(frozen=True)
class Recipients:
    """How many people have a badge. None is fewer than five, or hidden with fewer than five."""

    number: int | None
    countries: Mapping[str, int | None]
    first: date | None
    last: date | None
    """The months of the first and of the latest award, as their first days."""


NOBODY = Recipients(None, {}, None, None)
"""Nobody, or too few to say."""


@dataclass(frozen=True)
class Shown:
    """Somebody who wants to be shown."""

    award_id: UUID
    nickname: str
    words: str
    language: str


def recipients(session: Session, slug: str, level_slug: str, *, now: datetime) -> Recipients:
    """Count the people who had a valid badge of an achievement at the last midnight (UTC)."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = session.exec(
        select(Person.id, Organisation.country_code, Award.released_at)
        .join(Award, col(Award.candidate_id) == col(Person.id))
        .join(Organisation, col(Organisation.id) == col(Person.organisation_id))
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .where(
            col(Award.slug) == slug,
            col(Award.level_slug) == level_slug,
            col(Credential.state) == BadgeState.ACTIVE,
            col(Credential.signed_at) < today,
        )
    ).all()
    people = {person: country for person, country, _released in rows}
    if len(people) < SMALLEST:
        return NOBODY
    counts = {country: list(people.values()).count(country) for country in set(people.values())}
    days = [released.date().replace(day=1) for _person, _country, released in rows]
    return Recipients(len(people), shown_counts(counts), min(days), max(days))


def showcase(session: Session, slug: str, level_slug: str) -> list[Shown]:
    """List those who want to be shown with a badge that counts now, the latest first."""
    rows = session.exec(
        select(Showing)
        .join(Award, col(Award.id) == col(Showing.award_id))
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .where(
            col(Award.slug) == slug,
            col(Award.level_slug) == level_slug,
            col(Credential.state) == BadgeState.ACTIVE,
        )
        .order_by(col(Showing.since).desc())
    )
    return [Shown(row.award_id, row.nickname, row.words, row.language) for row in rows]


def showing(session: Session, award_id: UUID) -> Shown | None:
    """Give how a holder is shown now, if at all."""
    row = session.get(Showing, award_id)
    return Shown(row.award_id, row.nickname, row.words, row.language) if row else None


def show(
    session: Session,
    award_id: UUID,
    *,
    by: UUID,
    nickname: str,
    words: str,
    language: str,
    now: datetime,
) -> None:
    """Show a holder on the page of their badge, or change what is shown there."""
    award = _own(session, award_id, by)
    nickname, words = nickname.strip(), " ".join(words.split())
    if not 1 <= len(nickname) <= MAX_NICKNAME:
        raise Refused(N_("Write a nickname of 1 to 40 letters."), status=422, code="nickname")
    if len(words) > MAX_WORDS:
        raise Refused(N_("That is too long. Write less."), status=422, code="words")
    for name, text in (("nickname", nickname), ("words", words)):
        if _CONTACT.search(text):
            raise Refused(
                N_("Everybody can read this. Leave out numbers and addresses."),
                status=422,
                code=name,
            )
    held = select(Credential.id).where(
        col(Credential.award_id) == award.id, col(Credential.state) == BadgeState.ACTIVE
    )
    if session.exec(held).first() is None:
        raise Refused(N_("First keep the badge. Then you can be shown."), status=409, code="held")
    session.merge(
        Showing(award_id=award.id, nickname=nickname, words=words, language=language, since=now)
    )
    record(session, "showcase.shown", award.id, by=by, now=now)


def hide(session: Session, award_id: UUID, *, by: UUID, now: datetime) -> None:
    """Take a holder off the page: at their own wish, or because an officer must."""
    session.exec(delete(Showing).where(col(Showing.award_id) == award_id))
    record(session, "showcase.hidden", award_id, by=by, now=now)


def _own(session: Session, award_id: UUID, person_id: UUID) -> Award:
    award = session.get(Award, award_id)
    if award is None or award.candidate_id != person_id:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return award
