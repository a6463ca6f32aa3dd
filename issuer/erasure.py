"""Erasing a person: everything that is theirs, in one transaction, and nothing of others.

Erasing is not cancelling (domain F.4): a badge stays valid unless its holder wants it cancelled
too, since a signature needs no database. Then only its place in the status list, its achievement
and the month of the award stay (rule 27). What goes is what `inventory` says; the database lets
final rows go only beside a row in `erasure`, which is for good and lets nothing come back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from issuer import appointments, changes
from issuer.audit import record
from issuer.award_tables import Award, BadgeState, Change, Credential, Offer, Reason
from issuer.deferral_tables import Deferral
from issuer.holdings import each, is_of, table_of
from issuer.inventory import Fate
from issuer.privacy_tables import KeptBadge
from issuer.profile import IssuingBody
from issuer.tables import Decision, Erasure, Person, Submission, SubmissionState
from web.database import Database
from web.errors import Refused
from web.languages import N_

Pause = Callable[[str], None]

_TRIES = 3
"""PostgreSQL stops one of two transactions that wait for each other; it is begun again."""
_DOUBTED = (Reason.FRAUD, Reason.ISSUED_IN_ERROR, Reason.SUPERSEDED, Reason.UNDER_REVIEW)
_OPEN = (
    SubmissionState.DRAFT,
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.RETURNED,
    SubmissionState.APPEALED,
)
_VALID = (BadgeState.ACTIVE, BadgeState.SUSPENDED)


def carry_on(_step: str) -> None:
    """Do not pause."""


@dataclass(frozen=True)
class Outlook:
    """What erasing somebody would do, as it is told before."""

    badges: int
    """In a wallet, and valid."""
    waiting: int
    """Released or decided, but in no wallet: they cannot be collected any more."""
    open_work: int
    """Begun or being looked at: it ends."""
    second_looks: int
    """Of the open work: a second look that the person asked for."""
    doubted: bool
    """Somebody asked to cancel a badge, or it is suspended: it cannot be kept without an answer."""
    examines: bool
    """The person examines: the marks stay, under a role number."""


@dataclass(frozen=True)
class Erased:
    """What became of somebody's data."""

    kept: int
    """Badges that stay valid."""
    cancelled: int
    emptied: bool
    """An account without name and contact stays, since others' records rest on it."""


def outlook(session: Session, person_id: UUID) -> Outlook:
    """Tell what erasing a person would do."""
    states = session.exec(
        select(Submission.state).where(
            col(Submission.candidate_id) == person_id, col(Submission.state).in_(_OPEN)
        )
    ).all()
    badges = _badges(session, person_id)
    valid = [one for one in badges if one.state in _VALID and one.signed_text is not None]
    awarded = session.exec(
        select(Decision.id)
        .outerjoin(Award, col(Award.decision_id) == col(Decision.id))
        .where(
            col(Decision.candidate_id) == person_id,
            col(Decision.level).is_not(None),
            col(Award.id).is_(None),
        )
    ).all()
    unsigned = [one for one in badges if one.state == BadgeState.INTENDED]
    return Outlook(
        badges=len(valid),
        waiting=len(awarded) + len(unsigned),
        open_work=len(states),
        second_looks=states.count(SubmissionState.APPEALED),
        doubted=any(_is_doubted(session, one) for one in valid),
        examines=appointments.examined_ever(session, person_id),
    )


def erase(
    database: Database,
    person_id: UUID,
    *,
    keep_badges: bool,
    end_open_work: bool,
    by: UUID,
    body: IssuingBody,
    now: datetime,
    also: Callable[[Session], None] | None = None,
    pause: Pause = carry_on,
) -> Erased:
    """Erase a person, or refuse and leave everything as it was.

    `end_open_work`: the person knows that what is being looked at ends. `also` is done in the same
    transaction, once all is locked: the request is noted in it.
    """
    for left in reversed(range(_TRIES)):
        try:
            with database.transaction() as session:
                done = erase_in(
                    session,
                    person_id,
                    keep_badges=keep_badges,
                    end_open_work=end_open_work,
                    by=by,
                    body=body,
                    now=now,
                    also=also,
                    pause=pause,
                )
            break
        except OperationalError:
            if not left:
                raise
        except IntegrityError as error:
            raise Refused(
                N_("Something that is not this person's needs this account."),
                status=409,
                code="needed",
                hint=N_("Ask the data officer of your centre."),
            ) from error
    database.forget_old_pages()
    return done


