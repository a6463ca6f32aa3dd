"""Rights to examine that rest on a badge of another issuer: looked at each day (docs/adr/0035).

    shown and verified --keep--> ground --look_again, each day--> counts
                                     --its signer ended it--> suspended, at once
                                     --nobody can say, for 30 days--> suspended
          --two standard owners' decision ended--> 30 days for the centre --> suspended

What cannot be checked is not cancelled: it is a question, which the coordinator sees from the first
day. In both questions the centre may answer for an examiner itself, with a reason; then nothing is
kept of the badge, and nothing is asked any more.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from credentials.ground import Ground, check_ground
from credentials.report import CannotCheck, CheckFailed, CredentialError
from credentials.times import read_time, write_time
from issuer import appointments, notices
from issuer.appointment_tables import Cause, Nomination, Stage
from issuer.audit import record
from issuer.equal_tables import AcceptedEqual
from issuer.ground_tables import BadgeGround
from issuer.tables import Person
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from web.database import Database
from web.errors import Refused
from web.languages import N_

LASTS_UNCHECKED = timedelta(days=30)
"""[D] So long a right lasts while nobody can say whether its badge counts."""
TO_DECIDE = timedelta(days=30)
"""[D] So long a centre has to answer for examiners when badges like theirs count no more."""
_ON_THE_WAY = (Stage.ELIGIBLE, Stage.INVITED, Stage.CALIBRATING)
_log = logging.getLogger("mycred4home.issuer")


@dataclass(frozen=True)
class Question:
    """Why it is open whether somebody may go on, and until when."""

    nomination: Nomination
    name: str
    issuer_name: str
    is_ended: bool
    """Badges like theirs no longer count; otherwise nobody could say whether this one does."""
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Concerned:
    """Whom the end of a decision concerns."""

    appointed: int
    on_the_way: int


# --- keeping --------------------------------------------------------------------------------------


def written(ground: Ground) -> dict[str, Any]:
    """Write what is kept of a badge as JSON, for the minutes until its holder comes back."""
    return {
        "places": [dict(one) for one in ground.places],
        "keys": [list(one) for one in ground.keys],
        "ends": write_time(ground.ends) if ground.ends else None,
    }


def keep(
    session: Session,
    nomination: Nomination,
    equal: AcceptedEqual,
    kept: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Keep what of a badge is looked at each day, while a nomination rests on it.

    `kept` was `written` when the badge was verified. The caller has locked the decision.
    """
    assert nomination.badge_id is not None, "a constraint of the database"
    ends = kept["ends"]
    session.add(
        BadgeGround(
            nomination_id=nomination.id,
            equal_id=equal.id,
            badge_id=nomination.badge_id,
            places=kept["places"],
            keys=kept["keys"],
            ends=read_time(ends, "ends") if ends else None,
            looked_at=now,
        )
    )
    session.flush()
    record(session, "ground.kept", nomination.id, now=now)


def keep_by_word(
    session: Session, nomination_id: UUID, *, by: UUID, reason: str, now: datetime
) -> None:
    """Answer for an examiner whose badge is in question, as their centre, with a reason."""
    nomination = appointments.of_own_centre(session, nomination_id, by=by)
    open_ones = _questions(session, col(Nomination.id) == nomination.id)
    if nomination.stage != Stage.ACTIVE or not open_ones:
        raise Refused(N_("This is not possible now."), status=409, code="not-possible")
    appointments.answer_for(session, nomination, by=by, reason=reason, now=now)


# --- each day -------------------------------------------------------------------------------------


def waits(database: Database, *, now: datetime) -> bool:
    """Tell whether a badge was not looked at today."""
    with database.reading() as session:
        return bool(_due(session, now))


