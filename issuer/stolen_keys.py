"""When others may have a key of ours: its badges are made again with a new one, in one operation.

One officer says so and another confirms (invariant 26), of whatever centre: the key is the
service's, and its theft concerns all of them. From that moment a new key signs, and the database
takes no badge that the old one signed. Then row by row each badge that counted is made again as a
correction is (same id, same day of award, newer date) or, if it cannot be, cancelled; its holder is
told. Examiners ask for the badges of their appointments anew. A process that is killed loses
nothing: whoever calls `work` next goes on.

If somebody has a copy of the key, all its badges are replaced, and the key is shown as revoked. If
somebody used it for a while but has no copy, only those signed since then are, and it goes on
proving the older ones (docs/adr/0027-a-stolen-key.md).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from issuer import appointment_badges, changes, kept_badges, status_lists, superseding, two_persons
from issuer.appointment_badge_tables import AppointmentBadge, AppointmentBadgeState
from issuer.audit import record
from issuer.award_tables import Award, BadgeState, Credential
from issuer.background import CHUNK, MOST_SHOWN, NOT_MADE, Job, breathe, let_others_write, work_off
from issuer.issuing import Pause, carry_on
from issuer.profile import IssuingBody
from issuer.stolen_key_tables import Fate, StolenKey, StolenKeyRow
from issuer.tables import Person
from keys.store import KeyRecord
from web.database import Database
from web.errors import Refused
from web.languages import N_

_PUBLISH_EVERY = 200
"""So many badges are made again before their status lists are signed again."""
_TAKEN_AWAY = N_("A later decision took its place.")
_CHANGED = N_("It was changed meanwhile.")
_log = logging.getLogger("mycred4home.issuer")


@dataclass(frozen=True)
class KeyStanding:
    """One key with what depends on it."""

    key: KeyRecord
    signs_now: bool
    badges: int
    """How many badges that count were signed with it."""
    replacement: UUID | None
    """What is asked for or under way for it."""


@dataclass(frozen=True)
class Progress:
    """How far a replacement is: counts, and the badges that have no successor, with reasons."""

    stolen: StolenKey
    in_scope: int
    """How many it is about: counted now, until it is confirmed."""
    waiting: int
    made_again: int
    cancelled: int
    left: int
    kept: int
    """Of people who were erased: cancelled, or counted until it is confirmed."""
    reasons: tuple[tuple[str, str, str], ...]
    """Alias of the person, fate, msgid: for the first of them, of one centre if one is named."""

    @property
    def total(self) -> int:
        """How many rows it has."""
        return self.waiting + self.made_again + self.cancelled + self.left

    @property
    def done(self) -> int:
        """How many rows are settled."""
        return self.total - self.waiting


# --- asking and confirming -------------------------------------------------------------------


def standing(session: Session, body: IssuingBody) -> list[KeyStanding]:
    """Tell of each key, the newest first, what depends on it."""
    in_force = dict(
        session.exec(
            select(Credential.signed_with, func.count())
            .where(col(Credential.state) == BadgeState.ACTIVE)
            .group_by(col(Credential.signed_with))
        ).all()
    )
    under_way = dict(
        session.exec(
            select(StolenKey.key_name, StolenKey.id).where(col(StolenKey.finished_at).is_(None))
        ).all()
    )
    kept = kept_badges.counting(session)
    current = body.keyring.current_name()
    return [
        KeyStanding(
            key,
            key.name == current,
            in_force.get(key.name, 0) + kept.get(key.name, 0),
            under_way.get(key.name),
        )
        for key in reversed(body.keyring.records())
    ]


def ask(
    database: Database,
    key_name: str,
    *,
    since: datetime | None,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
) -> UUID:
    """Say that others may have a key, or used it since some moment; another person confirms."""
    key = next((one for one in body.keyring.records() if one.name == key_name), None)
    if key is None:
        raise Refused(N_("There is no such key."), status=404, code="unknown-key")
    if key.withdrawn is not None:
        raise Refused(N_("This key is taken back already."), status=409, code="withdrawn-already")
    if since is not None and not key.created <= since <= now:
        raise Refused(N_("The key did not sign at that time."), status=422, code="since")
    try:
        with database.transaction() as session:
            stolen = StolenKey(key_name=key_name, since=since, asked_by=officer_id, asked_at=now)
            session.add(stolen)
            session.flush()
            record(session, "key.reported", stolen.id, by=officer_id, now=now)
    except IntegrityError as error:
        raise Refused(
            N_("Someone asked for this already. A second person must confirm."),
            status=409,
            code="asked-already",
        ) from error
    return stolen.id


def confirm(
    database: Database,
    stolen_id: UUID,
    *,
    officer_id: UUID,
    body: IssuingBody,
    now: datetime,
    pause: Pause = carry_on,
) -> None:
    """Let a new key sign, and write down which badges are replaced; `work` does the rest.

    1. Another person asked for it, and nobody confirmed yet.
    2. A new key signs from now on: alone, that harms nobody.
    3. One transaction: the confirmation, and a row for each badge in scope. No badge is signed
       meanwhile, and the database takes none that the old key signs afterwards.
    4. The old key is taken back, when others have a copy; `work` does so too, if we stop here.
    """
    with database.reading() as session:  # 1
        asked = _waiting(session, stolen_id, officer_id, lock=False)
    body.keyring.replace(asked.key_name, now=now)  # 2
    pause("rotated")
    with database.transaction() as session:  # 3
        if session.connection().dialect.name == "postgresql":
            # Lets those finish who sign just now, and the others see the confirmation.
            session.connection().exec_driver_sql(
                "LOCK TABLE credential IN SHARE ROW EXCLUSIVE MODE"
            )
        stolen = _waiting(session, stolen_id, officer_id, lock=True)
        stolen.confirmed_by, stolen.confirmed_at = officer_id, now
        session.add(stolen)
        session.flush()
        chosen = session.exec(_in_scope(stolen)).all()
        if chosen:
            session.connection().execute(
                insert(StolenKeyRow),
                [{"stolen_key_id": stolen.id, "credential_id": one} for one in chosen],
            )
        _end_appointment_badges(session, stolen, now=now)
        record(session, "key.confirmed", stolen.id, by=officer_id, now=now)
    pause("confirmed")
    _withdraw(stolen, body, now=now)  # 4


def drop(database: Database, stolen_id: UUID, *, officer_id: UUID, now: datetime) -> None:
    """Take back what nobody confirmed; the key and its badges stay as they are."""
    with database.transaction() as session:
        stolen = _found(session, stolen_id, lock=True)
        if stolen.confirmed_at is not None:
            raise Refused(N_("This was confirmed already."), status=409, code="confirmed-already")
        record(session, "key.report-dropped", stolen.id, by=officer_id, now=now)
        session.exec(delete(StolenKey).where(col(StolenKey.id) == stolen_id))


def _found(session: Session, stolen_id: UUID, *, lock: bool) -> StolenKey:
    stolen = session.get(StolenKey, stolen_id, with_for_update=lock or None)
    if stolen is None:
        raise Refused(N_("There is no such replacement."), status=404, code="unknown-replacement")
    return stolen


def _waiting(session: Session, stolen_id: UUID, officer_id: UUID, *, lock: bool) -> StolenKey:
    stolen = _found(session, stolen_id, lock=lock)
    if stolen.confirmed_at is not None:
        raise Refused(N_("This was confirmed already."), status=409, code="confirmed-already")
    two_persons.check(session, stolen.asked_by, officer_id)
    return stolen


def _in_scope(stolen: StolenKey) -> SelectOfScalar[UUID]:
    statement = select(Credential.id).where(
        col(Credential.signed_with) == stolen.key_name, col(Credential.state) == BadgeState.ACTIVE
    )
    if stolen.since is not None:
        statement = statement.where(col(Credential.signed_at) >= stolen.since)
    return statement.order_by(col(Credential.signed_at), col(Credential.id))


def _end_appointment_badges(session: Session, stolen: StolenKey, *, now: datetime) -> None:
    """End those in scope: examiners get new ones on their own page; the appointments go on."""
    badges = select(AppointmentBadge.appointment_id).where(
        col(AppointmentBadge.signed_with) == stolen.key_name,
        col(AppointmentBadge.state) == AppointmentBadgeState.ACTIVE,
    )
    if stolen.since is not None:
        badges = badges.where(col(AppointmentBadge.signed_at) >= stolen.since)
    for appointment_id in session.exec(badges).all():
        appointment_badges.end(session, appointment_id, now=now)


def _withdraw(stolen: StolenKey, body: IssuingBody, *, now: datetime) -> None:
    body.keyring.replace(stolen.key_name, now=now)
    if stolen.since is None:
        body.keyring.withdraw(stolen.key_name, now=now)


# --- the work --------------------------------------------------------------------------------


def work(
    database: Database,
    *,
    body: IssuingBody,
    clock: Callable[[], datetime],
    pause: Pause = carry_on,
) -> int:
    """Replace every badge that waits, and say how many were.

    1. The new key signs and the old one is taken back, if a stopped process left that.
    2. Badge by badge, each its transaction. The status lists are signed now and then.
    3. Of people who were erased nobody is known: their badges are cancelled, and not made again.
    4. With the last one they are signed once more, and the replacement is finished.
    """
    replaced = 0
    while (stolen := _next(database)) is not None:
        _withdraw(stolen, body, now=clock())  # 1
        its = _Work(database, stolen, body, clock, pause)
        replaced += work_off(Job(partial(_behind, database, stolen.id), its.together, its.alone))
        pause("all-replaced")
        while _cancel_kept(database, stolen, body=body, now=clock()):  # 3
            pause("kept-cancelled")
        _finish(database, stolen.id, body=body, now=clock())  # 4
    return replaced


def waits(database: Database) -> bool:
    """Tell whether there is something to do for `work`."""
    return _next(database) is not None


def _next(database: Database) -> StolenKey | None:
    with database.reading() as session:
        return session.exec(
            select(StolenKey)
            .where(col(StolenKey.confirmed_at).is_not(None), col(StolenKey.finished_at).is_(None))
            .order_by(col(StolenKey.confirmed_at))
            .limit(1)
        ).first()


def _behind(database: Database, stolen_id: UUID, last: UUID | None) -> Sequence[UUID]:
    waiting = select(StolenKeyRow.credential_id).where(
        col(StolenKeyRow.stolen_key_id) == stolen_id, col(StolenKeyRow.fate) == Fate.WAITING
    )
    if last is not None:
        waiting = waiting.where(col(StolenKeyRow.credential_id) > last)
    with database.reading() as session:
        return session.exec(waiting.order_by(col(StolenKeyRow.credential_id)).limit(CHUNK)).all()


@dataclass
class _Work:
    """How the badges of one key are replaced."""

    database: Database
    stolen: StolenKey
    body: IssuingBody
    clock: Callable[[], datetime]
    pause: Pause
    touched: set[int] = field(default_factory=set)
    """Status lists in which places were set since they were signed."""
    unpublished: int = 0

    def together(self, badge_ids: Sequence[UUID]) -> int:
        """Replace badges: they are built and checked outside of the transactions, at one go."""
        with self.database.reading() as session:
            again = changes.made_again(
                session, badge_ids, body=self.body, now=self.clock(), between=breathe
            )
        settled = 0
        for badge_id, built in again.items():
            settled += self._replace(badge_id, built)
            self.pause("replaced")
            let_others_write()
        if self.unpublished >= _PUBLISH_EVERY:
            with self.database.transaction() as session:
                _publish(session, self.touched, self.body, now=self.clock())
            self.touched, self.unpublished = set(), 0
        return settled

    def alone(self, badge_id: UUID) -> int:
        """Replace one badge."""
        return self.together([badge_id])

    def _replace(self, badge_id: UUID, built: Mapping[str, Any] | Refused) -> int:
        with self.database.transaction() as session:
            row = session.get(StolenKeyRow, (self.stolen.id, badge_id), with_for_update=True)
            if row is None or row.fate != Fate.WAITING:  # none: its holder was erased meanwhile
                return 0
            badge = session.get_one(Credential, badge_id, with_for_update=True)
            row.fate, row.why = self._settle(session, badge, built)
            session.add(row)
        self.touched.add(badge.list_number)
        self.unpublished += 1
        return 1

    def _settle(
        self, session: Session, badge: Credential, built: Mapping[str, Any] | Refused
    ) -> tuple[Fate, str]:
        if badge.state != BadgeState.ACTIVE:
            return Fate.LEFT, _CHANGED
        why = _TAKEN_AWAY if superseding.is_taken_away(session, badge.award_id) else ""
        if not why and isinstance(built, Refused):
            _log.error("stolen key: badge %s cancelled, not made again: %s", badge.id, built)
            why = NOT_MADE
        if not why and not isinstance(built, Refused):
            try:
                with session.begin_nested():
                    self._carry_out(session, badge, built)
            except IntegrityError as error:
                _log.error("stolen key: badge %s cancelled: %s", badge.id, error.orig)
                why = NOT_MADE
            else:
                return Fate.MADE_AGAIN, ""
        session.refresh(badge)
        self._carry_out(session, badge, None)
        return Fate.CANCELLED, why

    def _carry_out(
        self, session: Session, badge: Credential, again: Mapping[str, Any] | None
    ) -> None:
        confirmed_by = self.stolen.confirmed_by
        assert confirmed_by is not None, "a constraint of the database"
        changes.replace_one_of_many(
            session,
            badge,
            again=again,
            asked=(self.stolen.asked_by, self.stolen.asked_at),
            confirmed_by=confirmed_by,
            body=self.body,
            now=self.clock(),
        )


def _cancel_kept(
    database: Database, stolen: StolenKey, *, body: IssuingBody, now: datetime
) -> set[int]:
    """Cancel some badges of erased people; give their lists.

    Who is erased meanwhile is seen: their badges had rows, and by now no row waits.
    """
    with database.transaction() as session:
        lists = kept_badges.cancel_some(session, stolen, now=now)
        _publish(session, lists, body, now=now)
    return lists


def _publish(session: Session, numbers: set[int], body: IssuingBody, *, now: datetime) -> None:
    for number in sorted(numbers):
        status_lists.publish(session, number, body.keyring, base_url=body.base_url, now=now)


def _finish(database: Database, stolen_id: UUID, *, body: IssuingBody, now: datetime) -> None:
    with database.transaction() as session:
        stolen = _found(session, stolen_id, lock=True)
        if stolen.finished_at is not None:
            return
        touched = session.exec(
            select(Credential.list_number)
            .join(StolenKeyRow, col(StolenKeyRow.credential_id) == col(Credential.id))
            .where(col(StolenKeyRow.stolen_key_id) == stolen_id)
            .distinct()
        ).all()
        _end_appointment_badges(session, stolen, now=now)  # of one signed at that very moment
        _publish(session, set(touched), body, now=now)
        stolen.finished_at = now
        session.add(stolen)
        session.flush()
        record(session, "key.replaced", stolen.id, by=stolen.confirmed_by, now=now)


# --- how far it is ---------------------------------------------------------------------------


def progress(session: Session, stolen_id: UUID, *, centre: UUID | None = None) -> Progress:
    """Tell how far a replacement is; people are named to their own centre only (rule 30)."""
    stolen = _found(session, stolen_id, lock=False)
    counts = dict(
        session.exec(
            select(StolenKeyRow.fate, func.count())
            .where(col(StolenKeyRow.stolen_key_id) == stolen_id)
            .group_by(col(StolenKeyRow.fate))
        ).all()
    )
    in_scope = sum(counts.values())
    if stolen.confirmed_at is None:
        in_scope = session.exec(
            select(func.count()).select_from(_in_scope(stolen).order_by(None).subquery())
        ).one()
    named = (
        select(Person.alias, StolenKeyRow.fate, StolenKeyRow.why)
        .join(Award, col(Award.candidate_id) == col(Person.id))
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .join(StolenKeyRow, col(StolenKeyRow.credential_id) == col(Credential.id))
        .where(col(StolenKeyRow.stolen_key_id) == stolen_id, col(StolenKeyRow.why) != "")
        .order_by(col(Person.alias))
        .limit(MOST_SHOWN)
    )
    if centre is not None:
        named = named.where(col(Person.organisation_id) == centre)
    reasons = session.exec(named).all()
    return Progress(
        stolen=stolen,
        in_scope=in_scope,
        waiting=counts.get(Fate.WAITING, 0),
        made_again=counts.get(Fate.MADE_AGAIN, 0),
        cancelled=counts.get(Fate.CANCELLED, 0),
        left=counts.get(Fate.LEFT, 0),
        kept=(
            kept_badges.of_key(session, stolen)
            if stolen.confirmed_at is None
            else kept_badges.cancelled_for(session, stolen.id)
        ),
        reasons=tuple((alias, fate, why) for alias, fate, why in reasons),
    )


def past(session: Session) -> list[StolenKey]:
    """List what was finished, the newest first."""
    return list(
        session.exec(
            select(StolenKey)
            .where(col(StolenKey.finished_at).is_not(None))
            .order_by(col(StolenKey.finished_at).desc())
        )
    )


def asked_for(database: Database, key_name: str) -> UUID:
    """Give what is asked for a key and not confirmed yet."""
    with database.reading() as session:
        found = session.exec(
            select(StolenKey.id).where(
                col(StolenKey.key_name) == key_name, col(StolenKey.confirmed_at).is_(None)
            )
        ).first()
    if found is None:
        raise Refused(N_("Nobody asked to replace this key."), status=409, code="not-asked")
    return found


def summaries(database: Database) -> list[Progress]:
    """Tell how far everything is that was confirmed, the newest first."""
    with database.reading() as session:
        ids = session.exec(
            select(StolenKey.id)
            .where(col(StolenKey.confirmed_at).is_not(None))
            .order_by(col(StolenKey.confirmed_at).desc())
        ).all()
        return [progress(session, one) for one in ids]
