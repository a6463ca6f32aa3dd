"""The W3C vectors of EdDSA and ECDSA step by step: each text, hash and signature in between.

What is signed and whether it verifies is in test_proofs.py; ecdsa-sd-2023 is in test_ecdsa_sd.py.
"""

import json
from datetime import datetime
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

import pytest
from parties import NOW

from contexts.rdfc import Algorithm
from credentials.cryptosuites import suites
from credentials.proofs import add_proof
from keys.material import PrivateKey, PublicKey
from keys.multibase import multibase_decode

STEPS = {
    "di-eddsa/eddsa-rdfc-2022": "DataInt",
    "di-eddsa/eddsa-jcs-2022": "JCS",
    "di-eddsa/Ed25519Signature2020": "EdSig",
    "di-ecdsa/ecdsa-rdfc-2019-p256": "ECDSAP256",
    "di-ecdsa/ecdsa-jcs-2019-p256": "JCSECDSAP256",
    "di-ecdsa/ecdsa-rdfc-2019-p384": "ECDSAP384",
    "di-ecdsa/ecdsa-jcs-2019-p384": "JCSECDSAP384",
}
CHAIN = "di-eddsa/proof-set-chain"


pytestmark = pytest.mark.usefixtures("suite_contexts")


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def without_proof(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_of_a_published_proof_is_reproduced(vectors: Path, name: str) -> None:
    folder, end = vectors / name, STEPS[name]

    def text(step: str) -> bytes:
        return (folder / f"{step}{end}.txt").read_bytes()

    signed = read(folder / f"signed{end}.json")
    proof = signed["proof"]
    suite = suites()[proof.get("cryptosuite", proof["type"])]
    public = PublicKey.from_multibase(proof["verificationMethod"].partition("#")[2])
    algorithm: Algorithm = "sha384" if public.kind == "P-384" else "sha256"
    digest = sha384 if public.kind == "P-384" else sha256
    options = {member: value for member, value in proof.items() if member != "proofValue"}
    if suite.is_rdfc:
        options = {"@context": signed["@context"], **options}
    assert options == read(folder / f"proofConfig{end}.json")
    forms = [suite.canonicalise(part, algorithm) for part in (without_proof(signed), options)]
    assert forms == [text("canonDoc"), text("proofCanon")]
    hashes = [digest(form).hexdigest().encode() for form in forms]
    assert hashes == [text("docHash"), text("proofHash")]
    assert hashes[1] + hashes[0] == text("combinedHash")
    signature = multibase_decode(text("sigBTC58").decode())
    assert signature.hex().encode() == text("sigHex")
    assert proof["proofValue"].encode() == text("sigBTC58")
    public.verify(bytes.fromhex(text("combinedHash").decode()), signature)


@pytest.mark.parametrize(("folder", "end"), [("di-eddsa", "DataInt"), ("di-ecdsa", "ECDSAP256")])
def test_unsigned_document_is_the_signed_one_without_its_proof(
    vectors: Path, folder: str, end: str
) -> None:
    (name,) = [name for name, own in STEPS.items() if name.startswith(folder) and own == end]
    signed = read(vectors / name / f"signed{end}.json")
    assert without_proof(signed) == read(vectors / folder / "unsigned.json")


@pytest.mark.parametrize("size", ["256", "384"])
def test_published_key_pairs_belong_together(vectors: Path, size: str) -> None:
    pair = read(vectors / f"di-ecdsa/p{size}KeyPair.json")
    key = PrivateKey.from_multibase(pair["secretKeyMultibase"])
    assert (key.kind, key.public.multibase) == (f"P-{size}", pair["publicKeyMultibase"])


@pytest.mark.parametrize("name", ["Set1", "Set2", "Chain1", "Chain2"])
def test_published_sets_and_chains_are_signed_again(vectors: Path, name: str) -> None:
    folder = vectors / CHAIN
    signed = read(folder / f"signedProof{name}.json")
    wanted = signed["proof"] if isinstance(signed["proof"], list) else [signed["proof"]]
    keys = {
        pair["publicKeyMultibase"]: PrivateKey.from_multibase(pair["privateKeyMultibase"])
        for pair in read(folder / "multiKeyPairs.json").values()
    }
    document = read(folder / "unsigned.json")
    for proof in wanted:
        document = add_proof(
            document,
            keys[proof["verificationMethod"].partition("#")[2]],
            verification_method=proof["verificationMethod"],
            created=datetime.fromisoformat(proof["created"]),
            proof_id=proof.get("id"),
            previous_proof=proof.get("previousProof"),
            beside=True,
        )
    made = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    assert made == wanted
    assert all(datetime.fromisoformat(proof["created"]) < NOW for proof in made)
    kind, place = name[:-1], int(name[-1])
    assert made[-1] == read(folder / f"proof{kind}ConfigSigned{place}.json")
    config = read(folder / f"proof{kind}Config{place}.json")
    config.pop("@context", None)
    assert {member: value for member, value in made[-1].items() if member != "proofValue"} == config
    if kind == "Chain":
        named = made[-1]["previousProof"]
        covered = [proof for proof in made[:-1] if proof["id"] in named]
        temporary = read(folder / f"proofChainTempDoc{place}.json")
        assert temporary == {**without_proof(document), "proof": covered}
