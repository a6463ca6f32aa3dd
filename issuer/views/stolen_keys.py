"""The officer's pages about our keys: say that one is stolen, confirm it, see how far it is."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import stolen_keys
from issuer.background import Worker
from issuer.tables import Role
from issuer.views.common import body, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_

blueprint = Blueprint("stolen_keys", __name__, url_prefix="/officer/keys")


@blueprint.get("/")
@require(Role.OFFICER)
def index() -> str:
    """Show our keys, what depends on each, and what was replaced."""
    with services().database.reading() as session:
        return render_template(
            "stolen_keys/index.html",
            keys=stolen_keys.standing(session, body()),
            past=stolen_keys.past(session),
        )


@blueprint.post("/")
@require(Role.OFFICER)
def ask() -> Response:
    """Say that others may have a key; another person confirms."""
    stolen_id = stolen_keys.ask(
        services().database,
        request.form.get("key", ""),
        since=_since(),
        officer_id=visitor().id,
        body=body(),
        now=services().now(),
    )
    return redirect(url_for(".show", stolen_id=stolen_id))


@blueprint.get("/<uuid:stolen_id>")
@require(Role.OFFICER)
def show(stolen_id: UUID) -> str:
    """Show what is asked for, or how far it is."""
    with services().database.reading() as session:
        found = stolen_keys.progress(session, stolen_id, centre=visitor().organisation_id)
    return render_template(
        "stolen_keys/show.html", progress=found, mine=found.stolen.asked_by == visitor().id
    )


@blueprint.post("/<uuid:stolen_id>/confirm")
@require(Role.OFFICER)
def confirm(stolen_id: UUID) -> Response:
    """Begin the replacement as the second person."""
    stolen_keys.confirm(
        services().database,
        stolen_id,
        officer_id=visitor().id,
        body=body(),
        now=services().now(),
    )
    return go_on(stolen_id)


@blueprint.post("/<uuid:stolen_id>/drop")
@require(Role.OFFICER)
def drop(stolen_id: UUID) -> Response:
    """Leave the key as it is."""
    stolen_keys.drop(services().database, stolen_id, officer_id=visitor().id, now=services().now())
    return redirect(url_for(".index"))


@blueprint.post("/<uuid:stolen_id>/go-on")
@require(Role.OFFICER)
def go_on(stolen_id: UUID) -> Response:
    """Go on with a replacement that stopped."""
    cast(Worker, current_app.extensions["stolen_key_worker"]).wake()
    return redirect(url_for(".show", stolen_id=stolen_id))


def _since() -> datetime | None:
    scope, day = request.form.get("scope", ""), request.form.get("since", "")
    if scope == "all":
        return None
    try:
        if scope != "since":
            raise ValueError("no scope was chosen")
        return datetime.strptime(day, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused(
            N_("Choose all badges, or a day and a time."), status=422, code="since"
        ) from error
