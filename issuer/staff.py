"""Who has which role in an organisation: invited, given, ended by its administrators.

An administrator acts for their own organisation, never on their own roles upwards, and sees when
each account was last used. One person has one account there (`issuer.two_persons`). A new person
comes in by a link that works once; the code that they use from then on is made when they take the
link up and told to them alone, so that no administrator can sign in as somebody else. Who lost
their code is invited anew, as a new account; the old one is ended before and keeps its history. The
database holds these rules too (`issuer.staff_tables`).
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from issuer import accounts, two_persons
from issuer.audit import record
from issuer.staff_tables import TRUSTED, LastSignIn, RoleInvitation
from issuer.tables import AccessCode, Grant, Organisation, Person, Role, WebSession
from web.errors import Refused
from web.languages import N_

INVITATION_LIVES = timedelta(days=7)
CODE_LIVES = timedelta(days=365)
"""Of the code of somebody with a role; they make a new one themselves at any time."""
_SHOWN = (*TRUSTED, Role.EXAMINER)
_NAME_LETTERS = 80


@dataclass(frozen=True)
class Account:
    """One line of the list: a person of the organisation with the roles they hold."""

    person_id: UUID
    name: str
    alias: str
    roles: tuple[Role, ...]
    last_signed_in: datetime | None


def found(
    session: Session,
    name: str,
    country_code: str,
    *,
    administrator: str,
    contact: str,
    now: datetime,
) -> tuple[Organisation, str]:
    """Set up an organisation; give it, and the secret of the link for its first administrator.

    Whoever has the database may do this; afterwards its roles come from its administrators.
    `country_code` is of ISO 3166-1, such as ES. Raises `Refused` for a name that is taken, also
    when only capitals or spaces differ, and then nothing is kept.
    """
    called = " ".join(name.split())
    if not called or len(called) > _NAME_LETTERS:
        raise Refused(N_("Write a name of 1 to 80 letters."), status=422, code="name")
    if not re.fullmatch("[A-Z]{2}", country_code):
        raise Refused(N_("Write the country as two capital letters."), status=422, code="country")
    if _organisation_called(session, called) is not None:
        raise _known_name()
    try:
        with session.begin_nested():
            organisation = accounts.create_organisation(session, called, country_code)
    except IntegrityError as error:  # somebody else founded it at this moment
        raise _known_name() from error
    record(session, "organisation.founded", organisation.id, now=now)
    return organisation, _invite_the_first(session, organisation, administrator, contact, now=now)


def found_again(
    session: Session, name: str, *, administrator: str, contact: str, now: datetime
) -> tuple[Organisation, str]:
    """Make a new link for an organisation that was founded and whose first link nobody used.

    The earlier link stops working. Raises `Refused` once somebody came in: then its administrators
    invite.
    """
    organisation = _organisation_called(session, name)
    if organisation is None:
        raise Refused(N_("There is no organisation of this name."), status=404, code="unknown-name")
    session.get(Organisation, organisation.id, with_for_update=True)
    if _number_of_administrators(session, organisation.id):
        raise Refused(
            N_("This organisation has an administrator, who invites others."),
            status=409,
            code="has-administrator",
        )
    session.exec(
        delete(RoleInvitation).where(col(RoleInvitation.organisation_id) == organisation.id)
    )
    return organisation, _invite_the_first(session, organisation, administrator, contact, now=now)


def _organisation_called(session: Session, name: str) -> Organisation | None:
    sought = " ".join(name.split()).casefold()
    known = session.exec(select(Organisation))
    return next((one for one in known if " ".join(one.name.split()).casefold() == sought), None)


def _invite_the_first(
    session: Session, organisation: Organisation, name: str, contact: str, *, now: datetime
) -> str:
    token = _link(session, organisation.id, name, Role.ADMINISTRATOR, contact, by=None, now=now)
    record(session, f"role.invited.{Role.ADMINISTRATOR}", organisation.id, now=now)
    return token


def listed(session: Session, *, by: UUID) -> list[Account]:
    """List the people of the administrator's organisation who hold a role of trust, by name."""
    centre = accounts.centre_of(session, by)
    people: dict[UUID, tuple[Person, list[Role]]] = {}
    for person, role in session.exec(
        select(Person, Grant.role)
        .join(Grant, col(Grant.person_id) == col(Person.id))
        .where(col(Person.organisation_id) == centre, col(Grant.role).in_(_SHOWN))
        .order_by(col(Person.display_name), col(Person.id), col(Grant.role))
    ):
        people.setdefault(person.id, (person, []))[1].append(Role(role))
    last = {
        one.person_id: one.at
        for one in session.exec(select(LastSignIn).where(col(LastSignIn.person_id).in_(people)))
    }
    return [
        Account(person.id, person.display_name, person.alias, tuple(roles), last.get(person.id))
        for person, roles in people.values()
    ]


