"""After sending: a candidate asks for a second look, does pieces again, lets a wallet wait."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import answers, appeals, assessment, deferrals, evidence, returns
from issuer.framework import Task
from issuer.return_tables import PieceFault
from issuer.tables import Role, Submission
from issuer.views.candidate import scenario_of, task_page
from issuer.views.common import body, framework_of, require, visitor
from issuer.views.offers import shown_plain_offer
from web.app import services
from web.errors import Refused

blueprint = Blueprint("after_sending", __name__, url_prefix="/me/work/<uuid:submission_id>")


# --- a second look ------------------------------------------------------------------------------


@blueprint.get("/again")
@require(Role.CANDIDATE)
def ask_again(submission_id: UUID) -> str:
    """Say what a second look means, and ask for a reason, which may stay empty."""
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        decision = assessment.decision_of(session, submission_id)
        if decision is None or not appeals.may_appeal(session, submission, now=services().now()):
            abort(404)
    return render_template(
        "candidate/again.html",
        submission=submission,
        has_level=decision.level is not None,
        last_day=appeals.last_day(decision),
        most=appeals.MAX_WORDS,
    )


@blueprint.post("/again")
@require(Role.CANDIDATE)
def appeal(submission_id: UUID) -> Response:
    """Send the work to other examiners."""
    with services().database.transaction() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        appeals.appeal(
            session,
            submission,
            words=request.form.get("words", ""),
            now=services().now(),
        )
    return redirect(url_for("candidate.status", submission_id=submission_id))


# --- pieces to do again -------------------------------------------------------------------------


@blueprint.get("/pieces")
@require(Role.CANDIDATE)
def pieces(submission_id: UUID) -> str:
    """Show which pieces to do again, and until when."""
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        made = returns.return_of(session, submission_id)
        asked = returns.pieces_of(session, submission_id)
    if made is None:
        abort(404)
    scenario = scenario_of(submission)
    return render_template(
        "candidate/pieces.html",
        submission=submission,
        scenario=scenario,
        made=made,
        pieces=[
            (scenario.task(one.task_id), returns.PIECE_FAULTS[PieceFault(one.fault)], one.redone_at)
            for one in asked
        ],
        complete=all(one.redone_at for one in asked),
    )


@blueprint.get("/pieces/<task_id>")
@require(Role.CANDIDATE)
def piece(submission_id: UUID, task_id: str) -> str:
    """Show one task that is to be done again."""
    submission, task = _asked_for(submission_id, task_id)
    return _piece_page(submission, task, None, {})


@blueprint.post("/pieces/<task_id>")
@require(Role.CANDIDATE)
def redo(submission_id: UUID, task_id: str) -> Response | tuple[str, int]:
    """Keep a piece done again."""
    submission, task = _asked_for(submission_id, task_id)
    value = answers.parse(task, request.form)
    try:
        sent = request.files["file"].read() if "file" in request.files else b""
        value = evidence.read_file(task, sent) if sent else value
        with services().database.transaction() as session:
            returns.redo(
                session,
                assessment.own_submission(session, submission_id, candidate_id=visitor().id),
                task,
                value,
                now=services().now(),
            )
    except Refused as refusal:
        if refusal.code not in ("answer", "file"):
            raise
        page = _piece_page(submission, task, request.form.get("answer"), {"answer": refusal.text})
        return page, refusal.status
    return redirect(url_for(".pieces", submission_id=submission_id))


@blueprint.post("/pieces/send")
@require(Role.CANDIDATE)
def send_again(submission_id: UUID) -> Response:
    """Send the file to the examiners again."""
    with services().database.transaction() as session:
        returns.send_again(
            session,
            assessment.own_submission(session, submission_id, candidate_id=visitor().id),
            now=services().now(),
        )
    return redirect(url_for("candidate.status", submission_id=submission_id))


# --- a wallet that waits ------------------------------------------------------------------------


@blueprint.get("/early")
@require(Role.CANDIDATE)
def early(submission_id: UUID) -> str:
    """Show the offer for a wallet before the decision, or that one waits already."""
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        if deferrals.standing(session, submission) is not deferrals.Standing.WAITING:
            abort(404)
        secret = body().secret
        found = deferrals.open_offer(session, submission_id, secret=secret, now=services().now())
        live = deferrals.of_file(session, submission_id)
    return render_template(
        "candidate/early.html",
        submission=submission,
        offer=shown_plain_offer(found) if found else None,
        waits=live is not None and found is None and live.state != "open",
    )


@blueprint.post("/early")
@require(Role.CANDIDATE)
def make_early(submission_id: UUID) -> Response:
    """Make an offer before the decision; an earlier one stops working."""
    with services().database.transaction() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        deferrals.make(
            session,
            submission,
            framework_of(submission),
            secret=body().secret,
            now=services().now(),
        )
    return redirect(url_for(".early", submission_id=submission_id))


def _asked_for(submission_id: UUID, task_id: str) -> tuple[Submission, Task]:
    with services().database.reading() as session:
        submission = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        asked = {one.task_id for one in returns.pieces_of(session, submission_id)}
    task = scenario_of(submission).task(task_id)
    if task is None or task_id not in asked:
        abort(404)
    return submission, task


def _piece_page(submission: Submission, task: Task, value: Any, errors: dict[str, str]) -> str:
    address = url_for(".redo", submission_id=submission.id, task_id=task.id)
    with services().database.reading() as session:
        given = assessment.answers(session, submission.id)
    return task_page(
        submission,
        scenario_of(submission),
        task,
        given,
        value=given.get(task.id) if value is None else value,
        errors=errors,
        action=address,
    )
