"""The way to examine, for the person: why one may, the code of conduct, calibration, its result."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import (
    answers,
    appointment_badges,
    appointment_document,
    appointments,
    calibration,
    eligibility,
    grounds,
)
from issuer.appointment_badge_tables import AppointmentBadgeState
from issuer.appointment_tables import CalibrationRun, Cause, Nomination
from issuer.assessment import Marking
from issuer.reference_files import ReferenceFile
from issuer.views.common import body, framework, reader_language, visitor
from issuer.views.examiners import STAGES
from issuer.views.offers import shown_plain_offer
from web.app import services
from web.languages import N_, gettext

_WHYS = {
    Cause.BADGE: N_(
        "Your expert badge does not count now. Show it when it counts, or another one."
    ),
    Cause.EQUAL: N_("Badges like yours no longer count here. You can show another one."),
    Cause.UNCHECKED: N_("For a month nobody could check your badge. Show it, or another one."),
}

blueprint = Blueprint("becoming", __name__, url_prefix="/examining")


@blueprint.get("/")
def index() -> str:
    """Show where one stands, and what an expert badge makes possible."""
    now = services().now()
    with services().database.reading() as session:
        mine = appointments.of_person(session, visitor().id)
        badges = eligibility.own_badges(session, visitor().id, framework())
        rows = [
            (
                one,
                appointments.has_passed(session, one),
                calibration.runs(session, one),
                appointments.tries(session, one),
                calibration.is_due(one),
            )
            for one in mine
        ]
        soon = appointments.run_out_soon(session, visitor().id, now=now)
        questions = grounds.of_person(session, visitor().id)
        stopped = appointments.stopped_lately(session, visitor().id, now=now)
    taken = {(one.skill, one.language) for one in mine}
    return render_template(
        "becoming/index.html",
        rows=rows,
        offers=[
            (badge.definition, language)
            for badge in badges
            for language in framework().languages
            if badge.definition.assessed_language in (None, language)
            and (badge.definition.skill, language) not in taken
        ],
        soon=soon,
        questions=questions,
        stopped=[one for one in stopped if (one.skill, one.language) not in taken],
        whys=_WHYS,
        stages=STAGES,
        tries=calibration.TRIES,
        framework=framework(),
        language=_language(),
    )


@blueprint.post("/")
def wish() -> Response:
    """Say that one would like to examine, by an expert badge that we verify now."""
    with services().database.transaction() as session:
        eligibility.by_own_award(
            session,
            visitor().id,
            body(),
            skill=request.form.get("skill", ""),
            language=request.form.get("language", ""),
            now=services().now(),
        )
    return redirect(url_for(".index"))


@blueprint.get("/<uuid:nomination_id>/conduct")
def conduct(nomination_id: UUID) -> str:
    """Show the code of conduct."""
    return _conduct(nomination_id, {})


@blueprint.post("/<uuid:nomination_id>/conduct")
def accept_conduct(nomination_id: UUID) -> Response | tuple[str, int]:
    """Accept the code of conduct."""
    if request.form.get("accept") != "yes":
        return _conduct(nomination_id, {"accept": gettext("This needs your yes.")}), 422
    with services().database.transaction() as session:
        appointments.accept_conduct(
            session, nomination_id, framework(), person_id=visitor().id, now=services().now()
        )
    return redirect(url_for(".index"))


@blueprint.post("/<uuid:nomination_id>/calibration")
def start(nomination_id: UUID) -> Response:
    """Begin a try, or go on with the open one."""
    with services().database.transaction() as session:
        run = calibration.start(
            session, nomination_id, framework(), person_id=visitor().id, now=services().now()
        )
        file_id = calibration.next_file(session, run)
    return redirect(url_for(".file", run_id=run.id, file_id=file_id))


@blueprint.get("/calibration/<uuid:run_id>/<file_id>")
def file(run_id: UUID, file_id: str) -> str:
    """Show a reference file beside the rubric, as real work is shown."""
    with services().database.reading() as session:
        found = calibration.file_of(session, run_id, file_id, framework(), person_id=visitor().id)
    return _file_page(*found, Marking({}, {}, -1), {})


@blueprint.post("/calibration/<uuid:run_id>/<file_id>")
def mark(run_id: UUID, file_id: str) -> Response | tuple[str, int]:
    """Hand in the marks of a reference file; then comes the next one, or the result."""
    with services().database.reading() as session:
        found = calibration.file_of(session, run_id, file_id, framework(), person_id=visitor().id)
    nomination, run, reference = found
    marking = _marking(nomination)
    problems = calibration.check(framework(), nomination, reference, marking)
    if problems:
        return _file_page(*found, marking, _named(problems, nomination)), 422
    with services().database.transaction() as session:
        calibration.mark(
            session,
            run_id,
            file_id,
            marking,
            framework(),
            person_id=visitor().id,
            now=services().now(),
        )
        following = calibration.next_file(session, run)
    if following is None:
        return redirect(url_for(".result", run_id=run_id))
    return redirect(url_for(".file", run_id=run_id, file_id=following))


@blueprint.get("/<uuid:nomination_id>/badge")
def badge(nomination_id: UUID) -> str:
    """Show how to keep one's appointment in one's own wallet, or that it is kept."""
    now = services().now()
    with services().database.reading() as session:
        nomination = appointments.seen(session, nomination_id, person_id=visitor().id)
        appointment_id = nomination.appointment_id
        found = appointment_badges.current(session, appointment_id) if appointment_id else None
        offer = found and appointment_badges.open_offer(
            session, found.appointment_id, secret=body().secret, now=now
        )
    return render_template(
        "becoming/badge.html",
        nomination=nomination,
        kept=found is not None and found.state == AppointmentBadgeState.ACTIVE,
        offer=shown_plain_offer(offer) if offer else None,
        page=appointment_document.path(framework(), appointment_document.scope_of(nomination)),
        framework=framework(),
        language=_language(),
    )


@blueprint.post("/<uuid:nomination_id>/badge")
def make_badge(nomination_id: UUID) -> Response:
    """Write one's appointment down as a badge for one wallet; an earlier one no longer counts."""
    with services().database.transaction() as session:
        nomination = appointments.own(session, nomination_id, person_id=visitor().id)
        appointment_badges.offer(
            session, nomination, body=body(), language=_language(), now=services().now()
        )
    return redirect(url_for(".badge", nomination_id=nomination_id))


