"""What households say of a badge: it arrives by a share, its owner keeps or deletes it.

The wallet is closed when something arrives, and the server can open nothing. What it does have at
that moment is the token of the share, in the address: the endorsement is sealed under it, and the
owner's note of the share, sealed under the data key, opens it again. A share that was stopped or is
over takes nothing, and answers like one that never was (docs/adr/0030).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from contexts import ContextError, loads_strict
from credentials.report import CredentialError, EndorsementReport
from credentials.trust import Trust
from credentials.vouching import MAX_BYTES, judge_vouch
from wallet import badges, limits, sharing
from wallet.cards import OpenWallet
from wallet.sealing import SealBroken, derive, fingerprint, seal, unseal
from wallet.sharing import OpenShare, OwnShare
from wallet.vouching_tables import MOST_PER_SHARE, Arrived, Vouched
from wallet.writing import write
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_KEPT = 10
"""Kept for one badge: they travel with it, and a presentation holds twenty credentials."""
ARRIVALS = 300
"""How many one sender, which is a verifier for many households, may bring in 15 minutes."""


@dataclass(frozen=True)
class Voice:
    """One household's words about a badge, in an open wallet."""

    id: UUID
    badge_id: UUID
    name: str
    comment: str
    at: datetime
    """When it arrived, or was kept."""
    text: str = field(repr=False)
    """The exact text that was signed."""


@dataclass(frozen=True)
class Voices:
    """What is said of the badges of a wallet: what waits for a decision, and what was kept."""

    waiting: tuple[Voice, ...]
    kept: tuple[Voice, ...]

    def about(self, badge_id: UUID) -> "Voices":
        """Give those about one badge."""
        return Voices(
            tuple(one for one in self.waiting if one.badge_id == badge_id),
            tuple(one for one in self.kept if one.badge_id == badge_id),
        )


# --- arriving ----------------------------------------------------------------------------------


def arrive(
    database: Database, token: str, raw: bytes, *, sender: str, trust: Trust, now: datetime
) -> bool:
    """Take an endorsement for the owner of a share; False when that share takes none.

    1. The sender may not flood, and the text may not be big.
    2. The share is open: whoever has its link may write, nobody else.
    3. It is a good endorsement of a badge that this share shows, and not by its owner.
    4. It is sealed under the token, in one of the few places that the share has.

    Raises `Refused` for what is not taken.
    """
    # 1
    with database.transaction() as session:
        limits.check_and_count(session, sender, "vouch", most=ARRIVALS, now=now)
    if len(raw) > MAX_BYTES:
        raise _not_taken("too-big", 413)
    # 2
    share = sharing.open_with(database, token, now=now)
    if share is None:
        return False
    # 3
    text, document = _read(raw)
    ids = {str(one["id"]) for one in share.documents}
    judged = _judge(document, ids, holder=share.holder, trust=trust, now=now)
    if not judged.counted:
        raise _not_taken(judged.reason_code, 422)
    # 4
    mark = fingerprint(_key(token), json.dumps([judged.issuer_id, document["id"]]), purpose="came")
    write(database, lambda session: _take_place(session, share, token, text, mark, now=now))
    return True


