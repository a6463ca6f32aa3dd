"""Wallets and their cards: open a new one, open one with its card, change the card, delete.

The card is 26 random letters and digits (130 bits) and two more that catch slips. It is shown to
the person, printed, and kept nowhere in the clear: it opens the data key, the data key opens the
rest. So a copy of the database opens nothing (docs/adr/0004).
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, SQLModel, col, select

from keys.did.key import did_key
from keys.material import PrivateKey
from wallet import limits
from wallet.answering_tables import Answered
from wallet.sealing import derive, new_key, seal, unseal
from wallet.tables import Badge, Receipt, Share, Wallet, WebSession
from wallet.vouching_tables import Arrived, Vouched
from wallet.waiting_tables import Waiting
from wallet.writing import write
from web.database import Database
from web.errors import Refused
from web.languages import N_

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, which are misread."""
_MISREAD = str.maketrans("ILO", "110")
_SECRET_LETTERS = 26
_CHECK_LETTERS = 2
CARD_LETTERS = _SECRET_LETTERS + _CHECK_LETTERS
_GROUP = 4
_MAX_NICKNAME = 40
_IN_A_LINK = re.compile(r"[?&]card=([A-Za-z0-9-]+)")


@dataclass(frozen=True)
class OpenWallet:
    """A wallet while it is open: what is needed to read it and to sign for it."""

    id: UUID
    nickname: str
    language: str
    card: str = field(repr=False)
    data_key: bytes = field(repr=False)
    signer: PrivateKey = field(repr=False)

    @property
    def did(self) -> str:
        """The name of the wallet's signing key, to which badges are bound."""
        return did_key(self.signer.public)

    @property
    def verification_method(self) -> str:
        """The key as proofs name it."""
        return f"{self.did}#{self.signer.public.multibase}"


# --- codes on cards --------------------------------------------------------------------------


def new_card() -> str:
    """Make the code of a card, in groups of four."""
    number = secrets.randbits(5 * _SECRET_LETTERS)
    body = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_SECRET_LETTERS))
    code = body + _check_letters(body)
    return "-".join(code[start : start + _GROUP] for start in range(0, CARD_LETTERS, _GROUP))


def read_card(text: str) -> str:
    """Read a code as people type, paste or scan it; refuse slips, saying what to do."""
    link = _IN_A_LINK.search(text)
    typed = link[1] if link else text
    letters = "".join(letter for letter in typed.upper() if letter.isalnum()).translate(_MISREAD)
    if len(letters) != CARD_LETTERS or any(letter not in _ALPHABET for letter in letters):
        raise Refused(
            N_("A card has 28 letters and numbers."),
            code="not-a-card",
            hint=N_("Look at your card and type them again."),
        )
    body, check = letters[:_SECRET_LETTERS], letters[_SECRET_LETTERS:]
    if check != _check_letters(body):
        raise Refused(
            N_("One letter is not right."),
            code="slip",
            hint=N_("Look at your card and type them again."),
        )
    return letters


def _check_letters(body: str) -> str:
    digest = hashlib.sha256(b"mycred4home card " + body.encode()).digest()
    return "".join(_ALPHABET[byte & 31] for byte in digest[:_CHECK_LETTERS])


# --- opening ---------------------------------------------------------------------------------


def open_new(database: Database, *, nickname: str = "", language: str = "en") -> OpenWallet:
    """Make a new wallet with its key and its card; `card` of the answer is shown to the person."""
    nickname = _clean_nickname(nickname)
    opened = OpenWallet(
        id=uuid4(),
        nickname=nickname,
        language=language,
        card=new_card(),
        data_key=new_key(),
        signer=PrivateKey.generate(),
    )
    with database.transaction() as session:
        session.add(
            Wallet(
                id=opened.id,
                card_hash=_card_hash(opened.card),
                wrapped_key=_wrap_for_card(opened),
                profile=_seal_profile(opened),
            )
        )
    return opened


def open_with_card(database: Database, text: str, *, visitor: str, now: datetime) -> OpenWallet:
    """Open the wallet that a card belongs to; wrong cards are counted for each visitor."""
    code = read_card(text)
    wallet = write(database, lambda session: _wallet_of(session, code, visitor, now))
    if wallet is None:
        raise Refused(
            N_("We know no wallet for this card."),
            status=404,
            code="unknown-card",
            hint=N_("Is it your newest card? Older cards stop working."),
        )
    data_key = unseal(derive(_letters(code), "card"), wallet.wrapped_key, place=f"card {wallet.id}")
    return read_wallet(wallet, data_key)


