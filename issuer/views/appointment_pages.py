"""What everybody may see of appointments: each scope as an achievement, and a picture.

Nothing here tells who is appointed.
"""

from flask import Blueprint, Response, abort, make_response, render_template

from issuer import appointment_document
from issuer.appointment_document import Scope
from issuer.views.common import body, framework
from issuer.views.public import open_to_other_origins, public_document, reader, wants_json
from web.pictures import badge_svg

blueprint = Blueprint("appointment_pages", __name__)
blueprint.after_request(open_to_other_origins)

_PICTURE_SECONDS = 24 * 3600


@blueprint.get("/achievements/examiner/<skill>/<files>/<scope>")
def achievement(skill: str, files: str, scope: str) -> Response:
    """Show a scope in the reader's language, as page or as JSON-LD."""
    return _edition(_scope(skill, files, scope), reader())


@blueprint.get("/achievements/examiner/<skill>/<files>/<scope>/<edition>")
def achievement_edition(skill: str, files: str, scope: str, edition: str) -> Response:
    """Show one language edition of a scope."""
    if edition not in framework().languages:
        abort(404)
    return _edition(_scope(skill, files, scope), edition)


@blueprint.get("/images/examiner.svg")
def picture() -> Response:
    """Draw the picture of every appointment."""
    drawn = badge_svg("examiner", 0, title=appointment_document.image_text("en"))
    return public_document(str(drawn).encode(), "image/svg+xml", seconds=_PICTURE_SECONDS)


def _scope(skill: str, files: str, name: str) -> Scope:
    found = appointment_document.find_scope(framework(), skill, files, name)
    if found is None:
        abort(404)
    return found


def _edition(scope: Scope, language: str) -> Response:
    path = appointment_document.path(framework(), scope)
    if wants_json():
        document = appointment_document.edition_bytes(body(), framework(), scope, language)
        response = public_document(document, "application/ld+json")
        response.headers["Content-Location"] = f"{body().base_url}{path}/{language}"
        response.headers["Content-Language"] = language
    else:
        response = make_response(
            render_template(
                "public/appointment.html",
                edition=appointment_document.achievement(body(), framework(), scope, language),
                path=path,
                language=language,
                others=[one for one in framework().languages if one != language],
                body=body(),
            )
        )
    response.vary.add("Accept")
    return response
