"""Checking kept badges once a day while the wallet is open, so that bad news is found here first.

What is asked for is what every verifier asks for: the signer's keys and its whole status list, the
same for thousands of badges, and once for all badges of a signer. Nobody learns which badge is
looked at. What cannot be checked now keeps what was found before, and is tried again the next day.
"""

from datetime import datetime
from urllib.parse import urlsplit

from credentials.trust import Trust
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from wallet import badges
from wallet.badges import KeptBadge
from wallet.cards import OpenWallet
from wallet.waiting import DAILY
from web.database import Database

_MOST_AT_ONCE = 10
"""So many are checked while a page loads; the others with the next page."""


def check_daily(
    database: Database, wallet: OpenWallet, *, fetch: Fetch, trust: Trust, now: datetime
) -> bool:
    """Check the badges that nobody checked since yesterday; tell whether there were any."""
    due = [
        badge
        for badge in badges.wall(database, wallet).badges
        if badge.looked_at <= now - DAILY and _may_change(badge)
    ]
    once = _each_address_once(fetch)
    for badge in due[:_MOST_AT_ONCE]:
        badges.check_again(
            database, wallet, badge.id, trust=trust, fetch=once, now=now, asked_for=False
        )
    return bool(due)


def _may_change(badge: KeptBadge) -> bool:
    """Tell whether something may be found that is not known; a cancelled badge stays cancelled."""
    return badge.findings.steps.get("status", ("", ""))[1] != "status.revoked"


def _each_address_once(fetch: Fetch) -> Fetch:
    """Ask for each address once, and after a failure no more at that host."""
    known: dict[str, HttpResponse] = {}
    silent: set[str] = set()

    def asked(request: HttpRequest) -> HttpResponse:
        host = urlsplit(request.url).netloc
        if host in silent:
            raise CannotFetch(f"{host} did not answer just now")
        if request.url not in known:
            try:
                known[request.url] = fetch(request)
            except CannotFetch:
                silent.add(host)
                raise
        return known[request.url]

    return asked
