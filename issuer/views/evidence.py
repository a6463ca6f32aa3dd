"""Recordings and photos: sent, heard and seen again, deleted; and whether one wants to be recorded.

Only `uploads` takes large requests.
"""

import io
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from issuer import assessment, evidence
from issuer.evidence import Shown
from issuer.framework import Task
from issuer.tables import Role
from issuer.views.candidate import next_url, open_work, task_of, task_page
from issuer.views.common import given_at, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_

uploads = Blueprint("uploads", __name__)
blueprint = Blueprint("evidence", __name__)

_TASK = "/me/work/<uuid:submission_id>/tasks/<task_id>"


@uploads.post(f"{_TASK}/file")
@require(Role.CANDIDATE)
def give(submission_id: UUID, task_id: str) -> Response | tuple[str, int]:
    """Keep a recording, a photo, or the words that a person wrote instead."""
    submission, scenario, given = open_work(submission_id, draft=True)
    one = task_of(scenario, task_id)
    try:
        _keep(submission_id, one, given.get(task_id))
    except Refused as refusal:
        if refusal.code not in ("answer", "file"):
            raise
        value = request.form.get("answer") or given.get(task_id)
        errors = {"answer": refusal.text}
        page = task_page(submission, scenario, one, given, value=value, errors=errors)
        return page, refusal.status
    return redirect(next_url(submission, scenario, one))


@blueprint.get(f"{_TASK}/file")
@require(Role.CANDIDATE)
def own(submission_id: UUID, task_id: str) -> Response:
    """Give a person what they recorded or photographed."""
    with services().database.reading() as session:
        shown = evidence.for_candidate(session, submission_id, task_id, candidate_id=visitor().id)
    return _inert(shown)


@blueprint.get("/examiner/files/<uuid:submission_id>/tasks/<task_id>/file")
@require(Role.EXAMINER)
def for_examiner(submission_id: UUID, task_id: str) -> Response:
    """Give what was recorded or photographed to somebody who may mark it now."""
    with services().database.reading() as session:
        shown = evidence.for_examiner(
            session, submission_id, task_id, examiner_id=visitor().id, now=services().now()
        )
    return _inert(shown)


@blueprint.post(f"{_TASK}/delete")
@require(Role.CANDIDATE)
def delete(submission_id: UUID, task_id: str) -> Response:
    """Delete an answer, and its file, before it is sent."""
    _submission, scenario, _given = open_work(submission_id, draft=True)
    one = task_of(scenario, task_id)
    with services().database.transaction() as session:
        mine = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        assessment.drop_answer(session, mine, one, now=services().now())
    if request.form.get("then") == "check":
        return redirect(url_for("candidate.check", submission_id=submission_id))
    return redirect(url_for("candidate.task", submission_id=submission_id, task_id=task_id))


@blueprint.post(f"{_TASK}/recording")
@require(Role.CANDIDATE)
def say_about_recording(submission_id: UUID, task_id: str) -> Response:
    """Keep whether a person wants to be recorded, and go on with the task."""
    with services().database.transaction() as session:
        evidence.say_about_recording(
            session,
            visitor().id,
            agreed=request.form.get("agreed") == "yes",
            now=services().now(),
        )
    return redirect(url_for("candidate.task", submission_id=submission_id, task_id=task_id))


def _keep(submission_id: UUID, one: Task, kept: Any) -> None:
    sent = [data for file in request.files.getlist("file") if (data := file.read())]
    if len(sent) > 1:
        raise Refused(N_("Send one file only."), status=422, code="file")
    words = request.form.get("answer", "").strip()
    if not sent and not words and kept is not None:
        return  # it was sent before, and stays
    if not sent and not words:
        raise Refused(N_("Choose a file, or write a few words."), status=422, code="answer")
    file = evidence.read_file(one, sent[0]) if sent else None
    now = services().now()
    with services().database.transaction() as session:
        mine = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        if file is not None:
            evidence.keep(session, mine, one, file, given_at=given_at(), now=now)
        else:
            assessment.save_answer(session, mine, one, words, now=now, given_at=given_at())


def _inert(shown: Shown) -> Response:
    """Serve a file as data and nothing else: never a page, never from a cache."""
    response = send_file(
        io.BytesIO(shown.content),
        mimetype=shown.content_type,
        as_attachment=True,
        download_name=shown.name,
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
