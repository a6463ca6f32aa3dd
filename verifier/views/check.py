"""The employer's pages: hand in, answer, whom we recognise."""

import json
from collections.abc import Sequence
from typing import Any, cast

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from credentials.report import Check, PresentationReport
from verifier import checking
from verifier.settings import VerifierSettings
from verifier.wording import page_of
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language, gettext

blueprint = Blueprint("check", __name__)


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
    _count()
    text = checking.take_share(share, fetch=services().fetch)
    return _answer(_judge(text, from_share=True))


@blueprint.post("/check")
def check_form() -> AnyResponse | tuple[str, int]:
    """Take a pasted badge, a link, or a file; the result has an address of its own."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        raw = upload.stream.read(checking.MAX_TEXT + 1)
    else:
        raw = request.form.get("text", "").encode("utf-8", "replace")
    text = raw.decode("utf-8", "replace").strip()
    problem = _problem(raw, text)
    if problem:
        errors = {"text": gettext(problem)}
        return render_template("start.html", text=text[:20_000], errors=errors), 422
    link = checking.share_in(text, base_url=services().settings.base_url)
    if link is not None:
        return redirect(url_for(".check_link", share=link, lang=current_language()), 303)
    _count()
    with services().database.transaction() as session:
        name = checking.keep_shown(session, text, now=services().now())
    return redirect(url_for(".result", name=name, lang=current_language()), 303)


@blueprint.get("/results/<name>")
def result(name: str) -> Response:
    """Show the answer about something that was pasted."""
    with services().database.reading() as session:
        text = checking.read_shown(session, name, now=services().now())
    return _answer(_judge(text, from_share=False))


@blueprint.get("/trust")
def trust() -> str:
    """Say whom this verifier recognises."""
    return render_template("trust.html", parties=_settings().trust.parties)


def _problem(raw: bytes, text: str) -> str:
    if not text:
        return N_("Paste a badge or a link, or choose a file.")
    if len(raw) > checking.MAX_TEXT:
        return N_("That is too big for a badge.")
    return ""


def _count() -> None:
    with services().database.transaction() as session:
        checking.count_check(session, request.remote_addr or "", now=services().now())


def _judge(text: str, *, from_share: bool) -> PresentationReport:
    judge = checking.check_share if from_share else checking.check_text
    now = services().now()
    return judge(
        text,
        domain=services().settings.base_url,
        trust=_settings().trust,
        fetch=checking.CachedFetch(services().database, services().fetch, now),
        now=now,
    )


def _answer(report: PresentationReport) -> Response:
    if request.args.get("format") == "json":
        response = make_response(json.dumps(_machine(report), ensure_ascii=False, indent=1))
        response.headers["Content-Type"] = "application/json"
    else:
        response = make_response(
            render_template("result.html", page=page_of(report), checked=services().now())
        )
    response.headers["Cache-Control"] = "no-store"
    return response


def _machine(report: PresentationReport) -> dict[str, Any]:
    """Write the report for machines: the step ids are those of the verify flow."""

    def checks(found: Sequence[Check]) -> list[dict[str, Any]]:
        return [
            {
                "step": check.step,
                "outcome": str(check.outcome),
                "code": check.code,
                "detail": check.detail,
                "values": dict(check.values),
            }
            for check in found
        ]

    return {
        "headline": str(report.headline),
        "checks": checks(report.checks),
        "holder": report.holder,
        "created": report.created.isoformat() if report.created else None,
        "expires": report.expires.isoformat() if report.expires else None,
        "badges": [
            {
                "headline": str(badge.headline),
                "id": (badge.document or {}).get("id"),
                "checks": checks(badge.checks),
                "endorsements": [
                    {
                        "issuer": one.issuer_id,
                        "subject": one.subject,
                        "counted": one.counted,
                        "reason": one.reason_code,
                        "saidBy": one.said_by,
                        "checks": checks(one.checks),
                    }
                    for one in badge.endorsements
                ],
            }
            for badge in report.badges
        ],
    }


def _settings() -> VerifierSettings:
    return cast(VerifierSettings, services().settings)
