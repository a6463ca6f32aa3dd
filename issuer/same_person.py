"""Whether two accounts are one person: the same account, contact or wallet (rule 2)."""

from uuid import UUID

from sqlalchemy import Subquery, bindparam, union, union_all
from sqlmodel import Session, col, select

from issuer.appointment_badge_tables import AppointmentBadge
from issuer.appointment_tables import Nomination
from issuer.award_tables import Award, Credential
from issuer.tables import Appointment, Person


def _wallets(who: str) -> Subquery:
    """Choose the keys of somebody's badges, of appointments, and of what of others they showed."""
    badges = (
        select(col(Credential.holder))
        .join(Award, col(Award.id) == col(Credential.award_id))
        .where(col(Award.candidate_id) == bindparam(who), col(Credential.holder).is_not(None))
    )
    appointments = (
        select(col(AppointmentBadge.holder))
        .join(Appointment, col(Appointment.id) == col(AppointmentBadge.appointment_id))
        .where(
            col(Appointment.person_id) == bindparam(who), col(AppointmentBadge.holder).is_not(None)
        )
    )
    shown = select(col(Nomination.badge_holder)).where(
        col(Nomination.person_id) == bindparam(who), col(Nomination.badge_holder).is_not(None)
    )
    return union_all(badges, appointments, shown).subquery()


# Built once: to build it takes longer than to ask it, and each open file asks for each examiner.
_ones, _others = _wallets("one"), _wallets("other")
_ONE_WALLET = select(_ones.c.holder).join(_others, _others.c.holder == _ones.c.holder).limit(1)

_WITH_ITS_WALLET = union(
    select(col(Award.candidate_id))
    .join(Credential, col(Credential.award_id) == col(Award.id))
    .where(col(Credential.holder).in_(select(_ones.c.holder))),
    select(col(Appointment.person_id))
    .join(AppointmentBadge, col(AppointmentBadge.appointment_id) == col(Appointment.id))
    .where(col(AppointmentBadge.holder).in_(select(_ones.c.holder))),
    select(col(Nomination.person_id)).where(
        col(Nomination.badge_holder).in_(select(_ones.c.holder))
    ),
)


def is_same_person(session: Session, one_id: UUID, other_id: UUID) -> bool:
    """Tell whether two accounts belong to one person, as far as we can know."""
    if one_id == other_id:
        return True
    one, other = session.get_one(Person, one_id), session.get_one(Person, other_id)
    if one.contact_hash is not None and one.contact_hash == other.contact_hash:
        return True
    return _have_one_wallet(session, one_id, other_id)


def _have_one_wallet(session: Session, one_id: UUID, other_id: UUID) -> bool:
    found = session.exec(_ONE_WALLET, params={"one": one_id, "other": other_id})
    return found.first() is not None


def accounts_of(session: Session, person_id: UUID) -> frozenset[UUID]:
    """List the accounts that belong to one person, as far as we can know, this one too."""
    contact = select(Person.contact_hash).where(col(Person.id) == person_id).scalar_subquery()
    same_contact = session.exec(select(Person.id).where(col(Person.contact_hash) == contact))
    same_wallet = session.execute(_WITH_ITS_WALLET, {"one": person_id}).scalars()
    return frozenset((person_id, *same_contact, *same_wallet))
