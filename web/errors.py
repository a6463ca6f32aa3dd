"""Errors that somebody can act on, and the one place that turns errors into HTTP.

Domain code raises `Refused`; people get a plain page in their language, machines get problem
details (RFC 9457). What nobody foresaw is logged under an incident number, and only the number is
shown.
"""

import json
import logging
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from web.languages import N_, gettext

_log = logging.getLogger("mycred4home")

_PAGES: dict[int, tuple[str, str]] = {
    400: (N_("We could not read that."), N_("Go back and try again.")),
    401: (N_("Please sign in first."), N_("Use your link or your card.")),
    403: (N_("This page is not for you."), N_("Sign in with another link, or go back.")),
    404: (N_("There is nothing at this address."), N_("Check the link, or go to the first page.")),
    405: (N_("This page does not work that way."), N_("Go back and try again.")),
    409: (N_("Someone was faster."), N_("Go back and look again.")),
    413: (N_("That is too big."), N_("Choose a smaller file.")),
    415: (N_("We cannot read this kind of file."), N_("Choose another file.")),
    429: (N_("Too many tries."), N_("Wait a few minutes, then try again.")),
    500: (
        N_("Something broke on our side."),
        N_("Try again. If it comes back, tell us the number."),
    ),
    503: (N_("We cannot answer just now."), N_("Try again in a few minutes.")),
}


class Refused(Exception):
    """A request we do not carry out, with what is wrong and what to do, in translatable words.

    `message` and `hint` are msgids marked with `N_`; `values` fill their %(name)s places.
    Nothing was changed when it is raised: it rolls the transaction back.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "bad-request",
        hint: str = "",
        **values: object,
    ) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.status = status
        self.code = code
        self.hint = hint
        self.values = values

    @property
    def text(self) -> str:
        """The message in the visitor's language."""
        return gettext(self.message, **self.values)

    @property
    def hint_text(self) -> str:
        """What to do, in the visitor's language; empty when there is nothing to add."""
        return gettext(self.hint, **self.values) if self.hint else ""


Explain = Callable[[Exception], Refused | None]
"""What a service may say of an error that nobody caught, as `mycred4home_explain` of its app."""


def problem(status: int, code: str, title: str, detail: str = "", **members: Any) -> Response:
    """Answer a machine with problem details (RFC 9457, 3)."""
    body = {"type": f"about:blank#{code}", "title": title, "status": status, **members}
    if detail:
        body["detail"] = detail
    response = make_response(json.dumps(body, ensure_ascii=False), status)
    response.headers["Content-Type"] = "application/problem+json"
    response.headers["Cache-Control"] = "no-store"
    return response


def wants_machine_answer() -> bool:
    """Tell whether the one who asked is a program: by its blueprint, or by what it accepts."""
    if g.get("machine_interface", False):
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json", "application/ld+json"]
    )
    return best is not None and best != "text/html" and not request.accept_mimetypes.accept_html


def register_errors(app: Flask) -> None:
    """Give `app` its error pages and problem details."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        if wants_machine_answer():
            return problem(error.status, error.code, str(error), error.hint)
        return _page(error.status, error.text, error.hint_text)

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> Response:
        title = gettext("This form is too old.")
        hint = gettext("Go back, load the page again, then try once more.")
        if wants_machine_answer():
            return problem(400, "form-too-old", title, hint)
        return _page(400, title, hint)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        status = error.code or 500
        title, hint = _PAGES.get(status, _PAGES[400 if status < 500 else 500])
        if wants_machine_answer():
            return problem(status, error.name.lower().replace(" ", "-"), error.name)
        response = _page(status, gettext(title), gettext(hint))
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        explain: Explain | None = app.extensions.get("mycred4home_explain")
        known = explain(error) if explain is not None else None
        if known is not None:
            return refused(known)
        incident = secrets.token_hex(4)
        # The kind of address, and not this one: links and shares hold secrets in theirs.
        where = request.url_rule.rule if request.url_rule else "an unknown address"
        _log.error("incident %s %s %s", incident, request.method, where, exc_info=error)
        title, hint = _PAGES[500]
        if wants_machine_answer():
            return problem(500, "incident", gettext(title), incident=incident)
        return _page(500, gettext(title), gettext(hint), incident)


def _page(status: int, title: str, hint: str, incident: str = "") -> Response:
    page = render_template("error.html", title=title, hint=hint, incident=incident)
    return make_response(page, status)
