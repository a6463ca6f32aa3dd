"""Accounts of an organisation: its administrators invite, give and end roles; links that let in."""

from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import accounts, staff
from issuer.staff_tables import TRUSTED
from issuer.tables import Role
from issuer.views.common import require, require_one_of, visitor
from web import sessions
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("staff", __name__)

ROLES = {
    Role.COORDINATOR: N_("Coordinator"),
    Role.OFFICER: N_("Awarding officer"),
    Role.STANDARD_OWNER: N_("Standard owner"),
    Role.DATA_OFFICER: N_("Data officer"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.EXAMINER: N_("Examiner"),
}
_MAY = {
    Role.COORDINATOR: N_("sets up groups, invites people, names examiners"),
    Role.OFFICER: N_("releases badges, cancels them with a second person"),
    Role.STANDARD_OWNER: N_("writes skills, levels and tasks"),
    Role.DATA_OFFICER: N_("answers people who ask about their data"),
    Role.ADMINISTRATOR: N_("gives and ends these roles"),
}
_DONE = {
    "given": N_("The role is given. It works at once."),
    "ended": N_("The role is ended. It stopped at once."),
    "taken-back": N_("The link does not work any more."),
}


@blueprint.get("/accounts/")
@require(Role.ADMINISTRATOR)
def index() -> str:
    """List who has a role in one's own organisation, and the links that nobody used yet."""
    return _page({}, {})


@blueprint.post("/accounts/")
@require(Role.ADMINISTRATOR)
def invite() -> str | tuple[str, int]:
    """Invite somebody new; the link is shown once."""
    try:
        with services().database.transaction() as session:
            token = staff.invite(
                session,
                request.form.get("name", ""),
                request.form.get("role", ""),
                contact=request.form.get("contact", "")[:200],
                by=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        return _page({refusal.code: refusal.text}, request.form), refusal.status
    return _page({}, {}, link=staff.join_address(services().settings.base_url, token))


@blueprint.post("/accounts/<uuid:person_id>/give")
@require(Role.ADMINISTRATOR)
def give(person_id: UUID) -> Response | tuple[str, int]:
    """Give another role to somebody of the organisation."""
    return _changed(person_id, "given")


@blueprint.post("/accounts/<uuid:person_id>/end")
@require(Role.ADMINISTRATOR)
def end(person_id: UUID) -> Response | tuple[str, int]:
    """End a role."""
    return _changed(person_id, "ended")


@blueprint.post("/accounts/invitations/<token_hash>/end")
@require(Role.ADMINISTRATOR)
def take_back(token_hash: str) -> Response:
    """Let a link stop working."""
    with services().database.transaction() as session:
        staff.take_back(session, token_hash, by=visitor().id, now=services().now())
    return redirect(url_for(".index", done="taken-back"))


@blueprint.get("/join/<token>")
def join(token: str) -> str:
    """Show what a link invites to, with one button: a link alone makes no account."""
    with services().database.reading() as session:
        found, centre = staff.invitation(session, token, now=services().now())
    return render_template(
        "staff/join.html", token=token, invited=found, centre=centre, roles=ROLES, may=_MAY
    )


@blueprint.post("/join/<token>")
def take_up(token: str) -> Response:
    """Make the account, sign in, and show the code that is the person's own."""
    now = services().now()
    with services().database.transaction() as session:
        person, code = staff.take_up(session, token, now=now)
        signed_in = accounts.sign_in(session, person.id, now=now)
    response = make_response(render_template("staff/code.html", code=code, new=True))
    sessions.set_cookie(response, signed_in)
    return response


@blueprint.get("/accounts/code")
@require_one_of(*ROLES)
def own_code() -> str:
    """Offer somebody with a role a new code of their own."""
    return render_template("staff/code.html", code="", new=False)


@blueprint.post("/accounts/code")
@require_one_of(*ROLES)
def new_code() -> str:
    """Make a new code; older ones stop working."""
    with services().database.transaction() as session:
        code = staff.new_code(session, visitor().id, now=services().now())
    return render_template("staff/code.html", code=code, new=False)


def _changed(person_id: UUID, done: str) -> Response | tuple[str, int]:
    change = staff.give if done == "given" else staff.end
    try:
        with services().database.transaction() as session:
            change(
                session,
                person_id,
                request.form.get("role", ""),
                by=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return _page({f"person-{person_id}": refusal.text}, {}), refusal.status
    if person_id == visitor().id:
        return redirect(url_for("home.start"))
    return redirect(url_for(".index", done=done))


def _page(errors: dict[str, str], typed: dict[str, str], *, link: str = "") -> str:
    with services().database.reading() as session:
        people = staff.listed(session, by=visitor().id)
        waiting = staff.invitations(session, by=visitor().id, now=services().now())
    done = request.args.get("done", "")
    return render_template(
        "staff/index.html",
        people=people,
        waiting=waiting,
        roles=ROLES,
        may=_MAY,
        trusted=TRUSTED,
        errors=errors,
        typed=typed,
        link=link,
        done=gettext(_DONE[done]) if done in _DONE else "",
    )
