"""Getting a badge: by an offer that was scanned or pasted, or from a file."""

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from credentials.exchange.oid4vci import OFFER_SCHEME
from wallet import badges, receiving
from wallet.receiving import BeingKept, NumberRefused, Preview
from wallet.views.common import (
    WalletClosed,
    find_wallet,
    open_wallet,
    remember_offer,
    wallet_settings,
)
from wallet.waiting import LookedAt
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("receive", __name__)

_LINK_MEMBERS = ("credential_offer", "credential_offer_uri")
_LOOK_AGAIN_SECONDS = 3


@blueprint.get("/receive")
def look() -> str:
    """Show what a link offers; without a link, say how to get one."""
    text = _offer_in_link()
    wallet = find_wallet()
    if wallet is None:
        if not text:
            raise WalletClosed
        remember_offer(text)
        return render_template("receive_closed.html")
    if not text:
        return render_template("receive.html", error=None, text="")
    return _preview_page(_preview(text))


@blueprint.post("/receive")
def look_at_pasted() -> str | tuple[str, int]:
    """Show what a pasted text offers."""
    open_wallet()
    text = request.form.get("offer", "")
    try:
        seen = _preview(text)
    except Refused as error:
        return render_template("receive.html", error=error, text=text[:2000]), error.status
    return _preview_page(seen)


@blueprint.post("/receive/keep")
def keep() -> Response | tuple[str, int]:
    """Collect the badge that was previewed and keep it."""
    wallet, now, fetch = open_wallet(), services().now(), services().fetch
    sealed = request.form.get("preview", "")
    offer, reference = receiving.unseal_preview(wallet, sealed, now=now)
    trust = wallet_settings().trust
    try:
        badge_id = receiving.accept(
            services().database,
            wallet,
            offer,
            fetch=fetch,
            trust=trust,
            now=now,
            tx_code=request.form.get("number", ""),
            reference=reference,
        )
    except BeingKept as busy:
        return redirect(url_for(".wait", receipt_id=busy.receipt_id))
    except LookedAt as looked_at:
        return redirect(url_for("waiting.show", waiting_id=looked_at.waiting_id))
    except NumberRefused as error:
        seen = receiving.describe(
            offer, reference=reference, fetch=fetch, trust=trust, language=current_language()
        )
        return _preview_page(seen, error), error.status
    except Refused as error:
        if error.status < 500:
            raise
        page = render_template(
            "receive_again.html", error=error, preview=sealed, number=offer.tx_code
        )
        return page, error.status
    return redirect(url_for("badges.detail", badge_id=badge_id, new=1))


@blueprint.get("/receive/<uuid:receipt_id>")
def wait(receipt_id: UUID) -> Response | FlaskResponse:
    """Wait for a badge that another tap is collecting."""
    badge_id = receiving.kept_badge(services().database, open_wallet(), receipt_id)
    if badge_id is not None:
        return redirect(url_for("badges.detail", badge_id=badge_id, new=1))
    response = make_response(render_template("receive_wait.html"))
    response.headers["Refresh"] = str(_LOOK_AGAIN_SECONDS)
    return response


@blueprint.get("/import")
def ask_file() -> str:
    """Ask for a badge as a file or text."""
    open_wallet()
    return render_template("import.html", error=None, text="")


@blueprint.post("/import")
def bring() -> Response | tuple[str, int]:
    """Keep a badge that came as a file or text."""
    wallet = open_wallet()
    text = request.form.get("text", "")
    try:
        badge_id = badges.bring(
            services().database,
            wallet,
            _uploaded() or text,
            trust=wallet_settings().trust,
            fetch=services().fetch,
            now=services().now(),
        )
    except Refused as error:
        return render_template("import.html", error=error, text=text[:20000]), error.status
    return redirect(url_for("badges.detail", badge_id=badge_id, new=1))


def _offer_in_link() -> str:
    """Give the offer that the address of this page holds, as text that `parse_offer` reads."""
    found = {name: request.args[name] for name in _LINK_MEMBERS if name in request.args}
    return f"{OFFER_SCHEME}?{urlencode(found)}" if found else request.args.get("offer", "")


def _preview(text: str) -> Preview:
    return receiving.preview(
        text,
        fetch=services().fetch,
        trust=wallet_settings().trust,
        language=current_language(),
    )


def _preview_page(seen: Preview, error: Refused | None = None) -> str:
    sealed = receiving.seal_preview(open_wallet(), seen, now=services().now())
    return render_template("receive_preview.html", seen=seen, sealed=sealed, error=error)


def _uploaded() -> str:
    upload = request.files.get("file")
    data = upload.read() if upload else b""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            N_("We cannot read this file."),
            status=415,
            code="not-text",
            hint=N_("Choose the file of a badge."),
        ) from error
