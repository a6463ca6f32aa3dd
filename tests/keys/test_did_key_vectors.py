"""Every published did:key, file by file: the same keys, or a refusal by its code."""

import json
from pathlib import Path
from typing import Any

import pytest
from parties import NOW

from keys.controller import verification_key
from keys.did import did_jwk, did_key
from keys.errors import DidError
from keys.material import KeyKind, PrivateKey, PublicKey
from keys.multibase import base58_decode
from keys.resolution import resolve

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "did-key"
FILES = {"ed25519-x25519.json": 5, "nist-curves.json": 7, "bls12381.json": 6}
SIGNING = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation")


def published(name: str) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return entries


def test_every_published_file_is_looked_at(vectors: Path) -> None:
    assert vectors / "did-key" == FOLDER
    assert {path.name for path in FOLDER.glob("*.json")} == set(FILES)
    assert {name: len(published(name)) for name in FILES} == FILES


@pytest.mark.parametrize("name", ["ed25519-x25519.json", "nist-curves.json"])
def test_published_key_is_read_with_its_purposes(name: str) -> None:
    """Differences: keys are written as Multikey, and no X25519 key is derived: nothing uses it."""
    for did, entry in published(name).items():
        found = resolve(did, fetch=None, now=NOW).document
        wanted = entry["didDocument"]
        method = f"{did}#{did.removeprefix('did:key:')}"
        assert found["id"] == wanted["id"] == did
        assert [one["id"] for one in found["verificationMethod"]] == [method]
        for purpose in SIGNING:
            assert found[purpose] == wanted[purpose] == [method]
        key = verification_key(found, method, purpose="assertionMethod", now=NOW)
        assert did_key(key) == did
        assert key == _published_key(wanted["verificationMethod"][0])
        assert did_key(_published_secret(entry).public) == did
        same = did_jwk(key)
        document = resolve(same, fetch=None, now=NOW).document
        assert verification_key(document, f"{same}#0", purpose="assertionMethod", now=NOW) == key


def _published_key(method: dict[str, Any]) -> PublicKey:
    if "publicKeyJwk" in method:
        return PublicKey.from_jwk(method["publicKeyJwk"])
    kind: KeyKind = "Ed25519" if method["type"].startswith("Ed25519") else "P-256"
    return PublicKey(kind, base58_decode(method["publicKeyBase58"]))


def _published_secret(entry: dict[str, Any]) -> PrivateKey:
    if "seed" in entry:
        return PrivateKey.from_seed("Ed25519", bytes.fromhex(entry["seed"]))
    method = entry["verificationMethod"]
    if "privateKeyJwk" in method:
        return PrivateKey.from_jwk(method["privateKeyJwk"])
    return PrivateKey("P-256", base58_decode(method["privateKeyBase58"]))


def test_published_key_of_a_kind_we_do_not_have_is_refused_by_its_code() -> None:
    for did in published("bls12381.json"):
        with pytest.raises(DidError) as refused:
            resolve(did, fetch=None, now=NOW)
        assert refused.value.code == "unsupportedPublicKeyType"
