"""What people ask about their data: a copy, a correction, erasure - within one month (GDPR, 12(3)).

Somebody who is signed in does it alone, and it is noted as done. For somebody who is not, a data
officer of the same centre writes the request down, notes how they made sure who asks, and does it
or refuses it for one of few reasons. No words, no copies of papers: closed lists only.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from issuer import accounts, two_persons
from issuer.audit import record
from issuer.erasure import Erased, erase
from issuer.privacy_tables import DataRequest, Identity, Kind, RequestState, WhyRefused
from issuer.profile import IssuingBody
from issuer.tables import Person
from web.database import Database
from web.errors import Refused
from web.languages import N_

CLOCK = timedelta(days=30)
"""One month (GDPR, article 12(3))."""

KINDS: dict[Kind, str] = {
    Kind.COPY: N_("A copy of everything"),
    Kind.CORRECTION: N_("A correction of the name or the contact"),
    Kind.ERASURE: N_("Erasure"),
}
IDENTITIES: dict[Identity, str] = {
    Identity.SIGNED_IN: N_("Signed in here"),
    Identity.IN_PERSON: N_("Came in person, and we know them"),
    Identity.SHOWED_BADGE: N_("Showed a badge of ours from their wallet"),
    Identity.ANSWERED_CONTACT: N_("Answered at the contact that we have"),
}
REFUSALS: dict[WhyRefused, str] = {
    WhyRefused.NOT_THE_PERSON: N_("We cannot be sure who asks"),
    WhyRefused.REPEATED: N_("Asked again and again, without a reason"),
    WhyRefused.UNDER_REVIEW: N_("A badge is being looked into; it is needed for that"),
    WhyRefused.TAKEN_BACK: N_("The person took it back"),
}


def done_alone(session: Session, person_id: UUID, kind: Kind, *, now: datetime) -> None:
    """Note that somebody who is signed in got what they wanted at once."""
    _settle(session, person_id, kind, now=now)
    request = DataRequest(
        person_id=person_id,
        organisation_id=session.get_one(Person, person_id).organisation_id,
        kind=kind,
        state=RequestState.DONE,
        received_at=now,
        due_at=now + CLOCK,
        identity=Identity.SIGNED_IN,
        ended_at=now,
    )
    session.add(request)
    session.flush()
    record(session, "data-request.done", request.id, by=person_id, now=now)


def receive(session: Session, who: str, kind: str, *, by: UUID, now: datetime) -> DataRequest:
    """Write down that somebody asks; `who` is their number here (C-003) or their contact."""
    person = _find(session, who, by=by)
    if kind not in KINDS:
        raise Refused(N_("Choose what the person asks for."), status=422, code="kind")
    if person.id == by:
        raise Refused(N_("These are your own data. Use your page."), status=403, code="own-request")
    request = DataRequest(
        person_id=person.id,
        organisation_id=person.organisation_id,
        kind=kind,
        received_at=now,
        due_at=now + CLOCK,
    )
    session.add(request)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(
            N_("This person asked for it already."), status=409, code="asked-already"
        ) from error
    record(session, "data-request.received", request.id, by=by, now=now)
    return request


def open_requests(session: Session, *, by: UUID) -> list[tuple[DataRequest, str]]:
    """List the open requests of the officer's centre with the person's number, the oldest first."""
    return [
        (request, alias)
        for request, alias in session.exec(
            select(DataRequest, Person.alias)
            .join(Person, col(Person.id) == col(DataRequest.person_id))
            .where(
                col(DataRequest.organisation_id) == _centre(session, by),
                col(DataRequest.ended_at).is_(None),
            )
            .order_by(col(DataRequest.due_at))
        )
    ]


def ended(session: Session, *, by: UUID, number: int = 20) -> list[DataRequest]:
    """List the latest requests of the officer's centre that ended."""
    return list(
        session.exec(
            select(DataRequest)
            .where(
                col(DataRequest.organisation_id) == _centre(session, by),
                col(DataRequest.ended_at).is_not(None),
            )
            .order_by(col(DataRequest.ended_at).desc())
            .limit(number)
        )
    )


def of_officer(
    session: Session, request_id: UUID, *, by: UUID, locked: bool = False
) -> DataRequest:
    """Give a request of the officer's centre; nobody handles their own."""
    request = session.get(DataRequest, request_id, with_for_update=locked or None)
    if request is None or request.organisation_id != _centre(session, by):
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    if request.person_id == by:
        raise Refused(N_("These are your own data. Use your page."), status=403, code="own-request")
    return request


def check_identity(
    session: Session, request_id: UUID, identity: str, *, by: UUID, now: datetime
) -> None:
    """Note how the officer made sure that it is the person who asks."""
    request = _open(session, request_id, by=by)
    if identity not in IDENTITIES or identity == Identity.SIGNED_IN:
        raise Refused(N_("Choose how you know who asks."), status=422, code="identity")
    request.identity, request.handled_by = identity, by
    request.state = RequestState.IDENTITY_CHECKED
    session.add(request)
    session.flush()
    record(session, "data-request.identity-checked", request.id, by=by, now=now)


