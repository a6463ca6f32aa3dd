"""Badges of others that are accepted as equal: standard owners propose, confirm and end them."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import equals, grounds
from issuer.tables import Role
from issuer.views.common import body, framework, reader_language, require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("equals", __name__, url_prefix="/standards/equals")

_FIELDS = ("issuer_did", "issuer_name", "achievement_id", "skill", "language", "reason")
_FIELD_OF = {
    "did": "issuer_did",
    "achievement": "achievement_id",
    "words": "reason",
    "scope": "skill",
}
_DONE = {
    "asked": N_("Noted. A second person must confirm."),
    "accepted": N_("Accepted. Whoever shows this badge can examine, after calibration."),
    "ended": N_("Ended. New badges of this kind make nobody an examiner."),
}


@blueprint.get("/")
@require(Role.STANDARD_OWNER)
def index() -> str:
    """List what is accepted, what waits, and what was ended."""
    return _page()


@blueprint.post("/")
@require(Role.STANDARD_OWNER)
def ask() -> Response | tuple[str, int]:
    """Propose an achievement of another issuer."""
    typed = {name: request.form.get(name, "")[:400] for name in _FIELDS}
    try:
        with services().database.transaction() as session:
            equals.ask(session, body(), **typed, by=visitor().id, now=services().now())
    except Refused as refusal:
        field = _FIELD_OF.get(refusal.code, "achievement_id")
        return _page({field: refusal.text}, typed), refusal.status
    return _back("asked")


@blueprint.post("/<uuid:equal_id>/confirm")
@require(Role.STANDARD_OWNER)
def confirm(equal_id: UUID) -> Response:
    """Accept it as a second standard owner."""
    with services().database.transaction() as session:
        equals.confirm(session, equal_id, by=visitor().id, now=services().now())
    return _back("accepted")


@blueprint.post("/<uuid:equal_id>/end")
@require(Role.STANDARD_OWNER)
def end(equal_id: UUID) -> Response:
    """End it, or take a proposal back."""
    with services().database.transaction() as session:
        equals.end(session, equal_id, by=visitor().id, now=services().now())
    return _back("ended")


def _back(done: str) -> Response:
    return redirect(url_for(".index", done=done))


def _page(errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> str:
    done, its = request.args.get("done", ""), framework()
    with services().database.reading() as session:
        rows = equals.listed(session)
        concerned = grounds.concerned(session, [one.id for one in rows])
    language = reader_language(its)
    return render_template(
        "equals/index.html",
        rows=rows,
        concerned=concerned,
        days=grounds.TO_DECIDE.days,
        skills={one: its.skill_name(one, language) for one in its.skills},
        spoken=its.languages,
        reads=language,
        errors=errors or {},
        typed=typed or {},
        done=gettext(_DONE[done]) if done in _DONE else "",
    )
