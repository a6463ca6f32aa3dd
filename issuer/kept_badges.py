"""Badges that stayed valid when their holder was erased: found by their place, cancelled by two.

Nobody knows whose such a badge is, and nothing here brings it back: an officer who is shown one,
say by an employer who doubts it, names its place in the status list. The two are of the centre that
gave it: that centre is kept with the place. If a key is stolen, the places of all that it signed
are set, whichever centre it was.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from contexts import ContextError, loads_strict
from issuer import status_lists, two_persons
from issuer.accounts import centre_of
from issuer.audit import record
from issuer.award_tables import REASONS_OF, Action, Award, Credential, Reason, StatusEntry
from issuer.kept_badge_tables import KeptBadgeChange
from issuer.privacy_tables import KeptBadge
from issuer.profile import IssuingBody
from issuer.status_lists import Place
from issuer.stolen_key_tables import StolenKey
from issuer.tables import Person
from web.errors import Refused
from web.languages import N_

_MOST_LETTERS = 100_000
"""Of what is typed or pasted: a place, an address, or a whole badge."""
_PLACE = re.compile(
    r"(?:(?P<list>\S+/status/)|list )?(?P<number>[0-9]{1,9})\s*#\s*(?P<at>[0-9]{1,9})"
)
_AT_ONCE = 200


@dataclass(frozen=True)
class Kept:
    """One kept badge, as an officer sees it: nothing in it is about a person."""

    place: Place
    achievement_id: str
    month: date
    cancelled_at: datetime | None
    asked: KeptBadgeChange | None


def read_place(text: str, *, body: IssuingBody) -> Place:
    """Read the place of a badge: 1#8123, its public address, or the whole badge as JSON.

    Nothing is verified: whoever looks at what is found decides. Raises `Refused`.
    """
    typed = text.strip()[:_MOST_LETTERS]
    if typed.startswith("{"):
        typed = _address_in(typed)
    found = _PLACE.fullmatch(typed)
    if found is None:
        raise Refused(
            N_("Write the place like 1#8123, or paste the badge."), status=422, code="place"
        )
    number = int(found["number"])
    if found["list"] and f"{found['list']}{number}" != status_lists.list_url(body.base_url, number):
        raise Refused(N_("This badge is not in a list of ours."), status=422, code="place")
    return Place(number, int(found["at"]))


def _address_in(badge: str) -> str:
    try:
        document = loads_strict(badge.encode())
        entry = document["credentialStatus"]
        return f"{entry['statusListCredential']}#{entry['statusListIndex']}"
    except (ContextError, KeyError, TypeError, UnicodeEncodeError):
        return ""


def find(session: Session, place: Place, *, centre: UUID) -> Kept:
    """Give the kept badge of a centre that has a place, or refuse."""
    kept = session.get(KeptBadge, (place.list_number, place.position))
    if kept is None or kept.organisation_id not in (None, centre):
        raise _unknown()
    return _shown(session, kept)


def known_award(session: Session, place: Place, *, centre: UUID) -> UUID | None:
    """Give the award of a badge of a centre that has a place and whose person is known."""
    return session.exec(
        select(Credential.award_id)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .join(Person, col(Person.id) == col(Award.candidate_id))
        .where(
            col(Credential.list_number) == place.list_number,
            col(Credential.position) == place.position,
            col(Person.organisation_id) == centre,
        )
    ).first()


def waiting(session: Session, *, centre: UUID) -> list[Kept]:
    """List the kept badges of a centre for which a second person must confirm, oldest first."""
    rows = session.exec(
        select(KeptBadge)
        .join(
            KeptBadgeChange,
            (col(KeptBadgeChange.list_number) == col(KeptBadge.list_number))
            & (col(KeptBadgeChange.position) == col(KeptBadge.position)),
        )
        .where(
            col(KeptBadgeChange.confirmed_at).is_(None),
            or_(col(KeptBadge.organisation_id) == centre, col(KeptBadge.organisation_id).is_(None)),
        )
        .order_by(col(KeptBadgeChange.requested_at))
    )
    return [_shown(session, one) for one in rows]


def ask(session: Session, place: Place, *, reason: str, by: UUID, now: datetime) -> None:
    """Ask to cancel a kept badge; another person confirms, whatever the reason."""
    if reason not in {str(one) for one in REASONS_OF[Action.REVOKE]}:
        raise Refused(N_("Choose a reason."), code="reason")
    if _locked(session, place, by=by) is not None:
        raise Refused(
            N_("Someone asked for this already. A second person must confirm."),
            status=409,
            code="asked-already",
        )
    asked = KeptBadgeChange(
        list_number=place.list_number,
        position=place.position,
        reason=reason,
        requested_by=by,
        requested_at=now,
    )
    session.add(asked)
    session.flush()
    record(session, "kept-badge.asked", asked.id, by=by, now=now)


def confirm(session: Session, place: Place, *, by: UUID, body: IssuingBody, now: datetime) -> None:
    """Cancel a kept badge as the second person: its place is set, and its list signed again."""
    asked = _asked(session, place, by=by)
    two_persons.check(session, asked.requested_by, by)
    asked.confirmed_by, asked.confirmed_at = by, now
    session.add(asked)
    session.flush()
    status_lists.revoke_place(session, place, body.keyring, base_url=body.base_url, now=now)
    record(session, "kept-badge.revoked", asked.id, by=by, now=now)


def drop(session: Session, place: Place, *, by: UUID, now: datetime) -> None:
    """Take back a request; the badge goes on counting."""
    asked = _asked(session, place, by=by)
    record(session, "kept-badge.dropped", asked.id, by=by, now=now)
    session.delete(asked)


def _shown(session: Session, kept: KeptBadge) -> Kept:
    place = Place(kept.list_number, kept.position)
    entry = session.get_one(StatusEntry, (place.list_number, place.position))
    asked = _request(session, place)
    return Kept(place, kept.achievement_id, kept.month, entry.revoked_at, asked)


def _request(session: Session, place: Place, *, lock: bool = False) -> KeptBadgeChange | None:
    found = select(KeptBadgeChange).where(
        col(KeptBadgeChange.list_number) == place.list_number,
        col(KeptBadgeChange.position) == place.position,
    )
    return session.exec(found.with_for_update() if lock else found).one_or_none()


def _locked(session: Session, place: Place, *, by: UUID) -> KeptBadgeChange | None:
    """Lock a kept badge of one's centre that still counts; give the request about it, if any."""
    kept = session.get(KeptBadge, (place.list_number, place.position), with_for_update=True)
    if kept is None or kept.organisation_id not in (None, centre_of(session, by)):
        raise _unknown()
    asked = _request(session, place, lock=True)
    if asked is not None and asked.confirmed_at is not None:
        raise Refused(N_("This badge is cancelled already."), status=409, code="revoked-already")
    return asked


