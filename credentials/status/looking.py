"""What every kind of list shares: how it is fetched, who must have signed it, what it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from contexts import ContextError
from credentials.formats.opening import Opened, open_document
from credentials.proofs import verify_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError
from credentials.shape import issuer_id, period, types_of
from credentials.status.result import LIST_LENGTH
from credentials.times import CLOCK_SKEW
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse

_MOST_KEPT = 64_000
_MEDIA = (
    "application/vc, application/vc+ld+json, application/vc+jwt, application/ld+json, "
    "application/json"
)


@dataclass(frozen=True)
class Looking:
    """Whose credential is looked up, when and how."""

    issuer: str
    fetch: Fetch | None
    now: datetime
    shortest: int = LIST_LENGTH


@dataclass(frozen=True)
class SignedList:
    """A list credential; from `signed_list`, one that its issuer signed and that is valid now."""

    subject: dict[str, Any]
    valid_from: datetime | None
    valid_until: datetime | None
    opened: Opened


def fetched(url: str, looking: Looking, *, accept: str = _MEDIA) -> HttpResponse:
    """Fetch a list; raise `CannotCheck` when there is no good answer."""
    if looking.fetch is None:
        raise CannotCheck("status.unreachable", f"{url} may not be fetched")
    try:
        response = looking.fetch(HttpRequest(url, headers={"Accept": accept}))
    except CannotFetch as error:
        raise CannotCheck("status.unreachable", str(error)) from error
    if response.status != 200:
        raise CannotCheck("status.unreachable", f"{url} answered {response.status}")
    return response


def signed_list(
    url: str, looking: Looking, *, credential_type: str, list_type: str, purpose: str
) -> SignedList:
    """Fetch and verify a list credential (Bitstring Status List 1.0, 3.2; StatusList2021, 4.2).

    1. It can be read, as JSON or as a token. What cannot is as good as no answer.
    2. It is the list at this address, for this purpose, of the credential's own issuer.
    3. Its issuer signed it.
    4. It is valid now: an old list says nothing about today.
    """
    body = fetched(url, looking).body
    read = _read if len(body) <= _MOST_KEPT else _read.__wrapped__
    try:
        found = read(body, url, looking.issuer, credential_type, list_type, purpose)  # 1, 2
        opened = found.opened
        if opened.secured:  # 3
            opened.secured.verify(fetch=looking.fetch, now=looking.now)
        else:
            verify_proof(
                opened.document,
                purpose="assertionMethod",
                controller=looking.issuer,
                fetch=looking.fetch,
                now=looking.now,
                source=body,
            )
    except (ContextError, CredentialError) as error:
        raise CheckFailed("status.bad-list", f"{url}: {error.detail}") from error
    except CannotCheck as error:
        raise CannotCheck("status.unreachable", error.detail) from error
    except CheckFailed as error:
        raise CheckFailed("status.bad-list", f"{url}: {error.detail}") from error
    start, end = found.valid_from, found.valid_until
    too_early = start is not None and start > looking.now + CLOCK_SKEW
    if too_early or (end is not None and end < looking.now - CLOCK_SKEW):  # 4
        raise CannotCheck("status.unreachable", f"{url} is not valid now (until {end})")
    if opened.secured:
        try:
            opened.secured.check_times(now=looking.now)
        except CheckFailed as error:
            raise CannotCheck("status.unreachable", f"{url}: {error.detail}") from error
    return found


@lru_cache(maxsize=16)
def _read(
    body: bytes, url: str, issuer: str, credential_type: str, list_type: str, purpose: str
) -> SignedList:
    # The same bytes are read once; nobody changes what was read.
    try:
        opened = open_document(body)
    except (ContextError, CredentialError, CheckFailed) as error:
        raise CannotCheck("status.unreachable", f"{url}: {error.detail}") from error
    document = opened.document
    subject = _checked_subject(document, url, issuer, credential_type, list_type, purpose)
    start, end = period(document)
    return SignedList(subject, start, end, opened)


def fresh_until(
    now: datetime, valid_until: datetime | None, lifetime: timedelta | None
) -> datetime | None:
    """Give until when a list fetched at `now` may be kept."""
    ends = [valid_until] if valid_until else []
    if lifetime is not None:
        ends.append(now + lifetime)
    return min(ends, default=None)


def _checked_subject(
    document: dict[str, Any],
    url: str,
    issuer: str,
    credential_type: str,
    list_type: str,
    purpose: str,
) -> dict[str, Any]:
    subject = document.get("credentialSubject")
    if (
        document.get("id", url) != url
        or credential_type not in types_of(document)
        or not isinstance(subject, dict)
        or list_type not in types_of(subject)
    ):
        raise CredentialError("it is not the status list it should be")
    purposes = subject.get("statusPurpose")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise CredentialError(f"it is a list for {str(purposes)[:60]!r}")
    if issuer_id(document) != issuer:
        raise CredentialError("it is the list of another issuer")
    return subject
