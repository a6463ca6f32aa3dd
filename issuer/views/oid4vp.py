"""OpenID4VP 1.0, the verifier's side: requests by reference, and answers by direct_post.

Wallets of anybody come here; no cookie is looked at.
"""

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, request

from credentials.exchange.oid4vci import ExchangeError
from credentials.exchange.oid4vp import REQUEST_MEDIA_TYPE, direct_post_answer
from issuer import presenting
from issuer.views.common import body
from web.app import services

blueprint = Blueprint("oid4vp", __name__, url_prefix="/present")

MAX_ANSWER_BYTES = 1_600_000
"""A presentation may have 1,500,000 characters; above this nothing is read."""


@blueprint.after_request
def open_to_other_origins(response: Response) -> Response:
    """Let wallets in a browser read our answers; there are no cookies."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/<uuid:request_id>/request")
def request_object(request_id: UUID) -> Response:
    """Give the signed request that waits at this address (5.10)."""
    with services().database.reading() as session:
        text = presenting.request_text(session, request_id, body=body(), now=services().now())
    response = make_response(text)
    response.headers["Content-Type"] = REQUEST_MEDIA_TYPE
    return response


@blueprint.post("/<uuid:request_id>/answer")
def answer(request_id: UUID) -> Response:
    """Take a wallet's answer and say where the person's browser goes on (8.2)."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return _json({"error": "invalid_request", "error_description": "a form is expected"}, 400)
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        return _json(
            {"error": "invalid_request", "error_description": "a parameter is repeated"}, 400
        )
    try:
        address = presenting.answer(
            services().database,
            request_id,
            request.form,
            body=body(),
            outside=services().fetch,
            now=services().now(),
        )
    except ExchangeError as error:
        if error.code == "access_denied":
            return _json({})
        plain = "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in error.detail)
        return _json({"error": "invalid_request", "error_description": plain[:300]}, 400)
    return _json(direct_post_answer(address))


def _json(document: dict[str, Any], status: int = 200) -> Response:
    response = make_response(json.dumps(document), status)
    response.headers["Content-Type"] = "application/json"
    return response
