"""Beside marking: marks saved for later, files sent back, the rubric and the code of conduct."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import assessment, drafts_of_marks, returns
from issuer.tables import Role
from issuer.views.common import framework, reader_language, require, visitor
from issuer.views.examiner import typed_marks
from web.app import services
from web.errors import Refused
from web.languages import current_language

blueprint = Blueprint("examining", __name__, url_prefix="/examiner")


@blueprint.post("/files/<uuid:submission_id>/later")
@require(Role.EXAMINER)
def save(submission_id: UUID) -> Response:
    """Save marks as they stand, complete or not."""
    now = services().now()
    with services().database.transaction() as session:
        file = assessment.file_for_marking(
            session, submission_id, examiner_id=visitor().id, now=now
        )
        drafts_of_marks.save(
            session, submission_id, typed_marks(file), examiner_id=visitor().id, now=now
        )
    return redirect(url_for("examiner.queue", saved=file.alias))


@blueprint.get("/files/<uuid:submission_id>/back")
@require(Role.EXAMINER)
def ask_send_back(submission_id: UUID) -> str:
    """Ask which pieces are missing or broken."""
    return _send_back_page(submission_id, {}, "", {})


@blueprint.post("/files/<uuid:submission_id>/back")
@require(Role.EXAMINER)
def send_back(submission_id: UUID) -> Response | tuple[str, int]:
    """Send the file back to the candidate, once."""
    form = request.form
    faults = {
        name.removeprefix("fault-"): value
        for name, value in form.items()
        if name.startswith("fault-") and value
    }
    try:
        with services().database.transaction() as session:
            file = assessment.file_for_marking(
                session, submission_id, examiner_id=visitor().id, now=services().now()
            )
            returns.send_back(
                session,
                submission_id,
                framework().scenario_by_id(file.scenario_id, file.language),
                faults,
                note=form.get("note", ""),
                note_language=current_language(),
                examiner_id=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        if refusal.status != 422:
            raise
        page = _send_back_page(
            submission_id, faults, form.get("note", ""), {refusal.code: refusal.text}
        )
        return page, refusal.status
    return redirect(url_for("examiner.queue", back=file.alias))


@blueprint.get("/rubric")
@require(Role.EXAMINER)
def rubric() -> str:
    """Show the code of conduct, and every rubric with its anchors."""
    language = reader_language(framework())
    return render_template(
        "examiner/rubric.html",
        rubrics=[
            (framework().skill_name(skill, language), framework().rubric(skill, language))
            for skill in framework().skills
        ],
        language=language,
    )


def _send_back_page(
    submission_id: UUID, faults: dict[str, str], note: str, errors: dict[str, str]
) -> str:
    with services().database.reading() as session:
        file = assessment.file_for_marking(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
        if not returns.may_send_back(session, file):
            raise returns.cannot_be_sent_back()
    return render_template(
        "examiner/back.html",
        submission=file,
        scenario=framework().scenario_by_id(file.scenario_id, file.language),
        reasons=returns.PIECE_FAULTS,
        chosen=faults,
        note=note,
        most=returns.MAX_NOTE,
        errors=errors,
    )
