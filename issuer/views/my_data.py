"""What is held of somebody, on one page: see it, correct it, take it along, take it back, go."""

import io

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from issuer import consents, data_requests, erasure, export, notices
from issuer.export import Area
from issuer.inventory import Term
from issuer.privacy_tables import Kind
from issuer.tables import Role
from issuer.views.common import body, visitor
from web import sessions
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("my_data", __name__, url_prefix="/my-data")

_DONE = {
    "name": N_("Your name is corrected."),
    "contact": N_("Your contact is corrected."),
    "counting-yes": N_("You are counted from now on, without your name."),
    "counting-no": N_("You are not counted any more."),
    "recording-yes": N_("Recordings and photos are kept from now on."),
    "recording-no": N_("No more recordings and photos are kept."),
    "stopped": N_("You take no more part. What was not decided is deleted."),
}


@blueprint.get("/")
def show() -> str:
    """Show what is held of the visitor, and what they can do about it."""
    return _page()


@blueprint.post("/name")
def name() -> Response | tuple[str, int]:
    """Correct the name."""
    return _corrected("name", name=request.form.get("name", ""))


@blueprint.post("/contact")
def contact() -> Response | tuple[str, int]:
    """Correct the phone or the e-mail by which the same person is known again."""
    return _corrected("contact", contact=request.form.get("contact", "")[:200])


@blueprint.post("/counting")
def counting() -> Response:
    """Begin or stop to be counted."""
    agreed = request.form.get("agreed") == "yes"
    with services().database.transaction() as session:
        consents.say_about_counting(session, visitor().id, agreed=agreed, now=services().now())
    return _back(f"counting-{'yes' if agreed else 'no'}")


@blueprint.post("/recording")
def recording() -> Response:
    """Begin or stop to have recordings and photos kept."""
    agreed = request.form.get("agreed") == "yes"
    with services().database.transaction() as session:
        consents.say_about_recording(session, visitor().id, agreed=agreed, now=services().now())
    return _back(f"recording-{'yes' if agreed else 'no'}")


@blueprint.post("/stop")
def stop() -> Response | tuple[str, int]:
    """Take part no more; badges stay."""
    try:
        with services().database.transaction() as session:
            consents.stop(session, visitor().id, now=services().now())
    except Refused as refusal:
        return _page(errors={"stop": refusal.text}), refusal.status
    return _back("stopped")


@blueprint.post("/copy")
def copy() -> Response:
    """Give a zip of everything."""
    now = services().now()
    with services().database.transaction() as session:
        data_requests.done_alone(session, visitor().id, Kind.COPY, now=now)
        content = export.archive(session, visitor().id, language=current_language(), now=now)
    return as_zip(content, visitor().alias)


@blueprint.get("/erase")
def ask_erase() -> str:
    """Say what erasing means, and ask about the badges."""
    return _erase_page()


@blueprint.post("/erase")
def erase() -> Response | tuple[str, int]:
    """Erase the visitor."""
    person = visitor().id
    if request.form.get("sure") != "yes":
        return _erase_page(errors={"sure": N_("Tick the box if you are sure.")}), 422
    try:
        erasure.erase(
            services().database,
            person,
            keep_badges=request.form.get("badges") != "cancel",
            end_open_work=request.form.get("end") == "yes",
            by=person,
            body=body(),
            now=services().now(),
            also=lambda session: data_requests.done_alone(
                session, person, Kind.ERASURE, now=services().now()
            ),
        )
    except Refused as refusal:
        field = {"work-is-open": "end", "badge-in-doubt": "badges-cancel"}.get(refusal.code)
        if field is None:
            raise
        return _erase_page(errors={field: refusal.message}), refusal.status
    response = redirect(url_for(".erased"))
    sessions.clear_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/erased")
def erased() -> str:
    """Say that it is done."""
    return render_template("my_data/erased.html")


def as_zip(content: bytes, alias: str) -> Response:
    """Answer with somebody's copy: kept by no cache, named by a number only."""
    response = send_file(
        io.BytesIO(content),
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"my-data-{alias}.zip",
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _corrected(what: str, **values: str) -> Response | tuple[str, int]:
    now = services().now()
    try:
        with services().database.transaction() as session:
            data_requests.correct(session, visitor().id, by=visitor().id, now=now, **values)
            data_requests.done_alone(session, visitor().id, Kind.CORRECTION, now=now)
    except Refused as refusal:
        return _page(errors={what: refusal.text}, typed=values), refusal.status
    return _back(what)


def _back(done: str) -> Response:
    return redirect(url_for(".show", done=done))


def _page(*, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> str:
    with services().database.reading() as session:
        held = export.areas(session, visitor().id)
        agreed = consents.consents(session, visitor().id)
        box = notices.mailbox(session, visitor().id)
        has_contact = data_requests.has_contact(session, visitor().id)
    return render_template(
        "my_data/show.html",
        held=_by_term(held),
        agreed=agreed,
        takes_part=visitor().is_(Role.CANDIDATE),
        box=box,
        has_contact=has_contact,
        errors=errors or {},
        name=(typed or {}).get("name", visitor().display_name),
        contact=(typed or {}).get("contact", ""),
        done=_DONE.get(request.args.get("done", ""), ""),
    )


def _by_term(held: list[Area]) -> list[tuple[Term, list[Area]]]:
    """Put together what goes at the same time, the shortest first."""
    return [(term, areas) for term in Term if (areas := [one for one in held if one.term is term])]


def _erase_page(*, errors: dict[str, str] | None = None) -> str:
    with services().database.reading() as session:
        foreseen = erasure.outlook(session, visitor().id)
    return render_template(
        "my_data/erase.html",
        foreseen=foreseen,
        errors=errors or {},
        cancel=request.form.get("badges") == "cancel",
        end=request.form.get("end") == "yes",
    )
