"""Answering somebody who asks for a badge, by OpenID4VP 1.0: look first, then show or say no.

`look` fetches the request, verifies who asks, and finds the badges that fit; nothing is sent.
`show` signs a presentation for this one asker and this one request, and posts it. Only requests
that can be explained in plain words are answered: one badge, and perhaps what households say of
it, from somebody who proves their name, to an address of their own. Words that nobody asked for are
not sent: OpenID4VP forbids it (1.0, 6.4.2), and the page says so. What was shown to whom is noted,
sealed, for the owner.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from contexts import loads_strict
from credentials.exchange import oid4vp
from credentials.exchange.dcql import CredentialQuery
from credentials.exchange.oid4vci import ExchangeError
from credentials.presentations import present
from credentials.report import CannotCheck
from credentials.trust import Trust
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from wallet import badges, vouching
from wallet.answering_tables import Answered
from wallet.badges import KeptBadge
from wallet.cards import OpenWallet
from wallet.sealing import SealBroken, seal, unseal
from wallet.sharing import written
from wallet.vouching import Voice
from web.database import Database
from web.errors import Refused
from web.languages import N_

_PAGE_LIVES = timedelta(minutes=15)
_PRESENTATION_LIVES = timedelta(minutes=10)
_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True)
class Asked:
    """What the person is told before anything is shown."""

    request: oid4vp.Request
    jwt: str
    host: str
    """Where the badge would go."""
    known_name: str
    """The asker's name in our own list; empty for somebody we do not know."""
    choices: tuple[KeptBadge, ...]
    """The badges that fit what is asked for, newest first."""
    query: CredentialQuery
    words: CredentialQuery | None
    """Where they ask for what others say of the badge too."""
    voices: tuple[Voice, ...]
    """What is kept of these badges and fits; nothing when they do not ask for it."""
    unasked: tuple[UUID, ...]
    """The badges of which words are kept that they do not ask for."""


@dataclass(frozen=True)
class Noted:
    """One badge that was shown to somebody who asked."""

    host: str
    name: str
    at: datetime
    with_words: bool = False
    """What households say of it was shown too."""


# --- looking --------------------------------------------------------------------------------------


def look(
    database: Database, wallet: OpenWallet, text: str, *, fetch: Fetch, trust: Trust, now: datetime
) -> Asked:
    """Read what a link or QR code asks for; nothing is sent but the question for the request."""
    try:
        link = oid4vp.read_request_link(text)
    except ExchangeError as error:
        raise _unreadable() from error
    wanted = {"Accept": f"{oid4vp.REQUEST_MEDIA_TYPE}, application/jwt"}
    answer = _ask(HttpRequest(link.request_uri, headers=wanted), fetch)
    if answer.status != 200:
        raise _over()
    jwt = answer.body.decode("ascii", "replace").strip()
    return _read(database, wallet, jwt, client_id=link.client_id, fetch=fetch, trust=trust, now=now)


def _read(
    database: Database,
    wallet: OpenWallet,
    jwt: str,
    *,
    client_id: str,
    fetch: Fetch,
    trust: Trust,
    now: datetime,
) -> Asked:
    """Verify a request, and find what would answer it.

    1. Who asks: a signature by the DID that the link names (see `oid4vp.read_request`).
    2. What is asked for: one badge, at an address that can be read out.
    3. The badges that fit, of those that were given to this wallet.
    """
    try:
        request = oid4vp.read_request(jwt, client_id=client_id, fetch=fetch, now=now)  # 1
    except CannotCheck as error:
        raise _no_answer() from error
    except ExchangeError as error:
        raise _WHY_NOT.get(error.code, _not_sure)() from error
    host = urlsplit(request.response_uri).netloc
    query, words = _explained(request.queries)  # 2
    if not host.isascii():
        raise _too_much()
    known = trust.issuer(request.did) or trust.endorser(request.did)
    wall = badges.wall(database, wallet)  # 3
    choices = [one for one in wall.badges if one.mine and query.fits(one.document)]
    kept = vouching.voices(database, wallet, now=now).kept
    about = [one for one in kept if one.badge_id in {badge.id for badge in choices}]
    fitting = [one for one in about if words and words.fits(loads_strict(one.text))]
    if words is not None and not words.optional:  # all of what is asked for, or nothing (6.4.2)
        choices = [one for one in choices if one.id in {voice.badge_id for voice in fitting}]
    return Asked(
        request=request,
        jwt=jwt,
        host=host,
        known_name=known.name if known else "",
        choices=tuple(choices),
        query=query,
        words=words,
        voices=tuple(fitting),
        unasked=() if words else tuple(dict.fromkeys(one.badge_id for one in about)),
    )


