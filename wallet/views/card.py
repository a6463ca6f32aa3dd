"""The card that opens the wallet again: show it, print it, change it; and deleting everything."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wallet import cards
from wallet.cards import OpenWallet
from wallet.views.common import offer_waits, open_wallet, place_of, take_offer, wallet_settings
from web.app import services
from web.errors import Refused
from web.languages import N_
from web.sessions import clear_cookie, read_cookie, token_hash

blueprint = Blueprint("card", __name__)


@blueprint.get("/card")
def show() -> str:
    """Show the card: a code to scan, letters to type."""
    wallet = open_wallet()
    return render_template(
        "card.html",
        wallet=wallet,
        link=_link(wallet),
        new=request.args.get("new") == "1",
        changed=request.args.get("changed") == "1",
        offer_waits=offer_waits(),
    )


@blueprint.get("/card/print")
def on_paper() -> str:
    """Show the card as it comes out of a printer."""
    wallet = open_wallet()
    return render_template("card_print.html", wallet=wallet, link=_link(wallet))


@blueprint.post("/card/have")
def have() -> Response:
    """Go on after the card was kept: to the badge that waits, or to the wall."""
    open_wallet()
    waiting = take_offer()
    target = place_of(waiting) if waiting else url_for("badges.wall")
    return redirect(target)


@blueprint.get("/card/change")
def ask_change() -> str:
    """Ask before the old card stops working."""
    open_wallet()
    return render_template("card_change.html")


@blueprint.post("/card/change")
def change() -> Response:
    """Make a new card; the old one and every other phone are shut out."""
    wallet = open_wallet()
    cards.change_card(services().database, wallet, keep_session=token_hash(read_cookie() or ""))
    return redirect(url_for(".show", changed=1))


@blueprint.get("/delete")
def ask_delete() -> str:
    """Ask before everything is deleted."""
    open_wallet()
    return render_template("delete.html", error=None)


@blueprint.post("/delete")
def delete() -> Response | tuple[str, int]:
    """Delete the wallet with all badges and all that is shown."""
    wallet = open_wallet()
    if request.form.get("sure") != "yes":
        error = Refused(N_("Tick the box if you want to delete everything."), code="not-sure")
        return render_template("delete.html", error=error), error.status
    cards.delete_wallet(services().database, wallet)
    response = redirect(url_for("home.closed", deleted=1))
    clear_cookie(response)
    return response


def _link(wallet: OpenWallet) -> str:
    code = wallet.card.replace("-", "")
    return f"{wallet_settings().base_url}{url_for('home.ask_card', card=code)}"
