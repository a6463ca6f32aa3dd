"""Awards: what waits for an officer, its release, and the list of what was released.

An officer sees an alias, role codes, marks and a level; never evidence, names or contacts
(invariant 22), and only what is of people of their own centre (rule 30): what belongs to another is
answered as if it did not exist. Who may release is a constraint of the database; the messages here
only come first. `centre` limits a list to the people of one; without it a list is of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from credentials.report import CredentialError
from issuer import issuing, offers, superseding
from issuer.accounts import centre_of
from issuer.audit import record
from issuer.award_tables import (
    Award,
    AwardState,
    BadgeState,
    Change,
    Credential,
)
from issuer.changes import badge_of_centre
from issuer.issuing import Pause, carry_on
from issuer.profile import IssuingBody
from issuer.same_person import accounts_of
from issuer.tables import Decision, Person, Submission, SubmissionState
from issuer.trail import ReasonTrail, trails_of
from web.database import Database
from web.errors import Refused
from web.languages import N_

T = TypeVar("T")


@dataclass(frozen=True)
class IssuedBadge:
    """One row of the list of badges, as officers and the candidate see it."""

    award: Award
    credential: Credential | None
    change: Change | None
    """What is asked for, or else the last change that was confirmed."""
    candidate_alias: str

    @property
    def state(self) -> str:
        """How far it is: released, offered, delivered, or else suspended or revoked."""
        ended = (BadgeState.REVOKED, BadgeState.SUSPENDED)
        if self.credential is not None and self.credential.state in ended:
            return self.credential.state
        return self.award.state


# --- release ---------------------------------------------------------------------------------


def pending(
    session: Session, *, centre: UUID | None = None, limit: int | None = None
) -> list[ReasonTrail]:
    """List the awarded decisions that nobody released yet, the oldest first."""
    decisions = session.exec(
        _pending(select(Decision), centre)
        .order_by(col(Decision.decided_at), col(Decision.id))
        .limit(limit)
    ).all()
    return trails_of(session, decisions)


def ids_pending(session: Session, *, centre: UUID, limit: int) -> Sequence[UUID]:
    """List the ids of such decisions, in the same order."""
    return session.exec(
        _pending(select(Decision.id), centre)
        .order_by(col(Decision.decided_at), col(Decision.id))
        .limit(limit)
    ).all()


def number_pending(session: Session, *, centre: UUID | None = None) -> int:
    """Count the awarded decisions that nobody released yet."""
    return session.exec(_pending(select(func.count(col(Decision.id))), centre)).one()


def _pending(selected: SelectOfScalar[T], centre: UUID | None = None) -> SelectOfScalar[T]:
    """Keep the decisions in force that a badge is owed for.

    Not while an appeal runs, and not a second time when an appeal came to the same level.
    """
    earlier, later = _beside()
    if centre is not None:
        selected = selected.where(col(Decision.candidate_id).in_(_people_of(centre)))
    return (
        selected.outerjoin(Award, col(Award.decision_id) == col(Decision.id))
        .join(Submission, col(Submission.id) == col(Decision.submission_id))
        .outerjoin(
            earlier,
            (col(earlier.decision_id) == col(Decision.supersedes))
            & (col(earlier.level) == col(Decision.level)),
        )
        .outerjoin(later, col(later.supersedes) == col(Decision.id))
        .where(
            col(Decision.outcome) == "awarded",
            col(Award.id).is_(None),
            col(Submission.state) == SubmissionState.DECIDED,
            col(earlier.id).is_(None),
            col(later.id).is_(None),
        )
    )


@cache
def _beside() -> tuple[type[Award], type[Decision]]:
    # Made once: SQLAlchemy takes longer to find the columns of new names than to ask the database.
    return aliased(Award), aliased(Decision)


def _people_of(centre: UUID) -> SelectOfScalar[UUID]:
    return select(Person.id).where(col(Person.organisation_id) == centre)


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

    1. The decision must wait for release, be about somebody of the officer's centre, and the
       officer have no part in it.
    2. The badge is built and checked, so that nothing is approved that could not be signed.
    3. The approval is recorded, with the file locked: no appeal has begun meanwhile. The
       constraints of the database have the last word.
    4. From here on the badge is owed: intention and offer follow, now or by `issuing.recover`.
    """
    # 1
    with database.reading() as session:
        waiting = _waiting(session, decision_id, officer_id=officer_id)
        # 2
        try:
            document = issuing.prepare_with_endorsements(session, body, waiting.content, now=now)
        except CredentialError as error:
            raise Refused(
                N_("This badge cannot be made: %(why)s"), status=409, code="not-ready", why=error
            ) from error
    pause("checked")
    # 3
    faster = Refused(
        N_("Someone was faster, or this is not yours to release."), status=409, code="conflict"
    )
    try:
        with database.transaction() as session:
            session.get(Submission, waiting.submission_id, with_for_update=True)
            if not still_in_force(session, [decision_id]):
                raise faster
            award = approved(waiting, officer_id=officer_id, body=body, now=now)
            session.add(award)
            session.flush()
            record(session, "award.released", award.id, by=officer_id, now=now)
    except IntegrityError as error:
        raise faster from error
    pause("approved")
    # 4
    issuing.carry_out(database, award.id, document, body=body, now=now, pause=pause)
    return award.id


