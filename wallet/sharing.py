"""Showing badges: a signed presentation behind a link that ends, and that its owner can stop.

Prepared first, so that the person sees the very text that others will get (invariant 28), then
started. The server keeps the presentation encrypted under a key derived from the link's token, and
of the token only a hash; the owner's note, sealed in the wallet, lets her or him show the link
again. A share that was stopped, has run out, or never was: `serve` gives the same nothing.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from contexts import ContextError, loads_strict
from credentials.presentations import present
from credentials.shape import kind_of
from wallet import badges
from wallet.badges import KeptBadge
from wallet.cards import OpenWallet
from wallet.sealing import SealBroken, derive, seal, unseal
from wallet.tables import Share, ShareState
from web.database import Database
from web.errors import Refused
from web.languages import N_

DURATIONS: dict[str, timedelta] = {
    "now": timedelta(minutes=10),
    "1": timedelta(days=1),
    "7": timedelta(days=7),
    "30": timedelta(days=30),
}
DEFAULT_DURATION = "7"
MOST_AT_ONCE = 10
MOST_CREDENTIALS = 20
"""Badges and what is said of them; a verifier looks at no more (`credentials.verify`)."""
_TOKEN_BYTES = 24
_REMEMBERED = timedelta(days=90)
"""After this a share that is over leaves the list of what was shown."""


@dataclass(frozen=True)
class OwnShare:
    """A share as its owner sees it."""

    id: UUID
    state: str
    """draft, active, stopped or over."""
    names: tuple[str, ...]
    badges: tuple[UUID, ...]
    created: datetime
    expires: datetime
    views: int
    last_view: datetime | None
    token: str = field(repr=False)
    text: str = field(repr=False)
    """The exact text that others get; empty when there is nothing to get any more."""

    @property
    def documents(self) -> tuple[dict[str, Any], ...]:
        """The badges in the text that others get."""
        return tuple(one for one in self._all if kind_of(one) != "endorsement")

    @property
    def voices(self) -> tuple[dict[str, Any], ...]:
        """What households say of them, in the text that others get."""
        return tuple(one for one in self._all if kind_of(one) == "endorsement")

    @property
    def _all(self) -> list[dict[str, Any]]:
        return list(loads_strict(self.text)["verifiableCredential"]) if self.text else []


@dataclass(frozen=True)
class OpenShare:
    """A share as it opens for whoever has its token."""

    id: UUID
    wallet_id: UUID
    holder: str
    documents: tuple[dict[str, Any], ...]
    """The badges in it."""


def share_url(base_url: str, token: str) -> str:
    """Give the address at which the presentation lies."""
    return f"{base_url}/shares/{token}"


def share_link(base_url: str, verifier_url: str, token: str) -> str:
    """Give the link to show: it opens the verifier's page, which fetches the presentation."""
    return f"{verifier_url}/check?{urlencode({'share': share_url(base_url, token)})}"


# --- preparing, starting, stopping -----------------------------------------------------------


def share(
    database: Database,
    wallet: OpenWallet,
    badge_ids: Sequence[UUID],
    *,
    verifier_url: str,
    now: datetime,
    lasts: timedelta = DURATIONS[DEFAULT_DURATION],
) -> OwnShare:
    """Prepare a share and start it at once, for callers that need no look before."""
    share_id = prepare(database, wallet, badge_ids, verifier_url=verifier_url, lasts=lasts, now=now)
    return start(database, wallet, share_id, now=now)


def prepare(
    database: Database,
    wallet: OpenWallet,
    badge_ids: Sequence[UUID],
    *,
    verifier_url: str,
    lasts: timedelta,
    now: datetime,
    beside: Sequence[str] = (),
) -> UUID:
    """Sign and seal what would be shown, without showing it yet.

    `beside` are endorsements of the badges, as they were signed, to be shown with them.

    1. The badges: of this wallet, given to this wallet, not too many.
    2. The presentation: for this verifier only, with a random challenge, ending with the share.
    3. The text: each badge in it exactly as it was signed.
    4. The row: sealed twice, for whoever has the link and for the owner.
    """
    # 1
    chosen = [badges.find(database, wallet, one) for one in dict.fromkeys(badge_ids)]
    _refuse_unless_showable(chosen)
    _refuse_too_many(len(chosen) + len(beside))
    # 2
    expires = (now + lasts).replace(microsecond=0)
    presentation = present(
        [*(badge.document for badge in chosen), *(loads_strict(one) for one in beside)],
        wallet.signer,
        holder=wallet.did,
        verification_method=wallet.verification_method,
        domain=verifier_url,
        challenge=secrets.token_urlsafe(_TOKEN_BYTES),
        created=now,
        expires=expires,
    )
    text = written(presentation, [*(badge.text for badge in chosen), *beside])  # 3
    # 4
    share_id, token = uuid4(), secrets.token_urlsafe(_TOKEN_BYTES)
    note = {
        "token": token,
        "badges": [str(badge.id) for badge in chosen],
        "names": [str(badge.document.get("name", "")) for badge in chosen],
    }
    with database.transaction() as session:
        _tidy(session, wallet, now=now)
        session.add(
            Share(
                id=share_id,
                wallet_id=wallet.id,
                token_hash=_hash(token),
                presentation=seal(_key(token), text.encode(), place=f"share {share_id}"),
                note=seal(wallet.data_key, json.dumps(note).encode(), place=_place(share_id)),
                state=ShareState.DRAFT,
                created=now,
                expires=expires,
            )
        )
    return share_id


