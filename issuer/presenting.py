"""Asking wallets to show a badge (OpenID4VP 1.0): to sign an examiner in, or to know an expert.

    begin (browser gets a token) --request--> wallet --answer (verified)--> response code
          --same browser: code--> done
          --other browser: shows a number, typed where it began--> done

Each request is for one browser, answered once, used once, and over after ten minutes. Whoever only
saw the QR code or the link, or only the response code, gets nothing: the first lacks the badge, the
second the browser's token. On another screen the person carries a number over by hand, so that
somebody who sends a link of theirs is not signed in by a tap.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from credentials.exchange import oid4vp
from credentials.exchange.dcql import Claim, CredentialQuery
from credentials.exchange.oid4vci import ExchangeError
from credentials.ground import ground_of
from credentials.report import CannotCheck, CheckFailed, Outcome, Report
from credentials.shape import issuer_id
from credentials.trust import Trust, TrustedParty
from credentials.verify import Expected, verify_presentation
from issuer import abroad, appointment_badges, eligibility, equals, grounds, status_lists
from issuer.appointment_document import KIND
from issuer.appointment_tables import Nomination
from issuer.audit import record
from issuer.award_tables import Award, BadgeState, Credential
from issuer.framework import AchievementDefinition
from issuer.own_pages import own_pages
from issuer.presenting_tables import (
    MAX_BAD_ANSWERS,
    MAX_WRONG_NUMBERS,
    PresentationRequest,
    Purpose,
    RequestState,
)
from issuer.profile import IssuingBody
from issuer.same_person import is_same_person
from keys.fetching import Fetch, HttpRequest, HttpResponse
from web.database import Database
from web.errors import Refused
from web.languages import N_

LIVES = timedelta(minutes=10)
"""As long as the signed request itself (`credentials.exchange.oid4vp`)."""
_NUMBER_DIGITS = 6
_MOST_IDS = 100
_QUERY = "badge"
_MUST_PASS = ("parse", "format", "shape", "proof", "dates", "status", "recognition", "holder")


@dataclass(frozen=True)
class Arrived:
    """What a response code opens: the end in the browser that began, a number in any other."""

    is_own_browser: bool
    number: str


# --- asking ---------------------------------------------------------------------------------------


def begin(
    session: Session,
    purpose: Purpose,
    *,
    now: datetime,
    asked_by: UUID | None = None,
    language: str = "",
) -> tuple[UUID, str]:
    """Begin to ask; give the request's id, and the token that only the asking browser may hold."""
    session.exec(delete(PresentationRequest).where(col(PresentationRequest.expires) < now - LIVES))
    browser = secrets.token_urlsafe(32)
    row = PresentationRequest(
        purpose=purpose,
        browser_hash=_hash(browser),
        asked_by=asked_by,
        language=language,
        created=now,
        expires=now + LIVES,
    )
    session.add(row)
    session.flush()
    return row.id, browser


def own(session: Session, request_id: UUID, *, browser: str, now: datetime) -> PresentationRequest:
    """Give a request that this browser began and that is not over."""
    row = session.get(PresentationRequest, request_id)
    if row is None or now >= row.expires or not _is_of(row, browser):
        raise _over()
    return row


def link(body: IssuingBody, request_id: UUID, *, wallet: str = oid4vp.SCHEME) -> str:
    """Give the link that opens a wallet, ours or any other, at the request."""
    return oid4vp.request_link(
        body.did, f"{body.base_url}/present/{request_id}/request", wallet=wallet
    )


def request_text(session: Session, request_id: UUID, *, body: IssuingBody, now: datetime) -> str:
    """Sign the request for the wallet that fetches it."""
    row = session.get(PresentationRequest, request_id)
    if row is None or now >= row.expires or row.state != RequestState.OPEN:
        raise _over()
    name, signer = body.keyring.current()
    return oid4vp.request_object(
        signer,
        did=body.did,
        verification_method=body.keyring.method_id(name),
        response_uri=f"{body.base_url}/present/{row.id}/answer",
        nonce=_derived(body.secret, "nonce", row.id),
        state=_derived(body.secret, "state", row.id),
        queries=[_query(session, row, body)],
        now=row.created,
    )


