"""Three faces: how somebody found the tasks that they sent."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import assessment, feedback
from issuer.feedback import FACES, MAX_WORDS, QUESTIONS, Said
from issuer.tables import Role
from issuer.views.common import require, visitor
from web.app import services
from web.errors import Refused

blueprint = Blueprint("feedback", __name__, url_prefix="/me/work")


@blueprint.get("/<uuid:submission_id>/feedback")
@require(Role.CANDIDATE)
def show(submission_id: UUID) -> str:
    """Ask how it was; nobody has to answer."""
    return _page(submission_id, {})


@blueprint.post("/<uuid:submission_id>/feedback")
@require(Role.CANDIDATE)
def give(submission_id: UUID) -> Response | tuple[str, int]:
    """Keep what somebody said."""
    said = Said(
        {name: int(face) for name in QUESTIONS if (face := request.form.get(name, "")) in "12345"
         and face},
        request.form.get("words", ""),
    )  # fmt: skip
    try:
        with services().database.transaction() as session:
            work = assessment.own_submission(session, submission_id, candidate_id=visitor().id)
            feedback.give(session, work, said, now=services().now())
    except Refused as refusal:
        if refusal.status != 422:
            raise
        return _page(submission_id, {refusal.code: refusal.text}), 422
    return redirect(url_for(".show", submission_id=submission_id))


def _page(submission_id: UUID, errors: dict[str, str]) -> str:
    with services().database.reading() as session:
        assessment.own_submission(session, submission_id, candidate_id=visitor().id)
        has_given = feedback.has_given(session, submission_id)
    return render_template(
        "candidate/feedback.html",
        submission_id=submission_id,
        has_given=has_given,
        questions=QUESTIONS,
        faces=FACES,
        most=MAX_WORDS,
        errors=errors,
        typed=request.form,
    )