def refuse(session: Session, request_id: UUID, why: str, *, by: UUID, now: datetime) -> None:
    """Refuse a request for one of few reasons; the person may complain, and is told so."""
    request = _open(session, request_id, by=by)
    if why not in REFUSALS:
        raise Refused(N_("Choose a reason."), status=422, code="reason")
    request.state, request.refused_for = RequestState.REFUSED, why
    request.ended_at = now
    session.add(request)
    session.flush()
    record(session, "data-request.refused", request.id, by=by, now=now)


def finish(session: Session, request_id: UUID, kind: Kind, *, by: UUID, now: datetime) -> UUID:
    """Note that a request is done, after the identity check; give whose it was."""
    request = _open(session, request_id, by=by)
    if request.kind != kind:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    if request.state != RequestState.IDENTITY_CHECKED:
        raise Refused(N_("First note how you know who asks."), status=409, code="identity-first")
    request.state, request.ended_at = RequestState.DONE, now
    request.handled_by = by
    session.add(request)
    session.flush()
    record(session, "data-request.done", request.id, by=by, now=now)
    return request.person_id


def erase_on_request(
    database: Database,
    request_id: UUID,
    *,
    keep_badges: bool,
    by: UUID,
    body: IssuingBody,
    now: datetime,
) -> Erased:
    """Erase the person of a request whose identity was checked; the request is done with it."""
    with database.reading() as session:
        person_id = of_officer(session, request_id, by=by).person_id

    def note(session: Session) -> None:
        finish(session, request_id, Kind.ERASURE, by=by, now=now)

    return erase(
        database,
        person_id,
        keep_badges=keep_badges,
        end_open_work=True,
        by=by,
        body=body,
        now=now,
        also=note,
    )


def correct(
    session: Session,
    person_id: UUID,
    *,
    name: str | None = None,
    contact: str | None = None,
    by: UUID,
    now: datetime,
) -> None:
    """Correct the name, or the contact by which the same person is known again.

    Badges name nobody, so they stay as they are.
    """
    person = session.get_one(Person, person_id, with_for_update=True)
    if name is not None:
        person.display_name = accounts.checked_name(name)
    if contact is not None:
        known = accounts.contact_hash(session, contact) if contact.strip() else None
        _check_contact(session, person, known)
        person.contact_hash = known
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(
            N_("This contact belongs to somebody who marked your work."),
            status=409,
            code="contact",
        ) from error
    record(session, "person.corrected", person_id, by=by, now=now)


def _check_contact(session: Session, person: Person, contact: str | None) -> None:
    """Let who has a role keep a contact, and none of a colleague: what takes two takes two."""
    if contact is None and two_persons.has_trusted_role(session, person.id):
        raise Refused(
            N_("You have a role here, so a contact must stay."), status=409, code="contact"
        )
    if two_persons.is_staff(session, person.id):
        two_persons.refuse_second_account(session, person, contact)


def has_contact(session: Session, person_id: UUID) -> bool:
    """Tell whether we know somebody again by a contact; nobody can read which one."""
    return session.get_one(Person, person_id).contact_hash is not None


def _settle(session: Session, person_id: UUID, kind: Kind, *, now: datetime) -> None:
    """End a request for the same that waits at the office: the person did it alone."""
    waiting = session.exec(
        select(DataRequest)
        .where(
            col(DataRequest.person_id) == person_id,
            col(DataRequest.kind) == kind,
            col(DataRequest.ended_at).is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if waiting is not None:
        waiting.identity, waiting.handled_by = Identity.SIGNED_IN, None
        waiting.state, waiting.ended_at = RequestState.DONE, now
        session.add(waiting)
        session.flush()


def _open(session: Session, request_id: UUID, *, by: UUID) -> DataRequest:
    request = of_officer(session, request_id, by=by, locked=True)
    if request.ended_at is not None:
        raise Refused(N_("This request ended already."), status=409, code="ended")
    return request


def _find(session: Session, who: str, *, by: UUID) -> Person:
    asked = who.strip()
    found = session.exec(
        select(Person).where(
            col(Person.organisation_id) == _centre(session, by),
            (func.upper(col(Person.alias)) == asked.upper())
            | (col(Person.contact_hash) == accounts.contact_hash(session, asked)),
            col(Person.display_name) != "",
        )
    ).first()
    if found is None:
        raise Refused(
            N_("We know nobody by this number or contact."), status=404, code="unknown-person"
        )
    return found


def _centre(session: Session, by: UUID) -> UUID:
    return session.get_one(Person, by).organisation_id
