"""Awards: what waits for an officer, its release, and the cancelling of badges.

An officer sees an alias, role codes, marks and a level; never evidence, names or contacts
(invariant 22). Who may release is a constraint of the database; the messages here only come first.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from credentials.report import CredentialError
from issuer import issuing, offers, status_lists
from issuer.audit import record
from issuer.award_tables import (
    Award,
    BadgeState,
    Credential,
    Reason,
    Revocation,
)
from issuer.issuing import Pause, carry_on
from issuer.profile import IssuingBody
from issuer.tables import Decision, Person
from issuer.trail import ReasonTrail, trail_of
from web.database import Database
from web.errors import Refused
from web.languages import N_

REASONS: dict[Reason, str] = {
    Reason.HOLDER_REQUEST: N_("The person asked for it"),
    Reason.ISSUED_IN_ERROR: N_("It was given by mistake"),
    Reason.FRAUD: N_("It was obtained by deceit"),
    Reason.KEY_COMPROMISE: N_("Our signature was stolen"),
    Reason.SUPERSEDED: N_("A newer badge takes its place"),
}


@dataclass(frozen=True)
class IssuedBadge:
    """One row of the list of badges, as officers and the candidate see it."""

    award: Award
    credential: Credential | None
    revocation: Revocation | None
    candidate_alias: str

    @property
    def state(self) -> str:
        """How far it is: released, offered, delivered, or revoked."""
        if self.credential is not None and self.credential.state == BadgeState.REVOKED:
            return str(BadgeState.REVOKED)
        return self.award.state


# --- release ---------------------------------------------------------------------------------


def pending(session: Session) -> list[ReasonTrail]:
    """List the awarded decisions that nobody released yet, the oldest first."""
    decisions = session.exec(
        select(Decision)
        .outerjoin(Award, col(Award.decision_id) == col(Decision.id))
        .where(col(Decision.outcome) == "awarded", col(Award.id).is_(None))
        .order_by(col(Decision.decided_at), col(Decision.id))
    ).all()
    return [trail_of(session, decision) for decision in decisions]


def release(
    database: Database,
    decision_id: UUID,
    *,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
) -> UUID:
    """Approve a decision as an officer and give the id of its award.

    1. The decision must wait for release, and the officer have no part in it.
    2. The badge is built and checked, so that nothing is approved that could not be signed.
    3. The approval is recorded; the constraints of the database have the last word.
    4. From here on the badge is owed: intention and offer follow, now or by `issuing.recover`.
    """
    # 1
    with database.reading() as session:
        waiting = _waiting(session, decision_id)
        reason = waiting.why_not(officer_id)
        if reason:
            raise Refused(reason, status=403, code="officer-took-part")
        # 2
        try:
            document = issuing.prepare_with_endorsements(session, body, waiting.content, now=now)
        except CredentialError as error:
            raise Refused(
                N_("This badge cannot be made: %(why)s"), status=409, code="not-ready", why=error
            ) from error
    # 3
    try:
        with database.transaction() as session:
            award = _approved(waiting, officer_id=officer_id, body=body, now=now)
            session.add(award)
            session.flush()
            record(session, "award.released", award.id, by=officer_id, now=now)
    except IntegrityError as error:
        raise Refused(
            N_("Someone was faster, or this is not yours to release."), status=409, code="conflict"
        ) from error
    pause("approved")
    # 4
    issuing.carry_out(database, award.id, document, body=body, now=now, pause=pause)
    return award.id


def _waiting(session: Session, decision_id: UUID) -> ReasonTrail:
    decision = session.get(Decision, decision_id)
    if decision is None or decision.outcome != "awarded":
        raise Refused(N_("There is no such decision."), status=404, code="unknown-decision")
    if session.exec(select(Award.id).where(col(Award.decision_id) == decision_id)).first():
        raise Refused(N_("This was released already."), status=409, code="released-already")
    return trail_of(session, decision)


def _approved(waiting: ReasonTrail, *, officer_id: UUID, body: IssuingBody, now: datetime) -> Award:
    definition = body.framework.achievement(waiting.skill, waiting.level, waiting.language)
    first, second, third = (*(marking.examiner_id for marking in waiting.markings), None, None)[:3]
    assert first is not None, "a decision rests on an assessment"
    return Award(
        decision_id=waiting.decision_id,
        candidate_id=waiting.candidate_id,
        first_examiner_id=first,
        second_examiner_id=second,
        third_examiner_id=third,
        officer_id=officer_id,
        level=waiting.level,
        slug=definition.slug,
        level_slug=definition.level_slug,
        language=waiting.language,
        released_at=now,
    )


# --- what was issued -------------------------------------------------------------------------


def issued(session: Session, *, candidate_id: UUID | None = None) -> list[IssuedBadge]:
    """List released badges, the newest first; of one candidate, when one is named."""
    statement = (
        select(Award, Credential, Revocation, Person.alias)
        .join(Person, col(Person.id) == col(Award.candidate_id))
        .outerjoin(Credential, col(Credential.award_id) == col(Award.id))
        .outerjoin(Revocation, col(Revocation.credential_id) == col(Credential.id))
        .order_by(col(Award.released_at).desc(), col(Award.id))
    )
    if candidate_id is not None:
        statement = statement.where(col(Award.candidate_id) == candidate_id)
    return [IssuedBadge(*row) for row in session.exec(statement)]


def issued_badge(session: Session, award_id: UUID) -> IssuedBadge:
    """Give one released badge."""
    for badge in issued(session):
        if badge.award.id == award_id:
            return badge
    raise Refused(N_("There is no such badge."), status=404, code="unknown-award")


def holders(session: Session, slug: str, level_slug: str, *, now: datetime) -> int:
    """Count the valid badges of an achievement that were collected before today.

    Counting up to midnight means that the number changes once a day (invariant 18): nobody sees
    it grow while somebody stands beside them.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return session.exec(
        select(func.count())
        .select_from(Credential)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .where(
            col(Award.slug) == slug,
            col(Award.level_slug) == level_slug,
            col(Credential.state) == BadgeState.ACTIVE,
            col(Credential.signed_at) < today,
        )
    ).one()