@blueprint.get("/calibration/<uuid:run_id>")
def result(run_id: UUID) -> str:
    """Show one's own marks beside the agreed ones, file by file, with the reasons."""
    with services().database.reading() as session:
        found = calibration.outcome(session, run_id, framework(), person_id=visitor().id)
    return render_template(
        "becoming/result.html",
        found=found,
        rubric=framework().rubric(found.nomination.skill, _language()),
        why=_whys(found.nomination),
        tries=calibration.TRIES,
        framework=framework(),
        language=_language(),
    )


def _conduct(nomination_id: UUID, errors: dict[str, str]) -> str:
    with services().database.reading() as session:
        nomination = appointments.seen(session, nomination_id, person_id=visitor().id)
    return render_template(
        "becoming/conduct.html",
        nomination=nomination,
        errors=errors,
        framework=framework(),
        language=_language(),
    )


def _file_page(
    nomination: Nomination,
    run: CalibrationRun,
    reference: ReferenceFile,
    marking: Marking,
    errors: dict[str, str],
) -> str:
    scenario = framework().scenario_by_id(reference.set, nomination.language)
    return render_template(
        "becoming/file.html",
        nomination=nomination,
        run=run,
        reference=reference,
        place=run.files.index(reference.id) + 1,
        scenario=scenario,
        answers=[
            (task, answers.lines(task, reference.answers[task.id])) for task in scenario.tasks
        ],
        rubric=framework().rubric(nomination.skill, _language()),
        framework=framework(),
        language=_language(),
        marking=marking,
        errors=errors,
    )


def _marking(nomination: Nomination) -> Marking:
    form, criteria = request.form, framework().skills[nomination.skill].criteria

    def number(name: str) -> int:
        value = form.get(name, "")
        return int(value) if value in ("0", "1", "2", "3") else -1

    return Marking(
        {criterion: number(f"mark-{criterion}") for criterion in criteria},
        {criterion: form.get(f"note-{criterion}", "") for criterion in criteria},
        number("level"),
    )


def _named(problems: dict[str, str], nomination: Nomination) -> dict[str, str]:
    # Four lines may lack the same thing: say which one is meant.
    names = {line.id: line.name for line in framework().rubric(nomination.skill, _language())}
    return {
        field: f"{names[field.partition('-')[2]]}: {gettext(text)}"
        if field.partition("-")[2] in names
        else gettext(text)
        for field, text in problems.items()
    }


def _whys(nomination: Nomination) -> dict[str, str]:
    """Give the reasons in the reader's language, whichever language was marked."""
    files = framework().references(nomination.skill, _language())
    return {file.id: file.why for file in files}


def _language() -> str:
    return reader_language(framework())
