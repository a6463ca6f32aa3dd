"""Receiving a badge that was offered, by OpenID4VCI 1.0: look first, then keep.

`preview` reads the offer and says who signs what; nothing is stored. `accept` collects the badge:
code → token → challenge → badge bound to our key → check → keep. What was already got is written
down, sealed, after every step that the issuer answers only once; so a wrong number, a broken line
or a stop of this process costs nothing, and a second tap keeps the badge once.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from credentials.exchange.oid4vci import (
    Configuration,
    Deferred,
    Display,
    ExchangeError,
    IssuerMetadata,
    Offer,
    OfferReference,
    TransactionCode,
    authorization_server_url,
    credential_offer,
    credential_request,
    display_in,
    issuer_metadata_url,
    key_proof,
    parse_offer,
    read_credential_response,
    read_deferred_response,
    read_error,
    read_issuer_metadata,
    read_nonce_response,
    read_offer,
    read_token_endpoint,
    read_token_response,
    token_request,
)
from credentials.report import Report
from credentials.shape import issuer_id
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.did.web import did_web
from keys.errors import DidError
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from wallet import waiting
from wallet.badges import keep, refuse_unless_whole
from wallet.cards import OpenWallet
from wallet.reading import subject_of
from wallet.sealing import SealBroken, fingerprint, seal, unseal
from wallet.tables import Receipt
from wallet.waiting import Errand, LookedAt
from wallet.writing import write
from web.database import Database
from web.errors import Refused
from web.languages import N_

_FORMAT = "ldp_vc"
_BUSY = timedelta(seconds=40)
"""Longer than one collection can take; afterwards a second tap may try again."""
_PREVIEW_LIVES = timedelta(hours=1)
_REMEMBERED = timedelta(days=30)
"""Longer than an offer lives: so long a second tap finds what the first one kept."""
_MAX_PICTURE_BYTES = 100_000
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


@dataclass(frozen=True)
class Preview:
    """What the person is told before she or he keeps a badge."""

    offer: Offer
    reference: str
    """Where the offer waited; empty when it came with the link."""
    name: str
    sentence: str
    picture: str
    """The issuer's picture as a data: address, or nothing."""
    host: str
    language: str
    """The language of `name` and `sentence`, as the issuer says."""
    claimed_name: str
    known_name: str
    """The signer's name in our own list; empty for a signer we do not know."""

    @property
    def asks_number(self) -> TransactionCode | None:
        """The number the person has to type, if one is asked for."""
        return self.offer.tx_code


class NumberRefused(Refused):
    """The number typed by the person was not taken; she or he can type it again."""


class BeingKept(Exception):
    """Another tap is collecting this badge just now."""

    def __init__(self, receipt_id: UUID) -> None:
        super().__init__("another request is collecting this badge")
        self.receipt_id = receipt_id


# --- looking ---------------------------------------------------------------------------------


def preview(text: str, *, fetch: Fetch, trust: Trust, language: str) -> Preview:
    """Read what was scanned or pasted, and say what it offers; nothing is stored.

    The offer is in the text, or waits at an address that the text names.
    """
    try:
        found = parse_offer(text)
    except ExchangeError as error:
        raise _not_an_offer() from error
    reference = found.uri if isinstance(found, OfferReference) else ""
    offer = _fetch_offer(found.uri, fetch) if isinstance(found, OfferReference) else found
    return describe(offer, reference=reference, fetch=fetch, trust=trust, language=language)


def describe(
    offer: Offer, *, reference: str = "", fetch: Fetch, trust: Trust, language: str
) -> Preview:
    """Say what an offer gives.

    1. The issuer's metadata, which must be the issuer's own (see `read_issuer_metadata`).
    2. What is offered: one badge of a kind we can keep.
    3. Who signs: known only by our own list, never by what the offer says about itself.
    """
    metadata = metadata_of(offer.credential_issuer, fetch)  # 1
    configuration = _configuration(offer, metadata)  # 2
    shown = configuration.display_in(language)
    signer = display_in(metadata.display, language, otherwise="")
    known = trust.issuer(_did_of(offer.credential_issuer))  # 3
    return Preview(
        offer=offer,
        reference=reference,
        name=shown.name or configuration.id,
        sentence=shown.description,
        picture=_picture(shown, offer.credential_issuer, fetch),
        host=urlsplit(offer.credential_issuer).netloc,
        language=shown.locale,
        claimed_name=signer.name,
        known_name=known.name if known else "",
    )


