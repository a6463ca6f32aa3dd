"""Attempts that do not count: an officer or a coordinator states a technical fault."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import returns
from issuer.tables import Role
from issuer.views.common import require_one_of, visitor
from web.app import services
from web.errors import Refused

blueprint = Blueprint("faults", __name__, url_prefix="/faults")

_WHO = (Role.OFFICER, Role.COORDINATOR)


@blueprint.get("/")
@require_one_of(*_WHO)
def ask() -> str:
    """Ask which file, and what happened."""
    return _page(done=request.args.get("done", "")[:20])


@blueprint.post("/")
@require_one_of(*_WHO)
def state() -> Response | tuple[str, int]:
    """Make an attempt void."""
    form = request.form
    try:
        with services().database.transaction() as session:
            file = returns.file_of_number(
                session, form.get("file", ""), centre=visitor().organisation_id
            )
            returns.make_void(
                session,
                file,
                fault=form.get("fault", ""),
                note=form.get("note", ""),
                stated_by=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        return _page(errors={refusal.code: refusal.text}), refusal.status
    return redirect(url_for(".ask", done=file.alias))


def _page(*, done: str = "", errors: dict[str, str] | None = None) -> str:
    return render_template(
        "faults/state.html",
        reasons=returns.TECHNICAL_FAULTS,
        form=request.form,
        done=done,
        errors=errors or {},
    )