def invitations(session: Session, *, by: UUID, now: datetime) -> list[RoleInvitation]:
    """List the links of the administrator's organisation that nobody has used yet."""
    return list(
        session.exec(
            select(RoleInvitation)
            .where(
                col(RoleInvitation.organisation_id) == accounts.centre_of(session, by),
                col(RoleInvitation.expires) > now,
            )
            .order_by(col(RoleInvitation.created).desc())
        )
    )


# --- giving -------------------------------------------------------------------------------------


def invite(session: Session, name: str, role: str, *, contact: str, by: UUID, now: datetime) -> str:
    """Invite somebody new to a role in one's own organisation; give the secret of the link, once.

    The account is made when the link is taken up, so an invitation that nobody uses is no role.
    `contact` is an e-mail address or a telephone number of theirs, and not one that somebody with a
    role here has, least of all who invites: what takes two persons takes two of them.
    """
    _must_administer(session, by)
    given, centre = _trusted(role), accounts.centre_of(session, by)
    two_persons.check_invited(session, _contact(session, contact), by=by)
    token = _link(session, centre, name, given, contact, by=by, now=now)
    record(session, f"role.invited.{given}", by, by=by, now=now)
    return token


def _link(
    session: Session,
    organisation_id: UUID,
    name: str,
    role: Role,
    contact: str,
    *,
    by: UUID | None,
    now: datetime,
) -> str:
    called = name.strip()
    if not called or len(called) > _NAME_LETTERS:
        raise Refused(N_("Write a name of 1 to 80 letters."), status=422, code="name")
    token = secrets.token_urlsafe(32)
    session.add(
        RoleInvitation(
            token_hash=_hash(token),
            organisation_id=organisation_id,
            name=called,
            role=role,
            contact_hash=_contact(session, contact),
            invited_by=by,
            created=now,
            expires=now + INVITATION_LIVES,
        )
    )
    session.flush()
    return token


def _contact(session: Session, contact: str) -> str:
    """Hash a contact, or refuse what reaches nobody."""
    if not accounts.is_contact(contact):
        raise Refused(
            N_("Write an e-mail address or a telephone number."), status=422, code="contact"
        )
    return accounts.contact_hash(session, contact)


def invitation(session: Session, token: str, *, now: datetime) -> tuple[RoleInvitation, str]:
    """Give an invitation that can still be taken up, and the name of its organisation."""
    found = session.get(RoleInvitation, _hash(token))
    if found is None or found.expires <= now or not _counts(session, found):
        raise _no_such_link()
    return found, session.get_one(Organisation, found.organisation_id).name


def join_address(base_url: str, token: str) -> str:
    """Give the link that an invitation's secret opens."""
    return f"{base_url}/join/{token}"


def take_up(session: Session, token: str, *, now: datetime) -> tuple[Person, str]:
    """Make the account that a link invites to; give it and its code, which nobody else learns.

    Of two who use one link at once, one comes in: the row is gone for the other.
    """
    found, _name = invitation(session, token, now=now)
    gone = session.exec(
        delete(RoleInvitation).where(col(RoleInvitation.token_hash) == found.token_hash)
    )
    if gone.rowcount != 1:
        raise _no_such_link()
    person = accounts.create_person(session, found.organisation_id, found.name)
    person.contact_hash = found.contact_hash
    two_persons.refuse_second_account(session, person, found.contact_hash)
    session.add(person)
    session.flush()
    _give(session, person.id, Role(found.role), by=found.invited_by, now=now)
    return person, accounts.invite(session, person.id, now=now, lasts=CODE_LIVES)


def give(session: Session, person_id: UUID, role: str, *, by: UUID, now: datetime) -> None:
    """Give a role to somebody who has an account in one's own organisation; never to oneself."""
    _must_administer(session, by)
    person = _of_own_organisation(session, person_id, by=by)
    given = _trusted(role)
    if person.contact_hash is None:
        raise Refused(
            N_("This person first writes a contact on the page “My data”."),
            status=409,
            code="no-contact",
        )
    two_persons.refuse_second_account(session, person, person.contact_hash)
    if session.get(Grant, (person_id, given)) is None:
        _give(session, person_id, given, by=by, now=now)


def _give(session: Session, person_id: UUID, role: Role, *, by: UUID | None, now: datetime) -> None:
    if person_id == by:
        raise Refused(N_("Nobody gives themselves a role."), status=403, code="own-role")
    at = now if by is not None else None
    session.add(Grant(person_id=person_id, role=role, granted_by=by, granted_at=at))
    try:
        session.flush()
    except IntegrityError as error:  # at this moment somebody else took the contact, or the role
        raise Refused(N_("Someone was faster."), status=409, code="faster") from error
    record(session, f"role.given.{role}", person_id, by=by, now=now)