def _explained(
    queries: Sequence[CredentialQuery],
) -> tuple[CredentialQuery, CredentialQuery | None]:
    """Give the query for a badge, and that for words about it, if there is one."""
    of_badges = [one for one in queries if one.kind == "badge"]
    of_words = [one for one in queries if one.kind == "endorsement"]
    if len(of_badges) != 1 or of_badges[0].optional or len(of_words) > 1:
        raise _too_much()
    return of_badges[0], of_words[0] if of_words else None


def seal_asked(wallet: OpenWallet, asked: Asked, *, now: datetime) -> str:
    """Write a request into a form field, so that exactly what was seen is answered, or nothing."""
    content = {
        "jwt": asked.jwt,
        "client": asked.request.client_id,
        "until": (now + _PAGE_LIVES).isoformat(),
    }
    sealed = seal(wallet.data_key, json.dumps(content).encode(), place=f"asked {wallet.id}")
    return base64.urlsafe_b64encode(sealed).decode()


def unseal_asked(
    database: Database, wallet: OpenWallet, text: str, *, fetch: Fetch, trust: Trust, now: datetime
) -> Asked:
    """Read a request back from the form field, and verify it once more."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode())
        content = json.loads(unseal(wallet.data_key, sealed, place=f"asked {wallet.id}"))
    except (SealBroken, ValueError) as error:
        raise _over() from error
    if now > datetime.fromisoformat(content["until"]):
        raise _over()
    return _read(
        database,
        wallet,
        content["jwt"],
        client_id=content["client"],
        fetch=fetch,
        trust=trust,
        now=now,
    )


# --- answering ------------------------------------------------------------------------------------


def show(
    database: Database,
    wallet: OpenWallet,
    asked: Asked,
    badge_id: UUID,
    voice_ids: Sequence[UUID] = (),
    *,
    fetch: Fetch,
    now: datetime,
) -> str:
    """Show one of the fitting badges to who asks; give where the browser goes on, if anywhere.

    1. The badge is one that was offered for choice, and of the words about it those that were
       ticked: as many as may be, and as are needed.
    2. The presentations, each of one credential (8.1): for this asker (domain) and this request
       (challenge) only, the credential in it as it was signed.
    3. They are sent; only when they were taken is it noted.
    """
    badge = next((one for one in asked.choices if one.id == badge_id), None)  # 1
    if badge is None:
        raise Refused(
            N_("You chose no badge."), code="nothing-chosen", hint=N_("Choose one badge.")
        )
    voices = _chosen(asked, badge, voice_ids)

    def presented(document: dict[str, Any], text: str) -> str:  # 2
        presentation = present(
            [document],
            wallet.signer,
            holder=wallet.did,
            verification_method=wallet.verification_method,
            domain=asked.request.client_id,
            challenge=asked.request.nonce,
            created=now,
            expires=(now + _PRESENTATION_LIVES).replace(microsecond=0),
        )
        return written(presentation, [text])

    shown: dict[str, list[str]] = {asked.query.id: [presented(badge.document, badge.text)]}
    if asked.words is not None and voices:
        shown[asked.words.id] = [presented(loads_strict(one.text), one.text) for one in voices]
    form = oid4vp.response_form(shown, state=asked.request.state)
    address = _post(asked, form, fetch)  # 3
    with database.transaction() as session:
        _note(session, wallet, asked, badge, with_words=bool(voices), now=now)
    return address


def _chosen(asked: Asked, badge: KeptBadge, voice_ids: Sequence[UUID]) -> list[Voice]:
    if asked.words is None:
        return []
    found = [one for one in asked.voices if one.id in voice_ids and one.badge_id == badge.id]
    if len(found) > 1 and not asked.words.multiple:
        raise Refused(
            N_("They take only one of these words."), code="nothing-chosen", hint=N_("Choose one.")
        )
    if not found and not asked.words.optional:
        raise Refused(
            N_("They ask for what people say about this badge too."),
            code="nothing-chosen",
            hint=N_("Choose what you want to show, or say no."),
        )
    return found


def ticked_first(asked: Asked) -> list[UUID]:
    """Give the words that are ticked until the person says otherwise: all that may be sent."""
    found = [one.id for one in asked.voices]
    return found if asked.words is not None and asked.words.multiple else found[:1]


def decline(asked: Asked, *, fetch: Fetch) -> str:
    """Say no; nothing is shown. Give where the browser goes on, if anywhere."""
    return _post(asked, oid4vp.error_form("access_denied", state=asked.request.state), fetch)


def noted(database: Database, wallet: OpenWallet) -> list[Noted]:
    """List what was shown to whom in the last ninety days, the newest first."""
    with database.reading() as session:
        rows = session.exec(
            select(Answered)
            .where(col(Answered.wallet_id) == wallet.id)
            .order_by(col(Answered.at).desc())
        ).all()
    found = []
    for row in rows:
        try:
            content = json.loads(unseal(wallet.data_key, row.content, place=f"answered {row.id}"))
        except SealBroken:
            continue
        found.append(Noted(content["host"], content["name"], row.at, content.get("words", False)))
    return found


def _note(
    session: Session,
    wallet: OpenWallet,
    asked: Asked,
    badge: KeptBadge,
    *,
    with_words: bool,
    now: datetime,
) -> None:
    own = col(Answered.wallet_id) == wallet.id
    session.exec(delete(Answered).where(own, col(Answered.at) < now - _REMEMBERED))
    new_id = uuid4()
    content: dict[str, Any] = {
        "host": asked.host,
        "name": str(badge.document.get("name", "")),
        "words": with_words,
    }
    session.add(
        Answered(
            id=new_id,
            wallet_id=wallet.id,
            content=seal(wallet.data_key, json.dumps(content).encode(), place=f"answered {new_id}"),
            at=now,
        )
    )


def _post(asked: Asked, form: dict[str, str], fetch: Fetch) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    body = urlencode(form).encode()
    answer = _ask(HttpRequest(asked.request.response_uri, "POST", headers, body), fetch)
    if answer.status != 200:
        raise Refused(
            N_("They did not take it."),
            status=409,
            code="not-taken",
            hint=N_("Go back to their page and begin again."),
        )
    try:
        return oid4vp.read_direct_post_answer(answer.body, asked.request)
    except ExchangeError:
        return ""  # it was taken; we only do not follow where they point


def _ask(request: HttpRequest, fetch: Fetch) -> HttpResponse:
    try:
        answer = fetch(request)
    except CannotFetch as error:
        raise _no_answer() from error
    if answer.status >= 500 or answer.status == 429:
        raise _no_answer()
    return answer


# --- what we say when it does not work ------------------------------------------------------------


def _unreadable() -> Refused:
    return Refused(
        N_("Nobody asks for a badge with this link."),
        code="no-request",
        hint=N_("Scan the code again, or copy the whole link."),
    )


def _over() -> Refused:
    return Refused(
        N_("This request is over."),
        status=410,
        code="request-over",
        hint=N_("Go back to their page and begin again."),
    )


def _not_sure() -> Refused:
    return Refused(
        N_("We cannot be sure who asks."),
        status=422,
        code="unproven",
        hint=N_("Nothing was shown. Do not use this link."),
    )


def _too_much() -> Refused:
    return Refused(
        N_("They ask for something that we cannot explain."),
        status=422,
        code="too-much",
        hint=N_("Nothing was shown. Ask them what they need."),
    )


def _no_answer() -> Refused:
    return Refused(
        N_("They do not answer now."),
        status=503,
        code="no-answer",
        hint=N_("Try again in a few minutes."),
    )


_WHY_NOT = {
    "request.time": _over,
    "request.unsupported": _too_much,
    "query.unsupported": _too_much,
    "query.malformed": _too_much,
}