def _wallet_of(session: Session, code: str, visitor: str, now: datetime) -> Wallet | None:
    limits.check(session, visitor, "wrong-card", most=limits.WRONG_CARDS, now=now)
    wallet = session.exec(
        select(Wallet).where(col(Wallet.card_hash) == _card_hash(code))
    ).one_or_none()
    if wallet is None:
        limits.count(session, visitor, "wrong-card", now=now)
    return wallet


def read_wallet(wallet: Wallet, data_key: bytes) -> OpenWallet:
    """Read a wallet's row with its data key."""
    profile = json.loads(unseal(data_key, wallet.profile, place=f"profile {wallet.id}"))
    return OpenWallet(
        id=wallet.id,
        nickname=profile["nickname"],
        language=profile["language"],
        card=profile["card"],
        data_key=data_key,
        signer=PrivateKey.from_multibase(profile["signer"]),
    )


# --- changing and deleting -------------------------------------------------------------------


def change_card(database: Database, wallet: OpenWallet, *, keep_session: str = "") -> OpenWallet:
    """Give the wallet a new card: the old one stops working, and so does every other session."""
    changed = replace(wallet, card=new_card())
    with database.transaction() as session:
        row = session.get_one(Wallet, wallet.id)
        row.card_hash = _card_hash(changed.card)
        row.wrapped_key = _wrap_for_card(changed)
        row.profile = _seal_profile(changed)
        session.add(row)
        session.exec(
            delete(WebSession)
            .where(col(WebSession.wallet_id) == wallet.id)
            .where(col(WebSession.token_hash) != keep_session)
        )
    return changed


def change_language(database: Database, wallet: OpenWallet, language: str) -> OpenWallet:
    """Remember the language that the person last switched to."""
    changed = replace(wallet, language=language)
    with database.transaction() as session:
        row = session.get_one(Wallet, wallet.id)
        row.profile = _seal_profile(changed)
        session.add(row)
    return changed


def change_nickname(database: Database, wallet: OpenWallet, nickname: str) -> OpenWallet:
    """Correct what the wallet calls its owner."""
    changed = replace(wallet, nickname=_clean_nickname(nickname))
    with database.transaction() as session:
        row = session.get_one(Wallet, wallet.id)
        row.profile = _seal_profile(changed)
        session.add(row)
    return changed


def delete_wallet(database: Database, wallet: OpenWallet) -> None:
    """Delete a wallet with all that is in it; nothing of it can be opened afterwards."""
    with database.transaction() as session:
        tables: tuple[type[SQLModel], ...] = (
            Arrived,
            Vouched,
            Share,
            Answered,
            Receipt,
            Waiting,
            Badge,
            WebSession,
        )
        for table in tables:
            _delete_rows(session, table, wallet.id)
        session.exec(delete(Wallet).where(col(Wallet.id) == wallet.id))
    database.forget_old_pages()


def _delete_rows(session: Session, table: type[SQLModel], wallet_id: UUID) -> None:
    column = table.__table__.c.wallet_id  # type: ignore[attr-defined]
    session.exec(delete(table).where(column == wallet_id))


# --- sealing ---------------------------------------------------------------------------------


def _card_hash(code: str) -> str:
    return derive(_letters(code), "card hash").hex()


def _wrap_for_card(wallet: OpenWallet) -> bytes:
    return seal(derive(_letters(wallet.card), "card"), wallet.data_key, place=f"card {wallet.id}")


def _seal_profile(wallet: OpenWallet) -> bytes:
    profile = {
        "nickname": wallet.nickname,
        "language": wallet.language,
        "card": wallet.card,
        "signer": wallet.signer.to_multibase(),
    }
    return seal(wallet.data_key, json.dumps(profile).encode(), place=f"profile {wallet.id}")


def _letters(code: str) -> bytes:
    return code.replace("-", "").encode()


def _clean_nickname(nickname: str) -> str:
    nickname = " ".join(nickname.split())
    if len(nickname) > _MAX_NICKNAME or not nickname.isprintable():
        raise Refused(
            N_("This name does not work."),
            code="nickname",
            hint=N_("Take a shorter name, with letters only."),
        )
    return nickname