# --- ending -------------------------------------------------------------------------------------


def end(session: Session, person_id: UUID, role: str, *, by: UUID, now: datetime) -> None:
    """End a role at once; whoever has none left is signed out, and their codes stop working.

    1. One at a time in an organisation: of two administrators who end each other, one stays.
    2. The last administrator stays. 3. The role ends; what was done under it stays.
    """
    session.get(Organisation, accounts.centre_of(session, by), with_for_update=True)  # 1
    _must_administer(session, by)
    person = _of_own_organisation(session, person_id, by=by)
    held = session.get(Grant, (person.id, _trusted(role)), populate_existing=True)
    if held is None:
        raise Refused(N_("This person does not have this role."), status=409, code="no-such-role")
    if held.role == Role.ADMINISTRATOR and (
        _number_of_administrators(session, person.organisation_id) == 1  # 2
    ):
        raise Refused(
            N_("The last administrator stays. Invite another one first."),
            status=409,
            code="last-administrator",
        )
    session.delete(held)  # 3
    session.flush()
    record(session, f"role.ended.{held.role}", person.id, by=by, now=now)
    if not session.exec(select(Grant).where(col(Grant.person_id) == person.id)).first():
        session.exec(delete(AccessCode).where(col(AccessCode.person_id) == person.id))
        session.exec(delete(WebSession).where(col(WebSession.person_id) == person.id))


def take_back(session: Session, token_hash: str, *, by: UUID, now: datetime) -> None:
    """Let a link that nobody has used stop working."""
    _must_administer(session, by)
    found = session.get(RoleInvitation, token_hash)
    if found is None or found.organisation_id != accounts.centre_of(session, by):
        raise _unknown()
    session.delete(found)
    subject = found.invited_by or found.organisation_id
    record(session, f"role.invitation-ended.{found.role}", subject, by=by, now=now)


# --- one's own code -----------------------------------------------------------------------------


def new_code(session: Session, person_id: UUID, *, now: datetime) -> str:
    """Give somebody with a role a new code of their own; older ones stop working."""
    roles = session.exec(select(Grant.role).where(col(Grant.person_id) == person_id)).all()
    if not set(roles) & {str(role) for role in _SHOWN}:
        raise Refused(N_("This page is not for you."), status=403, code="role")
    session.exec(delete(AccessCode).where(col(AccessCode.person_id) == person_id))
    record(session, "person.new-code", person_id, by=person_id, now=now)
    return accounts.invite(session, person_id, now=now, lasts=CODE_LIVES)


def _counts(session: Session, invited: RoleInvitation) -> bool:
    """Tell whether who invites may still do so: an administrator, or nobody in an empty centre."""
    if invited.invited_by is None:
        return _number_of_administrators(session, invited.organisation_id) == 0
    return session.get(Grant, (invited.invited_by, Role.ADMINISTRATOR)) is not None


def _must_administer(session: Session, person_id: UUID) -> None:
    held = session.exec(
        select(Grant.role).where(
            col(Grant.person_id) == person_id, col(Grant.role) == Role.ADMINISTRATOR
        )
    ).first()
    if held is None:
        raise Refused(N_("This page is not for you."), status=403, code="role")


def _of_own_organisation(session: Session, person_id: UUID, *, by: UUID) -> Person:
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != accounts.centre_of(session, by):
        raise _unknown()
    return person


def _trusted(role: str) -> Role:
    if role not in {str(one) for one in TRUSTED}:
        raise Refused(N_("Choose a role."), status=422, code="role-choice")
    return Role(role)


def _number_of_administrators(session: Session, organisation_id: UUID) -> int:
    return session.exec(
        select(func.count())
        .select_from(Grant)
        .join(Person, col(Person.id) == col(Grant.person_id))
        .where(
            col(Person.organisation_id) == organisation_id,
            col(Grant.role) == Role.ADMINISTRATOR,
        )
    ).one()


def _hash(token: str) -> str:
    return hashlib.sha256(f"role invitation|{token}".encode()).hexdigest()


def _known_name() -> Refused:
    return Refused(N_("There is an organisation of this name."), status=409, code="known-name")


def _no_such_link() -> Refused:
    return Refused(
        N_("This link does not work any more."),
        status=404,
        code="used-link",
        hint=N_("A link works once, for seven days. Ask for a new one."),
    )


def _unknown() -> Refused:
    return Refused(N_("There is nothing at this address."), status=404, code="unknown")
