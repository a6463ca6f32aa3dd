"""The examiner's list for an observed practical, on the page of a file."""

from contextlib import suppress
from datetime import date
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import assessment, observations
from issuer.answers import is_observed
from issuer.framework import Scenario, Task
from issuer.observations import Seen, Watching
from issuer.tables import Role, Submission
from issuer.views.common import framework, framework_of, reader_language, require, visitor
from web.app import services
from web.languages import N_, gettext

WORDS = {
    Seen.SEEN: N_("Seen"),
    Seen.NOT_SEEN: N_("Not seen"),
    Seen.NOT_NEEDED: N_("Not needed"),
}

blueprint = Blueprint("observations", __name__, url_prefix="/examiner/files")


@blueprint.get("/<uuid:submission_id>/observed/<task_id>")
@require(Role.EXAMINER)
def watch(submission_id: UUID, task_id: str) -> str:
    """Show the list of a practical, to be filled while watching or right after."""
    submission, scenario, one = _watched(submission_id, task_id)
    nothing = Watching({}, "", services().now().date())
    return _page(submission, scenario, one, nothing, {})


@blueprint.post("/<uuid:submission_id>/observed/<task_id>")
@require(Role.EXAMINER)
def observe(submission_id: UUID, task_id: str) -> Response | tuple[str, int]:
    """Keep what the examiner saw; what is missing is shown, and nothing typed is lost."""
    submission, scenario, one = _watched(submission_id, task_id)
    watching = _watching(one)
    now = services().now()
    problems = observations.check_watching(one, watching, submission, now=now)
    if request.form.get("no_conflict") != "yes":
        problems["no_conflict"] = N_("Say that you do not know this person, or give the file back.")
    if problems:
        errors = {name: _named(name, gettext(text), one) for name, text in problems.items()}
        return _page(submission, scenario, one, watching, errors), 422
    with services().database.transaction() as session:
        observations.observe(
            session, submission_id, one, watching, examiner_id=visitor().id, now=now
        )
    return redirect(url_for("examiner.file", submission_id=submission_id))


def _watched(submission_id: UUID, task_id: str) -> tuple[Submission, Scenario, Task]:
    with services().database.reading() as session:
        submission = assessment.file_for_marking(
            session, submission_id, examiner_id=visitor().id, now=services().now()
        )
    scenario = framework_of(submission).scenario_by_id(submission.scenario_id, submission.language)
    one = scenario.task(task_id)
    if one is None or not is_observed(one):
        abort(404)
    return submission, scenario, one


def _watching(one: Task) -> Watching:
    form = request.form
    observed_on = None
    with suppress(ValueError):
        observed_on = date.fromisoformat(form.get("observed_on", ""))
    seen = {option.id: form.get(f"seen-{option.id}", "") for option in one.options}
    return Watching(seen, form.get("note", ""), observed_on)


def _page(
    submission: Submission,
    scenario: Scenario,
    one: Task,
    watching: Watching,
    errors: dict[str, str],
) -> str:
    return render_template(
        "examiner/observe.html",
        submission=submission,
        scenario=scenario,
        task=one,
        watching=watching,
        errors=errors,
        words=WORDS,
        today=services().now().date(),
        language=reader_language(framework()),
    )


def _named(field: str, text: str, one: Task) -> str:
    # Several lines may lack the same thing: say which one is meant.
    option = field.removeprefix("seen-")
    return f"{one.option_text(option)} {text}" if field != option else text
