"""Two questions to members of a group, for counting only, after they agreed to be counted."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import cohorts
from issuer.cohort_tables import Kind
from issuer.tables import Role
from issuer.views.common import require, visitor
from web.app import services
from web.languages import N_, language_name

blueprint = Blueprint("counting", __name__, url_prefix="/me/counting")

_KINDS = {
    Kind.JOB_SEEKER: N_("I am looking for work"),
    Kind.EMPLOYEE: N_("I have work"),
}


@blueprint.get("/")
@require(Role.CANDIDATE)
def ask() -> str | Response:
    """Show what the centre told, to be changed or taken out; whoever is not asked goes on."""
    with services().database.reading() as session:
        member = cohorts.counted_member(session, visitor().id)
    if member is None:
        return redirect(url_for("candidate.skills"))
    known = (member.tongue,) if member.tongue else ()
    return render_template(
        "candidate/counting.html",
        member=member,
        tongues=[(code, language_name(code)) for code in sorted({*cohorts.TONGUES, *known})],
        kinds=list(_KINDS.items()),
    )


@blueprint.post("/")
@require(Role.CANDIDATE)
def tell() -> Response:
    """Keep the answers; none is needed, and an empty one deletes what was there."""
    with services().database.transaction() as session:
        cohorts.tell_traits(
            session,
            visitor().id,
            kind=request.form.get("kind", ""),
            tongue=request.form.get("tongue", ""),
            now=services().now(),
        )
    return redirect(url_for("candidate.skills"))
