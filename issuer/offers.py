"""Offers: one chance to collect a badge, by a link, a QR code or a printed page.

The secrets of an offer (the address at which it waits, its code, its number) are derived from the
service's secret and the offer's id. The database holds only hashes, and yet the page with the QR
code can be shown again: nobody has to keep the code in the clear. One open offer an award, claimed
once; a wrong number is counted in the database and never burns the code by itself.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from credentials.exchange.oid4vci import TransactionCode, credential_offer, offer_uri
from issuer.audit import record
from issuer.award_tables import Award, AwardState, Nonce, Offer, OfferState
from issuer.tables import Decision
from web.database import Database
from web.errors import Refused
from web.languages import N_

LIFETIME = timedelta(days=14)
TOKEN_LIFETIME = timedelta(minutes=15)
NONCE_LIFETIME = timedelta(minutes=5)
MAX_WRONG_TRIES = 5
"""A database constraint as well: five guesses at one of a million numbers."""
NUMBER_DIGITS = 6


@dataclass(frozen=True)
class OpenOffer:
    """An offer that can still be claimed, with what the person needs for it."""

    id: UUID
    award_id: UUID
    reference: str
    code: str
    number: str | None
    expires: datetime

    def __repr__(self) -> str:
        return f"OpenOffer({self.id})"

    def address(self, base_url: str) -> str:
        """Give the address at which wallets fetch the offer."""
        return f"{base_url}/offers/{self.reference}"

    def link(self, base_url: str) -> str:
        """Give the link that any wallet on this phone opens."""
        return offer_uri(self.address(base_url))

    def wallet_link(self, base_url: str, wallet_url: str) -> str:
        """Give the link to our own wallet."""
        return offer_uri(self.address(base_url), wallet=f"{wallet_url}/receive")


@dataclass(frozen=True)
class PlainOffer:
    """An open offer that needs no number: one before a decision, or of an appointment."""

    reference: str
    code: str
    configuration_id: str
    expires: datetime

    def __repr__(self) -> str:
        return f"PlainOffer({self.configuration_id!r})"

    def link(self, base_url: str) -> str:
        """Give the link that any wallet on this phone opens."""
        return offer_uri(f"{base_url}/offers/{self.reference}")

    def wallet_link(self, base_url: str, wallet_url: str) -> str:
        """Give the link to our own wallet."""
        return offer_uri(f"{base_url}/offers/{self.reference}", wallet=f"{wallet_url}/receive")

    def document(self, base_url: str) -> dict[str, Any]:
        """Write the offer as wallets read it (OpenID4VCI 1.0, 4.1.1)."""
        return credential_offer(
            issuer=base_url, configuration_ids=[self.configuration_id], code=self.code
        )


@dataclass(frozen=True)
class Denied:
    """Why a code was not exchanged, in the words of OAuth 2.0 (RFC 6749, 5.2)."""

    error: Literal["invalid_request", "invalid_grant"]
    description: str


@dataclass(frozen=True)
class AccessToken:
    """What a code was exchanged for."""

    token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"AccessToken(expires_in={self.expires_in})"


# --- making and showing ----------------------------------------------------------------------


def make_offer(
    session: Session, award_id: UUID, *, secret: bytes, now: datetime, needs_number: bool = False
) -> Offer:
    """Write a new offer for an award; older ones can no longer be used.

    Refused for an award whose badge is cancelled. A badge that was already signed can be offered
    again, but only the same wallet gets it (see `issuing.deliver`).
    """
    award = session.exec(
        select(Award).where(col(Award.id) == award_id).with_for_update()
    ).one_or_none()
    if award is None:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    withdraw_offers(session, award_id)
    offer = first_offer(award_id, secret=secret, now=now, needs_number=needs_number)
    session.add(offer)
    if award.state == AwardState.RELEASED:
        award.state = AwardState.OFFERED
        session.add(award)
    session.flush()
    return offer


def first_offer(
    award_id: UUID, *, secret: bytes, now: datetime, needs_number: bool = False
) -> Offer:
    """Give the row of an offer for an award that has no other one that is open."""
    offer_id = uuid4()
    return Offer(
        id=offer_id,
        award_id=award_id,
        reference_hash=_hash(_reference(secret, offer_id)),
        code_hash=_hash(_code(secret, offer_id)),
        needs_number=needs_number,
        created=now,
        expires=now + LIFETIME,
    )


def withdraw_offers(session: Session, award_id: UUID) -> None:
    """Make every offer of an award useless, and every token that came from one."""
    session.exec(
        update(Offer)
        .where(col(Offer.award_id) == award_id, col(Offer.state) == OfferState.OPEN)
        .values(state=OfferState.CANCELLED)
    )
    session.exec(
        update(Offer)
        .where(col(Offer.award_id) == award_id)
        .values(token_hash=None, token_expires=None)
    )


def open_offer(
    session: Session, award_id: UUID, *, secret: bytes, now: datetime
) -> OpenOffer | None:
    """Give the offer of an award that can be claimed now, if there is one."""
    offer = session.exec(
        select(Offer).where(
            col(Offer.award_id) == award_id,
            col(Offer.state) == OfferState.OPEN,
            col(Offer.expires) > now,
        )
    ).one_or_none()
    return None if offer is None else _opened(offer, secret)


def latest(session: Session, award_id: UUID) -> Offer | None:
    """Give the newest offer of an award that no newer one replaced."""
    return session.exec(
        select(Offer)
        .where(col(Offer.award_id) == award_id, col(Offer.state) != OfferState.CANCELLED)
        .order_by(col(Offer.created).desc())
        .limit(1)
    ).first()


def is_locked(session: Session, award_id: UUID) -> bool:
    """Tell whether the offer of an award was closed by too many wrong numbers."""
    found = latest(session, award_id)
    return found is not None and found.state == OfferState.LOCKED


def open_offer_for_candidate(session: Session, submission_id: UUID) -> str | None:
    """Give the address of the candidate's own page about a released badge, if there is one."""
    in_force = (
        select(Decision.level)
        .where(col(Decision.submission_id) == submission_id)
        .order_by(col(Decision.round).desc())
        .limit(1)
        .scalar_subquery()
    )
    award_id = session.exec(
        select(Award.id)
        .join(Decision, col(Decision.id) == col(Award.decision_id))
        .where(col(Decision.submission_id) == submission_id, col(Award.level) == in_force)
    ).first()
    return None if award_id is None else f"/badges/{award_id}"


