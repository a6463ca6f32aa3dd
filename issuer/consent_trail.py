"""Every yes and no that somebody said, with the edition of the words on the page (GDPR, 7(1))."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer.privacy_tables import About, ConsentStep

WORDING = "2026-11"
"""The edition of the words on the pages; a change of their meaning takes a new one."""


def note(session: Session, person_id: UUID, about: About, *, agreed: bool, now: datetime) -> None:
    """Write down a yes or a no; it is never changed."""
    session.add(
        ConsentStep(person_id=person_id, about=about, agreed=agreed, wording=WORDING, said_at=now)
    )
    session.flush()


def history(session: Session, person_id: UUID) -> list[ConsentStep]:
    """List every yes and no of a person, the newest first."""
    return list(
        session.exec(
            select(ConsentStep)
            .where(col(ConsentStep.person_id) == person_id)
            .order_by(col(ConsentStep.said_at).desc())
        )
    )
