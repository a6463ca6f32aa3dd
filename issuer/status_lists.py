"""Status lists: a random place for each badge, and a signed list of which ones are cancelled.

A list has 131,072 entries (Bitstring Status List 1.0, 6.1), so that asking for it tells nobody
which badge is meant. Places are random and never reused, even after a person was erased
(invariants 12 and 13).
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from credentials.proofs import add_proof
from credentials.status import LIST_LENGTH, status_list_credential
from issuer.award_tables import PlaceToSet, StatusEntry, StatusList
from issuer.keyring import Keyring

PURPOSE = "revocation"
VALID_FOR = timedelta(days=2)
"""A signed list is believed this long; it is signed again after half of it."""
CACHE_SECONDS = 60
"""How long a list may be kept without asking: a cancelled badge is seen within a minute."""
_FULL = LIST_LENGTH // 2
"""Above this a new list is begun, so that a random free place is found at the first tries."""


@dataclass(frozen=True)
class Place:
    """One entry of one list."""

    list_number: int
    position: int


@dataclass(frozen=True)
class PublishedList:
    """A signed status list, as it is served."""

    number: int
    text: str
    signed_at: datetime
    valid_until: datetime


@dataclass(frozen=True)
class ListHealth:
    """What the officer wants to know about one list."""

    number: int
    used: int
    revoked: int
    signed_at: datetime | None
    valid_until: datetime | None
    fresh: bool


def list_url(base_url: str, number: int) -> str:
    """Give the public address of a status list."""
    return f"{base_url}/status/{number}"


def take_place(session: Session) -> Place:
    """Take a random place that nobody ever had; call inside the transaction that records it."""
    return take_places(session, 1)[0]


def take_places(session: Session, wanted: int) -> list[Place]:
    """Take several such places at once, in an order that says nothing either."""
    places: list[Place] = []
    while len(places) < wanted:
        number, room = _list_with_room(session)
        drawn = _draw(session, number, min(room, wanted - len(places)))
        try:
            # A savepoint: on PostgreSQL another process may take the same place just now.
            with session.begin_nested():
                session.connection().execute(
                    insert(StatusEntry),
                    [{"list_number": number, "position": one} for one in sorted(drawn)],
                )
        except IntegrityError:
            continue
        places += [Place(number, position) for position in drawn]
    return places


def _draw(session: Session, number: int, wanted: int) -> list[int]:
    """Draw positions of a list that are free, as far as this transaction sees."""
    free: dict[int, None] = {}
    while len(free) < wanted:
        drawn = [secrets.randbelow(LIST_LENGTH) for _ in range(wanted - len(free))]
        taken = session.exec(
            select(StatusEntry.position).where(
                col(StatusEntry.list_number) == number, col(StatusEntry.position).in_(drawn)
            )
        ).all()
        free |= dict.fromkeys(position for position in drawn if position not in taken)
    return list(free)


def revoke_place(
    session: Session, place: Place, keyring: Keyring, *, base_url: str, now: datetime
) -> None:
    """Set the bit of one place and sign its list again, in the caller's transaction."""
    mark_place(session, place, now=now)
    publish(session, place.list_number, keyring, base_url=base_url, now=now)


def mark_place(session: Session, place: Place, *, now: datetime) -> None:
    """Set the bit of one place; nobody sees it before its list is published."""
    entry = session.get_one(StatusEntry, (place.list_number, place.position))
    if entry.revoked_at is None:
        entry.revoked_at = now
        session.add(entry)
        session.flush()


def revoke_soon(session: Session, place: Place, *, now: datetime) -> None:
    """Note that a place must be set; its list is signed with it before it is served again.

    For whoever ends something without the key: no row of a list is locked, so this fits into any
    transaction (see `issuer.audit` for the order of locks).
    """
    if session.get(PlaceToSet, (place.list_number, place.position)) is None:
        session.add(PlaceToSet(list_number=place.list_number, position=place.position, since=now))
        session.flush()


def current_list(
    session: Session, number: int, keyring: Keyring, *, now: datetime
) -> PublishedList | None:
    """Give a list as last signed if it is fresh enough, None if it must be signed (or unknown)."""
    row = session.get(StatusList, number)
    if row is None or not _is_fresh(session, row, keyring, now):
        return None
    return _published(row)


