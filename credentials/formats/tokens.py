"""From a token to the document in it, by the type that the token's header names."""

from typing import Any

from contexts.urls import VC2
from credentials.formats.enveloped import Kind, enveloped_token
from credentials.formats.jose import read_jws
from credentials.formats.open_badges_jwt import read_badge
from credentials.formats.secured import Secured, split_claims
from credentials.formats.vc_jwt import read_credential, read_presentation
from credentials.report import CheckFailed, ProofError

_READERS = {
    "vc+jwt": read_credential,
    "vc+sd-jwt": read_credential,
    "vp+jwt": read_presentation,
    "vp+sd-jwt": read_presentation,
    "jwt": read_badge,
    "": read_badge,
}
"""By the header's typ. Key proofs, access tokens and key bindings are none of these."""


def read_token(text: str) -> Secured:
    """Read a token by the type that its header names."""
    typ = read_jws(text.partition("~")[0]).media_type
    reader = _READERS.get(typ)
    if reader is None:
        raise CheckFailed("format.unsupported", f"a token of the type {typ[:60]!r}")
    return reader(text)


def read_envelope(envelope: dict[str, Any], kind: Kind) -> Secured:
    """Read the token that stands in an envelope of this kind."""
    media_type, text = enveloped_token(envelope, kind)
    if media_type == "jwt":
        return read_badge(text) if kind == "credential" else _older_presentation(text)
    secured = read_token(text)
    if secured.kind != kind or secured.jws.media_type != media_type:
        raise CheckFailed("format.unsupported", f"the envelope says it holds {media_type}")
    return secured


def _older_presentation(text: str) -> Secured:
    """Read a presentation in the claim vp (VC Data Model 1.1, 6.3.1), for application/jwt only."""
    jws = read_jws(text)
    if jws.media_type not in ("", "jwt"):
        raise CheckFailed("format.unsupported", f"typ is {jws.media_type[:60]!r}, not 'JWT'")
    document, claims = split_claims(jws.claims())
    presentation = document.get("vp")
    if not isinstance(presentation, dict) or len(document) != 1:
        raise ProofError("proof.malformed", "the token does not hold one presentation in vp")
    entries = presentation.get("verifiableCredential", [])
    entries = entries if isinstance(entries, list) else [entries]
    enveloped = [_as_envelope(entry) if isinstance(entry, str) else entry for entry in entries]
    document = {**presentation, "verifiableCredential": enveloped}
    return Secured("presentation", document, claims, jws)


def _as_envelope(token: str) -> dict[str, Any]:
    return {
        "@context": VC2,
        "id": f"data:application/jwt,{token}",
        "type": "EnvelopedVerifiableCredential",
    }
