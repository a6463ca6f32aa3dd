"""Envelopes: a token as a `data:` address in a JSON object (VC Data Model 2.0, 4.12 and 4.13.1)."""

from collections.abc import Mapping
from typing import Any, Literal

from contexts.urls import VC2
from credentials.report import CheckFailed, CredentialError
from credentials.shape import types_of

Kind = Literal["credential", "presentation"]
"""What an envelope or a token holds."""

_TYPES: Mapping[Kind, str] = {
    "credential": "EnvelopedVerifiableCredential",
    "presentation": "EnvelopedVerifiablePresentation",
}
_MEDIA_TYPES: Mapping[Kind, tuple[str, ...]] = {
    "credential": ("vc+jwt", "vc+sd-jwt", "vc+cose", "jwt"),
    "presentation": ("vp+jwt", "vp+sd-jwt", "vp+cose", "jwt"),
}
"""Those of VC-JOSE-COSE 1.0, 6, and application/jwt of the time before it."""
_MEMBERS = frozenset({"@context", "id", "type"})


def envelope_credential(token: str) -> dict[str, Any]:
    """Put a vc+jwt or vc+sd-jwt into an EnvelopedVerifiableCredential."""
    return _envelope(token, "credential", "vc+sd-jwt" if "~" in token else "vc+jwt")


def envelope_presentation(token: str) -> dict[str, Any]:
    """Put a vp+jwt or vp+sd-jwt into an EnvelopedVerifiablePresentation."""
    return _envelope(token, "presentation", "vp+sd-jwt" if "~" in token else "vp+jwt")


def is_envelope(document: Any, kind: Kind) -> bool:
    """Tell whether a JSON object says that it is an envelope of this kind."""
    return isinstance(document, dict) and _TYPES[kind] in types_of(document)


def check_envelope(document: Any, kind: Kind) -> tuple[str, str]:
    """Give media type and text of what is in an envelope; raise `CredentialError` for no envelope.

    An envelope says nothing itself: a member beside its context, id and type is refused, since it
    is not signed.
    """
    name = _TYPES[kind]
    if not isinstance(document, dict) or document.get("type") not in (name, [name]):
        raise CredentialError(f"an entry is not an {name}")
    extra = sorted(set(document) - _MEMBERS)
    if extra:
        raise CredentialError(f"the member {extra[0][:60]!r} of an envelope is not signed")
    value = document.get("@context")
    if VC2 not in (value if isinstance(value, list) else [value]):
        raise CredentialError("the @context of an envelope is not that of VC Data Model 2.0")
    address = document.get("id")
    head, comma, text = address.partition(",") if isinstance(address, str) else ("", "", "")
    media_type, _, encoding = head.removeprefix("data:application/").partition(";")
    known = media_type in _MEDIA_TYPES[kind] and encoding in ("", "base64")
    if not head.startswith("data:application/") or not known or not comma or not text:
        raise CredentialError(f"the id of an envelope is no token: {str(address)[:60]!r}")
    return media_type, text


def enveloped_token(document: Any, kind: Kind) -> tuple[str, str]:
    """Give media type and text of an envelope whose form is read here."""
    media_type, text = check_envelope(document, kind)
    if media_type.endswith("+cose"):
        raise CheckFailed("format.unsupported", f"the form application/{media_type} is not read")
    return media_type, text


def _envelope(token: str, kind: Kind, media_type: str) -> dict[str, Any]:
    return {
        "@context": VC2,
        "id": f"data:application/{media_type},{token}",
        "type": _TYPES[kind],
    }