def waiting_for(
    session: Session, decision_ids: Sequence[UUID], *, officer_id: UUID
) -> dict[UUID, ReasonTrail | Refused]:
    """Say of decisions whether an officer may release them: the reason trail, or what is against.

    A few statements, however many decisions. The constraints of the database have the last word.
    """
    centre = centre_of(session, officer_id)
    decisions = session.exec(
        select(Decision)
        .join(Person, col(Person.id) == col(Decision.candidate_id))
        .where(
            col(Decision.id).in_(decision_ids),
            col(Decision.outcome) == "awarded",
            col(Person.organisation_id) == centre,
        )
    ).all()
    released = session.exec(
        select(Award.decision_id).where(col(Award.decision_id).in_(decision_ids))
    ).all()
    in_force = still_in_force(session, decision_ids)
    trails = {one.decision_id: one for one in trails_of(session, decisions)}
    own = accounts_of(session, officer_id)

    def judged(decision_id: UUID) -> ReasonTrail | Refused:
        trail = trails.get(decision_id)
        if trail is None:
            return Refused(N_("There is no such decision."), status=404, code="unknown-decision")
        if decision_id in released:
            return Refused(N_("This was released already."), status=409, code="released-already")
        if decision_id not in in_force:
            return Refused(
                N_("Other examiners look at it again, or did."), status=409, code="not-in-force"
            )
        reason = trail.why_not(officer_id)
        if not reason and not own.isdisjoint((trail.candidate_id, *trail.marked_by)):
            reason = N_("You took part with another account. Another officer must release it.")
        return Refused(reason, status=403, code="officer-took-part") if reason else trail

    return {decision_id: judged(decision_id) for decision_id in decision_ids}


def still_in_force(session: Session, decision_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Give those decisions that a badge is owed for, and that nobody released."""
    found = session.exec(_pending(select(Decision.id)).where(col(Decision.id).in_(decision_ids)))
    return frozenset(found)


def _waiting(session: Session, decision_id: UUID, *, officer_id: UUID) -> ReasonTrail:
    judged = waiting_for(session, [decision_id], officer_id=officer_id)[decision_id]
    if isinstance(judged, Refused):
        raise judged
    return judged


def approved(waiting: ReasonTrail, *, officer_id: UUID, body: IssuingBody, now: datetime) -> Award:
    """Give the row of an award that an officer may release."""
    framework = body.library.version(waiting.framework_version)
    definition = framework.achievement(waiting.skill, waiting.level, waiting.language)
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


def issued(
    session: Session, *, candidate_id: UUID | None = None, centre: UUID | None = None
) -> list[IssuedBadge]:
    """List released badges, the newest first; of one candidate or centre, when one is named."""
    statement = _issued().order_by(col(Award.released_at).desc(), col(Award.id))
    if candidate_id is not None:
        statement = statement.where(col(Award.candidate_id) == candidate_id)
    if centre is not None:
        statement = statement.where(col(Award.candidate_id).in_(_people_of(centre)))
    return [IssuedBadge(*row) for row in session.exec(statement)]


def to_collect(session: Session, candidate_id: UUID) -> frozenset[UUID]:
    """Give the decisions whose badge waits for its person to collect it."""
    waiting = (AwardState.RELEASED, AwardState.OFFERED)
    mine = issued(session, candidate_id=candidate_id)
    return frozenset(one.award.decision_id for one in mine if one.state in waiting)


def issued_badge(session: Session, award_id: UUID, *, centre: UUID | None = None) -> IssuedBadge:
    """Give one released badge; of another centre than a named one there is none."""
    statement = _issued().where(col(Award.id) == award_id)
    if centre is not None:
        statement = statement.where(col(Award.candidate_id).in_(_people_of(centre)))
    row = session.exec(statement).one_or_none()
    if row is None:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return IssuedBadge(*row)


def _issued() -> Select[Award, Credential, Change, str]:
    latest = (
        select(Change.id)
        .where(col(Change.credential_id) == col(Credential.id))
        .order_by(col(Change.confirmed_at).is_(None).desc(), col(Change.requested_at).desc())
        .limit(1)
        .correlate(Credential)
        .scalar_subquery()
    )
    return (
        select(Award, Credential, Change, Person.alias)
        .join(Person, col(Person.id) == col(Award.candidate_id))
        .outerjoin(
            Credential,
            (col(Credential.award_id) == col(Award.id))
            & (col(Credential.state) != BadgeState.SUPERSEDED),
        )
        .outerjoin(Change, col(Change.id) == latest)
    )


def alias_of_decision(session: Session, decision_id: UUID, *, centre: UUID) -> str:
    """Give the alias of the person of a centre that a decision is about; "" for an unknown one."""
    return (
        session.exec(
            select(Person.alias)
            .join(Decision, col(Decision.candidate_id) == col(Person.id))
            .where(col(Decision.id) == decision_id, col(Person.organisation_id) == centre)
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
    """Make a new offer for a badge that is not cancelled or suspended; older offers stop working.

    Without `needs_number` it asks for a number if the one before did.
    """
    badge = badge_of_centre(session, award_id, by=by)
    if badge.state == BadgeState.REVOKED:
        raise Refused(N_("This badge is cancelled already."), status=409, code="revoked-already")
    if badge.state == BadgeState.SUSPENDED:
        raise Refused(N_("This badge is suspended."), status=409, code="suspended")
    if superseding.is_taken_away(session, award_id):
        raise Refused(N_("A later decision took its place."), status=409, code="taken-away")
    if needs_number is None:
        before = offers.latest(session, award_id)
        needs_number = before is not None and before.needs_number
    offers.make_offer(session, award_id, secret=body.secret, now=now, needs_number=needs_number)
    record(session, "award.offered", award_id, by=by, now=now)