def look_again(database: Database, *, fetch: Fetch, now: datetime) -> int:
    """Look at each badge of another issuer on which a right rests; give how many ended a right.

    1. Which were not looked at today. 2. Their lists and keys are fetched, each once, outside of
    any transaction. 3. What came of it is written down, for those that are still the same.
    4. Rights without ground end, and their people are told.

    Two processes may do it at once: both find the same.
    """
    with database.reading() as session:  # 1
        due = {one.nomination_id: _read(one, issuer) for one, issuer in _due(session, now)}
    once = _each_once(fetch)
    answers = {who: _answer(one, fetch=once, now=now) for who, one in due.items()}  # 2
    with database.transaction() as session:
        _lock(session, col(Nomination.id).in_(list(answers)))
        rows = session.exec(  # 3
            select(BadgeGround).where(col(BadgeGround.nomination_id).in_(list(answers)))
        ).all()
        same = {
            one.nomination_id: one
            for one in rows
            if one.badge_id == due[one.nomination_id].badge_id
        }
        changed = {who: _note(session, one, answers[who], now) for who, one in same.items()}
        fell = [who for who in same if answers[who] == "fell"]
        ended = _lose(session, col(Nomination.id).in_(fell), Cause.BADGE, now=now)  # 4
        for who, news in changed.items():
            if news and who not in fell:
                record(session, f"ground.{news}", who, now=now)
        return ended + settle(session, now=now)


def settle(session: Session, *, now: datetime) -> int:
    """End rights whose ground was in question for too long; give how many.

    Whoever is only on the way loses at once what rests on a decision that was ended. Where the
    same pair was accepted anew, rights rest on the new decision.
    """
    ended_ones = select(AcceptedEqual.id).where(col(AcceptedEqual.ended_at).is_not(None))
    long_ago = ended_ones.where(col(AcceptedEqual.ended_at) <= now - TO_DECIDE)
    of_ended = select(BadgeGround.nomination_id).where(col(BadgeGround.equal_id).in_(ended_ones))
    too_late = select(BadgeGround.nomination_id).where(col(BadgeGround.equal_id).in_(long_ago))
    unchecked = select(BadgeGround.nomination_id).where(
        col(BadgeGround.unknown_since) <= now - LASTS_UNCHECKED
    )
    mine, on_the_way = col(Nomination.id), col(Nomination.stage).in_(_ON_THE_WAY)
    _lock(session, mine.in_(of_ended) | mine.in_(unchecked))
    _rest_on_what_was_accepted_anew(session)
    return (
        _lose(session, mine.in_(of_ended) & on_the_way, Cause.EQUAL, now=now)
        + _lose(session, mine.in_(too_late), Cause.EQUAL, now=now)
        + _lose(session, mine.in_(unchecked), Cause.UNCHECKED, now=now)
    )


