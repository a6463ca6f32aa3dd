"""The coordinator's page: honest figures of a pilot, to read, to download, to keep."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer import cohorts, crossing, feedback, grounds, pilot
from issuer.cohort_tables import Kind
from issuer.pilot import Overview
from issuer.statistics import Cell, Rate, can_compare
from issuer.tables import Role
from issuer.views.common import framework, reader_language, require, visitor
from web.app import services
from web.languages import (
    N_,
    country_name,
    gettext,
    language_called,
    language_name,
)

blueprint = Blueprint("coordinator", __name__, url_prefix="/coordinator")

_TITLES = {
    "country": N_("By country"),
    "skill": N_("By skill"),
    "language": N_("By language of the tasks"),
    "level": N_("By level aimed at"),
    "kind": N_("By kind of person"),
    "tongue": N_("By language of the pages"),
    "mother_tongue": N_("By mother tongue"),
}
_NAMES = {
    "": N_("Not told"),
    Kind.JOB_SEEKER: N_("Job seekers"),
    Kind.EMPLOYEE: N_("Employees"),
    "same": N_("Pages in the mother tongue"),
    "other": N_("Pages in another language"),
}


@blueprint.get("/")
@require(Role.COORDINATOR)
def board() -> str:
    """Show the figures of today, of all or of one group, and the reports kept."""
    now = services().now()
    with services().database.reading() as session:
        groups = cohorts.cohorts(session, visitor().id)
        chosen = _chosen()
        if chosen is not None:
            cohorts.cohort(session, chosen, coordinator=visitor().id)
        centre = visitor().organisation_id
        found = pilot.overview(session, framework(), now=now, cohort_id=chosen, centre=centre)
        words = pilot.words(session, now=now, cohort_id=chosen, centre=centre)
        kept = pilot.reports(session, centre=centre)
        waiting = crossing.waiting(session, centre, now=now)
        undecided = grounds.of_centre(session, centre)
    return render_template(
        "coordinator/board.html",
        found=found.figures,
        invited=found.invited,
        as_of=found.as_of,
        quality=found.quality,
        tasks=_task_names(found),
        badges=_badge_names(found),
        questions=feedback.QUESTIONS,
        face_names=feedback.FACES,
        words=words,
        groups=groups,
        chosen=chosen,
        framework=framework(),
        language=reader_language(framework()),
        levels=[gettext("no level yet"), *_level_names()],
        cuts=[
            {
                "by": by,
                "title": gettext(_TITLES[by]),
                "rows": [(_name(by, cell.name), cell) for cell in cells],
                "differ": can_compare(cells),
                "shown": sum(cell.rate is not None for cell in cells),
            }
            for by, cells in found.figures.cuts.items()
            if any(cell.name for cell in cells)
        ],
        reports=kept,
        waiting=waiting,
        undecided=undecided,
        done=request.args.get("done", ""),
        band=_band,
        line=_line,
    )


@blueprint.get("/figures.json")
@require(Role.COORDINATOR)
def figures_json() -> Response:
    """Give the figures of today as JSON."""
    return _download(pilot.as_json(chosen_overview()), "application/json", "figures.json")


@blueprint.get("/figures.csv")
@require(Role.COORDINATOR)
def figures_csv() -> Response:
    """Give the figures of today as a table."""
    content = pilot.as_csv(chosen_overview().figures)
    return _download(content.encode(), "text/csv; charset=utf-8", "figures.csv")


@blueprint.get("/figures-more.csv")
@require(Role.COORDINATOR)
def more_figures_csv() -> Response:
    """Give the figures of today that are not by group, as a table: one a line."""
    content = pilot.as_long_csv(chosen_overview())
    return _download(content.encode(), "text/csv; charset=utf-8", "figures-more.csv")


@blueprint.post("/reports")
@require(Role.COORDINATOR)
def keep() -> AnyResponse:
    """Keep the figures of today as a report that never changes."""
    group = _uuid(request.form.get("group", ""))
    with services().database.transaction() as session:
        if group is not None:
            cohorts.cohort(session, group, coordinator=visitor().id)
        pilot.freeze_report(
            session, framework(), by=visitor().id, now=services().now(), cohort_id=group
        )
    return redirect(url_for(".board", done="kept", group=group))


@blueprint.get("/reports/<uuid:report_id>.json")
@require(Role.COORDINATOR)
def kept_report(report_id: UUID) -> Response:
    """Give a kept report, byte for byte what its digest is of."""
    with services().database.reading() as session:
        kept = pilot.report(session, report_id, centre=visitor().organisation_id)
        content = kept.document.encode()
    return _download(content, "application/json", f"report-{report_id}.json")


def _chosen() -> UUID | None:
    return _uuid(request.args.get("group", ""))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def chosen_overview() -> Overview:
    """Give the figures that a coordinator asks for: of their centre, or of a group of theirs."""
    chosen = _chosen()
    with services().database.reading() as session:
        if chosen is not None:
            cohorts.cohort(session, chosen, coordinator=visitor().id)
        return pilot.overview(
            session,
            framework(),
            now=services().now(),
            cohort_id=chosen,
            centre=visitor().organisation_id,
        )


def _task_names(found: Overview) -> dict[str, tuple[str, list[str]]]:
    """Name the task sets and tasks that people stopped at, in the reader's language."""
    language = reader_language(framework())
    named = {}
    for scenario_id in found.quality.dropouts:
        scenario = framework().scenario_by_id(scenario_id, language)
        named[scenario_id] = (scenario.title, [task.question for task in scenario.tasks])
    return named


def _badge_names(found: Overview) -> dict[str, str]:
    """Name the kinds of badges that endorsements are counted for, in the reader's language."""
    language = reader_language(framework())
    named = {}
    for one in found.quality.endorsements:
        definition = framework().find(*one.badge.split("/"))
        named[one.badge] = (
            framework().achievement_name(definition, language) if definition else one.badge
        )
    return named


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _level_names() -> list[str]:
    language = reader_language(framework())
    return [framework().level_name(level.number, language) for level in framework().levels]


def _name(by: str, name: str) -> str:
    if by == "country":
        return country_name(name)
    if by == "language":
        return language_name(name)
    if by == "mother_tongue" and name:
        return language_called(name)
    language = reader_language(framework())
    if by == "level":
        return framework().level_name(int(name), language)
    if name in _NAMES:
        return gettext(_NAMES[name])
    return framework().skill_name(name, language) if name in framework().skills else name


def _band(cell: Cell) -> dict[str, Any]:
    assert cell.rate is not None
    return _line(cell.rate)


def _line(rate: Rate) -> dict[str, Any]:
    """Place a rate on a line of 200 units."""
    low, high = 200 * rate.low, 200 * rate.high
    return {"x": round(low), "width": max(2, round(high - low)), "at": round(200 * rate.share)}
