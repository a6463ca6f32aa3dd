"""Handing out a corrected badge to the key that the earlier one was signed for.

    assertion of that key --exchange--> token for this badge and this key
                          --deliver (against a key proof)--> the badge in force, signed for it

No link, no code and no sign-in: the key in the badge is enough, and nobody else has it
(docs/adr/0032). Where the holder wanted the change, somebody else may have that key; then it gets
nothing, and the person collects by the link of the centre. What is handed out is what an offer
would hand out (`issuing.deliver`), and always the same bytes.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, func, or_, select

from issuer import issuing, offers, superseding
from issuer.audit import record
from issuer.award_tables import HOLDERS_OWN, Award, BadgeState, Change, Credential
from issuer.offers import TOKEN_LIFETIME
from issuer.profile import IssuingBody
from issuer.renewal_tables import Renewal
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_AN_HOUR = 10
"""Tokens for one badge: a lost answer is asked for again, a machine that asks all day is not."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class RenewalToken:
    """What an assertion was exchanged for."""

    token: str
    expires_in: int
    configuration_id: str
    badge_id: str

    def __repr__(self) -> str:
        return f"RenewalToken({self.badge_id!r})"


def exchange(database: Database, badge_id: str, *, holder: str, now: datetime) -> RenewalToken:
    """Give a token for the badge in force, to the key that the last one was signed for.

    1. One transaction, with the badge's row locked. A badge that never was this key's, and one that
       does not exist, are told apart by nobody.
    2. There is something to hand out: not cancelled, not suspended, not taken away by an appeal.
    3. The last badge was signed for this key; its holder did not want it changed, and an officer
       who was asked said that they still have the phone.
    4. Not too often. 5. The token is written down, as a hash, and the trail says so.

    `holder` must come from a checked assertion whose nonce was used up; this function cannot know.
    """
    with database.transaction() as session:
        before = _last_of_key(session, badge_id, holder)  # 1
        if before is None:
            raise _nothing()
        current = session.exec(
            select(Credential)
            .where(
                col(Credential.award_id) == before.award_id,
                col(Credential.state) != BadgeState.SUPERSEDED,
            )
            .with_for_update()
        ).one_or_none()
        award = session.get(Award, before.award_id)
        if current is None or award is None or not _can_be_had(session, current):  # 2
            raise _nothing()
        if _may_be_elsewhere(session, before):  # 3
            raise _nothing()
        _refuse_too_often(session, award.id, now=now)  # 4
        token = secrets.token_urlsafe(32)  # 5
        session.add(
            Renewal(
                award_id=award.id,
                holder=holder,
                token_hash=_hash(token),
                created=now,
                expires=now + TOKEN_LIFETIME,
            )
        )
        session.flush()
        record(session, "renewal.granted", current.id, now=now)
    return RenewalToken(
        token, int(TOKEN_LIFETIME.total_seconds()), award.configuration_id, badge_id
    )


def of_token(session: Session, token: str, *, now: datetime) -> Renewal | None:
    """Give the renewal that an access token opens, or None for any other token."""
    found = session.exec(select(Renewal).where(col(Renewal.token_hash) == _hash(token))).first()
    return found if found is not None and now < found.expires else None


def badge_id_of(session: Session, renewal: Renewal) -> str:
    """Give the id of the badge that a renewal is about."""
    return session.exec(
        select(Credential.credential_id)
        .where(
            col(Credential.award_id) == renewal.award_id,
            col(Credential.holder) == renewal.holder,
        )
        .limit(1)
    ).one()


def deliver(
    database: Database, renewal: Renewal, *, holder: str, body: IssuingBody, now: datetime
) -> str:
    """Give the badge in force, as the exact signed text, to the very key that asked for it.

    Not if its holder wanted it changed, or an officer heard that the phone is lost, since the token
    was given: whoever has a lost wallet may have asked for tokens all along.

    Links to collect it that are still open end with it: there is nothing left to collect by them.
    """
    if holder != renewal.holder:
        raise Refused(N_("This badge is for another key."), status=400, code="other-holder")

    def still_its_own(session: Session) -> None:
        before = _last_signed(session, renewal.award_id)
        if before is None or before.holder != holder or _may_be_elsewhere(session, before):
            raise _nothing()

    text = issuing.deliver(
        database, renewal.award_id, holder=holder, body=body, now=now, check=still_its_own
    )
    with database.transaction() as session:
        offers.withdraw_offers(session, renewal.award_id)
    return text


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete what opens nothing any more; give how many."""
    old = delete(Renewal).where(col(Renewal.expires) <= now, col(Renewal.created) < now - _HOUR)
    return session.exec(old).rowcount


def _last_of_key(session: Session, badge_id: str, holder: str) -> Credential | None:
    """Give the last signed badge of an award, if it has this id and is this key's."""
    award_id = session.exec(
        select(Credential.award_id)
        .where(col(Credential.credential_id) == badge_id, col(Credential.holder) == holder)
        .limit(1)
    ).first()
    last = _last_signed(session, award_id) if award_id is not None else None
    return last if last is not None and last.holder == holder else None


def _last_signed(session: Session, award_id: UUID) -> Credential | None:
    """Give the last signed badge of an award."""
    return session.exec(
        select(Credential)
        .where(col(Credential.award_id) == award_id, col(Credential.signed_at).is_not(None))
        .order_by(col(Credential.signed_at).desc())
        .limit(1)
    ).first()


def _can_be_had(session: Session, badge: Credential) -> bool:
    running = badge.state in (BadgeState.INTENDED, BadgeState.ACTIVE)
    return running and not superseding.is_taken_away(session, badge.award_id)


def _may_be_elsewhere(session: Session, badge: Credential) -> bool:
    """Tell whether somebody else may have the key: by the holder's wish, or as an officer said."""
    found = select(Change.id).where(
        col(Change.credential_id) == badge.id,
        col(Change.confirmed_at).is_not(None),
        or_(col(Change.reason).in_(HOLDERS_OWN), col(Change.has_phone).is_(False)),
    )
    return session.exec(found).first() is not None


def _refuse_too_often(session: Session, award_id: UUID, *, now: datetime) -> None:
    forget_old(session, now=now)
    given = session.exec(
        select(func.count())
        .select_from(Renewal)
        .where(col(Renewal.award_id) == award_id, col(Renewal.created) > now - _HOUR)
    ).one()
    if given >= MOST_AN_HOUR:
        raise Refused(N_("This was asked for too often."), status=429, code="too-often")


def _nothing() -> Refused:
    return Refused(
        N_("There is no badge for this key to collect now."), status=400, code="no-renewal"
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
