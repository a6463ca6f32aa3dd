"""What everybody may take over: each published version of a framework, and the schemas."""

from flask import Blueprint, Response, abort, make_response, render_template, request

from issuer import framework_editing as editing
from issuer import framework_exchange as exchange
from issuer.framework_document import load
from issuer.framework_schema import MEDIA_TYPE, schema_texts, schemas
from web.app import services

blueprint = Blueprint("frameworks", __name__)

_SCHEMA_SECONDS = 3600
_FOR_GOOD_SECONDS = 365 * 24 * 3600
"""A published version never changes."""


@blueprint.after_request
def open_to_other_origins(response: Response) -> Response:
    """Let anybody's page read these documents."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/frameworks")
def versions() -> str:
    """List every published version with its digest, to be taken over."""
    with services().database.reading() as session:
        rows = editing.all_published(session)
    return render_template(
        "public/frameworks.html",
        editions=[(row, load(row.document)) for row in rows],
        formats=exchange.FORMATS,
        schemas=schemas(),
    )


@blueprint.get("/frameworks/<framework_id>/<version>/download/<form>")
def download(framework_id: str, version: str, form: str) -> Response:
    """Give a published version as files to take over."""
    if form not in exchange.FORMATS:
        abort(404)
    with services().database.reading() as session:
        row = editing.published(session, framework_id, version)
    data, _left_out = exchange.write(load(row.document), form)
    kind = exchange.FORMATS[form]
    name = f"{row.framework}-{row.version}{kind.ending}"
    response = _document(data, kind.media_type, seconds=_FOR_GOOD_SECONDS)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/schemas/framework/<name>")
def schema(name: str) -> Response:
    """Give one of the JSON Schemas of a framework's files."""
    if name not in schema_texts():
        abort(404)
    return _document(schema_texts()[name], MEDIA_TYPE, seconds=_SCHEMA_SECONDS)


def _document(data: bytes, media_type: str, *, seconds: int) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = media_type
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.add_etag()
    response.make_conditional(request.environ)
    return response