def _query(session: Session, row: PresentationRequest, body: IssuingBody) -> CredentialQuery:
    """Ask for one badge: an appointment that we signed, or one of expert level.

    The latter may also be of another issuer, whose achievement is accepted as equal.
    """
    place = ("credentialSubject", "achievement")
    if row.purpose == Purpose.SIGN_IN:
        ours = Claim(("issuer", "id"), (body.did,))
        return CredentialQuery(_QUERY, (ours, Claim((*place, "achievementType"), (KIND,))))
    equal = equals.in_force(session)
    known = tuple(_expert_achievements(body))[-_MOST_IDS:]
    known = tuple(dict.fromkeys((*(one.achievement_id for one in equal), *known)))[:_MOST_IDS]
    issuers = dict.fromkeys((body.did, *(one.issuer_did for one in equal)))
    signed = Claim(("issuer", "id"), tuple(issuers)[:_MOST_IDS])
    return CredentialQuery(_QUERY, (signed, Claim((*place, "id"), known)))


def _expert_achievements(body: IssuingBody) -> dict[str, AchievementDefinition]:
    return {
        identifier: definition
        for identifier, (_framework, definition) in body.achievements().items()
        if definition.level == equals.EXPERT
    }


# --- the wallet's answer --------------------------------------------------------------------------


def answer(
    database: Database,
    request_id: UUID,
    form: Mapping[str, str],
    *,
    body: IssuingBody,
    outside: Fetch,
    now: datetime,
) -> str:
    """Take a wallet's answer, once; give the address where the person's browser goes on.

    1. The request is open, in time, and this answer names its state.
    2. The form holds one presentation for our query, or the wallet's no.
    3. The presentation is verified from what we publish ourselves: made for us (domain), for this
       request (nonce), lately, by the holder of the one badge in it; the badge signed by us, in
       time, not cancelled. An expert's may be of an issuer that standard owners accept: only then
       is anything asked `outside`, its DID document and its status list.
    4. It is what we asked for: an active appointment of that holder, or an expert's badge. Of one
       of another issuer it is noted what will be looked at each day.
    5. In one transaction, with the row locked: of two answers at once one is taken.

    Raises `ExchangeError`. An answer that is no good is counted; after ten the request is closed.
    How often others are asked is counted as well (`issuer.abroad`).
    """
    with database.reading() as session:  # 1
        row = session.get(PresentationRequest, request_id)
    expected = _derived(body.secret, "state", request_id)
    if row is None or not hmac.compare_digest(expected.encode(), form.get("state", "").encode()):
        raise ExchangeError("invalid_request", "there is no such request, or not with this state")
    if now >= row.expires or row.state != RequestState.OPEN:
        raise ExchangeError("invalid_request", "this request is over")
    try:
        presented = oid4vp.read_response(form, query_ids=[_QUERY])[_QUERY]  # 2
        with _counted(database, row, body=body, outside=outside, now=now) as asking:
            report, holder = _verified(  # 3
                database, row, presented, body=body, outside=asking, now=now
            )
            with database.reading() as session:
                _check_wanted(session, row, report, holder, body=body, now=now)  # 4
            ground = _ground(report, body=body, outside=asking, now=now)
    except ExchangeError as error:
        _note_bad_answer(database, row, error, now=now)
        raise
    assert report.document is not None, "a verified badge was read"
    code = secrets.token_urlsafe(32)
    with database.transaction() as session:  # 5
        row = session.get(PresentationRequest, request_id, with_for_update=True)
        if row is None or row.state != RequestState.OPEN:
            raise ExchangeError("invalid_request", "this request was answered already")
        row.state, row.code_hash = RequestState.ANSWERED, _hash(code)
        row.badge_id, row.holder = str(report.document["id"]), holder
        row.issuer, row.ground = issuer_id(report.document), ground
        row.achievement_id = str(report.document["credentialSubject"]["achievement"]["id"])
        session.add(row)
        session.flush()
        record(session, "presentation.answered", row.id, now=now)
    return f"{body.base_url}/present/{request_id}/done?response_code={code}"


