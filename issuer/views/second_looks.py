"""The examiner's page for a decided file that is looked at again."""

from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from issuer import assessment, drafts_of_marks, second_looks
from issuer.drafts_of_marks import Typed
from issuer.tables import Role
from issuer.views.common import framework_of, require, visitor
from issuer.views.examiner import marking_page, named_problems, typed_marks
from web.app import services
from web.languages import N_

blueprint = Blueprint("second_looks", __name__, url_prefix="/examiner/again")


@blueprint.get("/<uuid:submission_id>")
@require(Role.EXAMINER)
def show(submission_id: UUID) -> str:
    """Show the file and its rubric; never what was decided."""
    return _page(submission_id, drafts_of_marks.NOTHING, {})


@blueprint.post("/<uuid:submission_id>")
@require(Role.EXAMINER)
def mark(submission_id: UUID) -> Response | tuple[str, int]:
    """Hand in marks that change nothing."""
    now = services().now()
    with services().database.reading() as session:
        file = second_looks.file_to_look_at(
            session, submission_id, examiner_id=visitor().id, now=now
        )
    typed, its = typed_marks(file), framework_of(file)
    problems = second_looks.problems_of(its, file, typed.marking)
    if request.form.get("no_conflict") != "yes":
        problems["no_conflict"] = N_("Say that you do not know this person, or give the file back.")
    if problems:
        return _page(submission_id, typed, named_problems(problems, file)), 422
    with services().database.transaction() as session:
        second_looks.look(
            session, submission_id, typed.marking, its, examiner_id=visitor().id, now=now
        )
    return redirect(url_for("examiner.queue", again=file.alias))


@blueprint.post("/<uuid:submission_id>/conflict")
@require(Role.EXAMINER)
def declare_conflict(submission_id: UUID) -> Response:
    """Give the file back because the examiner knows the person."""
    with services().database.transaction() as session:
        second_looks.give_back(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
    return redirect(url_for("examiner.queue"))


def _page(submission_id: UUID, typed: Typed, errors: dict[str, str]) -> str:
    with services().database.reading() as session:
        file = second_looks.file_to_look_at(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
        given = assessment.answers(session, submission_id)
    beside: dict[str, object] = {"is_appeal": False, "words": "", "may_send_back": False}
    return marking_page(file, given, typed, errors, beside, again=True)
