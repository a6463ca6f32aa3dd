"""What the issuer's views share: who is there, what they may do, and in whose name we issue."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import current_app, g

from issuer.accounts import Visitor
from issuer.framework import Framework
from issuer.profile import IssuingBody
from issuer.sampling import Sampling
from issuer.tables import Role
from web.errors import Refused
from web.languages import N_

P = ParamSpec("P")
R = TypeVar("R")


def body() -> IssuingBody:
    """Give the body that this service issues for."""
    return cast(IssuingBody, current_app.extensions["issuing_body"])


def framework() -> Framework:
    """Give the framework that is assessed here."""
    return body().framework


def sampling() -> Sampling:
    """Give which files are marked twice here."""
    return cast(Sampling, current_app.extensions["sampling"])


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
