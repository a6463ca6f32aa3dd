"""The data officer's pages: requests with their clock, what was deleted, the record, the DPIA."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import audit, data_requests, dpia, erasure, export, inventory, retention, two_persons
from issuer.data_requests import IDENTITIES, KINDS, REFUSALS
from issuer.privacy_tables import DataRequest, Identity, Kind, RequestState, WhyRefused
from issuer.tables import Role
from issuer.views.common import body, require, visitor
from issuer.views.my_data import as_zip
from web.app import services
from web.errors import Refused
from web.languages import N_, country_name, current_language

blueprint = Blueprint("data_officer", __name__, url_prefix="/data-officer")

_STATES = {
    RequestState.RECEIVED: N_("received"),
    RequestState.IDENTITY_CHECKED: N_("identity checked"),
    RequestState.DONE: N_("done"),
    RequestState.REFUSED: N_("refused"),
}
_DONE = {
    "received": N_("Written down. The clock runs."),
    "identity": N_("Noted."),
    "refused": N_("Refused. Tell the person why, and where they can complain."),
    "corrected": N_("Corrected."),
    "erased": N_("Erased. Nothing of the person is left here."),
}


@blueprint.get("/")
@require(Role.DATA_OFFICER)
def overview() -> str:
    """Show the open requests, the latest runs, and whether the trail is whole."""
    return _overview()


@blueprint.post("/requests")
@require(Role.DATA_OFFICER)
def receive() -> Response | tuple[str, int]:
    """Write down that somebody asks."""
    who, kind = request.form.get("who", "")[:200], request.form.get("kind", "")
    try:
        with services().database.transaction() as session:
            made = data_requests.receive(session, who, kind, by=visitor().id, now=services().now())
    except Refused as refusal:
        field = "kind-copy" if refusal.code == "kind" else "who"
        return _overview(errors={field: refusal.text}, who=who), refusal.status
    return _to(made.id, "received")


@blueprint.get("/requests/<uuid:request_id>")
@require(Role.DATA_OFFICER)
def one(request_id: UUID) -> str:
    """Show one request and what can be done about it."""
    return _request_page(request_id)


@blueprint.post("/requests/<uuid:request_id>/identity")
@require(Role.DATA_OFFICER)
def identity(request_id: UUID) -> Response:
    """Note how we know who asks."""
    with services().database.transaction() as session:
        data_requests.check_identity(
            session,
            request_id,
            request.form.get("identity", ""),
            by=visitor().id,
            now=services().now(),
        )
    return _to(request_id, "identity")


@blueprint.post("/requests/<uuid:request_id>/refuse")
@require(Role.DATA_OFFICER)
def refuse(request_id: UUID) -> Response:
    """Refuse, for one of few reasons."""
    with services().database.transaction() as session:
        data_requests.refuse(
            session, request_id, request.form.get("why", ""), by=visitor().id, now=services().now()
        )
    return redirect(url_for(".overview", done="refused"))


@blueprint.post("/requests/<uuid:request_id>/copy")
@require(Role.DATA_OFFICER)
def copy(request_id: UUID) -> Response:
    """Give the copy that is to be handed to the person."""
    now = services().now()
    with services().database.transaction() as session:
        person = data_requests.finish(session, request_id, Kind.COPY, by=visitor().id, now=now)
        content = export.archive(session, person, language=current_language(), now=now)
    return as_zip(content, str(request_id)[:8])


@blueprint.post("/requests/<uuid:request_id>/correct")
@require(Role.DATA_OFFICER)
def correct(request_id: UUID) -> Response | tuple[str, int]:
    """Correct a name or a contact; what is left empty stays."""
    now, by = services().now(), visitor().id
    name, contact = (request.form.get(one, "").strip()[:200] for one in ("name", "contact"))
    try:
        if not name and not contact:
            raise Refused(N_("Write what is right."), status=422, code="empty")
        with services().database.transaction() as session:
            person = data_requests.finish(session, request_id, Kind.CORRECTION, by=by, now=now)
            data_requests.correct(
                session, person, name=name or None, contact=contact or None, by=by, now=now
            )
    except Refused as refusal:
        return _request_page(request_id, errors={"name": refusal.text}), refusal.status
    return redirect(url_for(".overview", done="corrected"))


@blueprint.post("/requests/<uuid:request_id>/erase")
@require(Role.DATA_OFFICER)
def erase(request_id: UUID) -> Response | tuple[str, int]:
    """Erase the person who asked."""
    if request.form.get("told") != "yes":
        errors = {"told": N_("First tell the person, then tick the box.")}
        return _request_page(request_id, errors=errors), 422
    try:
        data_requests.erase_on_request(
            services().database,
            request_id,
            keep_badges=request.form.get("badges") != "cancel",
            by=visitor().id,
            body=body(),
            now=services().now(),
        )
    except Refused as refusal:
        if refusal.code != "badge-in-doubt":
            raise
        return _request_page(request_id, errors={"badges-cancel": refusal.text}), refusal.status
    return redirect(url_for(".overview", done="erased"))


@blueprint.get("/record")
@require(Role.DATA_OFFICER)
def record() -> str:
    """Show the record of processing activities (GDPR, article 30), from the inventory."""
    return render_template(
        "data_officer/record.html",
        body=body(),
        country=country_name(body().country_code),
        held=inventory.HELD,
        rules=retention.RULES,
        purposes=dpia.PURPOSES,
        measures=dpia.MEASURES,
    )


@blueprint.get("/assessment")
@require(Role.DATA_OFFICER)
def impact() -> str:
    """Show the impact assessment (GDPR, article 35), filled in as far as software can."""
    return render_template(
        "data_officer/dpia.html",
        body=body(),
        criteria=dpia.CRITERIA,
        risks=dpia.RISKS,
        purposes=dpia.PURPOSES,
    )


def _to(request_id: UUID, done: str) -> Response:
    return redirect(url_for(".one", request_id=request_id, done=done))


def _overview(*, errors: dict[str, str] | None = None, who: str = "") -> str:
    now = services().now()
    with services().database.reading() as session:
        waiting = data_requests.open_requests(session, by=visitor().id)
        past = data_requests.ended(session, by=visitor().id)
        runs = retention.runs(session)
        broken = audit.broken_at(session)
        trail_end = audit.checkpoint(session)
        trail_kept = audit.compare(session, request.args.get("kept", "")[:100])
        pairs = two_persons.seen(session, visitor().organisation_id)
    return render_template(
        "data_officer/overview.html",
        waiting=[_shown(one, alias) | {"days": (one.due_at - now).days} for one, alias in waiting],
        past=[_shown(one, "") for one in past],
        runs=runs,
        rules={rule.name: rule.what for rule in retention.RULES},
        terms=retention.RULES,
        broken=broken,
        trail_end=trail_end,
        trail_kept=trail_kept,
        pairs=pairs,
        kinds=KINDS,
        errors=errors or {},
        who=who,
        done=_DONE.get(request.args.get("done", ""), ""),
    )


def _request_page(request_id: UUID, *, errors: dict[str, str] | None = None) -> str:
    with services().database.reading() as session:
        found = data_requests.of_officer(session, request_id, by=visitor().id)
        foreseen = None
        if found.kind == Kind.ERASURE and found.ended_at is None:
            foreseen = erasure.outlook(session, found.person_id)
    return render_template(
        "data_officer/request.html",
        request_=_shown(found, ""),
        foreseen=foreseen,
        identities={k: v for k, v in IDENTITIES.items() if k != Identity.SIGNED_IN},
        refusals=REFUSALS,
        errors=errors or {},
        done=_DONE.get(request.args.get("done", ""), ""),
    )


def _shown(one: DataRequest, alias: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "alias": alias,
        "kind": one.kind,
        "what": KINDS[Kind(one.kind)],
        "state": _STATES[RequestState(one.state)],
        "checked": one.state == RequestState.IDENTITY_CHECKED,
        "received_at": one.received_at,
        "due_at": one.due_at,
        "ended_at": one.ended_at,
        "identity": IDENTITIES[Identity(one.identity)] if one.identity else "",
        "refused_for": REFUSALS[WhyRefused(one.refused_for)] if one.refused_for else "",
    }