def seal_preview(wallet: OpenWallet, seen: Preview, *, now: datetime) -> str:
    """Write what was previewed into a form field, so that exactly this is kept or nothing."""
    content = {"offer": _write_offer(seen.offer), "reference": seen.reference}
    content["until"] = (now + _PREVIEW_LIVES).isoformat()
    sealed = seal(wallet.data_key, json.dumps(content).encode(), place=f"preview {wallet.id}")
    return base64.urlsafe_b64encode(sealed).decode()


def unseal_preview(wallet: OpenWallet, text: str, *, now: datetime) -> tuple[Offer, str]:
    """Read the offer and its address back from the form field."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode())
        content = json.loads(unseal(wallet.data_key, sealed, place=f"preview {wallet.id}"))
    except (SealBroken, ValueError) as error:
        raise _too_old() from error
    if now > datetime.fromisoformat(content["until"]):
        raise _too_old()
    return read_offer(content["offer"]), content["reference"]


# --- keeping ---------------------------------------------------------------------------------


def accept(
    database: Database,
    wallet: OpenWallet,
    offer: Offer,
    *,
    fetch: Fetch,
    trust: Trust,
    now: datetime,
    tx_code: str = "",
    reference: str = "",
) -> UUID:
    """Collect an offered badge and keep it; give its id in the wallet.

    1. Take the offer's receipt for ourselves: of two taps one goes on, `BeingKept` for the other.
       A badge that was already kept is given at once.
    2. Collect, unless a former try already did: token, challenge, badge. The token and the badge's
       text are written down as soon as we have them. A badge that is not ready yet waits here:
       `LookedAt`.
    3. Check: the whole badge, signed by the very issuer that offered it, given to our key.
    4. Keep it and close the receipt, in one transaction.
    """
    receipt, kept = _take(database, wallet, offer, now=now)  # 1
    if kept is not None:
        return kept
    try:
        text = receipt.text or _collect(  # 2
            database,
            wallet,
            offer,
            receipt,
            fetch=fetch,
            now=now,
            tx_code=tx_code,
            reference=reference,
        )
        report = check_received(  # 3
            text, wallet, offer.credential_issuer, trust=trust, fetch=fetch, now=now
        )
        badge_id = write(  # 4
            database, lambda session: _close(session, wallet, receipt.id, text, report, now=now)
        )
    except BaseException:
        _release(database, receipt.id)
        raise
    return badge_id


def _close(
    session: Session,
    wallet: OpenWallet,
    receipt_id: UUID,
    text: str,
    report: Report,
    *,
    now: datetime,
) -> UUID:
    badge_id = keep(session, wallet, text, report, now=now)
    row = session.get_one(Receipt, receipt_id)
    row.badge_id, row.busy_until = badge_id, None
    row.content = _seal_receipt(wallet, receipt_id, {})
    session.add(row)
    return badge_id


def kept_badge(database: Database, wallet: OpenWallet, receipt_id: UUID) -> UUID | None:
    """Give the badge that came of a receipt, or None while it is on its way."""
    with database.reading() as session:
        row = session.get(Receipt, receipt_id)
    if row is None or row.wallet_id != wallet.id:
        raise Refused(
            N_("We do not know this badge."),
            status=404,
            code="no-such-receipt",
            hint=N_("Open the link again."),
        )
    return row.badge_id


@dataclass(frozen=True)
class _Open:
    """A receipt that we hold, with what it already contains."""

    id: UUID
    token: str
    text: str
    waiting: UUID | None
    """Where the badge waits, if it was not ready."""


def _take(
    database: Database, wallet: OpenWallet, offer: Offer, *, now: datetime
) -> tuple[_Open, UUID | None]:
    row, kept = write(database, lambda session: _take_row(session, wallet, offer, now=now))
    held = json.loads(unseal(wallet.data_key, row.content, place=f"receipt {row.id}"))
    waits = held.get("waiting")
    opened = _Open(row.id, held.get("token", ""), held.get("text", ""), waits and UUID(waits))
    return opened, kept


def _take_row(
    session: Session, wallet: OpenWallet, offer: Offer, *, now: datetime
) -> tuple[Receipt, UUID | None]:
    name = json.dumps([offer.credential_issuer, offer.pre_authorized_code])
    mark = fingerprint(wallet.data_key, name, purpose="offer")
    own = col(Receipt.wallet_id) == wallet.id
    session.exec(delete(Receipt).where(own, col(Receipt.created) < now - _REMEMBERED))
    row = session.exec(
        select(Receipt).where(own, col(Receipt.fingerprint) == mark).with_for_update()
    ).one_or_none()
    if row is None:
        row = Receipt(id=uuid4(), wallet_id=wallet.id, fingerprint=mark, content=b"", created=now)
        row.content = _seal_receipt(wallet, row.id, {})
    if row.badge_id is not None:
        return row, row.badge_id
    if row.busy_until is not None and row.busy_until > now:
        raise BeingKept(row.id)
    row.busy_until = now + _BUSY
    session.add(row)
    session.flush()
    return row, None


def _release(database: Database, receipt_id: UUID) -> None:
    with database.transaction() as session:
        session.exec(update(Receipt).where(col(Receipt.id) == receipt_id).values(busy_until=None))


def _write_down(database: Database, wallet: OpenWallet, receipt_id: UUID, **held: str) -> None:
    with database.transaction() as session:
        row = session.get_one(Receipt, receipt_id)
        row.content = _seal_receipt(wallet, receipt_id, held)
        session.add(row)


def _seal_receipt(wallet: OpenWallet, receipt_id: UUID, held: Mapping[str, str]) -> bytes:
    return seal(wallet.data_key, json.dumps(held).encode(), place=f"receipt {receipt_id}")


def forget_badge(session: Session, wallet: OpenWallet, badge_id: UUID) -> None:
    """Let go of the receipts of a deleted badge."""
    session.exec(
        update(Receipt)
        .where(col(Receipt.wallet_id) == wallet.id, col(Receipt.badge_id) == badge_id)
        .values(badge_id=None)
    )


# --- collecting ------------------------------------------------------------------------------


def _collect(
    database: Database,
    wallet: OpenWallet,
    offer: Offer,
    receipt: _Open,
    *,
    fetch: Fetch,
    now: datetime,
    tx_code: str,
    reference: str,
) -> str:
    if receipt.waiting is not None:
        raise LookedAt(receipt.waiting)
    metadata = metadata_of(offer.credential_issuer, fetch)
    configuration = _configuration(offer, metadata)
    token = receipt.token
    if not token:
        token = _ask_token(offer, metadata, fetch, tx_code=tx_code, reference=reference)
        _write_down(database, wallet, receipt.id, token=token)
    text = ask_badge(
        wallet,
        metadata,
        token,
        lambda proof: credential_request(configuration.id, proof),
        fetch=fetch,
        now=now,
    )
    if text is None:  # the token is no longer taken: a new one may help, if the issuer gives it
        _write_down(database, wallet, receipt.id)
        raise _offer_over()
    if isinstance(text, Deferred):
        raise LookedAt(_wait(database, wallet, metadata, configuration, receipt, token, text, now))
    _write_down(database, wallet, receipt.id, token=token, text=text)
    return text


def _wait(
    database: Database,
    wallet: OpenWallet,
    metadata: IssuerMetadata,
    configuration: Configuration,
    receipt: _Open,
    token: str,
    deferred: Deferred,
    now: datetime,
) -> UUID:
    """Keep what is needed to come again, and note it in the receipt, in one transaction."""
    if metadata.deferred_endpoint is None:
        raise strange_issuer()
    shown = configuration.display_in(wallet.language)
    errand = Errand(
        issuer=metadata.credential_issuer,
        endpoint=metadata.deferred_endpoint,
        token=token,
        transaction_id=deferred.transaction_id,
        name=shown.name or configuration.id,
        language=shown.locale,
    )
    with database.transaction() as session:
        waiting_id = waiting.begin(session, wallet, errand, deferred, now=now)
        row = session.get_one(Receipt, receipt.id)
        row.content = _seal_receipt(wallet, receipt.id, {"waiting": str(waiting_id)})
        session.add(row)
    return waiting_id


def _ask_token(
    offer: Offer, metadata: IssuerMetadata, fetch: Fetch, *, tx_code: str, reference: str
) -> str:
    server = metadata.authorization_server
    answer = ask(HttpRequest(authorization_server_url(server)), fetch)
    refuse_trouble(answer)
    try:
        endpoint = read_token_endpoint(answer.body, expected=server)
    except ExchangeError as error:
        raise strange_issuer() from error
    form = urlencode(token_request(offer, tx_code=tx_code.strip() or None)).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = ask(HttpRequest(endpoint, "POST", headers, form), fetch)
    refuse_trouble(answer)
    if answer.status != 200:
        raise _token_denied(offer, read_error(answer.body), reference, fetch)
    try:
        return read_token_response(answer.body)
    except ExchangeError as error:
        raise strange_issuer() from error


def _token_denied(offer: Offer, error: str, reference: str, fetch: Fetch) -> Refused:
    """Tell a wrong number from an offer that is over: both are `invalid_grant` (1.0, 6.3)."""
    if offer.tx_code is None or error not in ("invalid_grant", "invalid_request"):
        return _offer_over()
    if reference:
        try:
            _fetch_offer(reference, fetch)
        except Refused as gone:
            return gone
    return NumberRefused(
        N_("This number is not right."),
        code="wrong-number",
        hint=N_("Look at your paper or message and type it again."),
    )


def ask_badge(
    wallet: OpenWallet,
    metadata: IssuerMetadata,
    token: str,
    asked_with: Callable[[str], dict[str, Any]],
    *,
    fetch: Fetch,
    now: datetime,
    denied: Callable[[], Refused] | None = None,
) -> str | Deferred | None:
    """Ask for the badge, with a proof of our key; None when the token is no longer taken.

    `asked_with` writes the request around a proof; `denied` says what an outright no means.
    """
    for last_try in (False, True):
        nonce = ask_nonce(metadata, fetch)
        proof = key_proof(
            wallet.signer,
            holder=wallet.did,
            audience=metadata.credential_issuer,
            nonce=nonce,
            now=now,
        )
        body = json.dumps(asked_with(proof)).encode()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        answer = ask(HttpRequest(metadata.credential_endpoint, "POST", headers, body), fetch)
        refuse_trouble(answer)
        if answer.status == 200:
            return one_text(answer)
        if answer.status == 202:
            return _deferred(answer)
        if answer.status == 401:
            return None
        if denied is not None and read_error(answer.body) == "credential_request_denied":
            raise denied()
        if read_error(answer.body) != "invalid_nonce" or last_try:
            break  # a challenge may have run out on the way: once more (1.0, 8.3.1.2)
    raise strange_issuer()


def _deferred(answer: HttpResponse) -> Deferred:
    try:
        return read_deferred_response(answer.body)
    except ExchangeError as error:
        raise strange_issuer() from error


def ask_nonce(metadata: IssuerMetadata, fetch: Fetch) -> str:
    """Get a challenge for one proof of our key."""
    if metadata.nonce_endpoint is None:
        raise strange_issuer()
    answer = ask(
        HttpRequest(metadata.nonce_endpoint, "POST", {"Accept": "application/json"}, b""), fetch
    )
    refuse_trouble(answer)
    try:
        return read_nonce_response(answer.body)
    except ExchangeError as error:
        raise strange_issuer() from error


def one_text(answer: HttpResponse) -> str:
    """Give the one badge of an answer, as the exact text that was signed."""
    try:
        texts = read_credential_response(answer.body)
    except (ExchangeError, UnicodeDecodeError) as error:
        raise strange_issuer() from error
    if len(texts) != 1:
        raise strange_issuer()
    return texts[0]


def check_received(
    text: str, wallet: OpenWallet, issuer: str, *, trust: Trust, fetch: Fetch, now: datetime
) -> Report:
    """Check a badge that `issuer` handed out to our key; raise, saying why it is not kept."""
    report = verify_credential(text, trust=trust, fetch=fetch, now=now, holder=wallet.did)
    refuse_unless_whole(report)
    document = report.document or {}
    if not _belongs_to(issuer_id(document), issuer):
        raise Refused(
            N_("Someone else signed this badge, not the one who offers it."),
            status=422,
            code="other-signer",
            hint=N_("We do not keep it. Ask your centre."),
        )
    if subject_of(document) != wallet.did:
        raise Refused(
            N_("This badge is for someone else."),
            status=422,
            code="other-person",
            hint=N_("We do not keep it. Ask your centre."),
        )
    return report


def _belongs_to(signer: str, issuer: str) -> bool:
    """Tell whether a badge's issuer is named by the origin that offered it."""
    if signer.startswith("did:web:"):
        own = _did_of(issuer)
        return signer == own or signer.startswith(f"{own}:")
    return signer == issuer


