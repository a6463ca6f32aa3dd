"""The coordinator's groups: set one up, invite by a table, print sheets, see how far people are."""

import csv
import io
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from issuer import cohorts
from issuer.cohorts import Sheet, Step
from issuer.tables import Role
from issuer.views.common import require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language, gettext, speaking

blueprint = Blueprint("cohorts", __name__, url_prefix="/coordinator/groups")

_STEPS = {
    Step.INVITED: N_("Invited"),
    Step.STARTED: N_("Begun"),
    Step.SENT: N_("Sent"),
    Step.DECIDED: N_("Decided"),
    Step.DELIVERED: N_("Badge collected"),
}
_DONE = {
    "created": N_("The group is set up. Now invite people."),
    "invited": N_("The people are in the group. Now print their sheets."),
    "closed": N_("The group is closed. Nobody else can be added."),
}


@blueprint.get("/")
@require(Role.COORDINATOR)
def index() -> str:
    """List the groups, and offer to set up another."""
    return _index({}, {})


@blueprint.post("/")
@require(Role.COORDINATOR)
def create() -> Response | tuple[str, int]:
    """Set up a group with the places of each centre."""
    try:
        places = {
            UUID(name.removeprefix("places-")): int(text)
            for name, text in request.form.items()
            if name.startswith("places-") and text.strip() not in ("", "0")
        }
    except ValueError:
        return _index({"places": gettext("Places are a number from 1 to 500.")}, request.form), 422
    try:
        with services().database.transaction() as session:
            made = cohorts.create_cohort(
                session,
                request.form.get("name", ""),
                places,
                by=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        return _index({refusal.code: refusal.text}, request.form), refusal.status
    return redirect(url_for(".show", cohort_id=made.id, done="created"))


@blueprint.get("/<uuid:cohort_id>")
@require(Role.COORDINATOR)
def show(cohort_id: UUID) -> str:
    """Show how far a group is."""
    return _board(cohort_id, [])


@blueprint.post("/<uuid:cohort_id>/people")
@require(Role.COORDINATOR)
def add(cohort_id: UUID) -> Response | tuple[str, int]:
    """Take a table of invitations, whole or not at all."""
    file = request.files.get("table")
    content = file.read() if file else request.form.get("lines", "").encode()
    try:
        with services().database.transaction() as session:
            cohorts.cohort(session, cohort_id, coordinator=visitor().id)
            found, problems = cohorts.read_invitations(session, cohort_id, content, by=visitor().id)
            if not problems:
                cohorts.add_members(
                    session, cohort_id, found, by=visitor().id, now=services().now()
                )
    except Refused as refusal:
        if refusal.status == 404:
            raise
        problems = [refusal.text]
    if problems:
        return _board(cohort_id, problems), 422
    return redirect(url_for(".show", cohort_id=cohort_id, done="invited"))


@blueprint.post("/<uuid:cohort_id>/sheets")
@require(Role.COORDINATOR)
def sheets(cohort_id: UUID) -> str:
    """Print a sheet with a new code for everybody who has not begun, or for one person."""
    person = request.form.get("person", "")
    with services().database.transaction() as session:
        made = cohorts.sheets(
            session,
            cohort_id,
            by=visitor().id,
            now=services().now(),
            person_id=UUID(person) if person else None,
        )
    return render_template(
        "coordinator/sheets.html", cohort_id=cohort_id, sheets=[_sheet(one) for one in made]
    )


@blueprint.post("/<uuid:cohort_id>/close")
@require(Role.COORDINATOR)
def close(cohort_id: UUID) -> Response:
    """Let nobody else into a group."""
    with services().database.transaction() as session:
        cohorts.close_cohort(session, cohort_id, by=visitor().id, now=services().now())
    return redirect(url_for(".show", cohort_id=cohort_id, done="closed"))


def _sheet(sheet: Sheet) -> Markup:
    """Write a sheet in the language of the person that it is for."""
    link = services().settings.base_url + url_for("home.enter_by_link", code=sheet.code)
    with speaking(sheet.language):
        return Markup(render_template("coordinator/sheet.html", sheet=sheet, link=link))  # noqa: S704


def _example(centre: str) -> str:
    """Give lines that are right as they stand: the names of centres may hold commas."""
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(("name", "site", "language"))
    table.writerow((gettext("Maria"), centre, current_language()))
    return lines.getvalue()


def _index(errors: dict[str, str], typed: dict[str, str]) -> str:
    with services().database.reading() as session:
        return render_template(
            "coordinator/groups.html",
            cohorts=cohorts.cohorts(session, visitor().id),
            centres=cohorts.centres(session),
            errors=errors,
            typed=typed,
        )


def _board(cohort_id: UUID, problems: list[str]) -> str:
    with services().database.reading() as session:
        found = cohorts.board(session, cohort_id, coordinator=visitor().id)
    return render_template(
        "coordinator/group.html",
        board=found,
        steps=[gettext(text) for text in _STEPS.values()],
        problems=problems,
        lines=request.form.get("lines", ""),
        example=_example(found.own.name) if found.own else "",
        done=gettext(_DONE[done]) if (done := request.args.get("done", "")) in _DONE else "",
    )