def erase_in(
    session: Session,
    person_id: UUID,
    *,
    keep_badges: bool,
    end_open_work: bool,
    by: UUID | None,
    body: IssuingBody,
    now: datetime,
    also: Callable[[Session], None] | None = None,
    pause: Pause = carry_on,
) -> Erased:
    """Erase a person in the caller's transaction.

    1. All that others could change at this moment is locked, in the order in which they lock.
    2. What runs is ended if the person knows; a badge in doubt is not kept.
    3. Badges are cancelled at the holder's wish, or what stays of them is written down.
    4. The database is told who goes: from now on it lets these rows go, and lets none come back.
    5. Emptied is what others rest on, deleted is the rest.
    6. The account goes, or stays without name and contact where somebody else's record needs it.
    """
    _lock(session, person_id)  # 1
    if session.get(Person, person_id) is None or session.get(Erasure, person_id) is not None:
        raise Refused(N_("There is no such person."), status=404, code="unknown-person")
    if also is not None:
        also(session)
    foreseen = outlook(session, person_id)  # 2
    if foreseen.open_work and not end_open_work:
        raise Refused(
            N_("Somebody is looking at your work. Say that it may end."),
            status=409,
            code="work-is-open",
        )
    if foreseen.doubted and keep_badges:
        raise Refused(
            N_("One of your badges is being looked into. Wait, or let it be cancelled."),
            status=409,
            code="badge-in-doubt",
        )
    kept = cancelled = 0
    for badge in _badges(session, person_id):  # 3
        if badge.signed_text is None or badge.state not in _VALID:
            continue
        if keep_badges and badge.state == BadgeState.ACTIVE:
            session.add(_what_stays(session, badge, body))
            kept += 1
        else:
            changes.cancel_at_holders_wish(session, badge, by=by or person_id, body=body, now=now)
            cancelled += 1
    appointments.end_all_of(session, person_id, now=now)
    session.flush()
    pause("badges")
    session.add(Erasure(person_id=person_id, at=now))  # 4
    session.flush()
    pause("begun")
    _empty(session, person_id)  # 5
    _delete(session, person_id)
    pause("deleted")
    emptied = not _account_goes(session, person_id)  # 6
    record(session, "person.erased", person_id, by=by, now=now)
    return Erased(kept, cancelled, emptied)


# --- 1, 2: what is there -------------------------------------------------------------------------


def _lock(session: Session, person_id: UUID) -> None:
    mine = select(Award.id).where(col(Award.candidate_id) == person_id)
    work = select(Submission.id).where(col(Submission.candidate_id) == person_id)
    for statement in (
        select(Submission).where(col(Submission.candidate_id) == person_id),
        select(Credential).where(col(Credential.award_id).in_(mine)),
        select(Award).where(col(Award.candidate_id) == person_id),
        select(Deferral).where(col(Deferral.submission_id).in_(work)),
        select(Offer).where(col(Offer.award_id).in_(mine)),
        select(Person).where(col(Person.id) == person_id),
    ):
        session.exec(statement.with_for_update()).all()
    session.expire_all()


def _badges(session: Session, person_id: UUID) -> list[Credential]:
    return list(
        session.exec(
            select(Credential)
            .join(Award, col(Award.id) == col(Credential.award_id))
            .where(
                col(Award.candidate_id) == person_id,
                col(Credential.state) != BadgeState.SUPERSEDED,
            )
        )
    )


def _is_doubted(session: Session, badge: Credential) -> bool:
    """Tell whether keeping a badge would take the answer from those who look into it."""
    asked = session.exec(
        select(Change.reason).where(
            col(Change.credential_id) == badge.id, col(Change.confirmed_at).is_(None)
        )
    ).first()
    return badge.state == BadgeState.SUSPENDED or asked in _DOUBTED


# --- 3: badges -----------------------------------------------------------------------------------


def _what_stays(session: Session, badge: Credential, body: IssuingBody) -> KeptBadge:
    assert badge.signed_with is not None, "a signed badge, by a constraint of the database"
    assert badge.signed_at is not None, "as above"
    award = session.get_one(Award, badge.award_id)
    decision = session.get_one(Decision, award.decision_id)
    submission = session.get_one(Submission, decision.submission_id)
    framework = body.library.version(submission.framework_version)
    definition = framework.achievement(submission.skill, award.level, submission.language)
    return KeptBadge(
        list_number=badge.list_number,
        position=badge.position,
        achievement_id=framework.achievement_id(definition, body.base_url),
        month=decision.decided_at.date().replace(day=1),
        signed_with=badge.signed_with,
        signed_month=badge.signed_at.date().replace(day=1),
        organisation_id=session.get_one(Person, award.candidate_id).organisation_id,
    )


# --- 5, 6: rows ----------------------------------------------------------------------------------


def _empty(session: Session, person_id: UUID) -> None:
    for name, holding in each():
        if holding.fate is Fate.EMPTIED and name != "person":
            columns = table_of(name).c
            values = {
                one: case((columns[one].is_not(None), value))
                for one, value in holding.empty.items()
            }
            session.connection().execute(
                update(table_of(name)).where(is_of(name, holding, person_id)).values(values)
            )


def _delete(session: Session, person_id: UUID) -> None:
    for name, holding in reversed(list(each())):
        if holding.fate is Fate.DELETED:
            session.connection().execute(
                delete(table_of(name)).where(is_of(name, holding, person_id))
            )
    session.expire_all()


def _account_goes(session: Session, person_id: UUID) -> bool:
    """Delete the account; empty it where somebody else's record needs its number."""
    try:
        with session.begin_nested():
            session.exec(delete(Person).where(col(Person.id) == person_id))
    except IntegrityError:
        session.exec(
            update(Person)
            .where(col(Person.id) == person_id)
            .values(display_name="", contact_hash=None)
        )
        return False
    return True
