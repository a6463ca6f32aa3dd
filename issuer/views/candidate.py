"""The candidate's pages: choose a skill, do the tasks, check, send, follow, receive."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from issuer import accounts, appeals, assessment, deferrals, feedback, offers
from issuer.framework import Scenario, Task
from issuer.tables import Decision, Role, Submission, SubmissionState
from issuer.views.common import framework, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language, gettext

blueprint = Blueprint("candidate", __name__, url_prefix="/me")

_STEPS = (N_("Sent"), N_("Being looked at"), N_("Decided"), N_("Badge ready"))


@blueprint.get("/")
@require(Role.CANDIDATE)
def skills() -> str | Response:
    """Show the skills as tiles, and what was begun or sent."""
    with services().database.reading() as session:
        if not accounts.has_consent(session, visitor().id):
            return redirect(url_for(".consent"))
        mine = assessment.own_submissions(session, visitor().id)
        decisions = {one.id: assessment.decision_of(session, one.id) for one in mine}
    return render_template(
        "candidate/skills.html",
        framework=framework(),
        language=_edition_language(),
        work=[(one, decisions[one.id]) for one in mine if one.state != SubmissionState.WITHDRAWN],
    )


@blueprint.get("/agree")
@require(Role.CANDIDATE)
def consent() -> str:
    """Ask for consent, one idea at a time."""
    return render_template("candidate/consent.html", errors={})


@blueprint.post("/agree")
@require(Role.CANDIDATE)
def give_consent() -> Response | tuple[str, int]:
    """Keep what the person agreed to; refusing statistics changes nothing else."""
    if request.form.get("assessment") != "yes":
        errors = {"assessment": gettext("Without your yes we cannot look at your tasks.")}
        return render_template("candidate/consent.html", errors=errors), 422
    with services().database.transaction() as session:
        accounts.give_consent(
            session,
            visitor().id,
            statistics=request.form.get("statistics") == "yes",
            now=services().now(),
        )
    return redirect(url_for(".skills"))


@blueprint.get("/start/<skill>")
@require(Role.CANDIDATE)
def choose_language(skill: str) -> str:
    """Let the person choose the language of the tasks."""
    if skill not in framework().skills:
        abort(404)
    return render_template(
        "candidate/choose_language.html",
        framework=framework(),
        skill=framework().skills[skill],
        language=_edition_language(),
    )


@blueprint.post("/start/<skill>")
@require(Role.CANDIDATE)
def start(skill: str) -> Response:
    """Begin the tasks of a skill in a language, or go on where one stopped."""
    with services().database.transaction() as session:
        submission = assessment.start(
            session,
            framework(),
            candidate_id=visitor().id,
            skill=skill,
            language=request.form.get("language", ""),
            now=services().now(),
        )
        left = assessment.missing(session, submission, scenario_of(submission))
    if left:
        return redirect(url_for(".task", submission_id=submission.id, task_id=left[0].id))
    return redirect(url_for(".check", submission_id=submission.id))


@blueprint.get("/work/<uuid:submission_id>/tasks/<task_id>")
@require(Role.CANDIDATE)
def task(submission_id: UUID, task_id: str) -> str:
    """Show one task."""
    submission, scenario, given = _work(submission_id, draft=True)
    return task_page(submission, scenario, _task(scenario, task_id), given.get(task_id), {})


@blueprint.post("/work/<uuid:submission_id>/tasks/<task_id>")
@require(Role.CANDIDATE)
def answer(submission_id: UUID, task_id: str) -> Response | tuple[str, int]:
    """Keep an answer and show the next task, or the check page after the last."""
    submission, scenario, _given = _work(submission_id, draft=True)
    one = _task(scenario, task_id)
    value = answer_from_form(one)
    try:
        with services().database.transaction() as session:
            mine = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
            assessment.save_answer(session, mine, one, value, now=services().now())
    except Refused as refusal:
        if refusal.code != "answer":
            raise
        page = task_page(submission, scenario, one, value, {"answer": refusal.text})
        return page, refusal.status
    return redirect(_next_url(submission, scenario, one))


@blueprint.get("/work/<uuid:submission_id>/check")
@require(Role.CANDIDATE)
def check(submission_id: UUID) -> str:
    """Show every answer before it is sent, each with a link to change it."""
    submission, scenario, given = _work(submission_id, draft=True)
    return render_template(
        "candidate/check.html",
        submission=submission,
        scenario=scenario,
        answers=[(one, answer_text(one, given.get(one.id))) for one in scenario.tasks],
        complete=all(one.id in given for one in scenario.tasks),
    )


@blueprint.post("/work/<uuid:submission_id>/send")
@require(Role.CANDIDATE)
def send(submission_id: UUID) -> Response:
    """Send the work to the examiners."""
    with services().database.transaction() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        assessment.submit(session, submission, framework(), now=services().now())
    return redirect(url_for(".status", submission_id=submission_id))


@blueprint.post("/work/<uuid:submission_id>/withdraw")
@require(Role.CANDIDATE)
def withdraw(submission_id: UUID) -> Response:
    """Take the work back."""
    with services().database.transaction() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        assessment.withdraw(session, submission, now=services().now())
    return redirect(url_for(".skills"))


@blueprint.get("/work/<uuid:submission_id>")
@require(Role.CANDIDATE)
def status(submission_id: UUID) -> str | Response:
    """Show where the work is: four dots, and the badge when it is ready."""
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        decision = assessment.decision_of(session, submission_id)
        lines = feedback.feedback(
            session, framework(), submission, decision, language=_edition_language()
        )
        now = services().now()
        again = appeals.may_appeal(session, submission, framework(), now=now)
        waits = deferrals.standing(session, submission) is deferrals.Standing.WAITING
        offer = offers.open_offer_for_candidate(session, submission_id)
    if submission.state == SubmissionState.DRAFT:
        return redirect(url_for(".check", submission_id=submission_id))
    return render_template(
        "candidate/status.html",
        framework=framework(),
        language=_edition_language(),
        submission=submission,
        decision=decision,
        steps=_STEPS,
        reached=_reached(submission, decision, offer),
        feedback=lines,
        may_ask_again=again,
        last_day=appeals.last_day(decision) if decision else None,
        may_wait=waits,
        offer=offer,
    )


@blueprint.get("/pictures/<name>.svg")
def picture(name: str) -> Response:
    """Give a picture of the framework."""
    if name not in framework().pictures:
        abort(404)
    return send_file(framework().picture(name), mimetype="image/svg+xml", max_age=86_400)


def answer_text(one: Task, value: Any) -> list[str]:
    """Write an answer in words, line by line; empty when there is none."""
    if value is None:
        return []
    if one.kind == "choose":
        return [one.option_text(value)]
    if one.kind == "choose_many":
        return [one.option_text(option) for option in value]
    if one.kind == "order":
        return [f"{place}. {one.option_text(option)}" for place, option in enumerate(value, 1)]
    if one.kind == "match":
        return [f"{one.option_text(left)} → {one.option_text(r)}" for left, r in value.items()]
    return str(value).splitlines()


def _work(submission_id: UUID, *, draft: bool) -> tuple[Submission, Scenario, dict[str, Any]]:
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        given = assessment.answers(session, submission_id)
    if draft:
        assessment.must_be_draft(submission)
    return submission, scenario_of(submission), given


def scenario_of(submission: Submission) -> Scenario:
    """Give the tasks of a submission, in the language it is done in."""
    return framework().scenario_by_id(submission.scenario_id, submission.language)


def _task(scenario: Scenario, task_id: str) -> Task:
    found = scenario.task(task_id)
    if found is None:
        abort(404)
    return found


def task_page(
    submission: Submission,
    scenario: Scenario,
    one: Task,
    value: Any,
    errors: dict[str, str],
    *,
    action: str = "",
) -> str:
    """Show one task; its form goes to `action`, or where answers before sending go."""
    place = scenario.tasks.index(one)
    return render_template(
        "candidate/task.html",
        submission=submission,
        scenario=scenario,
        task=one,
        value=value,
        errors=errors,
        action=action or url_for("candidate.answer", submission_id=submission.id, task_id=one.id),
        place=place + 1,
        before=scenario.tasks[place - 1] if place else None,
    )


def _next_url(submission: Submission, scenario: Scenario, one: Task) -> str:
    place = scenario.tasks.index(one) + 1
    if request.form.get("then") == "check" or place == len(scenario.tasks):
        return url_for(".check", submission_id=submission.id)
    return url_for(".task", submission_id=submission.id, task_id=scenario.tasks[place].id)


def answer_from_form(one: Task) -> Any:
    """Read the answer to a task from what was sent."""
    form = request.form
    if one.kind == "choose_many":
        return form.getlist("answer")
    if one.kind == "match":
        return {left.id: form.get(f"answer-{left.id}", "") for left in one.left}
    if one.kind == "order":
        numbered = {option.id: form.get(f"answer-{option.id}", "") for option in one.options}
        if sorted(numbered.values()) == [str(n) for n in range(1, len(numbered) + 1)]:
            return sorted(numbered, key=lambda option: numbered[option])
        return numbered  # does not fit: shown again as it was, with what to do
    return form.get("answer", "")


def _reached(submission: Submission, decision: Decision | None, offer: str | None) -> int:
    if submission.state == SubmissionState.DECIDED and decision:
        return 4 if offer else 3
    return 1 if submission.state == SubmissionState.SENT else 2


def _edition_language() -> str:
    return framework().edition_language(current_language())
