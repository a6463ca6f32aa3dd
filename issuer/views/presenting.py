"""Showing a badge from one's own wallet: to sign in as an examiner, or to be known as an expert."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from issuer import accounts, limits, presenting
from issuer.presenting_tables import PresentationRequest, Purpose, RequestState
from issuer.settings import IssuerSettings
from issuer.tables import WebSession
from issuer.views.common import beginning, body, framework, visitor
from web import sessions
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("presenting", __name__, url_prefix="/present")

_BROWSER = "presenting"


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """Ask for an examiner's appointment."""
    return _begin(Purpose.SIGN_IN)


@blueprint.post("/expert")
def expert() -> Response:
    """Ask for an expert badge, to examine files in a language."""
    language = request.form.get("language", "")
    if language not in framework().languages:
        raise Refused(N_("Choose a skill and a language."), status=422, code="scope")
    return _begin(Purpose.EXPERT, asked_by=visitor().id, language=language)


@blueprint.get("/<uuid:request_id>")
def show(request_id: UUID) -> str:
    """Show the link to the wallet, the code to scan, and a field for the number from there."""
    return _page(request_id, {})


@blueprint.get("/<uuid:request_id>/done")
def done(request_id: UUID) -> Response | str:
    """Come back from the wallet: go on here, or carry a number to the screen that began."""
    code, now = request.args.get("response_code", "")[:100], services().now()
    with services().database.reading() as database:
        arrived = presenting.arrive(
            database, request_id, code, browser=_browser(), body=body(), now=now
        )
    if not arrived.is_own_browser:
        return render_template("presenting/number.html", number=arrived.number)
    with services().database.transaction() as database:
        row = presenting.finish_by_code(database, request_id, code, browser=_browser(), now=now)
    return _go_on(row)


@blueprint.post("/<uuid:request_id>/number")
def number(request_id: UUID) -> Response | tuple[str, int]:
    """Take the number that the wallet's screen shows."""
    typed = "".join(one for one in request.form.get("number", "")[:20] if one.isdecimal())
    row = presenting.finish_by_number(
        services().database,
        request_id,
        typed,
        browser=_browser(),
        body=body(),
        now=services().now(),
    )
    if row is None:
        wrong = gettext("This number is not right. First agree in your wallet.")
        return _page(request_id, {"number": wrong}), 422
    return _go_on(row)


def _begin(purpose: Purpose, *, asked_by: UUID | None = None, language: str = "") -> Response:
    with services().database.transaction() as database:
        limits.count(database, limits.SHOWING, **beginning())
        request_id, browser = presenting.begin(
            database, purpose, asked_by=asked_by, language=language, now=services().now()
        )
    session[_BROWSER] = browser
    return redirect(url_for(".show", request_id=request_id))


def _page(request_id: UUID, errors: dict[str, str]) -> str:
    settings = services().settings
    assert isinstance(settings, IssuerSettings)
    with services().database.reading() as database:
        row = presenting.own(database, request_id, browser=_browser(), now=services().now())
    return render_template(
        "presenting/show.html",
        row=row,
        is_open=row.state in (RequestState.OPEN, RequestState.ANSWERED),
        wallet_link=presenting.link(body(), row.id, wallet=f"{settings.wallet_url}/present"),
        link=presenting.link(body(), row.id),
        errors=errors,
    )


def _go_on(row: PresentationRequest) -> Response:
    if row.purpose == Purpose.EXPERT:
        with services().database.transaction() as database:
            presenting.know_expert(
                database, row, person_id=visitor().id, body=body(), now=services().now()
            )
        session.pop(_BROWSER, None)
        return redirect(url_for("becoming.index"))
    now, old = services().now(), sessions.read_cookie()
    with services().database.transaction() as database:
        person_id = presenting.who_signs_in(database, row, now=now)
        token = accounts.sign_in(database, person_id, now=now)
        if old:
            sessions.close_session(database, WebSession, old)
    session.pop(_BROWSER, None)
    response = redirect(url_for("home.start"))
    sessions.set_cookie(response, token)
    return response


def _browser() -> str:
    return str(session.get(_BROWSER, ""))
