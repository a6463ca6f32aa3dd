"""Asking again for badges that were not ready: by a tap, or once a day while the wallet is open."""

import json
import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from credentials.exchange.oid4vci import (
    ExchangeError,
    deferred_request,
    read_deferred_response,
    read_error,
)
from credentials.trust import Trust
from keys.fetching import Fetch, HttpRequest, HttpResponse
from wallet import receiving, waiting
from wallet.badges import keep
from wallet.cards import OpenWallet
from wallet.waiting import DAILY, LookedAt, WaitingBadge
from wallet.writing import write
from web.database import Database
from web.errors import Refused

_BUSY = timedelta(seconds=40)
_AFTER_TROUBLE = timedelta(minutes=1)
_ENDED = ("invalid_transaction_id", "credential_request_denied")
_MOST_A_DAY = 3
"""So many are asked for while a page loads; the others wait for a tap."""
_log = logging.getLogger("mycred4home.wallet")


def look(
    database: Database,
    wallet: OpenWallet,
    waiting_id: UUID,
    *,
    fetch: Fetch,
    trust: Trust,
    now: datetime,
) -> UUID:
    """Ask for a badge that was not ready and keep it; give its id in the wallet.

    1. Take the turn; too early, or while another tap is at it: `LookedAt`, and nothing is asked.
    2. Ask, unless the badge was handed out before and not kept: its text is written down at once,
       since it is handed out only once.
    3. Check it like any badge that was offered. 4. Keep it, and let go of the wait.
    """
    found = waiting.find(database, wallet, waiting_id)
    if found.errand.over or not waiting.claim(database, waiting_id, busy=_BUSY, now=now):  # 1
        raise LookedAt(waiting_id)
    text = found.errand.text or _ask(database, wallet, found, fetch=fetch, now=now)  # 2
    report = receiving.check_received(  # 3
        text, wallet, found.errand.issuer, trust=trust, fetch=fetch, now=now
    )

    def close(session: Session) -> UUID:
        badge_id = keep(session, wallet, text, report, now=now)
        waiting.forget(session, wallet, waiting_id)
        return badge_id

    return write(database, close)  # 4


def look_daily(
    database: Database, wallet: OpenWallet, *, fetch: Fetch, trust: Trust, now: datetime
) -> None:
    """Ask for what nobody asked for since yesterday; what goes wrong waits for the next day."""
    due = [
        one
        for one in waiting.waiting_badges(database, wallet)
        if not one.errand.over and one.ask_after <= now - DAILY
    ]
    for one in due[:_MOST_A_DAY]:
        try:
            look(database, wallet, one.id, fetch=fetch, trust=trust, now=now)
        except LookedAt:
            continue
        except Refused as refusal:
            _log.info("waiting badge %s: %s", one.id, refusal.code)


def _ask(
    database: Database, wallet: OpenWallet, found: WaitingBadge, *, fetch: Fetch, now: datetime
) -> str:
    errand = found.errand
    headers = {
        "Authorization": f"Bearer {errand.token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    body = json.dumps(deferred_request(errand.transaction_id)).encode()

    def later(after: timedelta, **changes: object) -> None:
        waiting.write_down(database, wallet, found.id, errand, ask_after=now + after, **changes)

    try:
        answer = receiving.ask(HttpRequest(errand.endpoint, "POST", headers, body), fetch)
        receiving.refuse_trouble(answer)
        if answer.status == 200:
            text = receiving.one_text(answer)
            later(timedelta(), text=text)
            return text
        if answer.status == 202:
            later(_interval(answer, errand.transaction_id))
            raise LookedAt(found.id)
    except Refused:
        later(_AFTER_TROUBLE)
        raise
    if answer.status == 401 or read_error(answer.body) in _ENDED:
        later(timedelta(), over=True)
        raise LookedAt(found.id)
    later(_AFTER_TROUBLE)
    raise receiving.strange_issuer()


def _interval(answer: HttpResponse, expected: str) -> timedelta:
    try:
        deferred = read_deferred_response(answer.body)
    except ExchangeError as error:
        raise receiving.strange_issuer() from error
    if deferred.transaction_id != expected:  # it must stay the same (1.0, 9.2)
        raise receiving.strange_issuer()
    return deferred.interval