def find_offer(session: Session, reference: str, *, secret: bytes, now: datetime) -> OpenOffer:
    """Give the open offer that waits at an address.

    Unknown, used, cancelled and expired addresses are told apart by nobody (threat 22).
    """
    offer = session.exec(
        select(Offer).where(col(Offer.reference_hash) == _hash(reference))
    ).one_or_none()
    if offer is None or offer.state != OfferState.OPEN or now >= offer.expires:
        raise Refused(
            N_("This offer is over, or never was."),
            status=404,
            code="no-offer",
            hint=N_("Ask your centre for a new one."),
        )
    return _opened(offer, secret)


def offer_object(session: Session, offer: OpenOffer, *, base_url: str) -> dict[str, Any]:
    """Write an open offer as wallets read it (OpenID4VCI 1.0, 4.1.3)."""
    award = session.get_one(Award, offer.award_id)
    asked = TransactionCode(length=NUMBER_DIGITS, input_mode="numeric") if offer.number else None
    return credential_offer(
        issuer=base_url,
        configuration_ids=[award.configuration_id],
        code=offer.code,
        tx_code=asked,
    )


# --- claiming --------------------------------------------------------------------------------


def exchange_code(
    database: Database, code: str, *, number: str | None, secret: bytes, now: datetime
) -> AccessToken | Denied:
    """Exchange a code for an access token, once (OpenID4VCI 1.0, 6).

    1. One transaction, which takes the offer's row for itself: of twenty at once one wins.
    2. The code must be known, open, in time.
    3. The number, when one is asked for: a wrong one is counted, and the count is kept although
       the request is denied. After five the offer is locked, here and in any other process.
    4. The offer is claimed; a token is made, of which only the hash stays.
    """
    with database.transaction() as session:  # 1
        offer = session.exec(
            select(Offer).where(col(Offer.code_hash) == _hash(code)).with_for_update()
        ).one_or_none()
        # 2
        if offer is None or offer.state != OfferState.OPEN or now >= offer.expires:
            return Denied("invalid_grant", "the code is unknown, used or no longer valid")
        # 3
        if offer.needs_number:
            if not number:
                return Denied("invalid_request", "a transaction code is needed")
            if not hmac.compare_digest(_number(secret, offer.id).encode(), number.encode()):
                return _wrong_number(session, offer, now=now)
        elif number:
            return Denied("invalid_request", "no transaction code is expected")
        # 4
        token = secrets.token_urlsafe(32)
        offer.state = OfferState.CLAIMED
        offer.token_hash = _hash(token)
        offer.token_expires = now + TOKEN_LIFETIME
        session.add(offer)
        record(session, "offer.claimed", offer.award_id, now=now)
    return AccessToken(token, int(TOKEN_LIFETIME.total_seconds()))


