"""From what somebody shows to the document in it: JSON, a token, or a token in an envelope."""

import re
from typing import Any, NamedTuple

from contexts import loads_strict
from contexts.urls import VC2
from credentials.formats.baking import is_picture, unbake
from credentials.formats.enveloped import enveloped_token, is_envelope
from credentials.formats.jose import read_jws
from credentials.formats.open_badges_jwt import read_badge
from credentials.formats.secured import Kind, Secured, split_claims
from credentials.formats.vc_jwt import read_credential, read_presentation
from credentials.report import CheckFailed, ProofError

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(?:~.*)?", re.DOTALL)
_READERS = {
    "vc+jwt": read_credential,
    "vc+sd-jwt": read_credential,
    "vp+jwt": read_presentation,
    "vp+sd-jwt": read_presentation,
    "jwt": read_badge,
    "": read_badge,
}
"""By the header's typ. Key proofs, access tokens and key bindings are none of these."""


class Opened(NamedTuple):
    """A document, and the token that secures it unless it carries a proof itself."""

    document: dict[str, Any]
    secured: Secured | None = None


def open_document(shown: Any) -> Opened:
    """Read a credential or presentation in any form; nothing in it is verified yet.

    `shown` is text, bytes (also of a picture with a credential in it) or a JSON object; another
    value is refused like text that is no object.
    """
    if isinstance(shown, bytes) and is_picture(shown):
        shown = unbake(shown)
    if isinstance(shown, bytes | str):
        text = _compact(shown)
        if text is not None:
            return _opened(read_token(text))
        shown = loads_strict(shown)
    if not isinstance(shown, dict):
        raise CheckFailed("parse.malformed", "the text is JSON, but not an object")
    kinds: tuple[Kind, Kind] = ("credential", "presentation")
    for kind in kinds:
        if is_envelope(shown, kind):
            return _opened(_from_envelope(shown, kind))
    return Opened(shown)


def is_token(text: str) -> bool:
    """Tell whether text has the outer form of a compact token."""
    return _compact(text) is not None


def read_token(text: str) -> Secured:
    """Read a token by the type that its header names."""
    typ = read_jws(text.partition("~")[0]).media_type
    reader = _READERS.get(typ)
    if reader is None:
        raise CheckFailed("format.unsupported", f"a token of the type {typ[:60]!r}")
    return reader(text)


def _from_envelope(envelope: dict[str, Any], kind: Kind) -> Secured:
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


def _opened(secured: Secured) -> Opened:
    return Opened(secured.document, secured)


def _compact(shown: str | bytes) -> str | None:
    try:
        text = shown.decode("ascii") if isinstance(shown, bytes) else shown
    except UnicodeDecodeError:
        return None
    text = text.strip()
    return text if _COMPACT.fullmatch(text) else None