@contextmanager
def _counted(
    database: Database,
    row: PresentationRequest,
    *,
    body: IssuingBody,
    outside: Fetch,
    now: datetime,
) -> Iterator[Fetch]:
    """Count whom an expert's answer has asked outside; an appointment has nobody asked."""
    with database.reading() as session:
        known = [one.issuer_did for one in equals.in_force(session)]
    if row.purpose != Purpose.EXPERT or not known:
        yield outside
        return
    assert row.asked_by is not None, "a constraint of the database"
    try:
        asking = abroad.begin(
            database, row.asked_by, known, fetch=outside, secret=body.secret, now=now
        )
    except Refused as refusal:
        raise ExchangeError("invalid_request", "this was tried too often; try later") from refusal
    try:
        yield asking
    finally:
        abroad.note(database, asking, now=now)


def _verified(
    database: Database,
    row: PresentationRequest,
    presented: str,
    *,
    body: IssuingBody,
    outside: Fetch,
    now: datetime,
) -> tuple[Report, str]:
    with database.transaction() as session:  # so that what we read of ourselves is signed by now
        status_lists.republish_all(session, body.keyring, base_url=body.base_url, now=now)
    with database.reading() as session:
        trusted = [TrustedParty(body.did, body.name, frozenset({"issuer"}))]
        fetch = own_pages(session, body, now, may_sign=False)
        if row.purpose == Purpose.EXPERT:
            others = {one.issuer_did: one.issuer_name for one in equals.in_force(session)}
            trusted += [
                TrustedParty(did, name, frozenset({"issuer"})) for did, name in others.items()
            ]
            if others:
                fetch = _first_at_home(body, fetch, outside)
        found = verify_presentation(
            presented,
            Expected(
                domain=oid4vp.client_id_of(body.did),
                challenge=_derived(body.secret, "nonce", row.id),
                max_age=LIVES,
            ),
            trust=Trust(tuple(trusted)),
            fetch=fetch,
            now=now,
        )
    bad = next((one for one in found.checks if one.outcome is not Outcome.PASSED), None)
    if bad is not None:
        raise ExchangeError("invalid_request", f"the presentation: {bad.code} {bad.detail}")
    if len(found.badges) != 1 or found.holder is None:
        raise ExchangeError("invalid_request", "exactly one badge was asked for")
    (report,) = found.badges
    _check_badge(report, issuers=[one.id for one in trusted])
    return report, found.holder


def _ground(
    report: Report, *, body: IssuingBody, outside: Fetch, now: datetime
) -> dict[str, Any] | None:
    assert report.document is not None, "a verified badge was read"
    if issuer_id(report.document) == body.did:
        return None
    try:
        return grounds.written(ground_of(report, fetch=outside, now=now))
    except (CannotCheck, CheckFailed) as error:
        raise ExchangeError("invalid_request", f"the badge: {error.code}") from error


def _first_at_home(body: IssuingBody, own: Fetch, outside: Fetch) -> Fetch:
    """Answer what is ours ourselves, and let everything else be asked over the network."""

    def fetch(request: HttpRequest) -> HttpResponse:
        return (own if request.url.startswith(f"{body.base_url}/") else outside)(request)

    return fetch


def _check_badge(report: Report, *, issuers: Sequence[str]) -> None:
    """Refuse a badge of nobody whom we recognise, not the holder's, or that counts no longer."""
    if report.document is None or issuer_id(report.document) not in issuers:
        raise ExchangeError("invalid_request", "this badge was signed by somebody else")
    for step in _MUST_PASS:
        check = report.check(step)
        if check is None or check.outcome is not Outcome.PASSED:
            code = check.code if check else f"{step}.missing"
            raise ExchangeError("invalid_request", f"the badge: {code}")


