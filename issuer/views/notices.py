"""Where a person says whether, and at which address, they want to be told."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import notices
from issuer.views.common import visitor
from web.app import services
from web.errors import Refused
from web.languages import current_language

blueprint = Blueprint("notices", __name__, url_prefix="/messages")


@blueprint.get("/")
def show() -> str:
    """Show the address that we have, and let it be changed or deleted."""
    return _page()


@blueprint.post("/")
def keep() -> Response | tuple[str, int]:
    """Keep an address."""
    address = request.form.get("address", "")
    try:
        with services().database.transaction() as session:
            notices.open_mailbox(
                session,
                visitor().id,
                address,
                language=current_language(),
                now=services().now(),
            )
    except Refused as refusal:
        return _page(errors={"address": refusal.text}, address=address), refusal.status
    return redirect(url_for(".show"))


@blueprint.post("/stop")
def stop() -> Response:
    """Delete the address."""
    with services().database.transaction() as session:
        notices.close_mailbox(session, visitor().id, now=services().now())
    return redirect(url_for(".show"))


def _page(*, errors: dict[str, str] | None = None, address: str = "") -> str:
    with services().database.reading() as session:
        box = notices.mailbox(session, visitor().id)
    return render_template(
        "notices/show.html",
        box=box,
        errors=errors or {},
        address=address or (box.address if box else ""),
    )
