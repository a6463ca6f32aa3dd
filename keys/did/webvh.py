"""did:webvh: an https address with a verifiable history (did:webvh DID Method v1.0)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from keys.errors import DidError
from keys.fetching import CannotFetch, HttpRequest
from keys.lookup import Asked, Found
from keys.webvh_address import folder_url, scid_of
from keys.webvh_log import Version, approved, read_log
from keys.webvh_proof import utc_time

METHOD = "webvh"
_MAX_LOG_BYTES = 1_000_000
_QUERY = ("versionId", "versionTime", "versionNumber")


def log_url(did: str) -> str:
    """Give the address of the log (The DID to HTTPS Transformation)."""
    return f"{folder_url(did, without_path='/.well-known')}/did.jsonl"


def resolve(asked: Asked) -> Found:
    """Fetch the log and the approvals of witnesses, verify both, and give the version asked for.

    Raises `DidError` ("invalidDid", "notFound", "deactivated") and `CannotFetch`.
    """
    scid = scid_of(asked.did)
    if unknown := [name for name in asked.query if name not in _QUERY]:
        raise DidError(f"the parameter {unknown[0][:60]!r} is not known", code="invalidDidUrl")
    if len(asked.query) > 1:
        raise DidError("one version is asked for in several ways", code="invalidDidUrl")
    url = log_url(asked.did)
    body = _fetched(url, asked)
    if body is None:
        raise DidError(f"there is no log at {url}", code="notFound")
    versions, problem = read_log(body, scid, asked.now)
    if any(version.witnessed_by for version in versions):
        approvals = _fetched(f"{url.removesuffix('did.jsonl')}did-witness.json", asked)
        versions, lacking = approved(versions, approvals, asked.now)
        problem = lacking or problem
    chosen = _chosen(versions, asked.query)
    if problem is not None and not _holds_despite(chosen, versions, asked.query):
        raise problem
    if asked.did not in [version.state["id"] for version in versions]:
        raise DidError("no entry of the log is about this DID", code="invalidDid")
    if chosen is None:
        raise DidError("there is no such version", code="notFound")
    if versions[-1].parameters.deactivated and not asked.query:
        raise DidError("the DID was ended by its controller", code="deactivated")
    fresh_for = timedelta(seconds=versions[-1].parameters.ttl)
    return Found(_document(chosen), _metadata(versions, chosen), fresh_for)


def _chosen(versions: Sequence[Version], query: Mapping[str, str]) -> Version | None:
    matching = list(versions)
    if "versionId" in query:
        matching = [one for one in versions if one.version_id == query["versionId"]]
    elif "versionNumber" in query:
        matching = [one for one in versions if str(one.number) == query["versionNumber"]]
    elif "versionTime" in query:
        time = utc_time(query["versionTime"])
        if time is None:
            raise DidError("versionTime is not a time in UTC", code="invalidDidUrl")
        matching = [one for one in versions if one.time <= time]
    return matching[-1] if matching else None


def _holds_despite(
    chosen: Version | None, versions: Sequence[Version], query: Mapping[str, str]
) -> bool:
    """Tell whether bad entries later in the log change nothing in the answer (Read, 11)."""
    if chosen is None or not query:
        return False
    # The first bad entry could be the one of this time, unless a good one comes before it.
    return "versionTime" not in query or chosen is not versions[-1]


def _document(version: Version) -> dict[str, Any]:
    """Give the document with the services that every did:webvh has (DID URL Resolution)."""
    document = dict(version.state)
    own: str = document["id"]
    listed = document.get("service", [])
    services = list(listed) if isinstance(listed, list) else [listed]
    present = [one.get("id") for one in services if isinstance(one, dict)]
    base = folder_url(own)
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
        if service["id"] not in present and service["id"].removeprefix(own) not in present:
            services.append(service)
    return {**document, "service": services}


def _metadata(versions: Sequence[Version], chosen: Version) -> dict[str, Any]:
    """Write the metadata of Read; `updated`, `witness`, `watchers` are those of the last entry."""
    last = versions[-1]
    written = {
        "created": versions[0].written_time,
        "updated": last.written_time,
        "deactivated": last.parameters.deactivated,
        "portable": last.parameters.portable,
        "scid": last.parameters.scid,
        "versionId": chosen.version_id,
        "versionNumber": chosen.number,
        "versionTime": chosen.written_time,
        "watchers": list(last.parameters.watchers),
        "witness": _written_witness(last.parameters.witness or {}),
        "ttl": str(last.parameters.ttl),
    }
    if chosen is not last:  # DID Resolution 1.0, 4.3
        following = versions[chosen.number]
        written["nextUpdate"] = following.written_time
        written["nextVersionId"] = following.version_id
    return written


def _written_witness(witness: Mapping[str, Any]) -> dict[str, Any]:
    # Metadata hold no integers (Read): what counts is written as text.
    texts = {"threshold": str(witness["threshold"])} if witness else {}
    return {**witness, **texts}


def _fetched(url: str, asked: Asked) -> bytes | None:
    if asked.fetch is None:
        raise CannotFetch(f"{asked.did} lies on the web, and nothing may be fetched")
    response = asked.fetch(HttpRequest(url, headers={"Accept": "text/jsonl, application/json"}))
    if response.status in (404, 410):
        return None
    if response.status != 200:
        raise CannotFetch(f"{url} answered {response.status}")
    if len(response.body) > _MAX_LOG_BYTES:
        raise DidError(f"{url} is larger than {_MAX_LOG_BYTES} bytes")
    return response.body
