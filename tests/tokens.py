"""Tokens for tests: well made, and made wrong on purpose."""

import json
from typing import Any

from parties import NOW, VERIFIER

from credentials.report import PresentationReport
from credentials.trust import Trust
from credentials.verify import Expected, verify_anything
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import PrivateKey
from keys.multibase import base64url_decode, base64url_encode


def forge(header: Any, payload: Any, key: PrivateKey) -> str:
    """Sign whatever is given, without any of our own checks."""
    parts = [base64url_encode(part if isinstance(part, bytes) else json.dumps(part).encode())
             for part in (header, payload)]  # fmt: skip
    signed = ".".join(parts)
    return f"{signed}.{base64url_encode(key.sign(signed.encode()))}"


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give header and payload of a token."""
    head, body, _signature = token.partition("~")[0].split(".")
    return json.loads(base64url_decode(head)), json.loads(base64url_decode(body))


def reforge(token: str, key: PrivateKey, header: Any = None, **claims: Any) -> str:
    """Sign a token anew with other headers and claims; None takes a member away."""
    old_header, payload = parts_of(token)
    merged = [{**old_header, **(header or {})}, {**payload, **claims}]
    kept = [{n: v for n, v in one.items() if v is not None} for one in merged]
    return forge(kept[0], kept[1], key)


def judge(shown: Any, *, challenge: str | None = None, fetch: Any = None) -> PresentationReport:
    """Judge what is shown, at the time of tests, with an empty trust list."""
    expected = Expected(VERIFIER, challenge)
    return verify_anything(shown, expected, trust=Trust(), fetch=fetch, now=NOW)


def reasons(report: PresentationReport) -> list[str]:
    """Give the codes of what did not pass, apart from who recognises the issuer and whose it is."""
    checks = [*report.checks, *(check for badge in report.badges for check in badge.checks)]
    return [
        check.code
        for check in checks
        if check.outcome != "passed" and check.step not in ("recognition", "holder")
    ]


class Site:
    """A web with some documents; it remembers what was asked for."""

    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = documents
        self.asked: list[str] = []

    def fetch(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        if request.url not in self.documents:
            return HttpResponse(404, {}, b"", request.url)
        found = self.documents[request.url]
        if found is None:
            raise CannotFetch(f"{request.url} does not answer")
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return HttpResponse(200, {}, body, request.url)