# --- asking ----------------------------------------------------------------------------------


def _fetch_offer(address: str, fetch: Fetch) -> Offer:
    answer = ask(HttpRequest(address, headers={"Accept": "application/json"}), fetch)
    refuse_trouble(answer)
    if answer.status != 200:
        raise _offer_over()
    try:
        offer = parse_offer(answer.body.decode())
    except (ExchangeError, UnicodeDecodeError) as error:
        raise _not_an_offer() from error
    if isinstance(offer, OfferReference):
        raise _not_an_offer()
    return offer


def metadata_of(issuer: str, fetch: Fetch) -> IssuerMetadata:
    """Give what an issuer says of itself; it must be its own (see `read_issuer_metadata`)."""
    url = issuer_metadata_url(issuer)
    answer = ask(HttpRequest(url, headers={"Accept": "application/json"}), fetch)
    refuse_trouble(answer)
    if answer.status != 200:
        raise strange_issuer()
    try:
        return read_issuer_metadata(answer.body, expected=issuer)
    except ExchangeError as error:
        raise strange_issuer() from error


def _configuration(offer: Offer, metadata: IssuerMetadata) -> Configuration:
    if len(offer.configuration_ids) != 1:
        raise Refused(
            N_("This link gives several badges at once."),
            status=422,
            code="several-badges",
            hint=N_("Ask your centre for one link for each badge."),
        )
    configuration = metadata.configurations.get(offer.configuration_ids[0])
    if configuration is None or configuration.format != _FORMAT:
        raise Refused(
            N_("This is not a badge we know."),
            status=422,
            code="unknown-kind",
            hint=N_("We cannot keep it. Ask your centre."),
        )
    if configuration.proof_algorithms and "EdDSA" not in configuration.proof_algorithms:
        raise Refused(
            N_("This is not a badge we know."),
            status=422,
            code="unknown-kind",
            hint=N_("We cannot keep it. Ask your centre."),
        )
    return configuration


