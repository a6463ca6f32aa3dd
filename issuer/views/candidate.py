"""The candidate's pages: choose a skill, do the tasks, check, send, follow, receive."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import (
    accounts,
    advice,
    answers,
    appeals,
    assessment,
    attempts,
    awards,
    consents,
    deferrals,
    evidence,
    feedback,
    offers,
)
from issuer.framework import Scenario, Task
from issuer.tables import Decision, Role, Submission, SubmissionState
from issuer.views.common import (
    body,
    framework,
    framework_of,
    given_at,
    reader_language,
    require,
    svg,
    visitor,
)
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language, gettext

blueprint = Blueprint("candidate", __name__, url_prefix="/me")

_ASKED = {
    "age": N_("Only people of 16 or older can take part."),
    "assessment": N_("Without your yes we cannot look at your tasks."),
    "statistics": "",
    "recording": "",
}
"""What is asked on the first page, and what a missing yes means; "" for a question of free will."""
_STEPS = (N_("Sent"), N_("Being looked at"), N_("Decided"), N_("Badge ready"))


@blueprint.get("/")
@require(Role.CANDIDATE)
def skills() -> str | Response:
    """Show first the work that is open, then what was sent, then the skills and where one is."""
    with services().database.reading() as session:
        if not accounts.has_consent(session, visitor().id):
            return redirect(url_for(".consent"))
        mine = assessment.own_submissions(session, visitor().id)
        decisions = {one.id: assessment.decision_of(session, one.id) for one in mine}
        drafts = [
            (one, _progress(one, assessment.answers(session, one.id)))
            for one in mine
            if one.state == SubmissionState.DRAFT
        ]
        reached = attempts.standing(session, framework(), visitor().id)
        ready = awards.to_collect(session, visitor().id)
    not_here = (SubmissionState.WITHDRAWN, SubmissionState.DRAFT)
    sent = [one for one in mine if one.state not in not_here]
    waits = {one.id for one in sent if one.state == SubmissionState.RETURNED}
    waits |= {one.id for one in sent if (made := decisions[one.id]) and made.id in ready}
    sent.sort(key=lambda one: one.id not in waits)  # first what waits for the person
    return render_template(
        "candidate/skills.html",
        framework=framework(),
        language=_edition_language(),
        drafts=[(one, done, _go_on_url(one, done)) for one, done in drafts],
        work=[(one, decisions[one.id]) for one in sent],
        waits=waits,
        reached=reached,
    )


@blueprint.get("/agree")
@require(Role.CANDIDATE)
def consent() -> str:
    """Ask for consent, one idea at a time."""
    return render_template("candidate/consent.html", errors={}, said=dict.fromkeys(_ASKED, False))


@blueprint.post("/agree")
@require(Role.CANDIDATE)
def give_consent() -> Response | tuple[str, int]:
    """Keep what the person agreed to, each apart; only tasks and age need a yes."""
    said = {name: request.form.get(name) == "yes" for name in _ASKED}
    errors = {name: gettext(text) for name, text in _ASKED.items() if text and not said[name]}
    if errors:
        return render_template("candidate/consent.html", errors=errors, said=said), 422
    with services().database.transaction() as session:
        consents.begin(
            session,
            visitor().id,
            old_enough=said["age"],
            statistics=said["statistics"],
            recording=said["recording"],
            now=services().now(),
        )
    return redirect(url_for("counting.ask"))


@blueprint.get("/start/<skill>")
@require(Role.CANDIDATE)
def choose(skill: str) -> str:
    """Let the person choose the language of the tasks, then a level: any, one is advised."""
    if skill not in framework().skills:
        abort(404)
    chosen = request.args.get("language", "")
    page = {"framework": framework(), "skill": framework().skills[skill], "chosen": chosen}
    if chosen not in framework().languages:
        return render_template(
            "candidate/choose_language.html", language=_edition_language(), **page
        )
    assessed = framework().achievement(skill, 1, chosen).assessed_language
    with services().database.reading() as session:
        reached = attempts.standing(session, framework(), visitor().id)
    level = reached.get(skill, {}).get(assessed, 0)
    return render_template(
        "candidate/choose_level.html",
        language=_edition_language(),
        reached=level,
        advised=attempts.advised_level(framework(), level),
        **page,
    )


@blueprint.post("/start/<skill>")
@require(Role.CANDIDATE)
def start(skill: str) -> Response:
    """Begin the tasks of a skill for a level, or go on where one stopped."""
    with services().database.transaction() as session:
        submission = assessment.start(
            session,
            framework(),
            candidate_id=visitor().id,
            skill=skill,
            language=request.form.get("language", ""),
            level=request.form.get("level", 0, type=int),
            now=services().now(),
        )
        done = _progress(submission, assessment.answers(session, submission.id))
    return redirect(_go_on_url(submission, done))


@blueprint.get("/work/<uuid:submission_id>/tasks/<task_id>")
@require(Role.CANDIDATE)
def task(submission_id: UUID, task_id: str) -> str:
    """Show one task."""
    submission, scenario, given = open_work(submission_id, draft=True)
    one = task_of(scenario, task_id)
    return task_page(submission, scenario, one, given, value=given.get(task_id), errors={})


@blueprint.post("/work/<uuid:submission_id>/tasks/<task_id>")
@require(Role.CANDIDATE)
def answer(submission_id: UUID, task_id: str) -> Response | tuple[str, int]:
    """Keep an answer and show the next task, or the check page after the last."""
    submission, scenario, given = open_work(submission_id, draft=True)
    one = task_of(scenario, task_id)
    value = answers.parse(one, request.form)
    try:
        with services().database.transaction() as session:
            mine = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
            kept = assessment.save_answer(
                session, mine, one, value, now=services().now(), given_at=given_at()
            )
            feedback.note_use(
                session,
                mine,
                interface=current_language(),
                listened=request.form.get("listened") == "yes",
                answered=len({**given, one.id: kept}),
            )
    except Refused as refusal:
        if refusal.code != "answer":
            raise
        errors = {"answer": refusal.text}
        page = task_page(submission, scenario, one, given, value=value, errors=errors)
        return page, refusal.status
    half_done = not answers.is_complete(one, kept)
    return redirect(next_url(submission, scenario, one, half_done=half_done))


@blueprint.get("/work/<uuid:submission_id>/check")
@require(Role.CANDIDATE)
def check(submission_id: UUID) -> str:
    """Show every answer before it is sent, each with a link to change it."""
    submission, scenario, given = open_work(submission_id, draft=True)
    return render_template(
        "candidate/check.html",
        submission=submission,
        scenario=scenario,
        given=given,
        answers=[
            (one, answers.lines(one, given.get(one.id)), is_done)
            for one, is_done in zip(scenario.tasks, _progress(submission, given), strict=True)
        ],
        files={one.id: answers.file_of(given.get(one.id)) for one in scenario.tasks},
        can_delete={one.id for one in scenario.tasks if answers.takes_file(one)},
        complete=all(_progress(submission, given)),
    )


@blueprint.post("/work/<uuid:submission_id>/send")
@require(Role.CANDIDATE)
def send(submission_id: UUID) -> Response:
    """Send the work to the examiners."""
    with services().database.transaction() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        assessment.submit(session, submission, framework_of(submission), now=services().now())
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
        lines = advice.advice(
            session, framework_of(submission), submission, decision, language=_edition_language()
        )
        now = services().now()
        again = appeals.may_appeal(session, submission, now=now)
        waits = deferrals.standing(session, submission) is deferrals.Standing.WAITING
        offer = offers.open_offer_for_candidate(session, submission_id)
        is_ready = decision is not None and decision.id in awards.to_collect(session, visitor().id)
        given = assessment.answers(session, submission_id)
        to_show = [] if decision else assessment.unobserved(session, submission_id)
    if submission.state == SubmissionState.DRAFT:
        return redirect(_go_on_url(submission, _progress(submission, given)))
    return render_template(
        "candidate/status.html",
        framework=framework_of(submission),
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
        is_ready=is_ready,
        to_show=to_show,
    )


@blueprint.get("/pictures/<name>.svg")
@blueprint.get("/pictures/<version>/<name>.svg")
def picture(name: str, version: str = "") -> Response:
    """Give a picture of the framework, in the version that the work was begun in."""
    try:
        found = body().library.version(version) if version else framework()
        return svg(found.picture(name))
    except LookupError:
        abort(404)


def open_work(submission_id: UUID, *, draft: bool) -> tuple[Submission, Scenario, dict[str, Any]]:
    """Give the visitor's own work, its tasks and the answers so far."""
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        given = assessment.answers(session, submission_id)
    if draft:
        assessment.must_be_draft(submission)
    return submission, scenario_of(submission), given


