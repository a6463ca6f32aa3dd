"""The standard owner's pages: versions of frameworks, their way from draft to published."""

from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import framework_editing as editing
from issuer import framework_exchange as exchange
from issuer.framework_archive import MAX_ZIP_BYTES, ArchiveError
from issuer.framework_check import Finding
from issuer.framework_document import Document, Key, load
from issuer.framework_tables import EditionState, FrameworkEdition
from issuer.framework_texts import section_of, sections
from issuer.tables import Role
from issuer.views.common import require, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, gettext

blueprint = Blueprint("standards", __name__, url_prefix="/standards")

STATES = {
    EditionState.DRAFT: N_("draft"),
    EditionState.IN_REVIEW: N_("in review"),
    EditionState.PUBLISHED: N_("published"),
}
_DONE = {
    "opened": N_("The draft is open. The published version stays as it is."),
    "imported": N_("It is here now, as a draft."),
    "sent": N_("Somebody else can look at it now."),
    "given-back": N_("It is a draft again."),
    "published": N_("Published, for good. New work uses the latest version."),
    "thrown-away": N_("The draft is gone."),
    "saved": N_("Saved."),
}
_MOST_FINDINGS = 200
"""A check panel of a draft that was just begun would be endless."""


# --- versions --------------------------------------------------------------------------------


@blueprint.get("/")
@require(Role.STANDARD_OWNER)
def overview() -> str:
    """List the versions of each framework, and take one in from outside."""
    return _overview()


def _overview(errors: dict[str, str] | None = None) -> str:
    with services().database.reading() as session:
        rows = editing.editions(session)
    return render_template(
        "standards/overview.html",
        editions=rows,
        states=STATES,
        done=done(),
        errors=errors or {},
        formats=exchange.FORMATS,
    )


@blueprint.post("/import")
@require(Role.STANDARD_OWNER)
def take_in() -> Response | tuple[str, int]:
    """Begin a draft with a zip, a CASE package or a spreadsheet from outside."""
    upload = request.files.get("file")
    try:
        data = upload.stream.read(MAX_ZIP_BYTES + 1) if upload else b""
        document = _read(data, request.form.get("format", ""))
        with services().database.transaction() as session:
            draft = editing.import_draft(
                session,
                document,
                version=request.form.get("version", "").strip(),
                by=visitor().id,
                now=services().now(),
            )
    except Refused as refusal:
        return _overview({"file": refusal.text}), refusal.status
    return to_edition(draft.id, "imported")


def _read(data: bytes, form: str) -> Document:
    if not data:
        raise Refused(N_("Choose a file."), status=422)
    if len(data) > MAX_ZIP_BYTES:
        raise Refused(N_("That is too big."), status=413, hint=N_("Choose a smaller file."))
    try:
        return exchange.read(data, form)
    except ArchiveError as error:
        raise Refused(
            N_("This file cannot be opened: %(why)s"), status=422, code="file", why=error
        ) from error


@blueprint.post("/<uuid:edition_id>/open")
@require(Role.STANDARD_OWNER)
def open_draft(edition_id: UUID) -> Response:
    """Begin a new version as a copy of a published one."""
    with services().database.transaction() as session:
        draft = editing.open_draft(
            session,
            edition_id,
            version=request.form.get("version", "").strip(),
            by=visitor().id,
            now=services().now(),
        )
    return to_edition(draft.id, "opened")


@blueprint.get("/<uuid:edition_id>")
@require(Role.STANDARD_OWNER)
def edition(edition_id: UUID) -> str:
    """Show one version: what is in it, what is wrong with it, and what can be done now."""
    row, document = read_edition(edition_id)
    found = () if row.state == EditionState.PUBLISHED else editing.findings(row)
    return render_template(
        "standards/edition.html",
        edition=row,
        sections=sections(document),
        scenarios=sorted(document["scenarios"]),
        problems=_told(row.id, [one for one in found if not one.is_warning]),
        warnings=_told(row.id, [one for one in found if one.is_warning]),
        is_mine=row.sent_by == visitor().id,
        states=STATES,
        formats=exchange.FORMATS,
        done=done(),
    )


