"""The coordinator's page: honest figures of a pilot, to read, to download, to keep."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from issuer import pilot
from issuer.statistics import Cell, can_compare
from issuer.tables import Role
from issuer.views.common import framework, require, visitor
from web.app import services
from web.languages import N_, country_name, current_language, gettext, language_name

blueprint = Blueprint("coordinator", __name__, url_prefix="/coordinator")

_TITLES = {
    "country": N_("By country"),
    "skill": N_("By skill"),
    "language": N_("By language of the tasks"),
}


@blueprint.get("/")
@require(Role.COORDINATOR)
def board() -> str:
    """Show the figures of now, and the reports kept."""
    with services().database.reading() as session:
        found = pilot.current_figures(session)
        kept = pilot.reports(session)
    return render_template(
        "coordinator/board.html",
        found=found,
        levels=[gettext("no level yet"), *_level_names()],
        cuts=[
            {
                "by": by,
                "title": gettext(_TITLES[by]),
                "rows": [(_name(by, cell.name), cell) for cell in cells],
                "differ": can_compare(cells),
                "shown": sum(cell.rate is not None for cell in cells),
            }
            for by, cells in found.cuts.items()
        ],
        reports=kept,
        done=request.args.get("done", ""),
        band=_band,
    )


@blueprint.get("/figures.json")
@require(Role.COORDINATOR)
def figures_json() -> Response:
    """Give the figures of now as JSON."""
    with services().database.reading() as session:
        content = pilot.as_json(pilot.current_figures(session), as_of=services().now())
    return _download(content, "application/json", "figures.json")


@blueprint.get("/figures.csv")
@require(Role.COORDINATOR)
def figures_csv() -> Response:
    """Give the figures of now as a table."""
    with services().database.reading() as session:
        content = pilot.as_csv(pilot.current_figures(session))
    return _download(content.encode(), "text/csv; charset=utf-8", "figures.csv")


@blueprint.post("/reports")
@require(Role.COORDINATOR)
def keep() -> AnyResponse:
    """Keep the figures of now as a report that never changes."""
    with services().database.transaction() as session:
        pilot.freeze_report(session, by=visitor().id, now=services().now())
    return redirect(url_for(".board", done="kept"))


@blueprint.get("/reports/<uuid:report_id>.json")
@require(Role.COORDINATOR)
def kept_report(report_id: UUID) -> Response:
    """Give a kept report, byte for byte what its digest is of."""
    with services().database.reading() as session:
        content = pilot.report(session, report_id).document.encode()
    return _download(content, "application/json", f"report-{report_id}.json")


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _level_names() -> list[str]:
    language = framework().edition_language(current_language())
    return [framework().level_name(level.number, language) for level in framework().levels]


def _name(by: str, name: str) -> str:
    if by == "country":
        return country_name(name)
    if by == "language":
        return language_name(name)
    language = framework().edition_language(current_language())
    return framework().skill_name(name, language) if name in framework().skills else name


def _band(cell: Cell) -> dict[str, Any]:
    """Place a rate on a line of 200 units."""
    assert cell.rate is not None
    low, high = 200 * cell.rate.low, 200 * cell.rate.high
    return {"x": round(low), "width": max(2, round(high - low)), "at": round(200 * cell.rate.share)}
