"""The practical guide as page and as PDF: open to everybody, and with figures for coordinators."""

from flask import Blueprint, Response, render_template, request, url_for

from issuer import guide
from issuer.pilot import Overview
from issuer.tables import Role
from issuer.views.common import framework, require
from issuer.views.coordinator import chosen_overview
from web.languages import N_, current_language, gettext, speaking

blueprint = Blueprint("guide", __name__)

_TITLE = N_("Making skills visible: a practical guide")


@blueprint.get("/guide")
def page() -> str:
    """Show the guide to anybody, without a pilot's figures."""
    return _page("public/layout.html", None, pdf=url_for(".printed"))


@blueprint.get("/guide.pdf")
def printed() -> Response:
    """Give the guide to print to anybody, without a pilot's figures."""
    return _pdf(None)


@blueprint.get("/coordinator/guide")
@require(Role.COORDINATOR)
def with_figures() -> str:
    """Show the guide with the pilot's figures of today."""
    pdf = url_for(".printed_with_figures", group=request.args.get("group"))
    return _page("coordinator/layout.html", chosen_overview(), pdf=pdf)


@blueprint.get("/coordinator/guide.pdf")
@require(Role.COORDINATOR)
def printed_with_figures() -> Response:
    """Give the guide to print, with the pilot's figures of today."""
    return _pdf(chosen_overview())


def _written(figures: Overview | None) -> tuple[str, str, str]:
    """Give the guide's language, title and text for this reader."""
    language = guide.guide_language(current_language())
    with speaking(language):
        text = guide.guide_markdown(framework(), language, figures=figures)
        return language, gettext(_TITLE), text


def _page(layout: str, figures: Overview | None, *, pdf: str) -> str:
    language, title, text = _written(figures)
    return render_template(
        "guide.html",
        layout=layout,
        guide_language=language,
        title=title,
        chapters=guide.chapters(text),
        content=guide.as_html(text),
        pdf=pdf,
    )


def _pdf(figures: Overview | None) -> Response:
    language, title, text = _written(figures)
    return Response(
        guide.as_pdf(text, title=title, language=language),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="guide-{language}.pdf"',
            "Content-Language": language,
        },
    )
