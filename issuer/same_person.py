"""Whether two accounts are one person: the same account, contact or wallet (rule 2)."""

from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from issuer.award_tables import Award, Credential
from issuer.tables import Person

# Built once: to build it takes longer than to ask it, and each open file asks for each examiner.
_first, _second = aliased(Credential), aliased(Credential)
_ones, _others = aliased(Award), aliased(Award)
_ONE_WALLET = (
    select(_first.id)
    .join(_ones, col(_ones.id) == col(_first.award_id))
    .join(_second, col(_second.holder) == col(_first.holder))
    .join(_others, col(_others.id) == col(_second.award_id))
    .where(
        col(_ones.candidate_id) == bindparam("one"), col(_others.candidate_id) == bindparam("other")
    )
    .limit(1)
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
