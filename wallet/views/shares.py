"""Where the verifier's side fetches what a person shows, and brings what households say of it.

Answers programs only: no cookies, no page, and one and the same answer for a share that was
stopped, has run out, or never was (invariant 19).
"""

from flask import Blueprint, Response, make_response, request

from credentials.vouching import MAX_BYTES
from wallet import sharing, vouching
from wallet.views.common import visitor, wallet_settings
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
        return _nothing_shown()
    response = make_response(text)
    response.headers["Content-Type"] = "application/vp+ld+json"
    return response


@blueprint.post("/shares/<token>/endorsements")
def take(token: str) -> Response:
    """Take what a household says of a badge that the share shows; its owner decides about it."""
    taken = vouching.arrive(
        services().database,
        token,
        request.stream.read(MAX_BYTES + 1),
        sender=visitor(),
        trust=wallet_settings().trust,
        now=services().now(),
    )
    return make_response("", 201) if taken else _nothing_shown()


def _nothing_shown() -> Response:
    return problem(404, "nothing-shown", "There is nothing shown here.")


@blueprint.after_request
def for_programs(response: Response) -> Response:
    """Let any verifier read it; let nobody keep or index it."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return response