def publish(
    session: Session, number: int, keyring: Keyring, *, base_url: str, now: datetime
) -> PublishedList | None:
    """Sign a list with all its cancelled places and store the text; None if there is no such list.

    The list row is locked first, so that two cancellations at once never lose one.
    """
    row = session.exec(
        select(StatusList).where(col(StatusList.number) == number).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    _take_in(session, number)
    revoked = session.exec(
        select(StatusEntry.position).where(
            col(StatusEntry.list_number) == number, col(StatusEntry.revoked_at).is_not(None)
        )
    ).all()
    start = now.replace(microsecond=0)
    unsigned = status_list_credential(
        list_url=list_url(base_url, number),
        issuer=keyring.did,
        purpose=PURPOSE,
        revoked=list(revoked),
        valid_from=start,
        valid_until=start + VALID_FOR,
        ttl_ms=CACHE_SECONDS * 1000,
    )
    name, signer = keyring.current()
    signed = add_proof(unsigned, signer, verification_method=keyring.method_id(name), created=start)
    row.signed_text = json.dumps(signed, ensure_ascii=False, separators=(",", ":"))
    row.signed_with, row.signed_at, row.valid_until = name, start, start + VALID_FOR
    session.add(row)
    session.flush()
    return _published(row)


def republish_all(session: Session, keyring: Keyring, *, base_url: str, now: datetime) -> int:
    """Sign again every list that is not fresh; say how many were."""
    stale = [
        row.number
        for row in session.exec(select(StatusList)).all()
        if not _is_fresh(session, row, keyring, now)
    ]
    for number in stale:
        publish(session, number, keyring, base_url=base_url, now=now)
    return len(stale)


def health(session: Session, keyring: Keyring, *, now: datetime) -> list[ListHealth]:
    """Describe every list."""
    found = []
    for row in session.exec(select(StatusList).order_by(col(StatusList.number))).all():
        used, revoked = session.exec(
            select(func.count(), func.count(col(StatusEntry.revoked_at))).where(
                col(StatusEntry.list_number) == row.number
            )
        ).one()
        fresh = _is_fresh(session, row, keyring, now)
        found.append(ListHealth(row.number, used, revoked, row.signed_at, row.valid_until, fresh))
    return found


def _list_with_room(session: Session) -> tuple[int, int]:
    """Give a list, and how many places may be taken before a new one is begun."""
    newest = session.exec(
        select(StatusList.number).order_by(col(StatusList.number).desc()).limit(1)
    ).one_or_none()
    if newest is not None and (used := _used(session, newest)) < _FULL:
        return newest, _FULL - used
    number = 1 if newest is None else newest + 1
    try:
        with session.begin_nested():
            session.add(StatusList(number=number))
    except IntegrityError:  # another process opened it just now
        session.expire_all()
    return number, _FULL


def _used(session: Session, number: int) -> int:
    return session.exec(
        select(func.count()).select_from(StatusEntry).where(col(StatusEntry.list_number) == number)
    ).one()


def _take_in(session: Session, number: int) -> None:
    """Set the places that were noted for a list whose row is locked."""
    noted = session.exec(select(PlaceToSet).where(col(PlaceToSet.list_number) == number)).all()
    for one in noted:
        entry = session.get_one(StatusEntry, (one.list_number, one.position))
        if entry.revoked_at is None:
            entry.revoked_at = one.since
            session.add(entry)
        session.delete(one)
    session.flush()


def _is_fresh(session: Session, row: StatusList, keyring: Keyring, now: datetime) -> bool:
    if row.signed_at is None or row.signed_with != keyring.current_name():
        return False
    noted = select(PlaceToSet.position).where(col(PlaceToSet.list_number) == row.number).limit(1)
    if session.exec(noted).first() is not None:
        return False
    return row.signed_at <= now < row.signed_at + VALID_FOR / 2


def _published(row: StatusList) -> PublishedList:
    assert row.signed_text is not None
    assert row.signed_at is not None
    assert row.valid_until is not None
    return PublishedList(row.number, row.signed_text, row.signed_at, row.valid_until)
