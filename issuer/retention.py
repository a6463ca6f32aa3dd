"""What has had its time is deleted by itself, once a day, and it is written down (domain F.4).

One rule a line, in the order in which they run. Each may be run twice, by two processes, without
harm. A run notes how much each rule deleted, never what; a rule that deleted something is audited.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, SQLModel, col, func, or_, select

from issuer import (
    appeals,
    assessment,
    audit,
    cohorts,
    drafts_of_marks,
    erasure,
    limits,
    renewals,
)
from issuer.award_tables import Award, BadgeState, Credential, Nonce, Offer
from issuer.cohort_tables import CohortMember
from issuer.deferral_tables import Deferral, DeferralState
from issuer.feedback_tables import Feedback
from issuer.notice_tables import Mailbox, Notice, NoticeState
from issuer.presenting_tables import PresentationRequest
from issuer.privacy_tables import DataRequest, RetentionCount, RetentionRun
from issuer.profile import IssuingBody
from issuer.showcase_tables import Showing
from issuer.staff_tables import LastSignIn, RoleInvitation
from issuer.tables import (
    AccessCode,
    AuditEvent,
    BegunCount,
    Consent,
    Grant,
    Person,
    Role,
    Submission,
    WebSession,
    WrongCode,
)
from web.database import Database
from web.errors import Refused
from web.languages import N_
from web.sessions import forget_expired

_log = logging.getLogger("mycred4home.issuer")

CONTACT_KEPT = timedelta(days=730)
"""24 months after the last activity (domain F.4)."""
AUDIT_KEPT = timedelta(days=5 * 365 + 1)
REQUESTS_KEPT = AUDIT_KEPT
MESSAGES_KEPT = timedelta(days=90)
UNUSED_KEPT = timedelta(days=30)
"""An invitation that ran out may be renewed so long; then who never came is forgotten."""
WRONG_CODES_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """One thing that has its time."""

    name: str
    what: str
    term: str
    run: Callable[[Session, IssuingBody, datetime], int]


@dataclass(frozen=True)
class Run:
    """One run, as the data officer sees it."""

    at: datetime
    counts: dict[str, int]


def run(database: Database, *, body: IssuingBody, now: datetime) -> dict[str, int]:
    """Apply every rule, each in a transaction of its own; give how much each deleted."""
    counts = {}
    for rule in RULES:
        try:
            with database.transaction() as session:
                _one_at_a_time(session)
                number = rule.run(session, body, now)
        except OperationalError:  # it had to give way to somebody; the next day does it
            _log.exception("rule %s was put off", rule.name)
            continue
        if number:
            counts[rule.name] = number
    with database.transaction() as session:
        done = RetentionRun(at=now)
        session.add(done)
        session.flush()
        session.add_all(
            RetentionCount(run_id=done.id, rule=name, number=number)
            for name, number in counts.items()
        )
        session.flush()
        if counts:
            audit.record(session, "retention.ran", done.id, now=now)
    if counts:
        database.forget_old_pages()
    return counts


def _one_at_a_time(session: Session) -> None:
    """Let a rule of another process end first; on SQLite there is one writer anyway."""
    if session.connection().dialect.name == "postgresql":
        session.connection().exec_driver_sql("LOCK TABLE retention_run IN EXCLUSIVE MODE")


def runs(session: Session, *, number: int = 14) -> list[Run]:
    """List the latest runs, the newest first."""
    latest = session.exec(
        select(RetentionRun).order_by(col(RetentionRun.at).desc()).limit(number)
    ).all()
    return [
        Run(
            one.at,
            {
                count.rule: count.number
                for count in session.exec(
                    select(RetentionCount).where(col(RetentionCount.run_id) == one.id)
                )
            },
        )
        for one in latest
    ]


# --- people -------------------------------------------------------------------------------------


def _who_never_came(session: Session, body: IssuingBody, now: datetime) -> int:
    """Erase candidates who never used their invitation, once it ran out."""
    came = select(AuditEvent.by).where(col(AuditEvent.by).is_not(None))
    invited = (
        select(AccessCode.person_id)
        .group_by(col(AccessCode.person_id))
        .having(func.max(col(AccessCode.expires)) < now - UNUSED_KEPT)
    )
    more = select(Grant.person_id).where(col(Grant.role) != Role.CANDIDATE)
    unused = session.exec(
        select(Person.id).where(
            col(Person.id).in_(invited),
            col(Person.id).not_in(more),
            col(Person.id).not_in(select(Consent.person_id)),
        )
    ).all()
    known = set(session.exec(came.distinct()).all())
    gone = [one for one in unused if str(one) not in known]
    for person_id in gone:
        _erase(session, person_id, body=body, now=now)
    return len(gone)


def _who_left_long_ago(session: Session, body: IssuingBody, now: datetime) -> int:
    """Forget who did nothing for 24 months: the contact, or all of it where there is no badge."""
    seen = _last_seen(session)
    people = session.exec(select(Person).where(col(Person.display_name) != "")).all()
    gone = [
        one.id
        for one in people
        if (last := seen.get(str(one.id))) is not None and last < now - CONTACT_KEPT
    ]
    forgotten = 0
    for person_id in gone:
        try:
            with session.begin_nested():
                if _has_badge(session, person_id) or _is_staff(session, person_id):
                    forget_contact(session, person_id, now=now)
                else:
                    _erase(session, person_id, body=body, now=now)
            forgotten += 1
        except IntegrityError:  # the only administrator of a centre, say
            _log.warning("person %s is still needed", person_id)
    return forgotten


def forget_contact(session: Session, person_id: UUID, *, now: datetime) -> None:
    """Forget who somebody is and how to reach them; decisions and badges stay, under a number."""
    for table in (Mailbox, AccessCode, WebSession, CohortMember, Notice, Grant, LastSignIn):
        _delete_of(session, table, person_id)
    awards = select(Award.id).where(col(Award.candidate_id) == person_id)
    session.exec(delete(Showing).where(col(Showing.award_id).in_(awards)))
    session.exec(
        update(Feedback)
        .where(
            col(Feedback.submission_id).in_(
                select(Submission.id).where(col(Submission.candidate_id) == person_id)
            )
        )
        .values(words="")
    )
    session.exec(
        update(Person).where(col(Person.id) == person_id).values(display_name="", contact_hash=None)
    )
    session.expire_all()
    audit.record(session, "person.contact-forgotten", person_id, now=now)


def _last_seen(session: Session) -> dict[str, datetime]:
    """Give when each person did something or was invited, by the trail and by what is newer."""
    seen: dict[str, datetime] = {}
    rows = [
        *session.exec(
            select(AuditEvent.by, func.max(col(AuditEvent.at))).group_by(col(AuditEvent.by))
        ),
        *session.exec(
            select(AuditEvent.subject_id, func.max(col(AuditEvent.at)))
            .where(col(AuditEvent.kind).in_(["cohort.joined", "person.invited"]))
            .group_by(col(AuditEvent.subject_id))
        ),
        *session.exec(
            select(AccessCode.person_id, func.max(col(AccessCode.created))).group_by(
                col(AccessCode.person_id)
            )
        ),
    ]
    for who, last in rows:
        if who is not None:
            seen[str(who)] = max(last, seen.get(str(who), last))
    return seen


def _has_badge(session: Session, person_id: UUID) -> bool:
    found = session.exec(
        select(Credential.id)
        .join(Award, col(Award.id) == col(Credential.award_id))
        .where(
            col(Award.candidate_id) == person_id,
            col(Credential.state).in_([BadgeState.ACTIVE, BadgeState.SUSPENDED]),
        )
        .limit(1)
    ).first()
    return found is not None


def _is_staff(session: Session, person_id: UUID) -> bool:
    found = session.exec(
        select(Grant.role).where(
            col(Grant.person_id) == person_id, col(Grant.role) != Role.CANDIDATE
        )
    ).first()
    return found is not None


def _erase(session: Session, person_id: UUID, *, body: IssuingBody, now: datetime) -> None:
    try:
        erasure.erase_in(
            session, person_id, keep_badges=True, end_open_work=True, by=None, body=body, now=now
        )
    except Refused:  # erased at this moment by their own wish
        _log.info("person %s was gone already", person_id)


# --- what people leave behind -------------------------------------------------------------------


def _sessions(session: Session, _body: IssuingBody, now: datetime) -> int:
    before = session.exec(select(func.count()).select_from(WebSession)).one()
    forget_expired(session, WebSession, now=now)
    return before - session.exec(select(func.count()).select_from(WebSession)).one()


def _codes(session: Session, _body: IssuingBody, now: datetime) -> int:
    codes = delete(AccessCode).where(col(AccessCode.expires) < now - UNUSED_KEPT)
    wrong = delete(WrongCode).where(col(WrongCode.at) < now - WRONG_CODES_KEPT)
    begun = delete(BegunCount).where(col(BegunCount.since) < now - limits.WINDOW)
    nonces = delete(Nonce).where(col(Nonce.expires) <= now)
    invited = delete(RoleInvitation).where(col(RoleInvitation.expires) <= now)
    shown = delete(PresentationRequest).where(
        col(PresentationRequest.expires) < now - WRONG_CODES_KEPT
    )
    return sum(session.exec(one).rowcount for one in (codes, wrong, begun, nonces, invited, shown))


def _tokens(session: Session, _body: IssuingBody, now: datetime) -> int:
    tokens = (
        update(Offer)
        .where(col(Offer.token_expires) <= now)
        .values(token_hash=None, token_expires=None)
    )
    waits = delete(Deferral).where(
        col(Deferral.created) < now - MESSAGES_KEPT,
        or_(
            col(Deferral.state).in_([DeferralState.ENDED, DeferralState.DELIVERED]),
            (col(Deferral.state) == DeferralState.OPEN) & (col(Deferral.expires) <= now),
        ),
    )
    renewed = renewals.forget_old(session, now=now)
    return renewed + sum(session.exec(one).rowcount for one in (tokens, waits))


def _messages(session: Session, _body: IssuingBody, now: datetime) -> int:
    done = delete(Notice).where(
        col(Notice.state) != NoticeState.WAITING, col(Notice.next_try) < now - MESSAGES_KEPT
    )
    return session.exec(done).rowcount


def _requests(session: Session, _body: IssuingBody, now: datetime) -> int:
    done = delete(DataRequest).where(col(DataRequest.ended_at) < now - REQUESTS_KEPT)
    old = delete(RetentionRun).where(col(RetentionRun.at) < now - REQUESTS_KEPT)
    return sum(session.exec(one).rowcount for one in (done, old))


def _delete_of(session: Session, table: type[SQLModel], person_id: UUID) -> None:
    column = table.__table__.c.person_id  # type: ignore[attr-defined]
    session.exec(delete(table).where(column == person_id))


RULES: tuple[Rule, ...] = (
    Rule(
        "drafts",
        N_("Work that was not sent"),
        N_("60 days"),
        lambda session, _body, now: assessment.expire_drafts(session, now=now),
    ),
    Rule(
        "evidence",
        N_("Answers, recordings and photos"),
        N_("90 days after the decision or the second look"),
        lambda session, _body, now: assessment.forget_evidence(session, now=now),
    ),
    Rule(
        "appeal-words",
        N_("Words of second looks"),
        N_("with the answers"),
        lambda session, _body, now: appeals.forget_words(session, now=now),
    ),
    Rule(
        "traits",
        N_("Traits of people who are not counted"),
        N_("at once"),
        lambda session, _body, _now: cohorts.forget_traits(session),
    ),
    Rule(
        "marks-drafts",
        N_("Marks that cannot be handed in any more"),
        N_("at once"),
        lambda session, _body, _now: drafts_of_marks.forget_useless(session),
    ),
    Rule(
        "unused",
        N_("People who never used their invitation"),
        N_("30 days after it ran out"),
        _who_never_came,
    ),
    Rule(
        "contacts",
        N_("Names and contacts"),
        N_("24 months after the last visit"),
        _who_left_long_ago,
    ),
    Rule("sessions", N_("Who is signed in"), N_("when it runs out"), _sessions),
    Rule("codes", N_("Codes and wrong codes"), N_("30 days after they ran out; one day"), _codes),
    Rule("tokens", N_("Links and waiting wallets"), N_("when they ran out; 90 days"), _tokens),
    Rule("messages", N_("Messages that were sent"), N_("90 days"), _messages),
    Rule("requests", N_("Requests about data, and runs"), N_("5 years"), _requests),
    Rule(
        "audit",
        N_("The trail of what happened"),
        N_("5 years"),
        lambda session, _body, now: audit.forget_before(session, now - AUDIT_KEPT, now=now),
    ),
)
"""What goes by itself, in this order: who never came is told by their codes."""
