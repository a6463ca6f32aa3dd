"""Two persons, not two accounts: checks for what one asks and another confirms.

Whether two accounts are one person is known by contact or wallet (`issuer.same_person`), and only
so far. What cannot be prevented is counted for the data officer: `seen` tells how often nobody can
know, and how often one of the two gave the other their role.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from issuer.appointment_tables import Nomination
from issuer.award_tables import Change, Reason
from issuer.equal_tables import AcceptedEqual
from issuer.framework_tables import FrameworkEdition
from issuer.kept_badge_tables import KeptBadgeChange
from issuer.same_person import is_same_person
from issuer.staff_tables import TRUSTED
from issuer.stolen_key_tables import StolenKey
from issuer.tables import Grant, Person, Role
from issuer.two_persons_tables import STAFF
from web.errors import Refused
from web.languages import N_

_STAFF = [str(role) for role in STAFF]


def check(session: Session, first: UUID, second: UUID) -> None:
    """Refuse that who asked for something also confirms it, under whatever account."""
    if first == second:
        raise Refused(
            N_("You asked for this. Another person must confirm."), status=403, code="two-persons"
        )
    if is_same_person(session, first, second):
        raise Refused(
            N_("You asked for this with another account. Another person must confirm."),
            status=403,
            code="two-persons",
        )


def refuse_second_account(session: Session, person: Person, contact: str | None) -> None:
    """Refuse a contact, as a hash, that another account with a role has in the same centre."""
    if _is_taken(session, person.organisation_id, contact, but=person.id):
        raise Refused(
            N_("Somebody with a role here has this contact already."),
            status=409,
            code="known-contact",
        )


def check_invited(session: Session, contact: str, *, by: UUID) -> None:
    """Refuse to invite by a contact, as a hash, that is one's own or of somebody known here."""
    inviting = session.get_one(Person, by)
    if inviting.contact_hash is None:
        raise Refused(
            N_("First write your own contact on the page “My data”."),
            status=409,
            code="contact",
        )
    if contact == inviting.contact_hash:
        raise Refused(
            N_("This is your own contact. Nobody has two accounts here."),
            status=409,
            code="contact",
        )
    if _is_taken(session, inviting.organisation_id, contact, but=by):
        raise Refused(
            N_("Somebody here has this contact. Give them the role in the list."),
            status=409,
            code="contact",
        )


def has_trusted_role(session: Session, person_id: UUID) -> bool:
    """Tell whether somebody has a role that an administrator gives: then a contact stays known."""
    return _has_one_of(session, person_id, TRUSTED)


def is_staff(session: Session, person_id: UUID) -> bool:
    """Tell whether somebody has any role but a candidate's: then nobody else has their contact."""
    return _has_one_of(session, person_id, STAFF)


def _has_one_of(session: Session, person_id: UUID, roles: Iterable[Role]) -> bool:
    names = [str(role) for role in roles]
    held = select(Grant).where(col(Grant.person_id) == person_id, col(Grant.role).in_(names))
    return session.exec(held).first() is not None


def _is_taken(session: Session, centre: UUID, contact: str | None, *, but: UUID) -> bool:
    if contact is None:
        return False
    found = session.exec(
        select(Person.id)
        .join(Grant, col(Grant.person_id) == col(Person.id))
        .where(
            col(Person.organisation_id) == centre,
            col(Person.contact_hash) == contact,
            col(Person.id) != but,
            col(Grant.role).in_(_STAFF),
        )
    ).first()
    return found is not None


# --- for the data officer -------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What can be told of all that two accounts of a centre did together."""

    total: int
    unknown: int
    """Of one of the two no contact is known."""
    gave: int
    """One of the two gave the other a role: look whether they are two persons."""


def seen(session: Session, centre: UUID) -> Seen:
    """Count what two accounts did, one of them of a centre, and what cannot be known of it."""
    pairs = _pairs(session)
    known = {one for pair in pairs for one in pair}
    people = {one.id: one for one in session.exec(select(Person).where(col(Person.id).in_(known)))}
    here = [pair for pair in pairs if any(people[one].organisation_id == centre for one in pair)]
    gave = set(
        session.exec(
            select(Grant.granted_by, Grant.person_id).where(col(Grant.granted_by).is_not(None))
        ).all()
    )
    return Seen(
        total=len(here),
        unknown=sum(any(people[one].contact_hash is None for one in pair) for pair in here),
        gave=sum(pair in gave or pair[::-1] in gave for pair in here),
    )


def _pairs(session: Session) -> list[tuple[UUID, UUID]]:
    found: list[tuple[UUID | None, UUID | None]] = []
    for first, second, only in (
        (Change.requested_by, Change.confirmed_by, col(Change.reason) != Reason.HOLDER_REQUEST),
        (KeptBadgeChange.requested_by, KeptBadgeChange.confirmed_by, True),
        (StolenKey.asked_by, StolenKey.confirmed_by, True),
        (AcceptedEqual.asked_by, AcceptedEqual.confirmed_by, True),
        (Nomination.waived_by, Nomination.confirmed_by, True),
        (FrameworkEdition.sent_by, FrameworkEdition.published_by, True),
    ):
        asked = select(first, second).where(col(second).is_not(None))
        found += session.exec(asked if only is True else asked.where(only)).all()
    return [(one, other) for one, other in found if one is not None and other is not None]
