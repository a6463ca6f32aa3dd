"""Who is who: people, roles, and the codes that let them in. No passwords.

A code is an invitation: it is given once, kept as a hash, and works until it runs out. Wrong codes
are counted in the database, so that guessing is slow across processes and restarts.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from issuer.audit import record
from issuer.staff_tables import LastSignIn
from issuer.tables import (
    AccessCode,
    Appointment,
    Consent,
    Erasure,
    Grant,
    Organisation,
    Person,
    Role,
    WebSession,
    WrongCode,
)
from web.errors import Refused
from web.keyed import keys_of
from web.languages import N_
from web.sessions import is_live, open_session, token_hash

CODE_LIVES = timedelta(days=60)
SESSION_LIVES = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=1)

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, O, 1 and I, which look alike on a printed sheet."""
_CODE_CHARACTERS = 16
_CONTACT_LETTERS = 200
_E_MAIL = re.compile(r"[^@]+@[^@.]+(\.[^@.]+)+")
_TELEPHONE = re.compile(r"\+?[0-9()./+-]{5,25}")
_TRIES_FOR_A_NUMBER = 20
_WRONG_CODES = 10
_WRONG_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in, as views need to know them."""

    id: UUID
    alias: str
    display_name: str
    roles: frozenset[Role]
    organisation_id: UUID
    """Where the roles hold, and nowhere else."""

    def is_(self, role: Role) -> bool:
        """Tell whether the person has a role."""
        return role in self.roles


def new_code() -> str:
    """Make a code of 80 random bits, in groups that can be read out."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS))
    return "-".join(letters[place : place + 4] for place in range(0, _CODE_CHARACTERS, 4))


def create_organisation(session: Session, name: str, country_code: str) -> Organisation:
    """Add a centre."""
    organisation = Organisation(name=name, country_code=country_code)
    session.add(organisation)
    session.flush()
    return organisation


def create_person(
    session: Session,
    organisation_id: UUID,
    display_name: str,
    *roles: Role,
    contact: str | None = None,
) -> Person:
    """Add a person with roles; a contact is kept as a hash, to know the same person again."""
    name = checked_name(display_name)
    prefix = "C" if Role.CANDIDATE in roles else "E" if Role.EXAMINER in roles else "O"
    person = _numbered(
        session,
        prefix,
        organisation_id=organisation_id,
        display_name=name,
        contact_hash=contact_hash(session, contact) if contact else None,
    )
    session.add_all(Grant(person_id=person.id, role=role) for role in roles)
    session.flush()
    return person


def _numbered(session: Session, prefix: str, **values: Any) -> Person:
    """Add a person under the next free number; of two who come at once one takes the one after."""
    for left in reversed(range(_TRIES_FOR_A_NUMBER)):
        person = Person(alias=f"{prefix}-{_people_ever(session) + 1:03d}", **values)
        try:
            with session.begin_nested():
                session.add(person)
                session.flush()
            return person
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("the last try gives a person or raises")


def _people_ever(session: Session) -> int:
    """Count who has or had an account: a number of somebody erased is not given again."""
    here = session.exec(select(func.count()).select_from(Person)).one()
    gone = select(func.count()).where(col(Erasure.person_id).not_in(select(Person.id)))
    return here + session.exec(gone.select_from(Erasure)).one()


def checked_name(name: str) -> str:
    """Give a name as it is kept, or refuse it."""
    name = name.strip()
    if not name or len(name) > 80:
        raise Refused(N_("Write a name of 1 to 80 letters."), code="name")
    return name


def appoint(
    session: Session,
    person_id: UUID,
    *,
    skill: str,
    language: str,
    level_ceiling: int,
    reason: str,
    now: datetime,
    lasts: timedelta = timedelta(days=730),
) -> Appointment:
    """Let somebody examine a skill in a language (domain B.4)."""
    appointment = Appointment(
        person_id=person_id,
        skill=skill,
        language=language,
        level_ceiling=level_ceiling,
        reason=reason,
        valid_from=now,
        valid_until=now + lasts,
    )
    session.add(appointment)
    session.flush()
    record(session, "appointment.made", appointment.id, now=now)
    return appointment


def examiners_of_centre(session: Session, *, by: UUID) -> list[Person]:
    """List the examiners of somebody's centre, by name."""
    centre = session.get_one(Person, by).organisation_id
    return list(
        session.exec(
            select(Person)
            .join(Grant, col(Grant.person_id) == col(Person.id))
            .where(
                col(Grant.role) == Role.EXAMINER,
                col(Person.organisation_id) == centre,
                col(Person.id) != by,
            )
            .order_by(col(Person.display_name))
        )
    )


def centre_of(session: Session, person_id: UUID) -> UUID:
    """Give the organisation that a person belongs to: where their roles hold."""
    return session.get_one(Person, person_id).organisation_id


