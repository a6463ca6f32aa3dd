"""The badge of an appointment: offered, signed for one wallet, cancelled with the appointment.

    active appointment --offer--> intended badge with its place and a code
                       --deliver--> signed badge, the same bytes for every later request
                       --end--> cancelled: the place is set before its list is served again

What is signed was written down first, and is recorded in the transaction that signs it, as for
every badge (`issuer.issuing`, docs/adr/0001). The person asks for it, so nothing has to be finished
after a stop. A second one replaces the first: for a new wallet, or after a suspension; it keeps its
id and is newer (Open Badges 3.0, equality and comparison).
"""

import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from credentials.badges import check_before_signing
from credentials.status import status_entry
from credentials.times import read_time, write_time
from issuer import appointment_document, signing, status_lists
from issuer.appointment_badge_tables import AppointmentBadge, AppointmentBadgeState
from issuer.appointment_tables import Nomination
from issuer.audit import record
from issuer.issuing import Pause, carry_on
from issuer.offers import TOKEN_LIFETIME, AccessToken, Denied, PlainOffer
from issuer.profile import IssuingBody
from issuer.status_lists import Place
from issuer.tables import Appointment
from web.database import Database
from web.errors import Refused
from web.languages import N_

OFFER_LIVES = timedelta(hours=1)
"""The person stands before it: nobody carries it home on paper."""


def is_active(appointment: Appointment, now: datetime) -> bool:
    """Tell whether an appointment gives the right to mark now."""
    return (
        appointment.suspended_at is None and appointment.valid_from <= now < appointment.valid_until
    )


def current(session: Session, appointment_id: UUID) -> AppointmentBadge | None:
    """Give the badge of an appointment that is not over, offered or collected."""
    return session.exec(
        select(AppointmentBadge).where(
            col(AppointmentBadge.appointment_id) == appointment_id,
            col(AppointmentBadge.state) != AppointmentBadgeState.ENDED,
        )
    ).one_or_none()


# --- offering -------------------------------------------------------------------------------------


def offer(
    session: Session, nomination: Nomination, *, body: IssuingBody, language: str, now: datetime
) -> None:
    """Write down the badge of an appointment, with a code for one wallet; an earlier one ends.

    The caller holds the nomination's lock and knows that it is the person's own.
    """
    appointment = _appointment(session, nomination)
    if appointment is None or not is_active(appointment, now):
        raise _not_possible()
    document = appointment_document.credential(
        body, body.framework, nomination, appointment, language=language
    )
    before = _latest(session, appointment.id)
    if before is not None:
        document = _newer(document, before, now=now)
    end(session, appointment.id, now=now)
    place = status_lists.take_place(session)
    url = status_lists.list_url(body.base_url, place.list_number)
    final = {**document, "credentialStatus": status_entry(url, place.position)}
    new_id = uuid4()
    session.add(
        AppointmentBadge(
            id=new_id,
            appointment_id=appointment.id,
            credential_id=final["id"],
            list_number=place.list_number,
            position=place.position,
            intended_at=now,
            intended_text=signing.written(final),
            reference_hash=_hash(_derived(body.secret, "reference", new_id)),
            code_hash=_hash(_derived(body.secret, "code", new_id)),
            offered_until=now + OFFER_LIVES,
        )
    )
    session.flush()
    record(session, "appointment-badge.intended", appointment.id, by=nomination.person_id, now=now)


def open_offer(
    session: Session, appointment_id: UUID, *, secret: bytes, now: datetime
) -> PlainOffer | None:
    """Give the offer of an appointment's badge that no wallet has taken yet."""
    found = current(session, appointment_id)
    return _opened(session, found, secret, now) if found else None


def find_offer(
    session: Session, reference: str, *, secret: bytes, now: datetime
) -> PlainOffer | None:
    """Give the open offer of an appointment's badge that waits at an address."""
    found = session.exec(
        select(AppointmentBadge).where(col(AppointmentBadge.reference_hash) == _hash(reference))
    ).one_or_none()
    return _opened(session, found, secret, now) if found else None