def _due(session: Session, now: datetime) -> list[tuple[BadgeGround, str]]:
    """Give what was not looked at today, with the DID of who signed it."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return list(
        session.exec(
            select(BadgeGround, AcceptedEqual.issuer_did)
            .join(Nomination, col(Nomination.id) == col(BadgeGround.nomination_id))
            .join(AcceptedEqual, col(AcceptedEqual.id) == col(BadgeGround.equal_id))
            .where(
                col(BadgeGround.looked_at) < today,
                col(Nomination.stage).in_([*_ON_THE_WAY, Stage.ACTIVE]),
            )
            .order_by(col(BadgeGround.nomination_id))
        ).all()
    )


def _read(row: BadgeGround, issuer: str) -> Ground:
    return Ground(
        badge_id=row.badge_id,
        issuer=issuer,
        places=tuple(row.places),
        keys=tuple((method, digest) for method, digest in row.keys),
        ends=row.ends,
    )


def _answer(ground: Ground, *, fetch: Fetch, now: datetime) -> str:
    try:
        check_ground(ground, fetch=fetch, now=now)
    except CheckFailed as failure:
        _log.info("a badge of %s no longer counts: %s", ground.issuer, failure.code)
        return "fell"
    except (CannotCheck, CredentialError) as question:
        _log.warning("a badge of %s cannot be checked: %s", ground.issuer, question.code)
        return "unknown"
    return "counts"


def _each_once(fetch: Fetch) -> Fetch:
    """Ask for each address once: a list says the same to all; a dead host is waited for once."""
    known: dict[str, HttpResponse | CannotFetch] = {}

    def once(request: HttpRequest) -> HttpResponse:
        if request.url not in known:
            try:
                known[request.url] = fetch(request)
            except CannotFetch as error:
                known[request.url] = error
        found = known[request.url]
        if isinstance(found, CannotFetch):
            raise CannotFetch(str(found))
        return found

    return once


def _note(session: Session, row: BadgeGround, answer: str, now: datetime) -> str:
    """Note a look; tell what is new about it, for the trail: it became unknown, or known again."""
    before = row.unknown_since
    row.looked_at = now
    row.unknown_since = None if answer != "unknown" else before or now
    session.add(row)
    session.flush()
    if (row.unknown_since is None) == (before is None):
        return ""
    return "known" if row.unknown_since is None else "unknown"


def _lose(session: Session, which: ColumnElement[bool], cause: Cause, *, now: datetime) -> int:
    ended = appointments.lose_ground(session, which, cause, now=now)
    for one in ended:
        if one.stage == Stage.SUSPENDED and one.appointment_id is not None:
            notices.tell_examiner(session, one.person_id, one.appointment_id, now=now)
    return len(ended)


def _lock(session: Session, which: ColumnElement[bool]) -> None:
    """Lock nominations in their order, before the first event is written (`issuer.audit`)."""
    chosen = select(Nomination.id).where(which).order_by(col(Nomination.id))
    session.exec(chosen.with_for_update()).all()


def _rest_on_what_was_accepted_anew(session: Session) -> None:
    for ground, ended in session.exec(
        select(BadgeGround, AcceptedEqual)
        .join(AcceptedEqual, col(AcceptedEqual.id) == col(BadgeGround.equal_id))
        .where(col(AcceptedEqual.ended_at).is_not(None))
    ).all():
        anew = _twin(session, ended)
        if anew is not None:
            ground.equal_id = anew.id
            session.add(ground)
    session.flush()


def _twin(session: Session, ended: AcceptedEqual) -> AcceptedEqual | None:
    return session.exec(
        select(AcceptedEqual).where(
            col(AcceptedEqual.issuer_did) == ended.issuer_did,
            col(AcceptedEqual.achievement_id) == ended.achievement_id,
            col(AcceptedEqual.skill) == ended.skill,
            col(AcceptedEqual.language).is_not_distinct_from(ended.language),
            col(AcceptedEqual.confirmed_at).is_not(None),
            col(AcceptedEqual.ended_at).is_(None),
        )
    ).one_or_none()


# --- looking --------------------------------------------------------------------------------------


def concerned(session: Session, equal_ids: Iterable[UUID]) -> dict[UUID, Concerned]:
    """Count, for each decision, whose right rests on it."""
    rows = session.exec(
        select(BadgeGround.equal_id, Nomination.stage)
        .join(Nomination, col(Nomination.id) == col(BadgeGround.nomination_id))
        .where(col(BadgeGround.equal_id).in_(list(equal_ids)))
    ).all()
    found: dict[UUID, Concerned] = {}
    for equal_id in {one for one, _ in rows}:
        stages = [stage for one, stage in rows if one == equal_id]
        on_the_way = sum(stage in _ON_THE_WAY for stage in stages)
        found[equal_id] = Concerned(len(stages) - on_the_way, on_the_way)
    return found


def of_centre(session: Session, centre: UUID) -> dict[UUID, Question]:
    """Give the open questions about examiners of a centre, by nomination, the most urgent first."""
    return _questions(session, col(Person.organisation_id) == centre)


def of_person(session: Session, person_id: UUID) -> dict[UUID, Question]:
    """Give the open questions about one's own appointments, by nomination."""
    return _questions(session, col(Person.id) == person_id)


def _questions(session: Session, which: ColumnElement[bool]) -> dict[UUID, Question]:
    rows = session.exec(
        select(Nomination, Person.display_name, BadgeGround, AcceptedEqual)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .join(BadgeGround, col(BadgeGround.nomination_id) == col(Nomination.id))
        .join(AcceptedEqual, col(AcceptedEqual.id) == col(BadgeGround.equal_id))
        .where(which, col(Nomination.stage).in_([*_ON_THE_WAY, Stage.ACTIVE]))
    ).all()
    found = []
    for nomination, name, ground, equal in rows:
        reasons = [
            (since + lasts, since, is_ended)
            for since, lasts, is_ended in (
                (equal.ended_at, TO_DECIDE, True),
                (ground.unknown_since, LASTS_UNCHECKED, False),
            )
            if since is not None
        ]
        if reasons:
            until, since, is_ended = min(reasons)
            found.append(Question(nomination, name, equal.issuer_name, is_ended, since, until))
    return {one.nomination.id: one for one in sorted(found, key=lambda one: (one.until, one.name))}
