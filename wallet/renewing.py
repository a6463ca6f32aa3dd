"""Fetching the newer copy of a badge: by the key it was given to, at a tap, from who signed it.

The badge names its issuer and this wallet's key; that is all that is needed. The key says to that
issuer alone that it asks (RFC 7523), gets a token for this one badge, and collects it as any badge
is collected (OpenID4VCI 1.0). What comes takes the place of the older copy only when it is the same
badge, newer, for the same key, and counts; otherwise nothing changes (docs/adr/0032).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from credentials.exchange.oid4vci import (
    ExchangeError,
    authorization_server_url,
    read_error,
    read_token_endpoint,
)
from credentials.exchange.renewal import (
    Granted,
    holder_assertion,
    identified_request,
    offers_renewal,
    read_renewal_response,
    renewal_request,
)
from credentials.report import Outcome, Report
from credentials.shape import issuer_id, period
from credentials.trust import Trust
from keys.did.web import did_web_url
from keys.errors import DidError
from keys.fetching import Fetch, HttpRequest
from wallet import badges, receiving
from wallet.badges import KeptBadge
from wallet.cards import OpenWallet
from wallet.reading import view_badge
from wallet.writing import write
from web.database import Database
from web.errors import Refused
from web.languages import N_

_DENIED = ("invalid_scope", "invalid_grant", "credential_request_denied")


def can_be_fetched(badge: KeptBadge) -> bool:
    """Tell whether the newer copy of a badge may be asked for: it is this key's, of a web issuer.

    Appointments are handed out on the issuer's own page only, to the examiner who asks.
    """
    named = badge.document.get("credentialSubject", {}).get("id")
    if named is None or not badge.mine or view_badge(badge.document, "en").is_appointment:
        return False
    return bool(_issuer_of(badge.document))


def renew(
    database: Database,
    wallet: OpenWallet,
    badge_id: UUID,
    *,
    fetch: Fetch,
    trust: Trust,
    now: datetime,
) -> KeptBadge:
    """Fetch the newer copy of a badge and keep it in the place of the older one.

    1. The badge is this wallet's, and its issuer can be asked.
    2. The issuer's own metadata; it takes assertions of a badge's key.
    3. An assertion for this issuer and one nonce; a token for this badge. 4. The badge.
    5. It is whole, signed by this issuer, for this key; the same badge, and newer; and it counts.
    6. It takes the place, in one transaction; what changed is kept with it.

    Until then nothing is written: whatever goes wrong, the older copy stays. Who taps again gets
    the same. Raises `Refused`.
    """
    badge = badges.find(database, wallet, badge_id)  # 1
    if not can_be_fetched(badge):
        raise _not_here()
    issuer = _issuer_of(badge.document)
    metadata = receiving.metadata_of(issuer, fetch)  # 2
    endpoint = _token_endpoint(metadata.authorization_server, fetch)
    nonce = receiving.ask_nonce(metadata, fetch)  # 3
    assertion = holder_assertion(
        wallet.signer, holder=wallet.did, audience=issuer, nonce=nonce, now=now
    )
    granted = _ask_token(endpoint, assertion, str(badge.document["id"]), fetch)
    text = receiving.ask_badge(  # 4
        wallet,
        metadata,
        granted.token,
        lambda proof: identified_request(granted.identifier, proof),
        fetch=fetch,
        now=now,
        denied=_nothing_newer,
    )
    if not isinstance(text, str):
        raise receiving.strange_issuer()
    report = receiving.check_received(text, wallet, issuer, trust=trust, fetch=fetch, now=now)  # 5
    _check_successor(badge, report)
    write(database, lambda session: badges.keep(session, wallet, text, report, now=now))  # 6
    return badges.find(database, wallet, badge_id)


def _issuer_of(document: Mapping[str, Any]) -> str:
    """Give the address that stands behind the badge's issuer, "" for one that has none."""
    try:
        url = did_web_url(issuer_id(dict(document)))
    except DidError:
        return ""
    return url.removesuffix("/did.json").removesuffix("/.well-known")


def _token_endpoint(server: str, fetch: Fetch) -> str:
    answer = receiving.ask(HttpRequest(authorization_server_url(server)), fetch)
    receiving.refuse_trouble(answer)
    try:
        endpoint = read_token_endpoint(answer.body, expected=server)
        taken = offers_renewal(answer.body)
    except ExchangeError as error:
        raise receiving.strange_issuer() from error
    if not taken:
        raise _not_here()
    return endpoint


def _ask_token(endpoint: str, assertion: str, badge_id: str, fetch: Fetch) -> Granted:
    form = urlencode(renewal_request(assertion, badge_id)).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = receiving.ask(HttpRequest(endpoint, "POST", headers, form), fetch)
    receiving.refuse_trouble(answer)
    if answer.status != 200 and read_error(answer.body) in _DENIED:
        raise _nothing_newer()
    try:
        return read_renewal_response(answer.body, badge_id=badge_id)
    except ExchangeError as error:
        raise receiving.strange_issuer() from error


def _check_successor(older: KeptBadge, report: Report) -> None:
    """Refuse what is not the same badge, newer and in force.

    Issuer and key were checked before: `check_received` lets only this issuer's origin and this
    wallet's key pass. Here the issuer must be the very same identifier.
    """
    newer = report.document or {}
    same = (newer.get("id"), issuer_id(newer)) == (
        older.document.get("id"),
        issuer_id(older.document),
    )
    if not same:
        raise Refused(
            N_("This is another badge than you asked for."),
            status=422,
            code="other-badge",
            hint=N_("We do not keep it. Your badge stays as it is. Ask your centre."),
        )
    (came, _), (kept, _) = period(newer), period(older.document)
    if came is None or kept is None or came <= kept:
        raise _nothing_newer()
    for step in ("dates", "status"):
        check = report.check(step)
        if check is None or check.outcome is Outcome.UNKNOWN:
            raise Refused(
                N_("We could not check this badge now."),
                status=503,
                code="not-checked",
                hint=N_("Try again later. Nothing is lost."),
            )
        if check.outcome is Outcome.FAILED:
            raise Refused(
                N_("The newer badge does not count either."),
                status=409,
                code="newer-counts-not",
                hint=N_("We do not keep it. Your badge stays as it is. Ask your centre."),
            )


def host_of(badge: KeptBadge) -> str:
    """Give the host that would be asked for a newer copy, for the page to name."""
    return urlsplit(_issuer_of(badge.document)).netloc


def _nothing_newer() -> Refused:
    return Refused(
        N_("Your centre has no newer badge for you now."),
        status=409,
        code="nothing-newer",
        hint=N_("Your badge stays as it is. Ask your centre why."),
    )


def _not_here() -> Refused:
    return Refused(
        N_("This badge cannot be got again from here."),
        status=409,
        code="no-renewal",
        hint=N_("Sign in on the page of your centre and get the new badge there."),
    )