def _picture(display: Display, issuer: str, fetch: Fetch) -> str:
    """Take the badge's picture from the issuer itself, as data; without one, none is shown."""
    if urlsplit(display.logo)[:2] != urlsplit(issuer)[:2]:
        return ""
    try:
        answer = fetch(HttpRequest(display.logo))
    except CannotFetch:
        return ""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if answer.status != 200 or kind not in _PICTURES or len(answer.body) > _MAX_PICTURE_BYTES:
        return ""
    return f"data:{kind};base64,{base64.b64encode(answer.body).decode()}"


def ask(request: HttpRequest, fetch: Fetch) -> HttpResponse:
    """Ask an issuer; no answer is a refusal that loses nothing."""
    try:
        return fetch(request)
    except CannotFetch as error:
        raise _no_answer() from error


def refuse_trouble(answer: HttpResponse) -> None:
    """Take an answer that says "not now" for no answer."""
    if answer.status >= 500 or answer.status == 429:
        raise _no_answer()


def _did_of(issuer: str) -> str:
    parts = urlsplit(issuer)
    path = [part for part in parts.path.split("/") if part]
    try:
        return did_web(f"{parts.scheme}://{parts.netloc}", *path)
    except (DidError, ValueError):
        return ""


def _write_offer(offer: Offer) -> dict[str, Any]:
    return credential_offer(
        issuer=offer.credential_issuer,
        configuration_ids=offer.configuration_ids,
        code=offer.pre_authorized_code,
        tx_code=offer.tx_code,
    )


# --- what we say when it does not work -------------------------------------------------------


def _not_an_offer() -> Refused:
    return Refused(
        N_("There is no badge behind this link."),
        code="no-offer",
        hint=N_("Scan the code again, or copy the whole link."),
    )


def _offer_over() -> Refused:
    return Refused(
        N_("This link was used, or is too old."),
        status=410,
        code="offer-over",
        hint=N_("Look at your badges. Is it there? If not, ask your centre."),
    )


def _no_answer() -> Refused:
    return Refused(
        N_("The centre does not answer now."),
        status=503,
        code="no-answer",
        hint=N_("Nothing is lost. Try again in a few minutes."),
    )


def strange_issuer() -> Refused:
    """Say that an answer was not understood."""
    return Refused(
        N_("We do not understand the centre's answer."),
        status=502,
        code="strange-answer",
        hint=N_("Nothing was kept. Tell your centre."),
    )


def _too_old() -> Refused:
    return Refused(
        N_("This page is too old."),
        code="preview-over",
        hint=N_("Open the link of the badge again."),
    )