def scenario_of(submission: Submission) -> Scenario:
    """Give the tasks of a submission, in the version and the language it is done in."""
    return framework_of(submission).scenario_by_id(submission.scenario_id, submission.language)


def task_of(scenario: Scenario, task_id: str) -> Task:
    """Give a task, or answer that there is none."""
    found = scenario.task(task_id)
    if found is None:
        abort(404)
    return found


def task_page(
    submission: Submission,
    scenario: Scenario,
    one: Task,
    given: dict[str, Any],
    *,
    value: Any,
    errors: dict[str, str],
    action: str = "",
) -> str:
    """Show a task with an answer: kept before, or just refused for what `errors` say.

    Its form goes to `action`, or where answers before sending go.
    """
    place = scenario.tasks.index(one)
    kept_at = "uploads.give" if answers.takes_file(one) else "candidate.answer"
    return render_template(
        "candidate/task.html",
        submission=submission,
        scenario=scenario,
        task=one,
        kept=given.get(one.id),
        value=value,
        errors=errors,
        action=action or url_for(kept_at, submission_id=submission.id, task_id=one.id),
        place=place + 1,
        done=_progress(submission, given),
        before=scenario.tasks[place - 1] if place else None,
        next=next_url(submission, scenario, one),
        recording=_said_about_recording(one),
        takes_file=answers.takes_file(one),
        file=answers.file_of(given.get(one.id)),
        now=services().now(),
    )


