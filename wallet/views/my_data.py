"""All that this wallet holds, on one page: see it, correct the name, take everything along."""

import io

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from wallet import cards, taking_along
from wallet.views.common import open_wallet
from web.app import services
from web.errors import Refused
from web.languages import current_language

blueprint = Blueprint("my_data", __name__, url_prefix="/data")


@blueprint.get("/")
def show() -> str:
    """Show what is in the wallet."""
    return _page()


@blueprint.post("/name")
def name() -> Response | tuple[str, int]:
    """Correct what the wallet calls its owner."""
    typed = request.form.get("nickname", "")
    try:
        cards.change_nickname(services().database, open_wallet(), typed)
    except Refused as error:
        return _page(error=error, typed=typed), error.status
    return redirect(url_for(".show", changed=1))


@blueprint.post("/copy")
def copy() -> Response:
    """Give a zip of everything."""
    content = taking_along.archive(
        services().database, open_wallet(), language=current_language(), now=services().now()
    )
    response = send_file(
        io.BytesIO(content),
        mimetype="application/zip",
        as_attachment=True,
        download_name="my-wallet.zip",
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(*, error: Refused | None = None, typed: str | None = None) -> str:
    wallet = open_wallet()
    return render_template(
        "data.html",
        wallet=wallet,
        held=taking_along.contents(services().database, wallet, now=services().now()),
        error=error,
        nickname=wallet.nickname if typed is None else typed,
        changed=request.args.get("changed") == "1",
    )