def _check_wanted(
    session: Session,
    row: PresentationRequest,
    report: Report,
    holder: str,
    *,
    body: IssuingBody,
    now: datetime,
) -> None:
    assert report.document is not None, "a verified badge was read"
    if not _query(session, row, body).fits(report.document):
        raise ExchangeError("invalid_request", "another badge was asked for")
    identifier = str(report.document["id"])
    if row.purpose == Purpose.SIGN_IN:
        if appointment_badges.person_of(session, identifier, holder, now=now) is None:
            raise ExchangeError("invalid_request", "this appointment does not count now")
        return
    achievement = str(report.document["credentialSubject"]["achievement"]["id"])
    issuer = issuer_id(report.document)
    if equals.definition_of(session, body, issuer=issuer, achievement_id=achievement) is None:
        raise ExchangeError("invalid_request", "another badge was asked for")  # of that issuer
    if issuer != body.did and _is_ours(session, identifier):
        raise ExchangeError("invalid_request", "this badge has the id of one of ours")
    if _is_of_somebody_else(session, row, identifier):
        raise ExchangeError("invalid_request", "this badge was given to another person")


def _is_ours(session: Session, badge_id: str) -> bool:
    known = select(Credential.id).where(col(Credential.credential_id) == badge_id)
    return session.exec(known).first() is not None


def _is_of_somebody_else(session: Session, row: PresentationRequest, badge_id: str) -> bool:
    """Tell whether a badge was given to somebody else, or made somebody else an examiner."""
    owner = session.exec(
        select(Award.candidate_id)
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .where(
            col(Credential.credential_id) == badge_id,
            col(Credential.state) != BadgeState.SUPERSEDED,
        )
    ).one_or_none()
    users = session.exec(select(Nomination.person_id).where(col(Nomination.badge_id) == badge_id))
    asked_by = row.asked_by
    assert asked_by is not None, "a constraint of the database"
    return any(
        not is_same_person(session, one, asked_by) for one in (owner, *users) if one is not None
    )


def _note_bad_answer(
    database: Database, seen: PresentationRequest, error: ExchangeError, *, now: datetime
) -> None:
    with database.transaction() as session:
        row = session.get(PresentationRequest, seen.id, with_for_update=True)
        if row is None or row.state != RequestState.OPEN:
            return
        if error.code == "access_denied":
            row.state = RequestState.DECLINED
        else:
            row.bad_answers += 1
            if row.bad_answers >= MAX_BAD_ANSWERS:
                row.state = RequestState.LOCKED
                record(session, "presentation.locked", row.id, now=now)
        session.add(row)


# --- back in the browser --------------------------------------------------------------------------


def arrive(
    session: Session, request_id: UUID, code: str, *, browser: str, body: IssuingBody, now: datetime
) -> Arrived:
    """Say what a response code means in this browser; nothing is used up."""
    row = session.get(PresentationRequest, request_id)
    if row is None or now >= row.expires or row.state != RequestState.ANSWERED:
        raise _over()
    if not hmac.compare_digest(row.code_hash or "", _hash(code)):
        raise _over()
    return Arrived(_is_of(row, browser), _number(body.secret, row))


def finish_by_code(
    session: Session, request_id: UUID, code: str, *, browser: str, now: datetime
) -> PresentationRequest:
    """Use an answer up, by its response code, in the browser that began."""
    row = _answered(session, request_id, browser=browser, now=now)
    if row is None or not hmac.compare_digest(row.code_hash or "", _hash(code)):
        raise _over()
    return _done(session, row, now=now)


def finish_by_number(
    database: Database,
    request_id: UUID,
    number: str,
    *,
    browser: str,
    body: IssuingBody,
    now: datetime,
) -> PresentationRequest | None:
    """Use an answer up, by the number that the other screen shows; None for a wrong one.

    A wrong one is counted, and the count is kept; after five the request is closed.
    """
    with database.transaction() as session:
        row = _answered(session, request_id, browser=browser, now=now)
        if row is not None and hmac.compare_digest(
            _number(body.secret, row).encode(), number.encode()
        ):
            return _done(session, row, now=now)
        asked = session.get(PresentationRequest, request_id, with_for_update=True)
        if asked is None or now >= asked.expires or not _is_of(asked, browser):
            raise _over()
        if asked.state in (RequestState.OPEN, RequestState.ANSWERED):
            asked.wrong_numbers += 1
            if asked.wrong_numbers >= MAX_WRONG_NUMBERS:
                asked.state = RequestState.LOCKED
                record(session, "presentation.locked", asked.id, now=now)
            session.add(asked)
    return None


