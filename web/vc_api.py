"""The W3C VC API: issue, verify and derive credentials of any type over HTTP, JSON in and out.

A blueprint for one or more instances, each under its own path; who may call them, and how often, is
the matter of the service that mounts it::

    register(app, vc_api({"any": Instance("any")}, fetch=fetch, clock=utc_now), machines=True)

Whatever is refused is answered with problem details (RFC 9457) of the types that VC Data Model 2.0
(7.2) and Data Integrity 1.0 (4.7) name: 400 for what is bad, 422 for what could not be checked.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from contexts import ContextError, MalformedJson, loads_strict
from credentials.any_type import Profile, Verified, verify_credential, verify_presentation
from credentials.report import CannotCheck, CheckFailed, CredentialError
from keys.errors import KeysError
from keys.fetching import Fetch

Make = Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]

_VC = "https://www.w3.org/TR/vc-data-model#"
_SECURITY = "https://w3id.org/security#"
_STATUS = "https://www.w3.org/ns/credentials/status-list#"
_TYPES = {
    "dates": (f"{_VC}RANGE_ERROR", "It is not valid now"),
    "format": (f"{_VC}MALFORMED_VALUE_ERROR", "It is not in a form that is read here"),
    "parse": (f"{_VC}PARSING_ERROR", "It could not be read"),
    "proof": (f"{_SECURITY}PROOF_VERIFICATION_ERROR", "The proof does not hold"),
    "proof.withdrawn": (
        f"{_SECURITY}PROOF_VERIFICATION_ERROR",
        "The signer took the key of the proof back",
    ),
    "proof.challenge": (f"{_SECURITY}INVALID_CHALLENGE_ERROR", "It answers another challenge"),
    "proof.domain": (f"{_SECURITY}INVALID_DOMAIN_ERROR", "It was made for another domain"),
    "shape": (f"{_VC}MALFORMED_VALUE_ERROR", "A value in it is not what it must be"),
    "status": (f"{_STATUS}STATUS_VERIFICATION_ERROR", "Its status is not good"),
    "status.range": (f"{_VC}RANGE_ERROR", "It has no place on its status list"),
    "status.short-list": (f"{_STATUS}STATUS_LIST_LENGTH_ERROR", "Its status list is too short"),
    "status.unreachable": (f"{_STATUS}STATUS_RETRIEVAL_ERROR", "Its status could not be fetched"),
}
_MALFORMED = _TYPES["shape"]
_PARSING = _TYPES["parse"]
_NOT_CHECKED = ("about:blank#not-checked", "This could not be checked")


@dataclass(frozen=True)
class Instance:
    """What one path offers: to verify in a profile; to issue or derive where a maker is given."""

    name: str
    issue: Make | None = None
    derive: Make | None = None
    profile: Profile = "strict"


def vc_api(
    instances: Mapping[str, Instance],
    *,
    fetch: Fetch | None,
    clock: Callable[[], datetime],
    name: str = "vc_api",
) -> Blueprint:
    """Give the blueprint of these instances; `""` is one without a path of its own."""
    blueprint = Blueprint(name, __name__)
    for path, instance in instances.items():
        prefix = f"/{path}" if path else ""
        _add(blueprint, f"{prefix}/credentials/verify", _verifying(instance, fetch, clock))
        _add(blueprint, f"{prefix}/presentations/verify", _showing(instance, fetch, clock))
        if instance.issue is not None:
            _add(blueprint, f"{prefix}/credentials/issue", _making("credential", instance.issue))
        if instance.derive is not None:
            made = _making("verifiableCredential", instance.derive)
            _add(blueprint, f"{prefix}/credentials/derive", made)

    @blueprint.errorhandler(ContextError)
    @blueprint.errorhandler(CredentialError)
    @blueprint.errorhandler(KeysError)
    def malformed(error: ContextError | CredentialError | KeysError) -> Response:
        kind = _PARSING if isinstance(error, MalformedJson) else _MALFORMED
        return _problem(400, kind, error.detail)

    @blueprint.errorhandler(CheckFailed)
    def failed(error: CheckFailed) -> Response:
        return _problem(400, _type_of(error.code), error.detail, error.code)

    @blueprint.errorhandler(CannotCheck)
    def not_checked(error: CannotCheck) -> Response:
        return _problem(422, _type_of(error.code), error.detail, error.code)

    return blueprint


def _add(blueprint: Blueprint, path: str, view: Callable[[], Response]) -> None:
    endpoint = path.strip("/").replace("/", "_").replace(".", "_")
    blueprint.add_url_rule(path, endpoint, view, methods=["POST"])


def _making(member: str, make: Make) -> Callable[[], Response]:
    def view() -> Response:
        body = _body()
        return _json(201, make(_object(body, member), _options(body)))

    return view


def _verifying(
    instance: Instance, fetch: Fetch | None, clock: Callable[[], datetime]
) -> Callable[[], Response]:
    def view() -> Response:
        body = _body()
        verified = verify_credential(
            _object(body, "verifiableCredential"),
            fetch=fetch,
            now=clock(),
            profile=instance.profile,
            **_expectations(_options(body)),
        )
        return _verified(verified, instance)

    return view


def _showing(
    instance: Instance, fetch: Fetch | None, clock: Callable[[], datetime]
) -> Callable[[], Response]:
    def view() -> Response:
        body = _body()
        verified = verify_presentation(
            _object(body, "verifiablePresentation"),
            fetch=fetch,
            now=clock(),
            profile=instance.profile,
            **_expectations(_options(body)),
        )
        return _verified(verified, instance)

    return view


def _body() -> dict[str, Any]:
    body = loads_strict(request.get_data())
    if not isinstance(body, dict):
        raise CredentialError("the request is not a JSON object")
    return body


def _object(body: Mapping[str, Any], member: str) -> dict[str, Any]:
    value = body.get(member)
    if not isinstance(value, dict):
        raise CredentialError(f"the request has no object in {member}")
    return value


def _options(body: Mapping[str, Any]) -> Mapping[str, Any]:
    options = body.get("options", {})
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise CredentialError("options is not an object")
    return options


def _expectations(options: Mapping[str, Any]) -> dict[str, Any]:
    """Read the options that bind a proof, and those that choose what is checked."""
    expected: dict[str, Any] = {}
    for name in ("domain", "challenge"):
        value = options.get(name)
        texts = value if name == "domain" and isinstance(value, list) else [value]
        if value is not None and not (texts and all(isinstance(one, str) for one in texts)):
            raise CredentialError(f"options.{name} is not a text")
        expected[name] = value
    checks = options.get("checks")
    if checks is not None:
        if not isinstance(checks, list) or not all(isinstance(word, str) for word in checks):
            raise CredentialError("options.checks is not a list of names")
        expected["checks"] = checks or None
    return expected


def _verified(verified: Verified, instance: Instance) -> Response:
    warnings = [_details(200, _NOT_CHECKED, detail) for detail in verified.not_checked]
    answer = {
        "verified": True,
        "profile": instance.profile,
        "problemDetails": warnings,
    }
    return _json(200, answer)


def _type_of(code: str) -> tuple[str, str]:
    return _TYPES.get(code) or _TYPES.get(code.partition(".")[0], _MALFORMED)


def _details(status: int, kind: tuple[str, str], detail: str) -> dict[str, Any]:
    return {"type": kind[0], "title": kind[1], "status": status, "detail": detail[:1_000]}


def _problem(status: int, kind: tuple[str, str], detail: str, code: str = "") -> Response:
    # The types name few kinds; `code`, one of `credentials.report.CODES`, says which it is.
    details = _details(status, kind, detail) | ({"code": code} if code else {})
    answer = {**details, "verified": False, "problemDetails": [details]}
    return _json(status, answer, "application/problem+json")


def _json(status: int, value: Any, content_type: str = "application/json") -> Response:
    text = json.dumps(value, ensure_ascii=False)
    response = Response(text, status, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    return response
