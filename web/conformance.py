"""The app that public conformance suites drive: every suite we have, fresh keys, on loopback only.

It trusts nobody, keeps nothing and asks nobody who may call it, so it answers to this machine alone
and is no part of the three services::

    with conformance("http://localhost:8010") as running:
        serve(running.app, "localhost", 8010)

While it is open, and only then, the contexts of the suites are known: the examples context, whose
@vocab defines every word, and contexts in a document that only name absolute addresses, one by one
or with @vocab.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import Blueprint, Flask, Response, make_response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import Forbidden, HTTPException
from werkzeug.serving import make_server

from contexts.pinned import admit_contexts_for_conformance
from contexts.urls import DID
from credentials.any_type import JWT, Issuer, issue_credential
from credentials.cryptosuites import Cryptosuite, Standing, suites
from credentials.proofs import add_proof, derive_proof
from credentials.report import CredentialError
from credentials.status import LIST_LENGTH, status_entry, status_list_credential
from keys.did import did_key
from keys.errors import DidError
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from keys.material import KeyKind, PrivateKey
from keys.resolution import resolve
from web.app import MAX_REQUEST_BYTES, utc_now
from web.vc_api import Instance, vc_api

_EXAMPLES = {
    "https://www.w3.org/ns/credentials/examples/v2": {
        "@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}
    }
}
_LIST_PATH = "/status/1"
_JSON_TYPES = ("application/ld+json", "application/json")
_VALID_FOR = timedelta(days=1)
_RESOLUTION = "https://w3id.org/did-resolution/v1"
_URL_MARKS = frozenset("#/?")
_VERSION_OPTIONS = ("versionId", "versionTime", "versionNumber")
_REPRESENTATIONS = (
    "application/did-resolution",
    "application/did",
    "application/did+json",
    "application/did+ld+json",
    *_JSON_TYPES,
)
_FORMAT = "Multikey"
_OLDER_FORMATS = (
    "JsonWebKey2020",
    "Ed25519VerificationKey2018",
    "Ed25519VerificationKey2020",
    "X25519KeyAgreementKey2020",
)
_STATUS_OF_ERROR = {
    "notFound": 404,
    "representationNotSupported": 406,
    "deactivated": 410,
    "methodNotSupported": 501,
}
_VARIABLES: Mapping[str, str] = {
    "Ed25519": "ISSUER_ID",
    "P-256": "ISSUER_ID_P256",
    "P-384": "ISSUER_ID_P384",
}


@dataclass(frozen=True)
class Conformance:
    """A running app, what it offers by path, and who signs there."""

    app: Flask
    instances: Mapping[str, Instance]
    issuers: Mapping[str, str]
    """The did:key of each key, by the name of the environment variable that suites read."""


@contextmanager
def conformance(
    base_url: str, *, fetch: Fetch | None = None, clock: Callable[[], datetime] = utc_now
) -> Iterator[Conformance]:
    """Open the app for suites under `base_url`, which must be an address of this machine."""
    if not _is_loopback(urlsplit(base_url).hostname or ""):
        raise ValueError(f"{base_url} is not an address of this machine")
    with admit_contexts_for_conformance(_EXAMPLES, inline=True):
        yield _built(base_url.rstrip("/"), fetch, clock)


def serve(app: Flask, host: str, port: int, *, tls: tuple[str, str] | None = None) -> None:
    """Serve until interrupted; `tls` names the files of a certificate and its key."""
    if not _is_loopback(host):
        raise ValueError(f"{host} is not an address of this machine")
    make_server(host, port, app, threaded=True, ssl_context=tls).serve_forever()


def _built(base_url: str, fetch: Fetch | None, clock: Callable[[], datetime]) -> Conformance:
    keys = {kind: PrivateKey.generate(kind) for kind in sorted(_kinds())}
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES)
    app.before_request(_only_from_here)
    app.register_error_handler(HTTPException, _as_problem)
    inside = _Inside(app, base_url, fetch)
    instances = _instances(keys, base_url, clock)
    app.register_blueprint(vc_api(instances, fetch=inside, clock=clock))
    app.register_blueprint(_published(_issuer(keys["Ed25519"]), base_url, inside, clock))
    issuers = {_VARIABLES.get(kind, kind): did_key(key.public) for kind, key in keys.items()}
    return Conformance(app, instances, issuers)


# --- instances ----------------------------------------------------------------------------------


def _kinds() -> set[KeyKind]:
    return {kind for suite in _offered() for kind in _kinds_of(suite)}


def _offered() -> list[Cryptosuite]:
    return [
        suite for suite in suites().values() if suite.standing in (Standing.ISSUE, Standing.ACCEPT)
    ]


def _kinds_of(suite: Cryptosuite) -> tuple[KeyKind, ...]:
    return suite.key_kinds


def _instances(
    keys: Mapping[KeyKind, PrivateKey], base_url: str, clock: Callable[[], datetime]
) -> dict[str, Instance]:
    found = {"any": Instance("any"), "proof-only": Instance("proof-only", profile="proof-only")}
    for suite in _offered():
        for kind in _kinds_of(suite):
            issuer = _issuer(keys[kind], suite.name)
            name = _path_of(suite, kind)
            derive = _deriving if suite.is_selective else None
            found[name] = Instance(name, issue=_issuing(issuer, clock), derive=derive)
    ed25519 = keys["Ed25519"]
    found[JWT] = Instance(JWT, issue=_issuing(_issuer(ed25519, JWT), clock))
    found["with-status"] = Instance(
        "with-status", issue=_issuing_with_status(_issuer(ed25519), base_url, clock)
    )
    return found


def _path_of(suite: Cryptosuite, kind: KeyKind) -> str:
    if suite.name.startswith("ecdsa-") and not suite.is_selective:
        return f"{suite.name}-{kind.replace('-', '').lower()}"
    return suite.name


def _issuer(key: PrivateKey, securing: str = "eddsa-rdfc-2022") -> Issuer:
    did = did_key(key.public)
    return Issuer(did, f"{did}#{key.public.multibase}", key, securing)


def _issuing(
    issuer: Issuer, clock: Callable[[], datetime]
) -> Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]:
    def issue(document: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        chosen = {}
        if "mandatoryPointers" in options:
            chosen["mandatory_pointers"] = _pointers(options, "mandatoryPointers")
        return issue_credential(document, issuer, now=clock(), **chosen)

    return issue


def _deriving(document: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return derive_proof(document, _pointers(options, "selectivePointers"))


def _pointers(options: Mapping[str, Any], name: str) -> list[str]:
    pointers = options.get(name)
    if not isinstance(pointers, list):
        raise CredentialError(f"options.{name} is not a list of JSON pointers")
    return pointers


def _issuing_with_status(
    issuer: Issuer, base_url: str, clock: Callable[[], datetime]
) -> Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]:
    taken = iter(range(LIST_LENGTH))

    def issue(document: dict[str, Any], _options: Mapping[str, Any]) -> dict[str, Any]:
        if "credentialStatus" in document:
            raise CredentialError("the credentialStatus is added here")
        entry = status_entry(base_url + _LIST_PATH, next(taken))
        return issue_credential({**document, "credentialStatus": entry}, issuer, now=clock())

    return issue


# --- what the app publishes ---------------------------------------------------------------------


def _published(
    issuer: Issuer, base_url: str, fetch: Fetch, clock: Callable[[], datetime]
) -> Blueprint:
    blueprint = Blueprint("published", __name__)

    @blueprint.get(_LIST_PATH)
    def status_list() -> Response:
        start = clock().replace(microsecond=0)
        unsigned = status_list_credential(
            list_url=base_url + _LIST_PATH,
            issuer=issuer.did,
            purpose="revocation",
            revoked=(),
            valid_from=start,
            valid_until=start + _VALID_FOR,
            ttl_ms=60_000,
        )
        signed = add_proof(
            unsigned, issuer.signer, verification_method=issuer.method, created=start
        )
        return _json(200, signed, "application/vc")

    blueprint.add_url_rule(
        "/1.0/identifiers/<path:did>", "identifiers", partial(_resolved, fetch, clock)
    )
    return blueprint


def _resolved(fetch: Fetch, clock: Callable[[], datetime], did: str) -> Response:
    """Answer as DID Resolution 1.0, 4 to 7 say: one body, whether it was found or not."""
    is_url = not _URL_MARKS.isdisjoint(did)
    status, metadata = 200, {}
    found: dict[str, Any] = {"didDocument": None, "didDocumentMetadata": {}}
    try:
        _check_format(request.args.get("publicKeyFormat", _FORMAT))
        _check_representation()
        asked = _with_options(did)
        resolution = resolve(asked, fetch=fetch, now=clock())
        metadata = resolution.metadata()
        found = {
            "didDocument": resolution.document,
            "didDocumentMetadata": dict(resolution.document_metadata),
        }
        if "#" in did:
            found["content"] = resolution.named(did.partition("#")[2])
    except DidError as error:
        code = "invalidDidUrl" if is_url and error.code == "invalidDid" else error.code
        status = _STATUS_OF_ERROR.get(code, 400)
        metadata = {"error": code, "errorMessage": error.detail}
        found = {"didDocument": None, "didDocumentMetadata": {}}
        if code == "deactivated":
            metadata, found["didDocumentMetadata"] = {}, {"deactivated": True}
    except CannotFetch as error:
        status, metadata = 504, {"error": "internalError", "errorMessage": str(error)}
    name = "didDereferencingMetadata" if is_url else "didResolutionMetadata"
    body = {"@context": [_RESOLUTION, DID], **found, name: metadata}
    return _json(status, body, "application/did-resolution")


def _with_options(did: str) -> str:
    """Add the version that the request's options name (DID Resolution 1.0, 4.1, 7.1)."""
    named = {name: request.args[name] for name in _VERSION_OPTIONS if name in request.args}
    if not named:
        return did
    before, mark, fragment = did.partition("#")
    joined = "&" if "?" in before else "?"
    return f"{before}{joined}{urlencode(named, quote_via=quote)}{mark}{fragment}"


