"""Deferred issuance: a wallet asks now, and gets the badge when it is released.

OpenID4VCI 1.0, 9. The candidate gives a wallet an offer before the decision. The wallet proves its
key, and is told a transaction id and when to ask again. After the release it gets the badge, bound
to that key, once. Whatever else happens (not yet, taken back, void) is answered alike: denied.

    open --code--> claimed --key proof--> pending --released--> delivered
                                                  --anything else--> ended

The secrets are derived from the service's secret and the deferral's id, as those of offers are.
Why the token lives as long as the wait: docs/adr/0021-a-wallet-may-ask-before-the-decision.md.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import Session, col, select

from issuer import assessment, issuing, offers
from issuer.audit import record
from issuer.award_tables import Award
from issuer.deferral_tables import LIVE, Deferral, DeferralState
from issuer.framework import Framework
from issuer.offers import AccessToken, Denied, PlainOffer
from issuer.profile import IssuingBody
from issuer.tables import Decision, Submission, SubmissionState
from web.database import Database
from web.errors import Refused
from web.languages import N_

OFFER_LIVES = timedelta(days=14)
TOKEN_LIVES = timedelta(days=120)
"""The longest way: sixty days until it is sent were before; marking, an appeal, and its marking."""
INTERVAL = timedelta(minutes=10)
"""How long a wallet waits before it asks again."""

_WAITING = (
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.RETURNED,
    SubmissionState.APPEALED,
)


class Standing(Enum):
    """What can come of a file now."""

    WAITING = auto()
    READY = auto()
    OVER = auto()


class UnknownTransaction(Exception):
    """Nobody was told this transaction id, or it was used up."""


# --- the candidate ------------------------------------------------------------------------------


def standing(session: Session, submission: Submission) -> Standing:
    """Tell whether a badge may still come of a file, or is there."""
    if submission.state in _WAITING:
        return Standing.WAITING
    decision = assessment.decision_of(session, submission.id)
    if submission.state != SubmissionState.DECIDED or decision is None or decision.level is None:
        return Standing.OVER
    is_released = _award_of(session, submission.id, decision.level) is not None
    return Standing.READY if is_released else Standing.WAITING


def make(
    session: Session,
    submission: Submission,
    framework: Framework,
    *,
    secret: bytes,
    now: datetime,
) -> None:
    """Make an offer for a wallet before the decision; an earlier one stops working.

    Its configuration names the achievement without a level: nobody knows the level yet.
    """
    session.refresh(submission, with_for_update=True)
    if standing(session, submission) is not Standing.WAITING:
        raise Refused(N_("There is nothing to wait for."), status=409, code="nothing-to-wait-for")
    end(session, submission.id)
    new_id = uuid4()
    session.add(
        Deferral(
            id=new_id,
            submission_id=submission.id,
            configuration_id=framework.achievement(
                submission.skill, framework.levels[0].number, submission.language
            ).slug,
            reference_hash=_hash(_derived(secret, "reference", new_id)),
            code_hash=_hash(_derived(secret, "code", new_id)),
            created=now,
            expires=now + OFFER_LIVES,
        )
    )
    session.flush()
    record(session, "deferral.offered", submission.id, by=submission.candidate_id, now=now)


def end(session: Session, submission_id: UUID) -> None:
    """Make what waits for a file useless."""
    session.exec(
        update(Deferral)
        .where(col(Deferral.submission_id) == submission_id, col(Deferral.state).in_(LIVE))
        .values(state=DeferralState.ENDED, token_hash=None, token_expires=None)
    )


def end_of_award(session: Session, award_id: UUID) -> None:
    """Make what waits for the file of an award useless."""
    end(
        session,
        session.exec(
            select(Decision.submission_id)
            .join(Award, col(Award.decision_id) == col(Decision.id))
            .where(col(Award.id) == award_id)
        ).one(),
    )


def of_file(session: Session, submission_id: UUID) -> Deferral | None:
    """Give what waits for a file."""
    return session.exec(
        select(Deferral).where(
            col(Deferral.submission_id) == submission_id, col(Deferral.state).in_(LIVE)
        )
    ).one_or_none()


def open_offer(
    session: Session, submission_id: UUID, *, secret: bytes, now: datetime
) -> PlainOffer | None:
    """Give the early offer of a file that no wallet has taken yet."""
    found = of_file(session, submission_id)
    return _opened(found, secret, now) if found else None


# --- the wallet ---------------------------------------------------------------------------------


def find_offer(
    session: Session, reference: str, *, secret: bytes, now: datetime
) -> PlainOffer | None:
    """Give the early offer that waits at an address."""
    found = session.exec(
        select(Deferral).where(col(Deferral.reference_hash) == _hash(reference))
    ).one_or_none()
    return _opened(found, secret, now) if found else None


def exchange_code(database: Database, code: str, *, now: datetime) -> AccessToken | Denied | None:
    """Exchange the code of an early offer for a token, once; None for a code of something else."""
    with database.transaction() as session:
        found = session.exec(
            select(Deferral).where(col(Deferral.code_hash) == _hash(code)).with_for_update()
        ).one_or_none()
        if found is None:
            return None
        if found.state != DeferralState.OPEN or now >= found.expires:
            return Denied("invalid_grant", "the code is unknown, used or no longer valid")
        token = secrets.token_urlsafe(32)
        found.state = DeferralState.CLAIMED
        found.token_hash, found.token_expires = _hash(token), now + TOKEN_LIVES
        session.add(found)
        record(session, "deferral.claimed", found.submission_id, now=now)
    return AccessToken(token, int(TOKEN_LIVES.total_seconds()))


def of_token(session: Session, token: str, *, now: datetime) -> Deferral | None:
    """Give the deferral that a token opens."""
    found = session.exec(
        select(Deferral).where(col(Deferral.token_hash) == _hash(token))
    ).one_or_none()
    if found is None or found.token_expires is None or now >= found.token_expires:
        return None
    return found


def bind(
    database: Database, deferral_id: UUID, *, holder: str, secret: bytes, now: datetime
) -> str:
    """Let a badge wait for a proven key and give its transaction id.

    The key that was proven first stays: asked again with it, the id is the same.
    """
    with database.transaction() as session:
        found = session.get(Deferral, deferral_id, with_for_update=True)
        if found is None or found.state not in (DeferralState.CLAIMED, DeferralState.PENDING):
            raise Refused(N_("This badge cannot be collected."), status=400, code="no-badge")
        if found.holder not in (None, holder):
            raise Refused(
                N_("This badge already is in another wallet."), status=400, code="other-holder"
            )
        if found.state == DeferralState.CLAIMED:
            found.state, found.holder = DeferralState.PENDING, holder
            session.add(found)
            session.flush()
            record(session, "deferral.bound", found.submission_id, now=now)
    return _derived(secret, "transaction", deferral_id)


def collect(
    database: Database,
    deferral_id: UUID,
    transaction_id: str,
    *,
    body: IssuingBody,
    now: datetime,
) -> str | None:
    """Give the signed badge that was waited for, once; None while it is being looked at.

    1. The transaction id is the one that was told for this deferral, and not used up.
    2. The file stands open: ask again later. Or nothing comes of it: the deferral ends.
    3. The badge is signed for the key proven at first, or found signed for it.
    4. The deferral ends with the delivery: of two requests at once, one gets the badge.
    """
    expected = _derived(body.secret, "transaction", deferral_id)
    if not hmac.compare_digest(expected.encode(), transaction_id.encode()):  # 1
        raise UnknownTransaction
    with database.reading() as session:
        found = session.get(Deferral, deferral_id)
        if found is None or found.state != DeferralState.PENDING or found.holder is None:
            raise UnknownTransaction
        submission = session.get_one(Submission, found.submission_id)
        stands = standing(session, submission)  # 2
        decision = assessment.decision_of(session, submission.id)
        level = decision.level if decision else None
        award_id = _award_of(session, submission.id, level) if level else None
    if stands is Standing.WAITING:
        return None
    if stands is Standing.OVER or award_id is None:
        _finish(database, found, DeferralState.ENDED, now=now)
        raise Refused(N_("This badge cannot be collected."), status=400, code="no-badge")

    def still_waits(session: Session) -> None:
        waits = session.get(Deferral, deferral_id)
        if waits is None or waits.state != DeferralState.PENDING:
            raise UnknownTransaction  # handed out, or ended, since we looked

    try:
        text = issuing.deliver(  # 3
            database, award_id, holder=found.holder, body=body, now=now, check=still_waits
        )
    except Refused:
        _finish(database, found, DeferralState.ENDED, now=now)
        raise
    if not _finish(database, found, DeferralState.DELIVERED, now=now, award_id=award_id):  # 4
        raise UnknownTransaction
    return text


def _finish(
    database: Database,
    deferral: Deferral,
    state: DeferralState,
    *,
    now: datetime,
    award_id: UUID | None = None,
) -> bool:
    with database.transaction() as session:
        done = session.exec(
            update(Deferral)
            .where(col(Deferral.id) == deferral.id, col(Deferral.state) == DeferralState.PENDING)
            .values(state=state)
        )
        if done.rowcount != 1:
            return False
        if award_id is not None:
            offers.withdraw_offers(session, award_id)
        record(session, f"deferral.{state}", deferral.submission_id, now=now)
    return True


# --- small parts --------------------------------------------------------------------------------


def _award_of(session: Session, submission_id: UUID, level: int) -> UUID | None:
    return session.exec(
        select(Award.id)
        .join(Decision, col(Decision.id) == col(Award.decision_id))
        .where(col(Decision.submission_id) == submission_id, col(Award.level) == level)
    ).first()


def _opened(found: Deferral, secret: bytes, now: datetime) -> PlainOffer | None:
    if found.state != DeferralState.OPEN or now >= found.expires:
        return None
    return PlainOffer(
        reference=_derived(secret, "reference", found.id),
        code=_derived(secret, "code", found.id),
        configuration_id=found.configuration_id,
        expires=found.expires,
    )


def _derived(secret: bytes, label: str, deferral_id: UUID) -> str:
    told = f"mycred4home deferral {label} {deferral_id}"
    return hmac.digest(secret, told.encode(), "sha256").hex()[:48]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
