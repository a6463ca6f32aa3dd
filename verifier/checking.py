"""Take what an employer was handed, and judge it.

Taking is transport: pasted text, a file, or the link of a share, fetched once from the holder's own
host (docs/adr/0003). Judging then asks for DID documents and status lists only; both are the same
for thousands of badges, and the issuer never learns which one was checked.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete
from sqlmodel import Session, col

from credentials.report import PresentationReport
from credentials.trust import Trust
from credentials.verify import Expected, verify_anything, verify_presentation
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from verifier.tables import Check, Fetched, Shown
from web.database import Database
from web.errors import Refused
from web.languages import N_

MAX_TEXT = 1_000_000
RESULT_LIVES = timedelta(minutes=15)

_DID_DOCUMENT_FRESH = timedelta(minutes=5)
_NONCE_BYTES = 12
_CHECKS = 120
_WINDOW = timedelta(minutes=10)
_SHARE_TYPES = "application/vp+ld+json, application/vc+ld+json, application/json"


def check_text(
    text: str, *, domain: str, trust: Trust, fetch: Fetch, now: datetime
) -> PresentationReport:
    """Judge pasted text or the content of a file."""
    return verify_anything(text, Expected(domain), trust=trust, fetch=fetch, now=now)


def take_share(url: str, *, fetch: Fetch) -> str:
    """Fetch what a share link shows; raise `Refused` when it shows nothing, or not now."""
    try:
        response = fetch(HttpRequest(url, headers={"Accept": _SHARE_TYPES}))
    except CannotFetch as error:
        raise Refused(
            N_("We could not open this link just now."),
            status=502,
            code="share-unreachable",
            hint=N_("Try again in a few minutes. This says nothing about the badge."),
        ) from error
    if response.status in (404, 410):
        raise Refused(
            N_("This link no longer shows anything."),
            status=404,
            code="share-gone",
            hint=N_("Ask the person for a new link."),
        )
    if response.status != 200:
        raise Refused(
            N_("We could not open this link just now."),
            status=502,
            code="share-unreachable",
            hint=N_("Try again in a few minutes. This says nothing about the badge."),
        )
    try:
        return response.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(
            N_("This link does not lead to a badge."), status=422, code="share-unreadable"
        ) from error


def check_share(
    text: str, *, domain: str, trust: Trust, fetch: Fetch, now: datetime
) -> PresentationReport:
    """Judge what a share showed: a presentation made for this very verifier, or a bare badge."""
    if '"VerifiablePresentation"' in text:
        return verify_presentation(text, Expected(domain), trust=trust, fetch=fetch, now=now)
    return check_text(text, domain=domain, trust=trust, fetch=fetch, now=now)


def share_in(text: str, *, base_url: str) -> str | None:
    """Find the share address in a pasted link: our own check link, or any http(s) address."""
    link = text.strip()
    if not link.startswith(("http://", "https://")) or any(c.isspace() for c in link):
        return None
    if link.startswith(f"{base_url}/check?"):
        return parse_qs(urlsplit(link).query).get("share", [None])[0]
    return link


class CachedFetch:
    """Fetch DID documents and status lists through a cache that outlives the request.

    DID documents are fresh for five minutes. Everything else is asked for again each time, by its
    entity tag, so that a cancelled badge is seen at once. What cannot be fetched is never made up
    from an old copy.
    """

    def __init__(self, database: Database, fetch: Fetch, now: datetime) -> None:
        self._database = database
        self._fetch = fetch
        self._now = now

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the response, from the cache where that is allowed."""
        with self._database.reading() as session:
            known = session.get(Fetched, request.url)
        if known is not None and known.url.endswith("/did.json"):
            age = self._now - known.fetched_at
            if timedelta(0) <= age < _DID_DOCUMENT_FRESH:
                return _response(known)
        headers = dict(request.headers)
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        response = self._fetch(HttpRequest(request.url, request.method, headers, request.body))
        if response.status == 304 and known is not None:
            return _response(known)
        if response.status == 200:
            self._keep(response)
        return response

    def _keep(self, response: HttpResponse) -> None:
        with self._database.transaction() as session:
            session.merge(
                Fetched(
                    url=response.url,
                    body=response.body,
                    etag=response.headers.get("etag", ""),
                    content_type=response.headers.get("content-type", ""),
                    fetched_at=self._now,
                )
            )


def _response(known: Fetched) -> HttpResponse:
    return HttpResponse(200, {"content-type": known.content_type}, known.body, known.url)


# --- what was shown, for some minutes ----------------------------------------------------------


def keep_shown(session: Session, text: str, *, now: datetime) -> str:
    """Keep pasted text for some minutes and give the secret name of its result (192 bits)."""
    session.exec(delete(Shown).where(col(Shown.expires) <= now))
    name = secrets.token_urlsafe(24)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(_sealing_key(name)).encrypt(nonce, text.encode(), None)
    session.add(Shown(key_hash=_hash(name), sealed=sealed, expires=now + RESULT_LIVES))
    return name


def read_shown(session: Session, name: str, *, now: datetime) -> str:
    """Give what is kept under a name; what ran out answers as what never was."""
    row = session.get(Shown, _hash(name))
    if row is None or row.expires <= now:
        raise Refused(
            N_("This result is no longer kept."),
            status=404,
            code="result-gone",
            hint=N_("Check the badge again."),
        )
    try:
        sealed = row.sealed
        key = AESGCM(_sealing_key(name))
        return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None).decode()
    except InvalidTag as error:
        raise Refused(
            N_("This result is no longer kept."), status=404, code="result-gone"
        ) from error


def count_check(session: Session, source: str, *, now: datetime) -> None:
    """Count a check of one visitor; raise `Refused` above 120 in ten minutes."""
    key = hashlib.sha256(f"check|{source}".encode()).hexdigest()
    row = session.get(Check, key)
    if row is None or now - row.window_start > _WINDOW:
        session.merge(Check(source_hash=key, window_start=now, count=1))
        return
    if row.count >= _CHECKS:
        raise Refused(
            N_("Too many checks in a short time."),
            status=429,
            code="too-many",
            hint=N_("Wait a few minutes, then try again."),
        )
    row.count += 1
    session.add(row)


def _sealing_key(name: str) -> bytes:
    return hashlib.sha256(f"shown|{name}".encode()).digest()


def _hash(name: str) -> str:
    return hashlib.sha256(f"name|{name}".encode()).hexdigest()