def _check_representation() -> None:
    # By the names alone: clients add a profile, which chooses nothing here.
    asked = MIMEAccept([(name.partition(";")[0], q) for name, q in request.accept_mimetypes])
    if asked and not any(asked[name] for name in _REPRESENTATIONS):
        raise DidError("documents are written as JSON here", code="representationNotSupported")


def _check_format(name: str) -> None:
    # The did:key Method, 3.1.2: keys are written as Multikey here, in no older way.
    if name != _FORMAT:
        code = "invalidPublicKeyType" if name in _OLDER_FORMATS else "unsupportedPublicKeyType"
        raise DidError(f"keys are not written as {name[:60]!r} here", code=code)


class _Inside:
    """Asks the app itself for what lies under its own address, and `fetch` for all else."""

    def __init__(self, app: Flask, base_url: str, fetch: Fetch | None) -> None:
        self._app, self._base_url, self._fetch = app, base_url, fetch

    def __call__(self, asked: HttpRequest) -> HttpResponse:
        if asked.url.startswith(f"{self._base_url}/"):
            path = asked.url.removeprefix(self._base_url)
            answer = self._app.test_client().get(path, base_url=self._base_url)
            return HttpResponse(answer.status_code, {}, answer.data, asked.url)
        if self._fetch is None:
            raise CannotFetch(f"{asked.url} lies on the web, and nothing may be fetched")
        return self._fetch(asked)


def _only_from_here() -> None:
    # The host of the request too: a page in a browser must not reach it by another name.
    host = urlsplit(f"//{request.host}").hostname or ""
    if not (_is_loopback(host) and _is_loopback(request.remote_addr or "")):
        raise Forbidden("this app answers to its own machine only")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _as_problem(error: HTTPException) -> Response:
    status = error.code or 400
    details = {"type": "about:blank", "title": error.name, "status": status}
    response = _json(status, details, "application/problem+json")
    response.headers["Content-Type"] = "application/problem+json"
    return response


def _json(status: int, value: Any, media_type: str) -> Response:
    response = make_response(json.dumps(value, ensure_ascii=False), status)
    # Whoever asks for JSON gets it by the name they know: some clients read no other.
    asked = [name.partition(";")[0].strip() for name, _quality in request.accept_mimetypes]
    known = media_type in asked
    found = next((name for name in asked if name in _JSON_TYPES), media_type)
    response.headers["Content-Type"] = media_type if known else found
    return response