def invite(
    session: Session,
    person_id: UUID,
    *,
    now: datetime,
    code: str | None = None,
    lasts: timedelta = CODE_LIVES,
) -> str:
    """Give a code that lets a person in; it is told once and cannot be read back."""
    code = code or new_code()
    session.add(
        AccessCode(
            code_hash=_code_hash(code), person_id=person_id, created=now, expires=now + lasts
        )
    )
    session.flush()
    return code


def enter(session: Session, code: str, *, source: str, now: datetime) -> Person | None:
    """Give the person that a code belongs to, or None; a wrong code is counted.

    After too many wrong codes from one `source` (an address as `limits.keyed` hashes it) the door
    stays closed to it for a while.
    """
    wrong = session.exec(
        select(func.count())
        .select_from(WrongCode)
        .where(col(WrongCode.source_hash) == source, col(WrongCode.at) > now - _WRONG_WINDOW)
    ).one()
    if wrong >= _WRONG_CODES:
        raise Refused(
            N_("Too many tries."),
            status=429,
            code="too-many-tries",
            hint=N_("Wait a few minutes, then try again."),
        )
    found = session.get(AccessCode, _code_hash(code))
    if found is None or found.expires <= now:
        session.add(WrongCode(source_hash=source, at=now))
        return None
    return session.get_one(Person, found.person_id)


def sign_in(session: Session, person_id: UUID, *, now: datetime) -> str:
    """Open a session for a person and give its token."""
    record(session, "person.signed-in", person_id, by=person_id, now=now)
    others = (col(Grant.person_id) == person_id, col(Grant.role) != Role.CANDIDATE)
    if session.exec(select(Grant).where(*others)).first() is not None:
        session.merge(LastSignIn(person_id=person_id, at=now))
    return open_session(session, WebSession, now=now, lasts=SESSION_LIVES, person_id=person_id)


def visitor(session: Session, token: str, *, now: datetime) -> Visitor | None:
    """Give who is signed in with a token."""
    rows = session.exec(
        select(WebSession, Person, Grant.role)
        .select_from(WebSession)
        .join(Person)
        .outerjoin(Grant, col(Grant.person_id) == Person.id)
        .where(WebSession.token_hash == token_hash(token))
    ).all()
    if not rows or not is_live(rows[0][0], now=now, idle=SESSION_IDLE):
        return None
    person = rows[0][1]
    roles = frozenset(Role(role) for *_, role in rows if role)
    return Visitor(person.id, person.alias, person.display_name, roles, person.organisation_id)


def has_role(session: Session, person_id: UUID, role: Role) -> bool:
    """Tell whether a person has a role."""
    return session.get(Grant, (person_id, role)) is not None


def give_consent(session: Session, person_id: UUID, *, statistics: bool, now: datetime) -> None:
    """Write down that a candidate agrees to be assessed; statistics are a separate choice."""
    session.merge(Consent(person_id=person_id, assessment_at=now, statistics=statistics))
    session.flush()
    record(session, "consent.given", person_id, by=person_id, now=now)


def has_consent(session: Session, person_id: UUID) -> bool:
    """Tell whether a candidate agreed to be assessed."""
    return session.get(Consent, person_id) is not None


def _code_hash(code: str) -> str:
    letters = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(f"access code|{letters}".encode()).hexdigest()


def contact_hash(session: Session, contact: str) -> str:
    """Hash a way to reach somebody, to know the same person again.

    Keyed (`web.keyed`): of a stolen database alone, nobody can try all telephone numbers.
    """
    return keys_of(session).digest("contact", normal_contact(contact))


def is_contact(contact: str) -> bool:
    """Tell whether a text looks like an e-mail address or a telephone number."""
    text = normal_contact(contact)
    return len(text) <= _CONTACT_LETTERS and bool(
        _E_MAIL.fullmatch(text) or re.fullmatch(r"\+?[0-9]{5,20}", text)
    )


def normal_contact(contact: str) -> str:
    """Write a contact as every spelling of it is written: letters, spaces, telephone signs.

    What reaches the same letter-box is the same: what follows a plus sign in an e-mail address, and
    the dots of Google's. It is only compared, never written to.
    """
    text = "".join(unicodedata.normalize("NFKC", contact).casefold().split())
    local, at, domain = text.rpartition("@")
    if at:
        local = local.partition("+")[0] or local
        if domain in ("gmail.com", "googlemail.com"):
            local, domain = local.replace(".", ""), "gmail.com"
        return f"{local}@{domain}"
    if _TELEPHONE.fullmatch(text):
        digits = "".join(one for one in text if one.isdecimal())
        plus = text.startswith(("+", "(+")) or digits.startswith("00")
        return f"+{digits.removeprefix('00')}" if plus else digits
    return text
