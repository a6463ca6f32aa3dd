"""The employer's pages: hand in, answer, whom we recognise."""

import json
from typing import cast

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from verifier import checking, keeping
from verifier.checking import Judged
from verifier.machine import report_of
from verifier.settings import VerifierSettings
from verifier.views.process import in_process
from verifier.wording import page_of
from web.addresses import visitor_address
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("check", __name__)


@blueprint.before_request
def machines_get_problem_details() -> None:
    """Answer whoever asks for JSON in JSON, refusals too."""
    if _wants_json():
        g.machine_interface = True


@blueprint.after_request
def keep_out_of_searches(response: Response) -> Response:
    """Keep every page out of search engines, and every answer out of caches."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/")
def start() -> str:
    """Show how to check a badge."""
    return render_template("start.html", text="", errors={})


@blueprint.get("/check")
def check_link() -> Response:
    """Judge what a share link shows: this is where the QR code leads."""
    share = request.args.get("share", "")
    if not share:
        raise Refused(
            N_("This link is not complete."),
            status=400,
            code="no-share",
            hint=N_("Ask the person for the link again."),
        )
    count_check()
    shown = checking.take_share(
        share, own_origin=services().settings.base_url, fetch=services().fetch
    )
    judged = checking.not_opened() if shown is None else judge_shown(shown)
    return _answer(judged, share=share)


@blueprint.post("/check")
def check_form() -> AnyResponse | tuple[str, int]:
    """Take a pasted badge, a link, or a file; the result has an address of its own."""
    raw = _handed_in()
    own_origin = services().settings.base_url
    try:
        text = checking.text_in(raw)
        link = checking.link_in(text, own_origin=own_origin)
        if link is not None:
            checking.check_share_link(link, own_origin=own_origin)
            return redirect(url_for(".check_link", share=link, lang=current_language()), 303)
        checking.check_readable(text)
    except Refused as refusal:
        if _wants_json():
            raise
        kept = request.form.get("text", "")[: checking.MAX_TEXT // 50]
        page = render_template("start.html", text=kept, errors={"text": refusal.text})
        return page, refusal.status
    count_check()
    with services().database.transaction() as session:
        name = keeping.keep_shown(session, text, now=services().now())
    return redirect(url_for(".result", name=name, lang=current_language()), 303)


@blueprint.get("/results/<name>")
def result(name: str) -> Response:
    """Show the answer about something that was pasted; with .json behind it, for machines."""
    with services().database.reading() as session:
        text = keeping.read_shown(session, name.removesuffix(".json"), now=services().now())
    count_check()
    return _answer(judge_shown(text))


@blueprint.get("/trust.json")
@blueprint.get("/trust")  # nearest to the function: the address that links lead to
def trust() -> Response:
    """Say whom this verifier recognises."""
    parties = verifier_settings().trust.parties
    if not _wants_json():
        return make_response(render_template("trust.html", parties=parties))
    rows = [{"id": one.id, "name": one.name, "roles": sorted(one.roles)} for one in parties]
    return _json({"parties": rows})


def _handed_in() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(checking.MAX_TEXT + 1)
    chosen = request.form.get("sample")
    for sample in verifier_settings().demo_entries:
        if sample.text and sample.label == chosen:
            return sample.text.encode()
    return request.form.get("text", "").encode("utf-8", "replace")


def count_check() -> None:
    """Count a check against the visitor's limit."""
    in_process().counter.count(visitor_address(), now=services().now())


def judge_shown(document: str | bytes) -> Judged:
    """Judge what was taken from a share, or handed in."""
    return checking.judge(
        document,
        domain=services().settings.base_url,
        trust=verifier_settings().trust,
        database=services().database,
        copies=in_process().copies,
        fetch=services().fetch,
        now=services().now(),
    )


def _answer(judged: Judged, *, share: str = "") -> Response:
    now = services().now()
    if _wants_json():
        return _json(report_of(judged, verifier=services().settings.base_url, now=now))
    page = page_of(judged, verifier_settings().trust)
    printing = "print" in request.args
    return make_response(
        render_template("result.html", page=page, checked=now, printing=printing, share=share)
    )


def _json(value: object) -> Response:
    response = make_response(json.dumps(value, ensure_ascii=False, indent=1))
    response.headers["Content-Type"] = "application/json"
    return response


def _wants_json() -> bool:
    return request.path.endswith(".json") or request.args.get("format") == "json"


def verifier_settings() -> VerifierSettings:
    """Give the settings of this verifier."""
    return cast(VerifierSettings, services().settings)
