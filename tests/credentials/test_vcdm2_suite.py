"""The documents of the W3C suite for VC Data Model 2.0, file by file, and those of its schemas.

What the suite does to a document before it sends it is done here too: it names our issuer, signs
what stands in a presentation, and fills in dates.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from parties import NOW, Party

from contexts import ContextError
from contexts.pinned import admit_contexts_for_conformance
from credentials.any_type import Issuer, issue_credential, verify_credential, verify_presentation
from credentials.formats.enveloped import is_envelope
from credentials.report import CannotCheck, CheckFailed, CredentialError, ProofError
from keys.errors import KeysError

ISSUER = Party("Centre")
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
REFUSED = (CheckFailed, CredentialError, ContextError, KeysError)
DIFFERENCES = {
    "credential-proof-ok": "its proof has members that no context defines, and nobody's signature: "
    "signing beside it would make a set that cannot verify",
    "presentation-enveloped-vc-ok": "its media type vc-ld+jwt is of a draft, and its signer's keys "
    "lie on a host of examples",
}
NO_VERDICT = {
    "presentation-self-asserted-vc-holder-mismatch",
    "presentation-self-asserted-vc-no-holder",
}


@pytest.fixture(autouse=True)
def suite_contexts() -> Iterator[None]:
    examples = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
    with admit_contexts_for_conformance({EXAMPLES: examples}, inline=True):
        yield


def test_every_document_ends_as_its_name_says(vectors: Path) -> None:
    found = {}
    for path in sorted((vectors / "vcdm2-suite").rglob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        found[path.stem] = _accepted(document)
    assert len(found) > 55
    expected = {name: name.endswith("-ok") for name in found.keys() - NO_VERDICT}
    assert {name for name, good in expected.items() if found[name] != good} == set(DIFFERENCES)
    assert all(found[name] for name in NO_VERDICT)  # the model lets anybody show anything signed


def test_unsigned_credential_in_a_presentation_does_not_verify(vectors: Path) -> None:
    for name in NO_VERDICT:
        document = json.loads((vectors / "vcdm2-suite" / f"{name}.json").read_text("utf-8"))
        with pytest.raises(ProofError, match="no proof"):
            verify_presentation(document, fetch=None, now=NOW)


def test_every_schema_example_is_accepted(vectors: Path) -> None:
    paths = sorted((vectors / "vcdm2-schema-examples").rglob("*.json"))
    assert len(paths) == 12
    for path in paths:
        document = json.loads(path.read_text("utf-8"))
        document.pop("proof", None)
        entries = document.get("verifiableCredential", [])
        for entry in entries if isinstance(entries, list) else [entries]:
            entry.pop("proof", None)
        assert _accepted(document), path.name


def _accepted(document: dict[str, Any]) -> bool:
    try:
        if "VerifiablePresentation" in document.get("type", []):
            _verify_shown(document)
        else:
            verify_credential(_issued(document), fetch=None, now=NOW, checks=["proof"])
    except (*REFUSED, CannotCheck):
        return False
    return True


def _issued(document: dict[str, Any]) -> dict[str, Any]:
    dates = {"PAST DATE": "2020-01-01T00:00:00Z", "FUTURE DATE": "2040-01-01T00:00:00Z"}
    filled = {n: dates.get(v, v) if isinstance(v, str) else v for n, v in document.items()}
    signer = Issuer(ISSUER.did, ISSUER.method, ISSUER.key)
    return issue_credential(
        {**filled, "issuer": _ours(document.get("issuer", ISSUER.did))}, signer, now=NOW
    )


def _verify_shown(document: dict[str, Any]) -> None:
    shown = dict(document)
    if "holder" in shown:
        shown["holder"] = _ours(shown["holder"], needs_id=False)
    if "verifiableCredential" in shown:
        entries = shown["verifiableCredential"]
        shown["verifiableCredential"] = [
            entry
            if not isinstance(entry, dict) or is_envelope(entry, "credential")
            else _issued(entry)
            for entry in (entries if isinstance(entries, list) else [entries])
        ]
    signed = ISSUER.sign(shown, purpose="authentication", challenge="abc")
    verify_presentation(signed, fetch=None, now=NOW, checks=["proof"], challenge="abc")


def _ours(named: Any, *, needs_id: bool = True) -> Any:
    """Put our own id where somebody else's stands; leave a bad one as it is."""
    if isinstance(named, dict):
        return (
            {**named, "id": _ours(named.get("id", ISSUER.did))}
            if needs_id or "id" in named
            else named
        )
    good = isinstance(named, str) and named.startswith(("did:", "https:"))
    return ISSUER.did if good else named
