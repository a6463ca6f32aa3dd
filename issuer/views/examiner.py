"""The examiner's pages: the queue, a file beside its rubric, what was marked."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import (
    answers,
    assessment,
    drafts_of_marks,
    observations,
    own_figures,
    queue_filters,
    second_looks,
)
from issuer.assessment import Marking
from issuer.beside import beside
from issuer.drafts_of_marks import Typed
from issuer.tables import Role, Submission, SubmissionState
from issuer.views.common import framework, framework_of, reader_language, require, sampling, visitor
from issuer.views.observations import WORDS
from web.app import services
from web.languages import N_, gettext

blueprint = Blueprint("examiner", __name__, url_prefix="/examiner")


@blueprint.get("/")
@require(Role.EXAMINER)
def queue() -> str:
    """Show the files that this examiner may mark, without names."""
    now = services().now()
    filters = queue_filters.read_filters(request.args)
    with services().database.reading() as session:
        files = assessment.queue(session, visitor().id, now=now)
        begun = drafts_of_marks.begun_by(session, visitor().id)
        again = second_looks.queue(session, visitor().id, now=now)
    return render_template(
        "examiner/queue.html",
        files=queue_filters.chosen(files, filters, now=now),
        all=len(files),
        skills=sorted({file.skill for file in files}),
        task_languages=sorted({file.language for file in files}),
        ages=queue_filters.AGES,
        filters=filters,
        begun=begun,
        to_look_at=again,
        looked=request.args.get("again", "")[:20],
        saved=request.args.get("saved", "")[:20],
        back=request.args.get("back", "")[:20],
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
        typed = drafts_of_marks.saved(session, submission_id, examiner_id=visitor().id)
        shown_beside = beside(session, submission)
    return marking_page(submission, given, typed or drafts_of_marks.NOTHING, {}, shown_beside)


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
        unobserved = assessment.unobserved(session, submission_id)
        shown_beside = beside(session, submission)
    typed = typed_marks(submission)
    problems = assessment.check_marking(
        framework_of(submission), submission.skill, typed.marking, aimed=submission.level
    )
    if unobserved:
        problems["observed"] = N_("First fill in what you saw in the practical.")
    if request.form.get("no_conflict") != "yes":
        problems["no_conflict"] = N_("Say that you do not know this person, or give the file back.")
    if problems:
        errors = named_problems(problems, submission)
        return marking_page(submission, given, typed, errors, shown_beside), 422
    with services().database.transaction() as session:
        drafts_of_marks.hand_in(
            session,
            submission_id,
            typed,
            framework_of(submission),
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
    scenario = framework_of(submission).scenario_by_id(submission.scenario_id, submission.language)
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
        framework=framework_of(submission),
        language=_language(),
        settled=submission.state == SubmissionState.DECIDED,
    )


@blueprint.get("/mine")
@require(Role.EXAMINER)
def mine() -> str:
    """List what this examiner marked."""
    with services().database.reading() as session:
        rows = assessment.marked_by(session, visitor().id)
        figures = own_figures.own_figures(session, visitor().id)
    return render_template(
        "examiner/mine.html",
        rows=rows,
        figures=figures,
        framework=framework(),
        language=_language(),
    )


def typed_marks(submission: Submission) -> Typed:
    """Read what stands in an examiner's form, complete or not."""
    criteria = framework_of(submission).skills[submission.skill].criteria
    form = request.form

    def number(name: str) -> int:
        value = form.get(name, "")
        return int(value) if value in ("0", "1", "2", "3") else -1

    marking = Marking(
        {criterion: number(f"mark-{criterion}") for criterion in criteria},
        {criterion: form.get(f"note-{criterion}", "") for criterion in criteria},
        number("level"),
    )
    shown = frozenset(criterion for criterion in criteria if form.get(f"show-{criterion}") == "yes")
    language = form.get("language", "")
    return Typed(
        marking,
        shown,
        language if language in framework().languages else _language(),
        _moment(form.get("opened", "")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def marking_page(
    submission: Submission,
    given: dict[str, object],
    typed: Typed,
    errors: dict[str, str],
    shown_beside: dict[str, object],
    *,
    again: bool = False,
) -> str:
    """Show a file beside its rubric; `again` when it is decided, and the marks change nothing."""
    scenario = framework_of(submission).scenario_by_id(submission.scenario_id, submission.language)
    with services().database.reading() as session:
        observed = observations.observations(session, submission.id)
    return render_template(
        "examiner/file.html",
        submission=submission,
        scenario=scenario,
        given=given,
        files={task.id: answers.file_of(given.get(task.id)) for task in scenario.tasks},
        observed=observed,
        seen_words=WORDS,
        answers=[(task, answers.lines(task, given.get(task.id))) for task in scenario.tasks],
        rubric=framework_of(submission).rubric(submission.skill, _language()),
        framework=framework_of(submission),
        language=_language(),
        marking=typed.marking,
        shown=typed.shown,
        note_language=typed.language or _language(),
        opened=(typed.opened or services().now()).isoformat(),
        errors=errors,
        again=again,
        **shown_beside,
    )


def named_problems(problems: dict[str, str], submission: Submission) -> dict[str, str]:
    """Give what is wrong with typed marks in the reader's language, each with its line."""
    return {name: _named(name, gettext(text), submission) for name, text in problems.items()}


def _named(field: str, text: str, submission: Submission) -> str:
    # Four lines may lack the same thing: say which one is meant.
    criterion = field.partition("-")[2]
    rubric = framework_of(submission).rubric(submission.skill, _language())
    names = {line.id: line.name for line in rubric}
    return f"{names[criterion]}: {text}" if criterion in names else text


def _language() -> str:
    return reader_language(framework())
