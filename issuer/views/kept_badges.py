"""Badges of people who were erased: found by their place, cancelled by two officers."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import kept_badges
from issuer.award_tables import REASONS_OF, Action, Reason
from issuer.changes import REASONS
from issuer.kept_badges import Kept
from issuer.status_lists import Place
from issuer.tables import Role
from issuer.views.common import body, reader_language, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("kept_badges", __name__, url_prefix="/officer/erased")

_DONE = {
    "asked": N_("Noted. A second person must confirm."),
    "revoked": N_("The badge is cancelled. The public list says so now."),
    "dropped": N_("The badge stays as it is."),
}


@blueprint.get("/")
@require(Role.OFFICER)
def index() -> str:
    """Ask for a place; list what waits for a second person."""
    return _page()


@blueprint.post("/")
@require(Role.OFFICER)
def find() -> Response | tuple[str, int]:
    """Find a badge by its place, its address or its text; nothing of it is kept."""
    typed = request.form.get("place", "")
    try:
        place = kept_badges.read_place(typed, body=body())
        with services().database.reading() as session:
            award = kept_badges.known_award(session, place, centre=visitor().organisation_id)
            if award is not None:
                return redirect(url_for("officer.badge", award_id=award))
            kept_badges.find(session, place, centre=visitor().organisation_id)
    except Refused as refusal:
        return _page({"place": refusal.text}, typed[:200]), refusal.status
    return _to(place)


@blueprint.get("/<int:number>/<int:position>")
@require(Role.OFFICER)
def show(number: int, position: int) -> str:
    """Show what is known of one badge: its name, a month, whether it counts."""
    with services().database.reading() as session:
        found = kept_badges.find(session, Place(number, position), centre=visitor().organisation_id)
    asked = found.asked
    return render_template(
        "kept_badges/show.html",
        badge=_row(found),
        why=REASONS[Reason(asked.reason)] if asked else "",
        mine=asked is not None and asked.requested_by == visitor().id,
        reasons={str(one): REASONS[one] for one in REASONS_OF[Action.REVOKE]},
        done=gettext(_DONE[done]) if (done := request.args.get("done", "")) in _DONE else "",
    )


@blueprint.post("/<int:number>/<int:position>")
@require(Role.OFFICER)
def ask(number: int, position: int) -> Response:
    """Ask to cancel it."""
    place = Place(number, position)
    with services().database.transaction() as session:
        kept_badges.ask(
            session,
            place,
            reason=request.form.get("reason", ""),
            by=visitor().id,
            now=services().now(),
        )
    return _to(place, "asked")


@blueprint.post("/<int:number>/<int:position>/confirm")
@require(Role.OFFICER)
def confirm(number: int, position: int) -> Response:
    """Cancel it as the second person."""
    place = Place(number, position)
    with services().database.transaction() as session:
        kept_badges.confirm(session, place, by=visitor().id, body=body(), now=services().now())
    return _to(place, "revoked")


@blueprint.post("/<int:number>/<int:position>/drop")
@require(Role.OFFICER)
def drop(number: int, position: int) -> Response:
    """Leave it as it is."""
    place = Place(number, position)
    with services().database.transaction() as session:
        kept_badges.drop(session, place, by=visitor().id, now=services().now())
    return _to(place, "dropped")


def _to(place: Place, done: str | None = None) -> Response:
    return redirect(url_for(".show", number=place.list_number, position=place.position, done=done))


def _page(errors: dict[str, str] | None = None, typed: str = "") -> str:
    with services().database.reading() as session:
        waiting = kept_badges.waiting(session, centre=visitor().organisation_id)
    return render_template(
        "kept_badges/index.html",
        waiting=[_row(one) for one in waiting],
        errors=errors or {},
        typed=typed,
    )


def _row(found: Kept) -> dict[str, Any]:
    known = body().achievements().get(found.achievement_id)
    language = reader_language(known[0]) if known else ""
    return {
        "number": found.place.list_number,
        "position": found.place.position,
        "place": f"{found.place.list_number}#{found.place.position}",
        "name": known[0].achievement_name(known[1], language) if known else found.achievement_id,
        "reads": language,
        "month": found.month,
        "cancelled_at": found.cancelled_at,
        "asked": found.asked is not None and found.asked.confirmed_at is None,
        "asked_at": found.asked.requested_at if found.asked else None,
    }
