"""Many decisions released in one transaction, by a few statements for all of them.

The rules and the rows are those of `awards.release`; only what lies between its transactions is
gone: an award, its intended badge and its offer are there together, or none of them is. Badges are
built and checked before, outside of any transaction, so that nobody waits for that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from credentials.report import CredentialError
from issuer import awards, issuing, notices, offers, status_lists
from issuer.audit import record_all
from issuer.award_tables import Award, AwardState, Offer
from issuer.issuing import Pause, Press, carry_on
from issuer.notice_tables import News
from issuer.profile import IssuingBody
from issuer.tables import Submission
from web.errors import Refused
from web.languages import N_


@dataclass(frozen=True)
class Ready:
    """A decision that may be released: its award and offer to be, its badge, built and checked."""

    submission_id: UUID
    award: Award
    offer: Offer
    document: dict[str, Any]


def make_ready(
    session: Session,
    decision_ids: Sequence[UUID],
    *,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
    between: Callable[[], None] = lambda: None,
) -> dict[UUID, Ready | Refused]:
    """Build and check the badges of decisions; or say, of each by itself, what is against it.

    `between` is called before each badge, for whoever wants to let others go first.
    """
    press = Press(session, body, now=now)
    judged = awards.waiting_for(session, decision_ids, officer_id=officer_id)
    found: dict[UUID, Ready | Refused] = {}
    for decision_id, waiting in judged.items():
        if isinstance(waiting, Refused):
            found[decision_id] = waiting
            continue
        between()
        try:
            document = press.badge(waiting.content)
            award = awards.approved(waiting, officer_id=officer_id, body=body, now=now)
        except (CredentialError, LookupError, ValueError) as error:
            found[decision_id] = Refused(
                N_("This badge cannot be made: %(why)s"), status=409, code="not-ready", why=error
            )
            continue
        award.state = AwardState.OFFERED  # in one transaction: nobody sees it before
        offer = offers.first_offer(award.id, secret=body.secret, now=now)
        found[decision_id] = Ready(waiting.submission_id, award, offer, document)
    return found


def lock(session: Session, ready: Sequence[Ready]) -> None:
    """Lock the files of decisions, in one order, before anything else of them is locked."""
    session.exec(
        select(Submission.id)
        .where(col(Submission.id).in_([one.submission_id for one in ready]))
        .order_by(col(Submission.id))
        .with_for_update()
    ).all()


def release(
    session: Session,
    ready: Sequence[Ready],
    *,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
) -> frozenset[UUID]:
    """Approve decisions whose files are locked, in the caller's transaction; say which.

    1. Left out is what an appeal or another officer took meanwhile.
    2. The approvals. 3. What we intend to sign, each with a random place. 4. The offers.
    5. The people are told, and each step of each award goes into the audit trail.

    The constraints of the database have the last word: if it refuses one, all are taken back.
    """
    in_force = awards.still_in_force(session, [one.award.decision_id for one in ready])  # 1
    chosen = [one for one in ready if one.award.decision_id in in_force]
    if not chosen:
        return frozenset()
    session.add_all(one.award for one in chosen)  # 2
    session.flush()
    pause("approved")
    places = status_lists.take_places(session, len(chosen))  # 3
    session.add_all(
        issuing.intention(one.award.id, one.document, place, body=body, now=now)
        for one, place in zip(chosen, places, strict=True)
    )
    session.flush()
    pause("intended")
    session.add_all(one.offer for one in chosen)  # 4
    session.flush()
    pause("offered")
    notices.tell_all(  # 5
        session, [(one.award.candidate_id, one.award.id) for one in chosen], News.READY, now=now
    )
    record_all(session, (event for one in chosen for event in _events(one.award)), now=now)
    return frozenset(one.award.decision_id for one in chosen)


def _events(award: Award) -> Iterator[tuple[str, UUID, UUID | None]]:
    yield "award.released", award.id, award.officer_id
    yield "badge.intended", award.id, None
    yield "award.offered", award.id, None