def _wrong_number(session: Session, offer: Offer, *, now: datetime) -> Denied:
    offer.wrong_tries += 1
    if offer.wrong_tries >= MAX_WRONG_TRIES:
        offer.state = OfferState.LOCKED
        record(session, "offer.locked", offer.award_id, now=now)
    session.add(offer)
    return Denied("invalid_grant", "the transaction code is wrong")


def award_of_token(session: Session, token: str, *, now: datetime) -> UUID | None:
    """Give the award that an access token opens, or None for a token that opens nothing."""
    offer = session.exec(select(Offer).where(col(Offer.token_hash) == _hash(token))).one_or_none()
    if offer is None or offer.token_expires is None or now >= offer.token_expires:
        return None
    return offer.award_id


def new_nonce(session: Session, *, now: datetime) -> str:
    """Hand out a challenge for one key proof; challenges that ran out are forgotten."""
    session.exec(delete(Nonce).where(col(Nonce.expires) <= now))
    nonce = secrets.token_urlsafe(24)
    session.add(Nonce(nonce_hash=_hash(nonce), expires=now + NONCE_LIFETIME))
    return nonce


def use_nonce(session: Session, nonce: str, *, now: datetime) -> bool:
    """Use up a challenge; False if it was never handed out, ran out, or was used before."""
    used = session.exec(
        delete(Nonce).where(col(Nonce.nonce_hash) == _hash(nonce), col(Nonce.expires) > now)
    )
    return used.rowcount == 1


# --- secrets ---------------------------------------------------------------------------------


def _opened(offer: Offer, secret: bytes) -> OpenOffer:
    return OpenOffer(
        id=offer.id,
        award_id=offer.award_id,
        reference=_reference(secret, offer.id),
        code=_code(secret, offer.id),
        number=_number(secret, offer.id) if offer.needs_number else None,
        expires=offer.expires,
    )


def _reference(secret: bytes, offer_id: UUID) -> str:
    return _derived(secret, "offer reference", offer_id).hex()[:40]


def _code(secret: bytes, offer_id: UUID) -> str:
    return _derived(secret, "offer code", offer_id).hex()


def _number(secret: bytes, offer_id: UUID) -> str:
    value = int.from_bytes(_derived(secret, "offer number", offer_id), "big")
    return f"{value % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}d}"


def _derived(secret: bytes, label: str, offer_id: UUID) -> bytes:
    return hmac.digest(secret, f"mycred4home {label} {offer_id}".encode(), "sha256")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
