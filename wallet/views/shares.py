"""Where the verifier's side fetches what a person shows.

Answers programs only: no cookies, no page, and one and the same answer for a share that was
stopped, has run out, or never was (invariant 19).
"""

from flask import Blueprint, Response, make_response, request

from wallet import sharing
from web.app import services
from web.errors import problem

blueprint = Blueprint("shares", __name__)


@blueprint.get("/shares/<token>")
def presentation(token: str) -> Response:
    """Give the signed presentation of a share and count the view."""
    text = sharing.serve(
        services().database, token, now=services().now(), counts=request.method == "GET"
    )
    if text is None:
        return problem(404, "nothing-shown", "There is nothing shown here.")
    response = make_response(text)
    response.headers["Content-Type"] = "application/vp+ld+json"
    return response


@blueprint.after_request
def for_programs(response: Response) -> Response:
    """Let any verifier read it; let nobody keep or index it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