def _read(raw: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = raw.decode()
        document = loads_strict(text)
    except (UnicodeDecodeError, ContextError) as error:
        raise _not_taken("malformed", 422) from error
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise _not_taken("malformed", 422)
    return text, document


def _judge(
    document: dict[str, Any], ids: set[str], *, holder: str, trust: Trust, now: datetime
) -> EndorsementReport:
    try:
        return judge_vouch(document, badge_ids=ids, holder=holder, trust=trust, now=now)
    except CredentialError as error:
        raise _not_taken("not-allowed", 422) from error


def _take_place(
    session: Session, share: OpenShare, token: str, text: str, mark: str, *, now: datetime
) -> None:
    rows = session.exec(select(Arrived).where(col(Arrived.share_id) == share.id)).all()
    if any(row.fingerprint == mark for row in rows):
        raise _not_taken("here-already", 409)
    if len(rows) >= MOST_PER_SHARE:
        raise _not_taken("full", 409)
    row = Arrived(
        id=uuid4(),
        wallet_id=share.wallet_id,
        share_id=share.id,
        place=len(rows) + 1,
        fingerprint=mark,
        at=now,
    )
    row.content = seal(_key(token), text.encode(), place=_place("arrived", row.id))
    session.add(row)


def _not_taken(code: str, status: int) -> Refused:
    return Refused(N_("This was not taken."), status=status, code=code)


# --- looking -----------------------------------------------------------------------------------


def voices(database: Database, wallet: OpenWallet, *, now: datetime) -> Voices:
    """Give what is said of this wallet's badges; what does not open is left out."""
    with database.reading() as session:
        came = session.exec(
            select(Arrived)
            .where(col(Arrived.wallet_id) == wallet.id, col(Arrived.content).is_not(None))
            .order_by(col(Arrived.at), col(Arrived.place))
        ).all()
        kept = session.exec(select(Vouched).where(col(Vouched.wallet_id) == wallet.id)).all()
    waiting: list[Voice] = []
    if came:
        shares = {one.id: one for one in sharing.shown(database, wallet, now=now)}
        by_name = {str(one.document["id"]): one.id for one in badges.wall(database, wallet).badges}
        found = (_opened(row, shares.get(row.share_id), by_name) for row in came)
        waiting = [one for one in found if one is not None]
    opened = [one for row in kept if (one := _kept(row, wallet)) is not None]
    return Voices(tuple(waiting), tuple(sorted(opened, key=lambda one: one.at)))


def _opened(row: Arrived, share: OwnShare | None, by_name: dict[str, UUID]) -> Voice | None:
    if share is None or row.content is None:
        return None
    try:
        text = unseal(_key(share.token), row.content, place=_place("arrived", row.id)).decode()
    except SealBroken:
        return None
    badge_id = by_name.get(str(loads_strict(text)["credentialSubject"]["id"]))
    return None if badge_id is None else _voice(row.id, badge_id, text, row.at)


def _kept(row: Vouched, wallet: OpenWallet) -> Voice | None:
    try:
        content = json.loads(unseal(wallet.data_key, row.content, place=_place("vouched", row.id)))
    except SealBroken:
        return None
    return _voice(row.id, row.badge_id, content["text"], datetime.fromisoformat(content["at"]))


def _voice(voice_id: UUID, badge_id: UUID, text: str, at: datetime) -> Voice:
    document = loads_strict(text)
    return Voice(
        id=voice_id,
        badge_id=badge_id,
        name=str(document["issuer"]["name"]),
        comment=str(document["credentialSubject"]["endorsementComment"]),
        at=at,
        text=text,
    )


# --- deciding ----------------------------------------------------------------------------------


def keep(database: Database, wallet: OpenWallet, voice_id: UUID, *, now: datetime) -> Voice:
    """Keep what has arrived: from now on it is with the badge."""
    said = voices(database, wallet, now=now)
    voice = _one(said.waiting, voice_id)
    if len(said.about(voice.badge_id).kept) >= MOST_KEPT:
        raise Refused(
            N_("You keep ten already for this badge."),
            status=409,
            code="too-many-voices",
            hint=N_("Delete one first."),
        )
    mark = fingerprint(wallet.data_key, voice.text, purpose="vouched")
    with database.transaction() as session:
        if _decide(session, wallet, voice_id) and not _has(session, wallet, mark):
            row = Vouched(
                id=uuid4(),
                wallet_id=wallet.id,
                badge_id=voice.badge_id,
                fingerprint=mark,
                content=b"",
            )
            content = json.dumps({"text": voice.text, "at": now.isoformat()}).encode()
            row.content = seal(wallet.data_key, content, place=_place("vouched", row.id))
            session.add(row)
    return voice


def remove(database: Database, wallet: OpenWallet, voice_id: UUID, *, now: datetime) -> Voice:
    """Delete what has arrived or was kept; links that show it are stopped."""
    said = voices(database, wallet, now=now)
    voice = _one((*said.waiting, *said.kept), voice_id)
    name = str(loads_strict(voice.text)["id"])
    showing = [
        share.id
        for share in sharing.shown(database, wallet, now=now)
        if any(one.get("id") == name for one in share.voices)
    ]
    with database.transaction() as session:
        _decide(session, wallet, voice_id)
        row = session.get(Vouched, voice_id)
        if row is not None and row.wallet_id == wallet.id:
            session.delete(row)
    for share_id in showing:
        sharing.stop(database, wallet, share_id)
    return voice


def chosen(said: Voices, ids: Sequence[UUID], badge_ids: Sequence[UUID]) -> list[Voice]:
    """Give those of the kept voices that were ticked and whose badge is shown too."""
    return [one for one in said.kept if one.id in ids and one.badge_id in badge_ids]


def _one(among: Sequence[Voice], voice_id: UUID) -> Voice:
    for voice in among:
        if voice.id == voice_id:
            return voice
    raise Refused(
        N_("This is not here any more."),
        status=404,
        code="no-such-voice",
        hint=N_("Look at your badges again."),
    )


def _decide(session: Session, wallet: OpenWallet, voice_id: UUID) -> bool:
    row = session.get(Arrived, voice_id, with_for_update=True)
    if row is None or row.wallet_id != wallet.id or row.content is None:
        return False
    row.content = None
    session.add(row)
    return True


def _has(session: Session, wallet: OpenWallet, mark: str) -> bool:
    found = select(Vouched.id).where(
        col(Vouched.wallet_id) == wallet.id, col(Vouched.fingerprint) == mark
    )
    return session.exec(found).first() is not None


def _key(token: str) -> bytes:
    return derive(token.encode(), "share endorsements")


def _place(kind: str, row_id: UUID) -> str:
    return f"{kind} {row_id}"
