"""Take what an employer was handed, and judge it.

Taking is transport: pasted text, a file, or the link of a share, fetched once from the holder's own
host (docs/adr/0003). Judging then asks for DID documents and status lists only; both are the same
for thousands of badges, and the issuer never learns which one was checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from contexts import ContextError, loads_strict
from credentials.formats.baking import unbake
from credentials.formats.opening import is_token, open_document
from credentials.formats.pictures import is_picture
from credentials.report import Check, CheckFailed, CredentialError, Outcome, PresentationReport
from credentials.trust import Trust
from credentials.verify import Expected, verify_anything
from keys.fetching import CannotFetch, Fetch, HttpRequest
from verifier.caching import CachedFetch, Copies
from web.database import Database
from web.errors import Refused
from web.languages import N_

MAX_TEXT = 1_000_000

_MAX_LINK = 2_000
_SHARE_TYPES = "application/vp+ld+json, application/vc+ld+json, application/json"
_OTHER_PICTURES = (b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF", b"\x89PNG")


@dataclass(frozen=True)
class Judged:
    """A report, and what was asked for to reach it: address, and moment of the copy used."""

    report: PresentationReport
    asked: Mapping[str, datetime]


def judge(
    document: str | bytes,
    *,
    domain: str,
    trust: Trust,
    database: Database,
    copies: Copies,
    fetch: Fetch,
    now: datetime,
) -> Judged:
    """Judge a presentation made for this very verifier, or a bare badge.

    When a copy of somebody's keys was reused and the answer is not a good one, it is judged once
    more with fresh copies: the keys may have been changed since.
    """
    cached = CachedFetch(database, fetch, now, copies=copies)
    report = verify_anything(document, Expected(domain), trust=trust, fetch=cached, now=now)
    if cached.reused and report.headline != "genuine":
        cached = CachedFetch(database, fetch, now, copies=copies, fresh_only=True)
        report = verify_anything(document, Expected(domain), trust=trust, fetch=cached, now=now)
    return Judged(report, cached.asked)


def not_opened() -> Judged:
    """Give the report for a link that could not be opened: it says nothing about the badge."""
    check = Check("share", Outcome.UNKNOWN, "share.unreachable", "no answer from the link's host")
    return Judged(PresentationReport((check,), ()), {})


def take_share(url: str, *, own_origin: str, fetch: Fetch) -> bytes | None:
    """Fetch what a share link shows, or None when it cannot be opened now.

    Raises `Refused` for what is no link to a share, and for one that shows nothing any more.
    """
    check_share_link(url, own_origin=own_origin)
    try:
        response = fetch(HttpRequest(url, headers={"Accept": _SHARE_TYPES}))
    except CannotFetch:
        return None
    if response.status in (404, 410):
        raise Refused(
            N_("This link no longer shows anything."),
            status=404,
            code="share-gone",
            hint=N_("Ask the person for a new one."),
        )
    return response.body if response.status == 200 else None


def check_share_link(url: str, *, own_origin: str) -> None:
    """Refuse what cannot be a link to a share, before anything is asked for."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and len(url) <= _MAX_LINK
    except ValueError:
        good = False
    # Our own pages are no shares; a link to them could make us ask ourselves in circles.
    if not good or url.startswith(f"{own_origin}/") or url == own_origin:
        raise Refused(
            N_("This link does not lead to a badge."),
            status=400,
            code="no-share",
            hint=N_("Ask the person for the link again."),
        )


def link_in(text: str, *, own_origin: str) -> str | None:
    """Find the share address in a pasted link: our own check link, or any http(s) address."""
    link = text.strip()
    if not link.startswith(("http://", "https://")) or any(c.isspace() for c in link):
        return None
    if link.startswith(f"{own_origin}/check?"):
        return parse_qs(urlsplit(link).query).get("share", [link])[0]
    return link


def text_in(raw: bytes) -> str:
    """Read what was pasted or uploaded; raise `Refused` for what cannot be a badge or a link."""
    if len(raw) > MAX_TEXT:
        raise _not_readable(N_("That is too big for a badge."), 413)
    if is_picture(raw) or raw.startswith(_OTHER_PICTURES):
        return _text_in_picture(raw)
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _not_readable(N_("This file is not a badge. Choose a text file (JSON).")) from error
    if not text:
        raise _not_readable(N_("Paste a badge or a link, or choose a file."))
    return text


def _text_in_picture(raw: bytes) -> str:
    try:
        return unbake(raw).strip()
    except (CheckFailed, CredentialError) as error:
        raise _not_readable(
            N_("There is no badge in this picture. Ask the person for a link.")
        ) from error


def check_readable(text: str) -> None:
    """Refuse pasted text that is no JSON and no token, or could be read in two ways."""
    if not text.startswith("{") and not _is_readable_token(text):
        raise _not_readable(N_("This is not a badge or a link. Copy all of it, then try again."))
    if is_token(text):
        return
    try:
        loads_strict(text)
    except ContextError as error:
        raise _not_readable(
            N_("This text cannot be read. A part is missing, or is there twice. Copy all of it.")
        ) from error


def _is_readable_token(text: str) -> bool:
    try:
        return is_token(text) and bool(open_document(text).document)
    except (ContextError, CheckFailed, CredentialError):
        return False


def _not_readable(message: str, status: int = 422) -> Refused:
    return Refused(message, status=status, code="not-readable")
