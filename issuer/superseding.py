"""What follows for a badge when a decision after an appeal takes the place of an earlier one.

The same level: the badge stays. Another level, or none: it is not handed out any more, and its
cancelling is asked for in the same transaction, by the examiner whose marks settled it; an officer
confirms, as with every cancelling (rules 6 and 25). Awards never change.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import offers
from issuer.audit import record
from issuer.award_tables import Action, Award, BadgeState, Change, Credential, Reason
from issuer.tables import Decision

_ENDED = (BadgeState.REVOKED, BadgeState.SUPERSEDED)


def lock_badges(session: Session, submission_id: UUID) -> None:
    """Lock the badges of a file, so that none is handed out while marks are written down."""
    session.exec(
        select(Credential)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .join(Decision, col(Decision.id) == col(Award.decision_id))
        .where(col(Decision.submission_id) == submission_id)
        .with_for_update(of=Credential)
    ).all()


def is_taken_away(session: Session, award_id: UUID) -> bool:
    """Tell whether a later decision gave another level than this award, or none."""
    later = session.exec(
        select(Decision, Award.level)
        .join(Award, col(Award.decision_id) == col(Decision.supersedes))
        .where(col(Award.id) == award_id)
    ).first()
    return later is not None and later[0].level != later[1]


def released_by(session: Session, submission_id: UUID, person_id: UUID) -> bool:
    """Tell whether a person released a badge of a file: they do not mark it then (rule 5)."""
    found = session.exec(
        select(Award.id)
        .join(Decision, col(Decision.id) == col(Award.decision_id))
        .where(col(Decision.submission_id) == submission_id, col(Award.officer_id) == person_id)
    ).first()
    return found is not None


def take_effect(session: Session, decision: Decision, *, by: UUID, now: datetime) -> None:
    """Ask that the badge of the superseded decision be cancelled, if the level is another one.

    1. There is a badge in force, of another level.
    2. Nobody can collect it from now on.
    3. The request waits for an officer; a request for something else is dropped.
    """
    badge = _badge_of(session, decision.supersedes)  # 1
    if badge is None or not is_taken_away(session, badge.award_id):
        return
    offers.withdraw_offers(session, badge.award_id)  # 2
    waiting = session.exec(  # 3
        select(Change).where(
            col(Change.credential_id) == badge.id, col(Change.confirmed_at).is_(None)
        )
    ).one_or_none()
    if waiting is not None and waiting.action == Action.REVOKE:
        return
    if waiting is not None:
        record(session, f"{waiting.action}.dropped", badge.id, now=now)
        session.delete(waiting)
        session.flush()
    gives_more = decision.level is not None and decision.level > _level(session, badge.award_id)
    session.add(
        Change(
            credential_id=badge.id,
            action=Action.REVOKE,
            reason=Reason.SUPERSEDED if gives_more else Reason.ISSUED_IN_ERROR,
            requested_by=by,
            requested_at=now,
        )
    )
    session.flush()
    record(session, f"{Action.REVOKE}.asked", badge.id, by=by, now=now)


def _badge_of(session: Session, decision_id: UUID | None) -> Credential | None:
    return session.exec(
        select(Credential)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .where(col(Award.decision_id) == decision_id, col(Credential.state).not_in(_ENDED))
    ).one_or_none()


def _level(session: Session, award_id: UUID) -> int:
    return session.get_one(Award, award_id).level
