"""Coming in and going out: the first page, codes, sign-out."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import accounts, limits
from issuer.accounts import Visitor
from issuer.tables import Role, WebSession
from issuer.views.common import beginning
from web import sessions
from web.app import services
from web.languages import gettext

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def start() -> str | Response:
    """Show the way in, or the way on for somebody who is signed in."""
    if g.visitor is not None:
        return redirect(_home_of(g.visitor))
    return render_template("home/start.html", code="", errors={})


@blueprint.get("/enter")
def enter_by_link() -> str:
    """Show the code of an invitation link with one button: a link alone signs nobody in."""
    return render_template("home/start.html", code=request.args.get("code", "")[:40], errors={})


@blueprint.post("/enter")
def enter() -> Response | tuple[str, int]:
    """Sign in with a code."""
    code = request.form.get("code", "").strip()[:40]
    asking = beginning()
    now = asking["now"]
    source = limits.keyed(asking["address"], asking["secret"])
    with services().database.transaction() as session:
        person = accounts.enter(session, code, source=source, now=now)
        token = accounts.sign_in(session, person.id, now=now) if person else None
        old = sessions.read_cookie()
        if old:
            sessions.close_session(session, WebSession, old)
    if token is None:
        message = gettext("We do not know this code. Check each letter.")
        return render_template("home/start.html", code=code, errors={"code": message}), 403
    response = redirect(url_for(".start"))
    sessions.set_cookie(response, token)
    return response


@blueprint.post("/leave")
def leave() -> Response:
    """Sign out; the session is gone on the server too."""
    token = sessions.read_cookie()
    if token:
        with services().database.transaction() as session:
            sessions.close_session(session, WebSession, token)
    response = redirect(url_for(".start"))
    sessions.clear_cookie(response)
    return response


def _home_of(visitor: Visitor) -> str:
    if visitor.is_(Role.EXAMINER):
        return url_for("examiner.queue")
    if visitor.is_(Role.OFFICER):
        return url_for("officer.queue")
    if visitor.is_(Role.COORDINATOR):
        return url_for("coordinator.board")
    if visitor.is_(Role.STANDARD_OWNER):
        return url_for("standards.overview")
    if visitor.is_(Role.ADMINISTRATOR):
        return url_for("staff.index")
    if visitor.is_(Role.DATA_OFFICER):
        return url_for("data_officer.overview")
    return url_for("candidate.skills")