def _progress(submission: Submission, given: dict[str, Any]) -> list[bool]:
    """Tell for each task whether it is answered."""
    tasks = scenario_of(submission).tasks
    return [answers.is_complete(one, given.get(one.id)) for one in tasks]


def _go_on_url(submission: Submission, done: list[bool]) -> str:
    """Give the first task without an answer, or the check page where there is none."""
    if all(done):
        return url_for(".check", submission_id=submission.id)
    first = scenario_of(submission).tasks[done.index(False)]
    return url_for(".task", submission_id=submission.id, task_id=first.id)


def next_url(
    submission: Submission, scenario: Scenario, one: Task, *, half_done: bool = False
) -> str:
    """Say where to go on after a task, or `half_done` of it."""
    then = "check" if request.values.get("then") == "check" else None
    place = scenario.tasks.index(one) + 1
    if half_done:
        return url_for("candidate.task", submission_id=submission.id, task_id=one.id, then=then)
    if then or place == len(scenario.tasks):
        return url_for("candidate.check", submission_id=submission.id)
    return url_for("candidate.task", submission_id=submission.id, task_id=scenario.tasks[place].id)


def _said_about_recording(one: Task) -> bool | None:
    if not answers.takes_file(one):
        return None
    with services().database.reading() as session:
        return evidence.said_about_recording(session, visitor().id)


def _reached(submission: Submission, decision: Decision | None, offer: str | None) -> int:
    if submission.state == SubmissionState.DECIDED and decision:
        return 4 if offer else 3
    return 1 if submission.state == SubmissionState.SENT else 2


def _edition_language() -> str:
    return reader_language(framework())