def _asked(session: Session, place: Place, *, by: UUID) -> KeptBadgeChange:
    asked = _locked(session, place, by=by)
    if asked is None:
        raise Refused(N_("Nobody asked to change this badge."), status=409, code="not-asked")
    return asked


def _unknown() -> Refused:
    """Tell a badge of another centre from none at all by nothing."""
    return Refused(
        N_("No badge of an erased person has this place."), status=404, code="unknown-place"
    )


# --- a stolen key -----------------------------------------------------------------------------


def counting(session: Session) -> dict[str, int]:
    """Count the kept badges that still count, by the key that signed them."""
    rows = session.exec(
        select(KeptBadge.signed_with, func.count())
        .join(StatusEntry, _same_place())
        .where(col(StatusEntry.revoked_at).is_(None))
        .group_by(col(KeptBadge.signed_with))
    )
    return dict(rows.all())


def of_key(session: Session, stolen: StolenKey) -> int:
    """Count the kept badges that a stolen key signed and that still count."""
    return len(session.exec(_of_key(stolen)).all())


def cancelled_for(session: Session, stolen_id: UUID) -> int:
    """Count the kept badges that were cancelled because of a stolen key."""
    rows = select(KeptBadgeChange.id).where(col(KeptBadgeChange.stolen_key_id) == stolen_id)
    return len(session.exec(rows).all())


def cancel_some(session: Session, stolen: StolenKey, *, now: datetime) -> set[int]:
    """Set the places of some kept badges that a stolen key signed; give their lists, to publish.

    Two persons confirmed it for the whole key. Call it until it gives nothing. What one person
    asked for such a badge is settled by it.
    """
    rows = session.exec(_of_key(stolen).limit(_AT_ONCE)).all()
    for kept in rows:
        place = Place(kept.list_number, kept.position)
        asked = _request(session, place, lock=True)
        if asked is not None:
            record(session, "kept-badge.dropped", asked.id, by=stolen.confirmed_by, now=now)
            session.delete(asked)
            session.flush()
        done = KeptBadgeChange(
            list_number=kept.list_number,
            position=kept.position,
            reason=Reason.KEY_COMPROMISE,
            requested_by=stolen.asked_by,
            requested_at=stolen.asked_at,
            confirmed_by=stolen.confirmed_by,
            confirmed_at=now,
            stolen_key_id=stolen.id,
        )
        session.add(done)
        session.flush()
        status_lists.mark_place(session, place, now=now)
        record(session, "kept-badge.revoked", done.id, by=stolen.confirmed_by, now=now)
    return {one.list_number for one in rows}


def _of_key(stolen: StolenKey) -> SelectOfScalar[KeptBadge]:
    """Choose them; since a moment, with all of its month: the day of a signature is not kept."""
    chosen = (
        select(KeptBadge)
        .join(StatusEntry, _same_place())
        .where(col(KeptBadge.signed_with) == stolen.key_name, col(StatusEntry.revoked_at).is_(None))
    )
    if stolen.since is not None:
        month = stolen.since.astimezone(UTC).date().replace(day=1)
        chosen = chosen.where(col(KeptBadge.signed_month) >= month)
    return chosen.order_by(col(KeptBadge.list_number), col(KeptBadge.position))


def _same_place() -> ColumnElement[bool]:
    return (col(StatusEntry.list_number) == col(KeptBadge.list_number)) & (
        col(StatusEntry.position) == col(KeptBadge.position)
    )
