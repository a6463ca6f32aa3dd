"""The examiner's pages: the queue, a file beside its rubric, what was marked."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import answers, assessment, scope
from issuer.assessment import Marking
from issuer.tables import Role, Submission, SubmissionState
from issuer.views.common import framework, require, sampling, visitor
from web.app import services
from web.languages import N_, current_language, gettext

blueprint = Blueprint("examiner", __name__, url_prefix="/examiner")


@blueprint.get("/")
@require(Role.EXAMINER)
def queue() -> str:
    """Show the files that this examiner may mark, without names."""
    with services().database.reading() as session:
        files = assessment.queue(session, visitor().id, now=services().now())
        later = scope.better_elsewhere(session, files, visitor().id, now=services().now())
    return render_template(
        "examiner/queue.html",
        files=files,
        later=later,
        framework=framework(),
        language=_language(),
    )


@blueprint.get("/files/<uuid:submission_id>")
@require(Role.EXAMINER)
def file(submission_id: UUID) -> str:
    """Show a file: first the question whether the examiner knows the person, then the marking."""
    with services().database.reading() as session:
        submission = assessment.file_for_marking(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
        given = assessment.answers(session, submission_id)
    marking = Marking({}, {}, -1)
    return _marking_page(submission, given, marking, {})


@blueprint.post("/files/<uuid:submission_id>/conflict")
@require(Role.EXAMINER)
def declare_conflict(submission_id: UUID) -> Response:
    """Give a file back because the examiner knows the person."""
    with services().database.transaction() as session:
        assessment.declare_conflict(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
    return redirect(url_for(".queue"))


@blueprint.post("/files/<uuid:submission_id>")
@require(Role.EXAMINER)
def mark(submission_id: UUID) -> Response | tuple[str, int]:
    """Hand in marks; what is missing is shown, and nothing typed is lost."""
    now = services().now()
    with services().database.reading() as session:
        submission = assessment.file_for_marking(
            session, submission_id, examiner_id=visitor().id, now=now
        )
        given = assessment.answers(session, submission_id)
    marking = _marking(submission)
    problems = assessment.check_marking(
        framework(), submission.skill, marking, aimed=submission.level
    )
    if request.form.get("no_conflict") != "yes":
        problems["no_conflict"] = N_("Say that you do not know this person, or give the file back.")
    if problems:
        errors = {name: _named(name, gettext(text), submission) for name, text in problems.items()}
        return _marking_page(submission, given, marking, errors), 422
    with services().database.transaction() as session:
        assessment.decide(
            session,
            submission_id,
            marking,
            framework(),
            examiner_id=visitor().id,
            sampling=sampling(),
            now=now,
        )
    return redirect(url_for(".done", submission_id=submission_id))


@blueprint.get("/done/<uuid:submission_id>")
@require(Role.EXAMINER)
def done(submission_id: UUID) -> str:
    """Show one's own marking beside what the answers were expected to be: advice, afterwards."""
    with services().database.reading() as session:
        own = assessment.own_assessment(session, submission_id, examiner_id=visitor().id)
        submission = session.get(Submission, submission_id)
        given = assessment.answers(session, submission_id)
    if own is None or submission is None:
        return render_template("examiner/not_marked.html")
    scenario = framework().scenario_by_id(submission.scenario_id, submission.language)
    advice = [
        (
            task,
            answers.lines(task, given.get(task.id)),
            answers.lines(task, task.best),
            answers.is_best(task, given.get(task.id)),
        )
        for task in scenario.tasks
        if task.best is not None
    ]
    return render_template(
        "examiner/done.html",
        submission=submission,
        own=own,
        advice=advice if given else [],
        framework=framework(),
        language=_language(),
        settled=submission.state == SubmissionState.DECIDED,
    )


@blueprint.get("/mine")
@require(Role.EXAMINER)
def mine() -> str:
    """List what this examiner marked."""
    with services().database.reading() as session:
        rows = assessment.marked_by(session, visitor().id)
    return render_template(
        "examiner/mine.html", rows=rows, framework=framework(), language=_language()
    )


def _marking(submission: Submission) -> Marking:
    criteria = framework().skills[submission.skill].criteria
    form = request.form

    def number(name: str) -> int:
        value = form.get(name, "")
        return int(value) if value in ("0", "1", "2", "3") else -1

    return Marking(
        {criterion: number(f"mark-{criterion}") for criterion in criteria},
        {criterion: form.get(f"note-{criterion}", "") for criterion in criteria},
        number("level"),
    )


def _marking_page(
    submission: Submission, given: dict[str, object], marking: Marking, errors: dict[str, str]
) -> str:
    scenario = framework().scenario_by_id(submission.scenario_id, submission.language)
    return render_template(
        "examiner/file.html",
        submission=submission,
        scenario=scenario,
        given=given,
        answers=[(task, answers.lines(task, given.get(task.id))) for task in scenario.tasks],
        rubric=framework().rubric(submission.skill, _language()),
        framework=framework(),
        language=_language(),
        marking=marking,
        errors=errors,
    )


def _named(field: str, text: str, submission: Submission) -> str:
    # Four lines may lack the same thing: say which one is meant.
    criterion = field.partition("-")[2]
    names = {line.id: line.name for line in framework().rubric(submission.skill, _language())}
    return f"{names[criterion]}: {text}" if criterion in names else text


def _language() -> str:
    return framework().edition_language(current_language())
