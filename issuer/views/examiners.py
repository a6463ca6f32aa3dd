"""The coordinator's list of examiners: name, invite, suspend, let go on, end, and exceptions."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import accounts, appointments, crossing, grounds, second_looks
from issuer.appointment_tables import WITHOUT_GROUND, Cause, Route, Stage
from issuer.tables import Role
from issuer.views.common import framework, reader_language, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext, language_name

blueprint = Blueprint("examiners", __name__, url_prefix="/coordinator/examiners")

P = ParamSpec("P")
R = TypeVar("R")

STAGES = {
    Stage.ELIGIBLE: N_("Eligible"),
    Stage.INVITED: N_("Invited"),
    Stage.CALIBRATING: N_("In calibration"),
    Stage.ACTIVE: N_("Active"),
    Stage.SUSPENDED: N_("Suspended"),
    Stage.ENDED: N_("Ended"),
    Stage.EXPIRED: N_("Run out"),
}
_ROUTES = {
    Route.EXPERT: N_("By an expert badge"),
    Route.INSTITUTION: N_("Named by the centre"),
}
_CAUSES = {
    Cause.BADGE: N_("The badge behind it no longer counts."),
    Cause.AGREEMENT: N_("Too little agreement on the last ten files marked twice."),
    Cause.COORDINATOR: N_("Suspended by the centre."),
    Cause.EQUAL: N_("Badges like theirs no longer count like ours."),
    Cause.UNCHECKED: N_("For a month nobody could check the badge behind it."),
}
_WITH_REASON = {
    "suspend": appointments.suspend,
    "lift": appointments.lift,
    "end": appointments.end,
    "waive": appointments.waive,
    "keep": grounds.keep_by_word,
}
_DONE = {
    "nominated": N_("The person is on the list."),
    "invite": N_("The person is invited and sees it after signing in."),
    "suspend": N_("The person marks nothing more for now."),
    "lift": N_("The person can mark again."),
    "end": N_("The appointment is over."),
    "waive": N_("Now a second person must confirm."),
    "confirm": N_("Confirmed."),
    "keep": N_("Your centre answers for this person now. The badge is not asked for any more."),
}


def _of_the_centre(view: Callable[P, R]) -> Callable[P, R]:
    """Let coordinators and awarding officers reach a view: either can be the second person."""

    @wraps(view)
    def protected(*arguments: P.args, **named: P.kwargs) -> R:
        if visitor().is_(Role.OFFICER):
            return view(*arguments, **named)
        return require(Role.COORDINATOR)(view)(*arguments, **named)

    return protected


@blueprint.get("/")
@_of_the_centre
def index() -> str:
    """List who examines for the centre, or is on the way to it."""
    return _page({}, {})


@blueprint.post("/")
@require(Role.COORDINATOR)
def nominate() -> str | tuple[str, int] | Response:
    """Name a professional, new or known; the code of somebody new is shown once."""
    form, now, code = request.form, services().now(), ""
    try:
        with services().database.transaction() as session:
            person_id = _uuid(form.get("person", ""))
            if person_id is None:
                person, code = appointments.name_professional(
                    session, form.get("name", ""), by=visitor().id, now=now
                )
                person_id = person.id
            made = appointments.nominate(
                session,
                person_id,
                framework(),
                skill=form.get("skill", ""),
                language=form.get("language", ""),
                level_ceiling=int(form.get("level", "0"))
                if form.get("level", "0").isdigit()
                else 0,
                reason=form.get("reason", ""),
                by=visitor().id,
                now=now,
            )
            if form.get("without") == "yes":
                appointments.waive(
                    session, made.id, by=visitor().id, reason=form.get("reason", ""), now=now
                )
    except Refused as refusal:
        return _page({refusal.code: refusal.text}, form), refusal.status
    if code:
        return _page({}, {}, code=code)
    return redirect(url_for(".index", done="nominated"))


@blueprint.post("/<uuid:nomination_id>/invite")
@require(Role.COORDINATOR)
def invite(nomination_id: UUID) -> Response:
    """Ask somebody who is eligible."""
    with services().database.transaction() as session:
        appointments.invite(session, nomination_id, by=visitor().id, now=services().now())
    return redirect(url_for(".index", done="invite"))


@blueprint.post("/<uuid:nomination_id>/confirm")
@_of_the_centre
def confirm(nomination_id: UUID) -> Response:
    """Agree, as the second person, to an appointment without calibration."""
    with services().database.transaction() as session:
        appointments.confirm(session, nomination_id, by=visitor().id, now=services().now())
    return redirect(url_for(".index", done="confirm"))


@blueprint.post("/<uuid:nomination_id>/<action>")
@require(Role.COORDINATOR)
def act(nomination_id: UUID, action: str) -> Response | tuple[str, int]:
    """Suspend, lift, end, answer for somebody, or ask for an exception: each with a reason."""
    if action not in _WITH_REASON:
        abort(404)
    reason = request.form.get(f"reason-{nomination_id}", "")
    try:
        with services().database.transaction() as session:
            _WITH_REASON[action](
                session, nomination_id, by=visitor().id, reason=reason, now=services().now()
            )
    except Refused as refusal:
        if refusal.status == 404:
            raise
        return _page({f"reason-{nomination_id}": refusal.text}, {}), refusal.status
    return redirect(url_for(".index", done=action))


def _page(errors: dict[str, str], typed: dict[str, str], *, code: str = "") -> str:
    coordinates = visitor().is_(Role.COORDINATOR)
    with services().database.reading() as session:
        rows = appointments.listed(session, by=visitor().id)
        people = accounts.examiners_of_centre(session, by=visitor().id)
        centre, now = visitor().organisation_id, services().now()
        waiting = crossing.waiting(session, centre, now=now)
        cover = crossing.cover(session, centre, now=now)
        looks = second_looks.results(session, centre)
        questions = grounds.of_centre(session, centre)
    done = request.args.get("done", "")
    language = reader_language(framework())
    return render_template(
        "coordinator/examiners.html",
        rows=rows,
        waiting=waiting,
        cover=cover,
        looks=looks,
        questions=questions,
        without_ground=WITHOUT_GROUND,
        level_names=[
            gettext("Not yet"),
            *(framework().level_name(one.number, language) for one in framework().levels),
        ],
        choices={
            "people": [
                ("", gettext("Somebody new")),
                *((one.id, one.display_name) for one in people),
            ],
            "skills": [(one, framework().skill_name(one, language)) for one in framework().skills],
            "languages": [(one, language_name(one)) for one in framework().languages],
            "levels": [
                (one.number, framework().level_name(one.number, language))
                for one in reversed(framework().levels)
            ],
        },
        coordinates=coordinates,
        framework=framework(),
        language=language,
        stages=STAGES,
        routes=_ROUTES,
        causes=_CAUSES,
        errors=errors,
        typed=typed,
        code=code,
        files=any(appointments.has_files(framework(), skill) for skill in framework().skills),
        done=gettext(_DONE[done]) if done in _DONE else "",
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
