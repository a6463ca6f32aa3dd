"""Whether two accounts are one person: the same account, contact or wallet (rule 2)."""

from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from issuer.award_tables import Award, Credential
from issuer.tables import Person


def is_same_person(session: Session, one_id: UUID, other_id: UUID) -> bool:
    """Tell whether two accounts belong to one person, as far as we can know."""
    if one_id == other_id:
        return True
    one, other = session.get_one(Person, one_id), session.get_one(Person, other_id)
    if one.contact_hash is not None and one.contact_hash == other.contact_hash:
        return True
    return _have_one_wallet(session, one_id, other_id)


def _have_one_wallet(session: Session, one_id: UUID, other_id: UUID) -> bool:
    first, second = aliased(Credential), aliased(Credential)
    ones, others = aliased(Award), aliased(Award)
    found = session.exec(
        select(first.id)
        .join(ones, col(ones.id) == col(first.award_id))
        .join(second, col(second.holder) == col(first.holder))
        .join(others, col(others.id) == col(second.award_id))
        .where(col(ones.candidate_id) == one_id, col(others.candidate_id) == other_id)
        .limit(1)
    ).first()
    return found is not None