def start(database: Database, wallet: OpenWallet, share_id: UUID, *, now: datetime) -> OwnShare:
    """Show what was prepared; a second tap changes nothing."""
    with database.transaction() as session:
        row = _row(session, wallet, share_id)
        if row.state == ShareState.STOPPED or now >= row.expires:
            raise Refused(
                N_("This page is too old."),
                status=410,
                code="share-over",
                hint=N_("Choose again what you want to show."),
            )
        row.state = ShareState.ACTIVE
        session.add(row)
    return _open(row, wallet, now=now)


def stop(database: Database, wallet: OpenWallet, share_id: UUID) -> None:
    """Stop showing: from now on nobody gets it, and its text is gone."""
    with database.transaction() as session:
        _row(session, wallet, share_id)
        _stop(session, wallet, [share_id])


def stop_all(database: Database, wallet: OpenWallet) -> None:
    """Stop every share of the wallet."""
    with database.transaction() as session:
        session.exec(
            update(Share)
            .where(col(Share.wallet_id) == wallet.id)
            .values(state=ShareState.STOPPED, presentation=None)
        )


def stop_those_with(session: Session, wallet: OpenWallet, badge_id: UUID, *, now: datetime) -> None:
    """Stop every share that holds a badge."""
    rows = session.exec(select(Share).where(col(Share.wallet_id) == wallet.id)).all()
    found = [row.id for row in rows if badge_id in _open(row, wallet, now=now).badges]
    _stop(session, wallet, found)


def _stop(session: Session, wallet: OpenWallet, share_ids: Collection[UUID]) -> None:
    session.exec(
        update(Share)
        .where(col(Share.wallet_id) == wallet.id, col(Share.id).in_(share_ids))
        .values(state=ShareState.STOPPED, presentation=None)
    )


# --- looking ---------------------------------------------------------------------------------


def find(database: Database, wallet: OpenWallet, share_id: UUID, *, now: datetime) -> OwnShare:
    """Give one share of this wallet; those of other wallets do not exist here."""
    with database.reading() as session:
        row = _row(session, wallet, share_id)
    return _open(row, wallet, now=now)


def shown(database: Database, wallet: OpenWallet, *, now: datetime) -> tuple[OwnShare, ...]:
    """List what was shown, newest first; what was only prepared was never shown."""
    with database.reading() as session:
        rows = session.exec(
            select(Share)
            .where(col(Share.wallet_id) == wallet.id, col(Share.state) != ShareState.DRAFT)
            .order_by(col(Share.created).desc())
        ).all()
    return tuple(_open(row, wallet, now=now) for row in rows)


def showing_older(
    database: Database, wallet: OpenWallet, *, now: datetime
) -> dict[UUID, set[UUID]]:
    """Give the open shares that still show an older copy of a badge: share → badges.

    What others see is what its owner saw before it was shown (invariant 28), so a share never
    changes by itself.
    """
    found: dict[UUID, set[UUID]] = {}
    kept = {str(badge.document["id"]): badge for badge in badges.wall(database, wallet).badges}
    for one in shown(database, wallet, now=now):
        if one.state != "active":
            continue
        older = {
            kept[document["id"]].id
            for document in one.documents
            if document.get("id") in kept
            and kept[document["id"]].id in one.badges
            and document.get("validFrom") != kept[document["id"]].document.get("validFrom")
        }
        if older:
            found[one.id] = older
    return found


