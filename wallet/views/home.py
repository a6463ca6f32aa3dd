"""The first page, opening and closing a wallet, and what to do when something is lost."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from wallet import cards, limits, visits
from wallet.cards import OpenWallet
from wallet.views.common import (
    find_wallet,
    place_of,
    take_offer,
    visitor,
)
from wallet.writing import write
from web.app import services
from web.errors import Refused
from web.languages import current_language, languages
from web.sessions import clear_cookie, read_cookie, set_cookie

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def first() -> str | Response:
    """Show the first page, or the badges when the wallet is open."""
    if find_wallet() is not None:
        return redirect(url_for("badges.wall"))
    return render_template("home.html")


@blueprint.get("/new")
def new() -> str:
    """Ask what is needed for a new wallet."""
    return render_template("new.html", error=None, nickname="")


@blueprint.post("/new")
def make() -> Response | tuple[str, int]:
    """Open a new wallet and show its card."""
    database, now = services().database, services().now()
    language = request.form.get("language", "")
    nickname = request.form.get("nickname", "")
    who = visitor()
    write(
        database,
        lambda session: limits.check_and_count(
            session, who, "new", most=limits.NEW_WALLETS, now=now
        ),
    )
    try:
        wallet = cards.open_new(
            database,
            nickname=nickname,
            language=language if language in languages() else current_language(),
        )
    except Refused as error:
        return render_template("new.html", error=error, nickname=nickname), error.status
    return _enter(wallet, url_for("card.show", new=1, lang=wallet.language))


@blueprint.get("/open")
def ask_card() -> str | tuple[str, int]:
    """Show one button for a scanned card, or a field to type one."""
    find_wallet()
    scanned = request.args.get("card", "")
    if not scanned:
        return render_template("open.html", closed=False, code="", error=None)
    try:
        code = cards.read_card(scanned)
    except Refused as error:
        return render_template("open.html", closed=False, code="", error=error), error.status
    return render_template("open_scanned.html", code=code)


@blueprint.post("/open")
def open_with_card() -> Response | tuple[str, int]:
    """Open the wallet of a card."""
    typed = request.form.get("card", "")
    try:
        wallet = cards.open_with_card(
            services().database, typed, visitor=visitor(), now=services().now()
        )
    except Refused as error:
        page = render_template("open.html", closed=False, code=typed[:80], error=error)
        return page, error.status
    language = request.form.get("language") or wallet.language  # one just switched to, or its own
    waiting = take_offer()
    if waiting is not None:
        return _enter(wallet, place_of(waiting, lang=language))
    return _enter(wallet, url_for("badges.wall", lang=language))


@blueprint.post("/close")
def close() -> Response:
    """Close the wallet in this browser; nothing of it stays here."""
    token = read_cookie()
    if token:
        visits.forget(services().database, token)
    response = redirect(url_for(".closed"))
    clear_cookie(response)
    session.clear()
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/closed")
def closed() -> str:
    """Say that the wallet is closed."""
    return render_template("closed.html")


@blueprint.get("/locked")
def locked() -> str | Response:
    """Show nothing of a wallet that closed by itself; go on if it is still open elsewhere."""
    if find_wallet() is not None:
        return redirect(url_for("badges.wall"))
    return render_template("open.html", closed=True, code="", error=None)


@blueprint.get("/lost")
def lost() -> str:
    """Say what to do when the phone or the card is lost."""
    find_wallet()
    return render_template("lost.html")


def _enter(wallet: OpenWallet, target: str) -> Response:
    """Open a session under a new token; one that was open in this browser before is closed."""
    before = read_cookie()
    if before:
        visits.forget(services().database, before)
    token = visits.remember(services().database, wallet, now=services().now())
    response = redirect(target)
    set_cookie(response, token)
    return response