def _told(edition_id: UUID, found: list[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "where": f"{one.file}:{one.line}",
            "message": one.message,
            "url": url_of(edition_id, one.key),
        }
        for one in found[:_MOST_FINDINGS]
    ]


def url_of(edition_id: UUID, key: Key) -> str:
    """Give the page and the place on it where the value at a key is edited."""
    anchor = "/".join(key)
    if key[:1] == ("texts",) or key[2:3] == ("texts",):
        return url_for(
            "editor.texts", edition_id=edition_id, section=section_of(key), _anchor=anchor
        )
    if key[:1] == ("scenarios",):
        record = "/".join(key[: 5 if key[3:4] == ("task",) else 3])
        return url_for("editor.scenario", edition_id=edition_id, name=key[1], _anchor=record)
    if key[:1] == ("pictures",):
        return url_for("editor.pictures", edition_id=edition_id, _anchor=anchor)
    length = 5 if key[1:2] == ("skill",) and key[3:4] == ("link",) else 3
    record = "/".join(key[: 2 if key[1:2] == ("eu_elements",) else length])
    return url_for("editor.structure", edition_id=edition_id, _anchor=record)


# --- the way of a draft ----------------------------------------------------------------------


@blueprint.post("/<uuid:edition_id>/send")
@require(Role.STANDARD_OWNER)
def send(edition_id: UUID) -> Response:
    """Ask somebody else to look at a draft."""
    with services().database.transaction() as session:
        editing.send_to_review(session, edition_id, by=visitor().id, now=services().now())
    return to_edition(edition_id, "sent")


@blueprint.post("/<uuid:edition_id>/give-back")
@require(Role.STANDARD_OWNER)
def give_back(edition_id: UUID) -> Response:
    """Make it a draft again, with a comment."""
    comment = request.form.get("comment", "")
    with services().database.transaction() as session:
        editing.give_back(
            session, edition_id, comment=comment, by=visitor().id, now=services().now()
        )
    return to_edition(edition_id, "given-back")


@blueprint.post("/<uuid:edition_id>/publish")
@require(Role.STANDARD_OWNER)
def publish(edition_id: UUID) -> Response:
    """Publish what somebody else wrote."""
    with services().database.transaction() as session:
        editing.publish(session, edition_id, by=visitor().id, now=services().now())
    return to_edition(edition_id, "published")


@blueprint.post("/<uuid:edition_id>/delete")
@require(Role.STANDARD_OWNER)
def delete(edition_id: UUID) -> Response:
    """Throw a draft away."""
    with services().database.transaction() as session:
        editing.delete(session, edition_id, by=visitor().id, now=services().now())
    return redirect(url_for(".overview", done="thrown-away"))


@blueprint.get("/<uuid:edition_id>/export/<form>")
@require(Role.STANDARD_OWNER)
def export(edition_id: UUID, form: str) -> Response:
    """Give a version as a file to take along."""
    row, document = read_edition(edition_id)
    return download(row, document, form)


# --- shared with the editor ------------------------------------------------------------------


def read_edition(edition_id: UUID) -> tuple[FrameworkEdition, Document]:
    """Give a version and its document."""
    with services().database.reading() as session:
        row = editing.edition(session, edition_id)
    return row, load(row.document)


def download(row: FrameworkEdition, document: Document, form: str) -> Response:
    """Answer with a version in a format of the exchange."""
    if form not in exchange.FORMATS:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    kind = exchange.FORMATS[form]
    try:
        data, _left_out = exchange.write(document, form)
    except ArchiveError as error:
        raise Refused(
            N_("This file cannot be made: %(why)s"), status=409, code="file", why=error
        ) from error
    response = make_response(data)
    response.headers["Content-Type"] = kind.media_type
    name = f"{row.framework}-{row.version}{kind.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def to_edition(edition_id: UUID, what: str) -> Response:
    """Go to the page of a version and say what was done."""
    return redirect(url_for("standards.edition", edition_id=edition_id, done=what))


def done() -> str:
    """Say what was done, in the visitor's language; "" for nothing."""
    text = _DONE.get(request.args.get("done", ""), "")
    return gettext(text) if text else ""
