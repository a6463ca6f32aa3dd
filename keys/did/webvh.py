"""did:webvh: an https address with a verifiable history (did:webvh DID Method v1.0)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from keys.did.web import did_web_url
from keys.errors import DidError
from keys.fetching import CannotFetch, HttpRequest
from keys.lookup import Asked, Found
from keys.webvh_log import Version, check_witnesses, read_log

METHOD = "webvh"
_DID = re.compile(r"did:webvh:([1-9A-HJ-NP-Za-km-z]{46}):([^:]+)((?::[^:]+)*)")
_PORT = re.compile("%3a", re.IGNORECASE)
_MAX_LOG_BYTES = 1_000_000
_QUERY = ("versionId", "versionTime", "versionNumber")


def log_url(did: str) -> str:
    """Give the address of the log (The DID to HTTPS Transformation)."""
    return f"{_base_url(did, '/.well-known')}/did.jsonl"


def resolve(asked: Asked) -> Found:
    """Fetch the log and the approvals of witnesses, verify both, and give the version asked for.

    Raises `DidError` ("invalidDid", "notFound", "deactivated") and `CannotFetch`.
    """
    scid = _parts(asked.did)[0]
    if unknown := [name for name in asked.query if name not in _QUERY]:
        raise DidError(f"the parameter {unknown[0][:60]!r} is not known", code="invalidDidUrl")
    if len(asked.query) > 1:
        raise DidError("one version is asked for in several ways", code="invalidDidUrl")
    url = log_url(asked.did)
    versions, problem = read_log(_fetched(url, asked), scid, asked.now)
    chosen = _chosen(versions, asked.query)
    if problem is not None and (chosen is None or "versionTime" in asked.query or not asked.query):
        raise problem
    if any(version.witnessed_by for version in versions):
        check_witnesses(versions, _fetched(url.replace("did.jsonl", "did-witness.json"), asked))
    if asked.did not in [version.state["id"] for version in versions]:
        raise DidError("no entry of the log is about this DID", code="invalidDid")
    if chosen is None:
        raise DidError("there is no such version", code="notFound")
    if versions[-1].parameters.deactivated and not asked.query:
        raise DidError("the DID was ended by its controller", code="deactivated")
    fresh_for = timedelta(seconds=chosen.parameters.ttl)
    return Found(_document(chosen), _metadata(versions, chosen), fresh_for)


def _chosen(versions: Sequence[Version], query: Any) -> Version | None:
    matching = list(versions)
    if "versionId" in query:
        matching = [one for one in versions if one.version_id == query["versionId"]]
    elif "versionNumber" in query:
        matching = [one for one in versions if str(one.number) == query["versionNumber"]]
    elif "versionTime" in query:
        try:
            time = datetime.fromisoformat(query["versionTime"])
        except ValueError as error:
            raise DidError("versionTime is not a time", code="invalidDidUrl") from error
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        matching = [one for one in versions if one.time <= time]
    return matching[-1] if matching else None


def _document(version: Version) -> dict[str, Any]:
    """Give the document with the services that every did:webvh has (DID URL Resolution)."""
    document = dict(version.state)
    own: str = document["id"]
    listed = document.get("service", [])
    services = list(listed) if isinstance(listed, list) else [listed]
    present = {one.get("id") for one in services if isinstance(one, dict)}
    base = _base_url(own, "")
    implicit: list[dict[str, str]] = [
        {"id": f"{own}#files", "type": "relativeRef", "serviceEndpoint": f"{base}/"},
        {
            "@context": "https://identity.foundation/linked-vp/contexts/v1",
            "id": f"{own}#whois",
            "type": "LinkedVerifiablePresentation",
            "serviceEndpoint": f"{base}/whois.vp",
        },
    ]
    for service in implicit:
        if present.isdisjoint({service["id"], f"#{service['id'].partition('#')[2]}"}):
            services.append(service)
    return {**document, "service": services}


def _metadata(versions: Sequence[Version], chosen: Version) -> dict[str, Any]:
    active = chosen.parameters
    return {
        "created": versions[0].written_time,
        "updated": chosen.written_time,
        "deactivated": versions[-1].parameters.deactivated,
        "portable": active.portable,
        "scid": active.scid,
        "versionId": chosen.version_id,
        "versionNumber": chosen.number,
        "versionTime": chosen.written_time,
        "watchers": list(active.watchers),
        "witness": dict(active.witness or {}),
        "ttl": str(active.ttl),
    }


def _parts(did: str) -> tuple[str, str, list[str]]:
    """Split the identifier into SCID, host and path segments (Method-Specific Identifier)."""
    found = _DID.fullmatch(did)
    if not found:
        raise DidError(f"{did[:200]!r} is not a did:webvh: a hash, a host, a path")
    host = _PORT.sub("%3A", found[2])
    if "." not in host:
        raise DidError(f"{host[:100]!r} is not a whole domain name")
    return found[1], host.lower().replace("%3a", "%3A"), found[3].split(":")[1:]


def _base_url(did: str, without_path: str) -> str:
    _scid, host, path = _parts(did)
    # Hosts are judged as those of did:web are: no addresses, ports in range.
    origin = did_web_url(f"did:web:{host}").removesuffix("/.well-known/did.json")
    if not origin.startswith("https:"):
        raise DidError(f"{host[:100]!r} is an address, not a host name")
    segments = "".join(f"/{_segment(segment)}" for segment in path)
    return origin + (segments or without_path)


def _segment(written: str) -> str:
    try:
        text = unquote_to_bytes(written).decode()
    except UnicodeDecodeError as error:
        raise DidError(f"the path segment {written[:60]!r} is not UTF-8") from error
    if text in (".", "..") or text != text.strip() or not text or not text.isprintable():
        raise DidError(f"the path segment {written[:60]!r} is not plain")
    if "/" in text or "\\" in text:
        raise DidError(f"the path segment {written[:60]!r} is not plain")
    return quote(text, safe="")


def _fetched(url: str, asked: Asked) -> bytes:
    if asked.fetch is None:
        raise CannotFetch(f"{asked.did} lies on the web, and nothing may be fetched")
    response = asked.fetch(HttpRequest(url, headers={"Accept": "text/jsonl, application/json"}))
    if response.status in (404, 410):
        raise DidError(f"there is nothing at {url}", code="notFound")
    if response.status != 200:
        raise CannotFetch(f"{url} answered {response.status}")
    if len(response.body) > _MAX_LOG_BYTES:
        raise DidError(f"{url} is larger than {_MAX_LOG_BYTES} bytes")
    return response.body