def who_signs_in(session: Session, row: PresentationRequest, *, now: datetime) -> UUID:
    """Give whom a used answer signs in; looked at again, for much may happen in ten minutes."""
    if row.purpose != Purpose.SIGN_IN:
        raise _over()
    assert row.badge_id is not None, "a constraint of the database"
    assert row.holder is not None, "a constraint of the database"
    person = appointment_badges.person_of(session, row.badge_id, row.holder, now=now)
    if person is None:
        raise Refused(
            N_("This appointment does not count now."),
            status=403,
            code="no-appointment",
            hint=N_("Speak with your coordinator."),
        )
    return person


def know_expert(
    session: Session,
    row: PresentationRequest,
    *,
    person_id: UUID,
    body: IssuingBody,
    now: datetime,
) -> None:
    """Make the person who asked eligible by the badge that they showed.

    Of one of another issuer is kept what is looked at each day. Two accounts may have been answered
    with one badge before either came here: the second is refused. They come one after the other,
    on the row by which such a badge is accepted.
    """
    if row.purpose != Purpose.EXPERT or row.asked_by != person_id:
        raise _over()
    assert row.badge_id is not None, "a constraint of the database"
    assert row.issuer is not None, "it is written down with the badge"
    named = {"issuer": row.issuer, "achievement_id": row.achievement_id or ""}
    is_foreign = row.issuer != body.did
    equal = equals.deciding(session, **named, lock=True) if is_foreign else None
    definition = equals.definition_of(session, body, **named)
    if definition is None:  # ended since
        raise _over()
    if _is_of_somebody_else(session, row, row.badge_id):
        raise Refused(
            N_("This badge was given to another person."), status=403, code="other-person"
        )
    nomination = eligibility.by_badge(
        session,
        person_id,
        body.framework,
        skill=definition.skill,
        language=definition.assessed_language or row.language,
        badge_id=row.badge_id,
        holder=row.holder if is_foreign else None,
        now=now,
    )
    if equal is not None and row.ground is not None:
        grounds.keep(session, nomination, equal, row.ground, now=now)


def _answered(
    session: Session, request_id: UUID, *, browser: str, now: datetime
) -> PresentationRequest | None:
    row = session.get(PresentationRequest, request_id, with_for_update=True)
    if row is None or now >= row.expires or row.state != RequestState.ANSWERED:
        return None
    return row if _is_of(row, browser) else None


def _done(session: Session, row: PresentationRequest, *, now: datetime) -> PresentationRequest:
    row.state = RequestState.DONE
    session.add(row)
    session.flush()
    record(session, "presentation.used", row.id, now=now)
    return row


# --- small parts ----------------------------------------------------------------------------------


def _is_of(row: PresentationRequest, browser: str) -> bool:
    return bool(browser) and hmac.compare_digest(row.browser_hash, _hash(browser))


def _over() -> Refused:
    return Refused(
        N_("This is over, or was used already."),
        status=404,
        code="request-over",
        hint=N_("Go to the first page and begin again."),
    )


def _number(secret: bytes, row: PresentationRequest) -> str:
    told = f"mycred4home presentation number {row.id} {row.code_hash}"
    value = int.from_bytes(hmac.digest(secret, told.encode(), "sha256"), "big")
    return f"{value % 10**_NUMBER_DIGITS:0{_NUMBER_DIGITS}d}"


def _derived(secret: bytes, label: str, request_id: UUID) -> str:
    told = f"mycred4home presentation {label} {request_id}"
    return hmac.digest(secret, told.encode(), "sha256").hex()[:48]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
