"""What the issuer's views share: who is there, what they may do, and in whose name we issue."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import current_app, g, make_response, request
from werkzeug.wrappers import Response

from issuer.accounts import Visitor
from issuer.framework import Framework
from issuer.profile import IssuingBody
from issuer.sampling import Sampling
from issuer.tables import Role, Submission
from web.addresses import visitor_address
from web.app import services
from web.errors import Refused
from web.languages import N_, closest_language, current_language

_PICTURE_SECONDS = 86_400

P = ParamSpec("P")
R = TypeVar("R")


def body() -> IssuingBody:
    """Give the body that this service issues for."""
    return cast(IssuingBody, current_app.extensions["issuing_body"])


def framework() -> Framework:
    """Give the framework that is assessed here, in its latest version: for new work."""
    return body().framework


def framework_of(submission: Submission) -> Framework:
    """Give the framework in the version that a submission was begun in."""
    return body().library.version(submission.framework_version)


def reader_language(its: Framework) -> str:
    """Give the language in which this visitor reads the texts of a framework.

    It may be another than the page's: a framework speaks fewer languages than the pages do. Then
    it is one that the browser names, else that of the person's own tasks, else the centre's.
    """
    found = closest_language(its.languages, otherwise="")
    second = (one for one in g.get("second_languages", ()) if one in its.languages)
    return found or next(second, its.edition_language(current_language()))


def sampling() -> Sampling:
    """Give which files are marked twice here."""
    return cast(Sampling, current_app.extensions["sampling"])


def given_at() -> datetime:
    """Tell when an answer was given, which is earlier than now if it waited for a network.

    A phone says how many seconds ago that was, not when: its clock may be wrong.
    """
    ago = request.form.get("ago", "")
    seconds = int(ago) if ago.isascii() and ago.isdecimal() and len(ago) <= 7 else 0
    return services().now() - timedelta(seconds=seconds)


def beginning() -> dict[str, Any]:
    """Give what `issuer.limits.count` is told of who begins something without an account."""
    return {
        "address": visitor_address(),
        "secret": body().secret,
        "now": services().now(),
    }


def visitor() -> Visitor:
    """Give who is signed in; raise if nobody is."""
    found = g.get("visitor")
    if found is None:
        raise Refused(
            N_("Please sign in first."), status=401, code="signed-out", hint=N_("Use your code.")
        )
    return cast(Visitor, found)


def require(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people with a role reach a view."""
    return require_one_of(role)


def require_one_of(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only people with one of some roles reach a view."""

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def protected(*arguments: P.args, **named: P.kwargs) -> R:
            if not any(visitor().is_(role) for role in roles):
                raise Refused(
                    N_("This page is not for you."),
                    status=403,
                    code="role",
                    hint=N_("Sign in with another code, or go back."),
                )
            return view(*arguments, **named)

        return protected

    return protect


def svg(picture: bytes) -> Response:
    """Answer with a picture that was checked when its framework was read."""
    response = make_response(picture)
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = f"max-age={_PICTURE_SECONDS}"
    return response
