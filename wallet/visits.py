"""While a wallet is open: the session row holds its data key, wrapped under the browser's token."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col

from wallet.cards import OpenWallet, read_wallet
from wallet.sealing import SealBroken, derive, seal, unseal
from wallet.tables import Wallet, WebSession
from web.database import Database
from web.sessions import close_session, find_session, forget_expired, new_token, token_hash

IDLE = timedelta(minutes=10)
"""A shared phone closes by itself; long enough to read a page slowly."""
LASTS = timedelta(hours=8)
_NOTICE_AFTER = timedelta(seconds=30)


def remember(database: Database, wallet: OpenWallet, *, now: datetime) -> str:
    """Keep a wallet open for whoever has the token that this gives."""
    token = new_token()
    wrapped = seal(_key(token), wallet.data_key, place=_place(token))
    with database.transaction() as session:
        forget_expired(session, WebSession, now=now)
        session.add(
            WebSession(
                token_hash=token_hash(token),
                created=now,
                last_seen=now,
                expires=now + LASTS,
                wallet_id=wallet.id,
                wrapped_key=wrapped,
            )
        )
    return token


def recall(database: Database, token: str, *, now: datetime) -> OpenWallet | None:
    """Give the wallet that a token keeps open, or None when it is closed."""
    with database.reading() as session:
        visit = find_session(session, WebSession, token, now=now, idle=IDLE)
        wallet = session.get(Wallet, visit.wallet_id) if visit else None
    if visit is None or wallet is None:
        return None
    try:
        opened = read_wallet(wallet, unseal(_key(token), visit.wrapped_key, place=_place(token)))
    except SealBroken:
        return None
    if now - visit.last_seen > _NOTICE_AFTER:
        with database.transaction() as session:
            session.exec(
                update(WebSession)
                .where(col(WebSession.token_hash) == token_hash(token))
                .values(last_seen=now)
            )
    return opened


def forget(database: Database, token: str) -> None:
    """Close the wallet in this browser."""
    with database.transaction() as session:
        close_session(session, WebSession, token)


def _key(token: str) -> bytes:
    return derive(token.encode(), "session")


def _place(token: str) -> str:
    return f"session {token_hash(token)}"
