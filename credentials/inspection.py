"""What is in a file, and what a signature on it covers: for people who look into a badge.

Nothing is verified here. The statements are those of the canonical form, so what is not among them
is not signed.
"""

from typing import Any

from contexts import ContextError, canonical_jcs, canonical_rdfc
from credentials.cryptosuites import suites
from credentials.cryptosuites.ecdsa_sd_2023 import parts_of
from credentials.formats.opening import Opened, open_document
from credentials.report import CheckFailed, CredentialError
from credentials.shape import types_of
from keys.errors import KeysError

_NAMES = ("id", "name", "validFrom", "validUntil", "issuanceDate", "expirationDate", "awardedDate")


def inspect(shown: str | bytes) -> dict[str, Any]:
    """Describe a credential, presentation or token.

    Members: `form` ("json", or the media type of a token), `types`, the outermost facts, `issuer`,
    `subject` or `holder`, `proofs`, each with `covers` (one statement a line), and `problems`, what
    stops the statements from being told. Raises `CheckFailed`, `CredentialError` or `ContextError`
    for what is neither.
    """
    opened = open_document(shown)
    document = opened.document
    found: dict[str, Any] = {
        "form": opened.secured.jws.media_type or "jwt" if opened.secured else "json",
        "types": types_of(document),
        **{name: document[name] for name in _NAMES if name in document},
    }
    for name in ("issuer", "holder"):
        if name in document:
            found[name] = _id_of(document[name])
    subject = document.get("credentialSubject")
    if subject is not None:
        found["subject"] = (
            [_id_of(one) for one in subject] if isinstance(subject, list) else _id_of(subject)
        )
    found["proofs"] = [_token(opened)] if opened.secured else _proofs(document)
    return found


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def _proofs(document: dict[str, Any]) -> list[dict[str, Any]]:
    value = document.get("proof", [])
    unsecured = {name: inner for name, inner in document.items() if name != "proof"}
    found = []
    for proof in value if isinstance(value, list) else [value]:
        if not isinstance(proof, dict):
            found.append({"problems": ["a proof is not an object"]})
            continue
        described = {name: inner for name, inner in proof.items() if name != "@context"}
        options = {name: inner for name, inner in proof.items() if name != "proofValue"}
        options.setdefault("@context", document.get("@context"))
        described |= _covered(unsecured, options, proof)
        found.append(described)
    return found


def _covered(
    unsecured: dict[str, Any], options: dict[str, Any], proof: dict[str, Any]
) -> dict[str, Any]:
    suite = suites().get(str(proof.get("cryptosuite", "")))
    covers, problems = [], []
    for part, document in (("document", unsecured), ("proof", options)):
        try:
            if suite is not None and suite.is_selective and document is unsecured:
                covers += parts_of(document, str(proof.get("proofValue")))
                continue
            if suite is not None and not suite.is_rdfc:
                lines = [canonical_jcs(document).decode()]
            else:
                lines = canonical_rdfc(document).rstrip("\n").split("\n")
            covers += [f"{part}: {line}" for line in lines]
        except (ContextError, CredentialError, KeysError) as error:
            problems.append(f"{part}: {error.detail}")
    return {"covers": covers, "problems": problems}


def _token(opened: Opened) -> dict[str, Any]:
    secured = opened.secured
    assert secured is not None
    try:
        covers = [f"header: {canonical_jcs(dict(secured.jws.header)).decode()}"]
        covers += [
            f"claim {name}: {canonical_jcs(value).decode()}"
            for name, value in sorted(secured.jws.claims().items())
        ]
    except (ContextError, CheckFailed, CredentialError, KeysError) as error:
        return {"type": secured.jws.media_type or "jwt", "covers": [], "problems": [error.detail]}
    shown = secured.disclosures.disclosures if secured.disclosures else ()
    disclosed = [
        f"disclosed {one.name or 'element'}: {canonical_jcs(one.value).decode()}" for one in shown
    ]
    return {"type": secured.jws.media_type or "jwt", "covers": covers + disclosed, "problems": []}