def end(session: Session, appointment_id: UUID, *, now: datetime) -> None:
    """Cancel what there is of an appointment's badge: it was suspended, ended, or is replaced."""
    found = session.exec(
        select(AppointmentBadge)
        .where(
            col(AppointmentBadge.appointment_id) == appointment_id,
            col(AppointmentBadge.state) != AppointmentBadgeState.ENDED,
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        return
    found.state = AppointmentBadgeState.ENDED
    found.token_hash = found.token_expires = None
    session.add(found)
    session.flush()
    status_lists.revoke_soon(session, Place(found.list_number, found.position), now=now)


# --- collecting -----------------------------------------------------------------------------------


def exchange_code(database: Database, code: str, *, now: datetime) -> AccessToken | Denied | None:
    """Exchange the code of an appointment's badge, once; None for a code of something else."""
    with database.transaction() as session:
        found = session.exec(
            select(AppointmentBadge)
            .where(col(AppointmentBadge.code_hash) == _hash(code))
            .with_for_update()
        ).one_or_none()
        if found is None:
            return None
        if found.claimed_at is not None or not _is_open(found, now):
            return Denied("invalid_grant", "the code is unknown, used or no longer valid")
        token = secrets.token_urlsafe(32)
        found.claimed_at = now
        found.token_hash, found.token_expires = _hash(token), now + TOKEN_LIFETIME
        session.add(found)
        record(session, "appointment-badge.claimed", found.appointment_id, now=now)
    return AccessToken(token, int(TOKEN_LIFETIME.total_seconds()))


def of_token(session: Session, token: str, *, now: datetime) -> AppointmentBadge | None:
    """Give the badge that a token opens."""
    found = session.exec(
        select(AppointmentBadge).where(col(AppointmentBadge.token_hash) == _hash(token))
    ).one_or_none()
    if found is None or found.token_expires is None or now >= found.token_expires:
        return None
    return found


def configuration_of(session: Session, badge: AppointmentBadge) -> str:
    """Give the name under which the issuer's metadata lists a badge."""
    appointment = session.get_one(Appointment, badge.appointment_id)
    return appointment_document.configuration_id(appointment.skill)


def deliver(
    database: Database,
    badge_id: UUID,
    *,
    holder: str,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
) -> str:
    """Give the signed badge of an appointment to the holder of a proven key.

    1. One transaction, with the row locked: of several requests one signs.
    2. The appointment gives the right to mark now; the badge is not over.
    3. What was signed before is the same bytes for the same holder, and for nobody else.
    4. The intention as it was written down, and the holder: signed once, recorded, then answered.

    `holder` must come from a checked key proof; this function cannot know.
    """
    with database.transaction() as session:  # 1
        row = session.get(AppointmentBadge, badge_id, with_for_update=True)
        if row is None or row.state == AppointmentBadgeState.ENDED:  # 2
            raise _cannot_be_collected()
        if not is_active(session.get_one(Appointment, row.appointment_id), now):
            raise _cannot_be_collected()
        known = signing.text_for(row, holder)  # 3
        if known is not None:
            return known
        text = signing.sign(row, holder, body=body, now=now)  # 4
        pause("signed")
        row.state = AppointmentBadgeState.ACTIVE
        session.add(row)
        session.flush()
        record(session, "appointment-badge.signed", row.appointment_id, now=now)
    pause("recorded")
    return text


# --- presented ------------------------------------------------------------------------------------


def person_of(session: Session, credential_id: str, holder: str, *, now: datetime) -> UUID | None:
    """Give whose badge this is, if it was signed for this holder and its appointment is active."""
    found = session.exec(
        select(Appointment)
        .join(AppointmentBadge, col(AppointmentBadge.appointment_id) == col(Appointment.id))
        .where(
            col(AppointmentBadge.credential_id) == credential_id,
            col(AppointmentBadge.holder) == holder,
            col(AppointmentBadge.state) == AppointmentBadgeState.ACTIVE,
        )
    ).one_or_none()
    return found.person_id if found is not None and is_active(found, now) else None


# --- small parts ----------------------------------------------------------------------------------


def _newer(document: dict[str, Any], before: AppointmentBadge, *, now: datetime) -> dict[str, Any]:
    """Give a badge the id of the one that it replaces, and a newer `validFrom`."""
    text = before.signed_text or before.intended_text
    assert text is not None, "a constraint of the database"
    earliest = read_time(json.loads(text)["validFrom"], "validFrom") + timedelta(seconds=1)
    newer = {
        **document,
        "id": before.credential_id,
        "validFrom": write_time(max(earliest, now.replace(microsecond=0))),
    }
    check_before_signing(newer)
    return newer


def _latest(session: Session, appointment_id: UUID) -> AppointmentBadge | None:
    rows = session.exec(
        select(AppointmentBadge).where(col(AppointmentBadge.appointment_id) == appointment_id)
    ).all()
    texts = {row.id: row.signed_text or row.intended_text or "{}" for row in rows}
    return max(rows, key=lambda row: str(json.loads(texts[row.id])["validFrom"]), default=None)


def _appointment(session: Session, nomination: Nomination) -> Appointment | None:
    found = nomination.appointment_id
    return session.get(Appointment, found) if found else None


def _is_open(found: AppointmentBadge, now: datetime) -> bool:
    return found.state == AppointmentBadgeState.INTENDED and now < found.offered_until


def _opened(
    session: Session, found: AppointmentBadge, secret: bytes, now: datetime
) -> PlainOffer | None:
    if found.claimed_at is not None or not _is_open(found, now):
        return None
    return PlainOffer(
        reference=_derived(secret, "reference", found.id),
        code=_derived(secret, "code", found.id),
        configuration_id=configuration_of(session, found),
        expires=found.offered_until,
    )


def _not_possible() -> Refused:
    return Refused(N_("This is not possible now."), status=409, code="not-possible")


def _cannot_be_collected() -> Refused:
    return Refused(N_("This badge cannot be collected."), status=400, code="no-badge")


def _derived(secret: bytes, label: str, badge_id: UUID) -> str:
    told = f"mycred4home appointment badge {label} {badge_id}"
    return hmac.digest(secret, told.encode(), "sha256").hex()[:48]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
