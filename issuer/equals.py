"""Which badges of other issuers are accepted as equal to an expert badge of ours.

An alignment in a badge is its issuer's own claim, so none is believed here. What counts is a
decision: one standard owner names the issuer and its achievement, and the skill that it equals;
another one confirms. With that, and only with that, the issuer is recognised, for this achievement.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer import grounds, two_persons
from issuer.audit import record
from issuer.equal_tables import AcceptedEqual
from issuer.framework import AchievementDefinition
from issuer.profile import IssuingBody
from keys.did import parse_did
from keys.errors import DidError
from web.errors import Refused
from web.languages import N_

EXPERT = 3
_MOST_LETTERS = 300


def in_force(session: Session) -> list[AcceptedEqual]:
    """List what two standard owners decided and nobody ended, the oldest first."""
    return list(
        session.exec(
            select(AcceptedEqual)
            .where(
                col(AcceptedEqual.confirmed_at).is_not(None), col(AcceptedEqual.ended_at).is_(None)
            )
            .order_by(col(AcceptedEqual.confirmed_at), col(AcceptedEqual.id))
        )
    )


def listed(session: Session) -> list[AcceptedEqual]:
    """List every decision and what waits for one, the newest first."""
    newest = col(AcceptedEqual.asked_at).desc()
    return list(session.exec(select(AcceptedEqual).order_by(newest, col(AcceptedEqual.id))))


def definition_of(
    session: Session, body: IssuingBody, *, issuer: str, achievement_id: str
) -> AchievementDefinition | None:
    """Give the expert level that a badge of an issuer proves: our own, or accepted as equal."""
    if issuer == body.did:
        found = body.achievements().get(achievement_id)
        return found[1] if found and found[1].level == EXPERT else None
    one = deciding(session, issuer=issuer, achievement_id=achievement_id)
    return _expert(body, one.skill, one.language) if one else None


def deciding(
    session: Session, *, issuer: str, achievement_id: str, lock: bool = False
) -> AcceptedEqual | None:
    """Give the decision in force about an achievement of another issuer.

    `lock`: it is not ended, and whoever else comes with such a badge waits, while the caller's
    transaction lasts.
    """
    found = select(AcceptedEqual).where(
        col(AcceptedEqual.issuer_did) == issuer,
        col(AcceptedEqual.achievement_id) == achievement_id,
        col(AcceptedEqual.confirmed_at).is_not(None),
        col(AcceptedEqual.ended_at).is_(None),
    )
    return session.exec(found.with_for_update() if lock else found).one_or_none()


def ask(
    session: Session,
    body: IssuingBody,
    *,
    issuer_did: str,
    issuer_name: str,
    achievement_id: str,
    skill: str,
    language: str,
    reason: str,
    by: UUID,
    now: datetime,
) -> AcceptedEqual:
    """Propose to accept an achievement of another issuer; another standard owner confirms."""
    name, why = issuer_name.strip(), reason.strip()
    if not name or not why or max(len(name), len(why)) > _MOST_LETTERS:
        raise Refused(N_("Write who signs, and why it is equal."), status=422, code="words")
    definition = _expert(body, skill, language or None)
    if definition is None:
        raise Refused(N_("Choose a skill and a language."), status=422, code="scope")
    row = AcceptedEqual(
        issuer_did=_other_did(issuer_did.strip(), body),
        issuer_name=name,
        achievement_id=_address(achievement_id.strip()),
        skill=skill,
        language=definition.assessed_language,
        reason=why,
        asked_by=by,
        asked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise Refused(
            N_("This achievement is in the list already."), status=409, code="known"
        ) from error
    record(session, "equal.asked", row.id, by=by, now=now)
    return row


def confirm(session: Session, equal_id: UUID, *, by: UUID, now: datetime) -> None:
    """Accept it, as a second standard owner."""
    row = _open(session, equal_id)
    if row.confirmed_at is not None:
        raise Refused(N_("This was confirmed already."), status=409, code="confirmed-already")
    two_persons.check(session, row.asked_by, by)
    row.confirmed_by, row.confirmed_at = by, now
    session.add(row)
    session.flush()
    grounds.settle(session, now=now)
    record(session, "equal.accepted", row.id, by=by, now=now)


def end(session: Session, equal_id: UUID, *, by: UUID, now: datetime) -> None:
    """Take a proposal back, or end a decision: one person may, since it gives nobody a right.

    Whoever is on the way by it is no longer eligible. Examiners go on while their centres decide
    (`issuer.grounds`).
    """
    row = _open(session, equal_id)
    row.ended_by, row.ended_at = by, now
    session.add(row)
    session.flush()
    grounds.settle(session, now=now)
    record(session, "equal.ended", row.id, by=by, now=now)


def _open(session: Session, equal_id: UUID) -> AcceptedEqual:
    row = session.get(AcceptedEqual, equal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    if row.ended_at is not None:
        raise Refused(N_("This was ended already."), status=409, code="ended")
    return row


def _expert(body: IssuingBody, skill: str, language: str | None) -> AchievementDefinition | None:
    framework = body.framework
    if skill not in framework.skills:
        return None
    for one in framework.definitions():
        if (one.skill, one.level) != (skill, EXPERT):
            continue
        if one.assessed_language in (None, language):
            return one
    return None


def _other_did(text: str, body: IssuingBody) -> str:
    try:
        did, _method, fragment = parse_did(text)
    except DidError as error:
        raise Refused(
            N_("Write the issuer's DID, such as did:web:…"), status=422, code="did"
        ) from error
    if fragment or did != text or did == body.did:
        raise Refused(N_("Write the issuer's DID, such as did:web:…"), status=422, code="did")
    return did


def _address(text: str) -> str:
    plain = text.isascii() and text.isprintable() and " " not in text
    if not plain or len(text) > _MOST_LETTERS or not text.startswith(("https://", "urn:")):
        raise Refused(
            N_("Write the achievement's id as it stands in the badge."),
            status=422,
            code="achievement",
        )
    return text