def alias_of_decision(session: Session, decision_id: UUID) -> str:
    """Give the alias of the person a decision is about; "" for an unknown one."""
    return (
        session.exec(
            select(Person.alias)
            .join(Decision, col(Decision.candidate_id) == col(Person.id))
            .where(col(Decision.id) == decision_id)
        ).first()
        or ""
    )


def offer_again(
    session: Session,
    award_id: UUID,
    *,
    body: IssuingBody,
    now: datetime,
    by: UUID,
    needs_number: bool | None = None,
) -> None:
    """Make a new offer for a badge that is not cancelled; older offers stop working.

    Without `needs_number` it asks for a number if the one before did.
    """
    badge = _badge_row(session, award_id)
    if badge.state == BadgeState.REVOKED:
        raise Refused(N_("This badge is cancelled already."), status=409, code="revoked-already")
    if needs_number is None:
        before = offers.latest(session, award_id)
        needs_number = before is not None and before.needs_number
    offers.make_offer(session, award_id, secret=body.secret, now=now, needs_number=needs_number)
    record(session, "award.offered", award_id, by=by, now=now)


# --- cancelling ------------------------------------------------------------------------------


def ask_revocation(
    session: Session,
    award_id: UUID,
    *,
    reason: str,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
) -> bool:
    """Ask to cancel a badge; True if it is cancelled at once, which only its owner's wish allows.

    Any other reason waits for a second person (invariant 25).
    """
    try:
        why = Reason(reason)
    except ValueError as error:
        raise Refused(N_("Choose a reason."), code="reason") from error
    badge = _badge_row(session, award_id)
    if badge.state == BadgeState.REVOKED:
        raise Refused(N_("This badge is cancelled already."), status=409, code="revoked-already")
    if session.exec(select(Revocation.id).where(col(Revocation.credential_id) == badge.id)).first():
        raise Refused(
            N_("Someone asked for this already. A second person must confirm."),
            status=409,
            code="asked-already",
        )
    request = Revocation(
        credential_id=badge.id, reason=why, requested_by=officer_id, requested_at=now
    )
    session.add(request)
    session.flush()
    at_once = why is Reason.HOLDER_REQUEST
    if at_once:
        _revoke(session, badge, request, officer_id=officer_id, body=body, now=now)
    record(session, "revocation.asked", badge.id, by=officer_id, now=now)
    if at_once:
        record(session, "badge.revoked", badge.id, by=officer_id, now=now)
    return at_once


def confirm_revocation(
    session: Session, award_id: UUID, *, officer_id: UUID, body: IssuingBody, now: datetime
) -> None:
    """Cancel a badge as the second person; the status list is signed again in the same step."""
    badge = _badge_row(session, award_id)
    request = _open_request(session, badge)
    if request.requested_by == officer_id:
        raise Refused(
            N_("You asked for this. Another person must confirm."), status=403, code="two-persons"
        )
    _revoke(session, badge, request, officer_id=officer_id, body=body, now=now)
    record(session, "badge.revoked", badge.id, by=officer_id, now=now)


def drop_revocation(session: Session, award_id: UUID, *, officer_id: UUID, now: datetime) -> None:
    """Take back a request to cancel; the badge stays as it is."""
    badge = _badge_row(session, award_id)
    session.delete(_open_request(session, badge))
    record(session, "revocation.dropped", badge.id, by=officer_id, now=now)


def _revoke(
    session: Session,
    badge: Credential,
    request: Revocation,
    *,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
) -> None:
    request.confirmed_by, request.confirmed_at = officer_id, now
    badge.state = BadgeState.REVOKED
    session.add(request)
    session.add(badge)
    session.flush()
    offers.withdraw_offers(session, badge.award_id)
    place = status_lists.Place(badge.list_number, badge.position)
    status_lists.revoke_place(session, place, body.keyring, base_url=body.base_url, now=now)


def _badge_row(session: Session, award_id: UUID) -> Credential:
    badge = session.exec(
        select(Credential).where(col(Credential.award_id) == award_id).with_for_update()
    ).one_or_none()
    if badge is None:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return badge


def _open_request(session: Session, badge: Credential) -> Revocation:
    request = session.exec(
        select(Revocation).where(col(Revocation.credential_id) == badge.id)
    ).one_or_none()
    if request is None or request.confirmed_by is not None:
        raise Refused(N_("Nobody asked to cancel this badge."), status=409, code="not-asked")
    return request
