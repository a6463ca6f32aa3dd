"""Badges on the way: what waits, look now, let go."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from wallet import looking_again
from wallet import waiting as on_the_way
from wallet.views.common import open_wallet, wallet_settings
from wallet.waiting import LookedAt
from web.app import services

blueprint = Blueprint("waiting", __name__, url_prefix="/waiting")


@blueprint.get("/<uuid:waiting_id>")
def show(waiting_id: UUID) -> str:
    """Show a badge on the way."""
    found = on_the_way.find(services().database, open_wallet(), waiting_id)
    return render_template(
        "waiting.html", found=found, too_early=found.ask_after > services().now()
    )


@blueprint.post("/<uuid:waiting_id>/look")
def look(waiting_id: UUID) -> Response:
    """Ask for the badge now; keep it if it is ready."""
    try:
        badge_id = looking_again.look(
            services().database,
            open_wallet(),
            waiting_id,
            fetch=services().fetch,
            trust=wallet_settings().trust,
            now=services().now(),
        )
    except LookedAt:
        return redirect(url_for(".show", waiting_id=waiting_id))
    return redirect(url_for("badges.detail", badge_id=badge_id, new=1))


@blueprint.post("/<uuid:waiting_id>/forget")
def forget(waiting_id: UUID) -> Response:
    """Let go of a badge on the way."""
    wallet = open_wallet()
    with services().database.transaction() as session:
        on_the_way.forget(session, wallet, waiting_id)
    return redirect(url_for("badges.wall"))
