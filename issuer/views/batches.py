"""The officer's pages about batches: release all that waits, and see how far it is."""

from typing import cast
from uuid import UUID

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from issuer import batches
from issuer.background import Worker
from issuer.tables import Role
from issuer.views.common import require, visitor
from web.app import services

blueprint = Blueprint("batches", __name__, url_prefix="/officer/batches")


@blueprint.post("/")
@require(Role.OFFICER)
def start() -> Response:
    """Release all that waits, as a batch."""
    batch_id = batches.start(services().database, officer_id=visitor().id, now=services().now())
    _worker().wake()
    return redirect(url_for(".show", batch_id=batch_id))


@blueprint.get("/<uuid:batch_id>")
@require(Role.OFFICER)
def show(batch_id: UUID) -> str:
    """Show how far a batch is."""
    with services().database.reading() as session:
        found = batches.progress(session, batch_id, centre=visitor().organisation_id)
    return render_template("batches/show.html", progress=found)


@blueprint.post("/<uuid:batch_id>/go-on")
@require(Role.OFFICER)
def go_on(batch_id: UUID) -> Response:
    """Go on with a batch that stopped."""
    with services().database.reading() as session:
        batches.progress(session, batch_id, centre=visitor().organisation_id)
    _worker().wake()
    return redirect(url_for(".show", batch_id=batch_id))


def _worker() -> Worker:
    return cast(Worker, current_app.extensions["batch_worker"])