def serve(database: Database, token: str, *, now: datetime, counts: bool = True) -> str | None:
    """Give the presentation that a token opens and count the view; None for any other token."""
    with database.reading() as session:
        row = session.exec(select(Share).where(col(Share.token_hash) == _hash(token))).one_or_none()
    if row is None or not _is_open(row, now) or row.presentation is None:
        return None
    try:
        text = unseal(_key(token), row.presentation, place=f"share {row.id}").decode()
    except SealBroken:
        return None
    with database.transaction() as session:  # it may have been stopped since we looked
        counted = session.exec(
            update(Share)
            .where(col(Share.id) == row.id, col(Share.state) == ShareState.ACTIVE)
            .values(
                views=col(Share.views) + int(counts), last_view=now if counts else row.last_view
            )
        )
    return text if counted.rowcount == 1 else None


def open_with(database: Database, token: str, *, now: datetime) -> OpenShare | None:
    """Open a share with its token, as `serve` does, without counting a view."""
    text = serve(database, token, now=now, counts=False)
    if text is None:
        return None
    with database.reading() as session:
        row = session.exec(select(Share).where(col(Share.token_hash) == _hash(token))).one()
    shown = loads_strict(text)
    found = [one for one in shown["verifiableCredential"] if kind_of(one) != "endorsement"]
    return OpenShare(row.id, row.wallet_id, str(shown["holder"]), tuple(found))


def _is_open(row: Share, now: datetime) -> bool:
    return row.state == ShareState.ACTIVE and now < row.expires


def _open(row: Share, wallet: OpenWallet, *, now: datetime) -> OwnShare:
    try:
        note = json.loads(unseal(wallet.data_key, row.note, place=_place(row.id)))
    except SealBroken:
        note = {"token": "", "badges": [], "names": []}
    over = row.state != ShareState.STOPPED and now >= row.expires
    return OwnShare(
        id=row.id,
        state="over" if over else str(row.state),
        names=tuple(note["names"]),
        badges=tuple(UUID(one) for one in note["badges"]),
        created=row.created,
        expires=row.expires,
        views=row.views,
        last_view=row.last_view,
        token=note["token"],
        text="" if over else _text(row, note["token"]),
    )


def _text(row: Share, token: str) -> str:
    if row.presentation is None:
        return ""
    try:
        text = unseal(_key(token), row.presentation, place=f"share {row.id}").decode()
        loads_strict(text)
    except (SealBroken, ContextError):
        return ""
    return text


# --- small parts -----------------------------------------------------------------------------


def _refuse_unless_showable(chosen: Sequence[KeptBadge]) -> None:
    if not chosen:
        raise Refused(
            N_("You chose no badge."),
            code="nothing-chosen",
            hint=N_("Choose one badge or more."),
        )
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(
            N_("These are too many badges at once."),
            code="too-many",
            hint=N_("Choose ten badges at most."),
        )
    if not all(badge.mine for badge in chosen):
        raise Refused(
            N_("This badge was given to another wallet."),
            status=409,
            code="other-wallet",
            hint=N_("You cannot show it from here."),
        )


def _refuse_too_many(credentials: int) -> None:
    if credentials > MOST_CREDENTIALS:
        raise Refused(
            N_("That is too much at once."),
            code="too-much",
            hint=N_("Choose fewer badges, or fewer of the words about them."),
        )


def written(presentation: dict[str, Any], texts: Sequence[str]) -> str:
    """Write a presentation around the badges' own texts, so that each stays as it was signed."""
    name = '"verifiableCredential":'
    shell = json.dumps(
        {**presentation, "verifiableCredential": []}, ensure_ascii=False, separators=(",", ":")
    )
    return shell.replace(f"{name}[]", f"{name}[{','.join(texts)}]", 1)


def _tidy(session: Session, wallet: OpenWallet, *, now: datetime) -> None:
    """Forget drafts and texts that are over, and what was shown long ago."""
    own = col(Share.wallet_id) == wallet.id
    over = col(Share.expires) <= now
    session.exec(delete(Share).where(own, over, col(Share.state) == ShareState.DRAFT))
    session.exec(delete(Share).where(own, col(Share.expires) <= now - _REMEMBERED))
    session.exec(update(Share).where(own, over).values(presentation=None))


def _row(session: Session, wallet: OpenWallet, share_id: UUID) -> Share:
    row = session.get(Share, share_id)
    if row is None or row.wallet_id != wallet.id:
        raise Refused(
            N_("There is nothing shown here."),
            status=404,
            code="no-such-share",
            hint=N_("Look at what you showed."),
        )
    return row


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key(token: str) -> bytes:
    return derive(token.encode(), "share")


def _place(share_id: UUID) -> str:
    return f"note {share_id}"
