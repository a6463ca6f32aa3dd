"""What the wallet's pages share: who is here, what to say when the wallet is closed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from flask import Flask, Response, g, make_response, render_template, request, session, url_for

from credentials.exchange import oid4vp
from credentials.report import Headline
from wallet import cards, visits
from wallet.badges import Findings, Said
from wallet.cards import OpenWallet
from wallet.limits import visitor_of
from wallet.news import news_of
from wallet.sealing import SealBroken
from wallet.settings import WalletSettings
from wallet.what_changed import WHAT
from web.addresses import visitor_address
from web.app import services
from web.errors import Refused
from web.languages import N_, languages
from web.sessions import read_cookie

_WIPE_AFTER_SECONDS = int(visits.IDLE.total_seconds()) + 5
_OFFER = "offer"
_OFFER_WAITS = timedelta(minutes=30)
_MOST_CHARACTERS = 2000

HEADLINES: Mapping[str, tuple[str, str]] = {
    Headline.GENUINE: ("good", N_("Genuine and valid today.")),
    Headline.UNKNOWN_SIGNER: ("warn", N_("Genuine, but we do not know who signed.")),
    Headline.NO_LONGER_VALID: ("bad", N_("Genuine, but no longer valid.")),
    Headline.NOT_CHECKED: ("warn", N_("We could not check everything now. Try again later.")),
    Headline.FALSE: ("bad", N_("Changed or false.")),
}
"""Headline → (colour, sentence)."""
KEY_TAKEN_BACK = ("bad", N_("Not valid now. The key that signed it was taken back."))
"""What stands there for "Changed or false", when the badge is unchanged."""

FOUND: Mapping[str, str] = {
    "proof.ok": N_("The signature fits. Nothing was changed."),
    "proof.withdrawn": N_("The one who signed took the key back. It may be stolen."),
    "proof.unreachable": N_("We could not check the signature now."),
    "dates.ok": N_("It is valid today."),
    "dates.expired": N_("Its time is over."),
    "dates.not-yet": N_("Its time has not begun."),
    "status.ok": N_("Nobody cancelled it."),
    "status.none": N_("Nobody can cancel it."),
    "status.revoked": N_("Its signer cancelled it, for good or for a while."),
    "status.suspended": N_("It was stopped for now by the one who signed."),
    "status.unreachable": N_("We could not see now if it was cancelled."),
    "recognition.listed": N_("We know who signed it."),
    "recognition.endorsed": N_("Someone we know vouches for who signed."),
    "recognition.unknown": N_("We do not know who signed it. Ask your centre."),
}
"""Check code → sentence; steps without a sentence here say nothing to the person."""

FOUND_OTHERWISE: Mapping[str, str] = {
    "proof": N_("The signature does not fit. Something was changed."),
    "shape": N_("It has parts we do not know."),
    "status": N_("We could not see if it was cancelled."),
    "dates": N_("Its dates are not right."),
}

NOT_COUNTED: Mapping[str, str] = {
    "endorsement.by-holder": N_("Said by me."),
    "endorsement.by-issuer": N_("Said by the one who signed the badge."),
    "endorsement.expired": N_("This is too old now."),
    "endorsement.revoked": N_("They took it back."),
    "endorsement.unreachable": N_("We could not check this now."),
    "endorsement.other-subject": N_("This is about something else."),
}


class WalletClosed(Exception):
    """A page of an open wallet was asked for, and there is none in this browser."""


def wallet_settings() -> WalletSettings:
    """Give the settings of this wallet."""
    return cast(WalletSettings, services().settings)


def find_wallet() -> OpenWallet | None:
    """Give the wallet that is open in this browser, if there is one."""
    if "wallet" not in g:
        token = read_cookie()
        found = visits.recall(services().database, token, now=services().now()) if token else None
        switched = request.args.get("lang")
        if found is not None and switched in languages() and switched != found.language:
            found = cards.change_language(services().database, found, switched)
        g.wallet = found
    return cast("OpenWallet | None", g.wallet)


def open_wallet() -> OpenWallet:
    """Give the wallet that is open in this browser, or show the page that opens one."""
    wallet = find_wallet()
    if wallet is None:
        raise WalletClosed
    return wallet


def visitor() -> str:
    """Name this visitor for counting tries."""
    return visitor_of(visitor_address(), wallet_settings().secret)


def remember_offer(text: str) -> None:
    """Keep an offer at hand while the person opens a wallet."""
    if len(text) <= _MOST_CHARACTERS:
        session[_OFFER] = [text, (services().now() + _OFFER_WAITS).isoformat()]


def take_offer() -> str | None:
    """Give the offer that was waiting for an open wallet, once."""
    text, until = session.pop(_OFFER, None) or ("", "")
    return text if text and services().now() < datetime.fromisoformat(until) else None


def place_of(waiting: str, *, lang: str | None = None) -> str:
    """Give the address of the page for what waited: an offer, or somebody who asks for a badge."""
    if waiting.startswith(oid4vp.SCHEME):
        return url_for("answer.look", link=waiting, lang=lang)
    return url_for("receive.look", offer=waiting, lang=lang)


def offer_waits() -> bool:
    """Tell whether an offer waits for an open wallet."""
    return _OFFER in session


def reason_not_counted(said: Said) -> str:
    """Give the sentence for an endorsement that does not count."""
    return NOT_COUNTED.get(said.reason, N_("We cannot count on this."))


def headline_of(findings: Findings) -> tuple[str, str]:
    """Give colour and sentence of what was found."""
    if findings.steps.get("proof", ("", ""))[1] == "proof.withdrawn":
        return KEY_TAKEN_BACK
    return HEADLINES[Headline(findings.headline)]


def found_lines(steps: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Give (outcome, sentence) of each step that means something to the person."""
    lines = []
    for step, (outcome, code) in steps.items():
        sentence = FOUND.get(code) or (FOUND_OTHERWISE.get(step) if outcome != "passed" else None)
        if sentence:
            lines.append((outcome, sentence))
    return lines


def register_wallet(app: Flask) -> None:
    """Give `app` what all pages of an open wallet need."""
    app.jinja_env.globals.update(
        opened=lambda: g.get("wallet"),
        headline=headline_of,
        found_lines=found_lines,
        news_of=news_of,
        reason_not_counted=reason_not_counted,
        CHANGED=WHAT,
    )
    app.jinja_env.filters["as_day"] = datetime.fromisoformat

    @app.errorhandler(WalletClosed)
    def closed(_error: WalletClosed) -> Response:
        return make_response(render_template("open.html", closed=True, code="", error=None), 401)

    @app.errorhandler(SealBroken)
    def broken(_error: SealBroken) -> Response:
        refused = Refused(
            N_("Something in your wallet is damaged."),
            status=409,
            code="damaged",
            hint=N_("Show this page to your centre."),
        )
        page = render_template(
            "error.html", title=refused.text, hint=refused.hint_text, incident=""
        )
        return make_response(page, refused.status)

    @app.after_request
    def wipe_the_screen(response: Response) -> Response:
        # A shared phone: when the wallet has closed itself, its pages leave the screen too.
        if g.get("wallet") is not None:
            response.headers.setdefault("Refresh", f"{_WIPE_AFTER_SECONDS}; url=/locked")
            response.headers.setdefault("Cache-Control", "no-store")
        return response
