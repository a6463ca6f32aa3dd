"""ecdsa-sd-2023: the published derivation byte for byte, and nothing else can be shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import NOW, Party

from contexts import canonical_rdfc
from credentials.cryptosuites.ecdsa_sd_2023 import (
    BaseProof,
    DerivedProof,
    _sign_data,
    hideable,
    parts_of,
)
from credentials.proofs import add_proof, derive_proof, verify_proof, verify_proof_with
from credentials.report import CredentialError, ProofError
from credentials.selection import select, statements_of
from keys.errors import InvalidSignature, MalformedKey
from keys.material import PrivateKey, PublicKey
from keys.multibase import base64url_decode, base64url_encode

ISSUER, HOLDER = Party("Centre", "P-256"), Party("Worker")
MANDATORY = ["/issuer", "/validFrom", "/credentialSubject/id"]
CHOSEN = ["/credentialSubject/achievement/criteria", "/credentialSubject/achievement/alignment/0"]
UNSIGNED = ISSUER.unsigned_badge(HOLDER.did)
SUITE = "ecdsa-sd-2023"


def signed(document: dict[str, Any] = UNSIGNED, mandatory: Any = MANDATORY) -> dict[str, Any]:
    return ISSUER.sign(document, cryptosuite=SUITE, mandatory_pointers=mandatory)


BASE = signed()
SHOWN = derive_proof(BASE, CHOSEN)


def check(document: dict[str, Any]) -> None:
    verify_proof(document, purpose="assertionMethod", controller=ISSUER.did, fetch=None, now=NOW)


def with_value(document: dict[str, Any], value: str) -> dict[str, Any]:
    return {**document, "proof": {**document["proof"], "proofValue": value}}


def with_components(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Give the document with other components, written without any check."""
    proof = DerivedProof.read(document["proof"]["proofValue"])
    names = ("signature", "public_key", "signatures", "labels", "mandatory_indexes")
    listed = [changes.get(name, getattr(proof, name)) for name in names]
    return with_value(document, "u" + base64url_encode(b"\xd9\x5d\x01" + cbor2.dumps(listed)))


# --- published vectors --------------------------------------------------------------------------


@pytest.fixture
def published(vectors: Path, suite_contexts: None) -> Path:
    return vectors / "di-ecdsa"


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_published_base_proof_is_read_and_written_again(published: Path) -> None:
    folder = published / "ecdsa-sd-2023" / "prc"
    document = read(folder / "addSignedSDBase.json")
    value, wanted = document["proof"]["proofValue"], read(folder / "addRawBaseSignatureInfo.json")
    base = BaseProof.read(value)
    assert base.write() == value
    assert base.signature.hex() == wanted["baseSignature"]
    assert [one.hex() for one in base.signatures] == wanted["signatures"]
    assert (
        base.hmac_key.hex().upper()
        == read(published / "ecdsa-sd-2023/SDKeyMaterial.json")["hmacKeyString"]
    )
    assert base.mandatory_pointers == read(published / "prCredMandatory.json")


def test_published_statements_and_hashes_are_reproduced(published: Path) -> None:
    folder = published / "ecdsa-sd-2023" / "prc"
    document = read(folder / "addSignedSDBase.json")
    proof = document.pop("proof")
    base = BaseProof.read(proof.pop("proofValue"))
    statements = statements_of(document, base.hmac_key)
    assert list(statements.lines) == read(folder / "addBaseDocHMACCanon.json")
    groups = read(folder / "derivedGroupIndexes.json")
    chosen = read(published / "prCredSelective.json")
    assert statements.chosen(base.mandatory_pointers) == groups["mandatoryIndexes"]
    assert statements.chosen(chosen) == groups["selectiveIndexes"]
    assert statements.chosen([*base.mandatory_pointers, *chosen]) == groups["combinedIndexes"]
    hashes = read(folder / "addHashData.json")
    config = {"@context": document["@context"], **proof}
    mandatory = [statements.lines[place] for place in groups["mandatoryIndexes"]]
    said = _sign_data(config, base.public_key, mandatory)
    assert said[:32].hex() == hashes["proofHash"]
    assert said[-32:].hex() == hashes["mandatoryHash"]
    keys = read(published / "ecdsa-sd-2023" / "SDKeyMaterial.json")
    public = PublicKey.from_multibase(keys["baseKeyPair"]["publicKeyMultibase"])
    public.verify(said, base.signature)


def test_published_derivation_is_reproduced_byte_for_byte(published: Path) -> None:
    folder = published / "ecdsa-sd-2023" / "prc"
    base = read(folder / "addSignedSDBase.json")
    derived = derive_proof(base, read(published / "prCredSelective.json"))
    assert derived == read(folder / "derivedRevealDocument.json")
    del derived["proof"]
    assert derived == read(folder / "derivedUnsignedReveal.json")


def test_published_derived_document_verifies_and_no_change_of_it(published: Path) -> None:
    document = read(published / "ecdsa-sd-2023" / "prc" / "derivedRevealDocument.json")

    def look(changed: dict[str, Any]) -> None:
        def key_of(method: str) -> PublicKey:
            return PublicKey.from_multibase(method.partition("#")[2])

        verify_proof_with(changed, key_of, purpose="assertionMethod", now=NOW)

    look(document)
    subject = document["credentialSubject"]
    for changes in (
        {"credentialSubject": {**subject, "birthCountry": "Elsewhere"}},
        {"credentialSubject": {**subject, "familyName": "SMITH"}},
        {"validUntil": "2035-12-16T23:59:59Z"},
        {"issuer": document["issuer"]["id"]},
    ):
        with pytest.raises(ProofError):
            look({**document, **changes})


# --- what is shown ------------------------------------------------------------------------------


def test_mandatory_and_chosen_parts_are_shown_and_no_others() -> None:
    check(SHOWN)
    achievement = UNSIGNED["credentialSubject"]["achievement"]
    assert SHOWN["issuer"] == UNSIGNED["issuer"]
    assert SHOWN["credentialSubject"] == {
        "id": HOLDER.did,
        "type": UNSIGNED["credentialSubject"]["type"],
        "achievement": {
            "id": achievement["id"],
            "type": achievement["type"],
            "criteria": achievement["criteria"],
            "alignment": achievement["alignment"][:1],
        },
    }
    assert "name" not in SHOWN
    hidden = achievement["name"].encode()
    assert hidden not in base64url_decode(SHOWN["proof"]["proofValue"][1:])


def test_nothing_but_the_mandatory_part_may_be_shown() -> None:
    least = derive_proof(BASE, [])
    check(least)
    assert DerivedProof.read(least["proof"]["proofValue"]).signatures == []


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_choice_verifies_and_every_hidden_statement_stays_hidden(data: st.DataObject) -> None:
    every = [pointer for pointer, _ in pointers_of(UNSIGNED)]
    chosen = data.draw(st.lists(st.sampled_from(every), max_size=6))
    shown = derive_proof(BASE, chosen)
    check(shown)
    unsigned = {name: value for name, value in shown.items() if name != "proof"}
    assert unsigned == select(UNSIGNED, [*MANDATORY, *chosen])
    bent = json.loads(json.dumps(shown))
    bent["credentialSubject"]["achievement"] = UNSIGNED["credentialSubject"]["achievement"]
    if bent != shown:
        with pytest.raises(ProofError):
            check(bent)


def pointers_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, dict | list):
        for name, inner in members:
            if name != "@context":
                yield from pointers_of(inner, f"{path}/{name}")


@pytest.mark.parametrize("pointer", ["", "/credentialSubject", "/type/0"])
def test_whole_parts_can_be_chosen(pointer: str) -> None:
    check(derive_proof(BASE, [pointer]))


# --- attacks on what is shown --------------------------------------------------------------------


def test_a_mandatory_part_cannot_be_left_out() -> None:
    for member in ("issuer", "validFrom"):
        bent = {name: value for name, value in SHOWN.items() if name != member}
        with pytest.raises((ProofError, CredentialError)):
            check(bent)


def test_pointers_cannot_be_made_fewer() -> None:
    base = BaseProof.read(BASE["proof"]["proofValue"])
    fewer = BaseProof(base.signature, base.public_key, base.hmac_key, base.signatures, ["/issuer"])
    with pytest.raises(CredentialError, match="another document"):
        derive_proof(with_value(BASE, fewer.write()), CHOSEN)


def test_a_statement_cannot_become_mandatory_or_stop_being_so() -> None:
    proof = DerivedProof.read(SHOWN["proof"]["proofValue"])
    indexes = proof.mandatory_indexes
    for changed in (indexes[1:], indexes[:-1], [], sorted({*indexes, max(indexes) + 1})):
        for count in (len(proof.signatures), len(proof.signatures) + len(indexes) - len(changed)):
            signatures = (proof.signatures * 10)[:count]
            with pytest.raises(ProofError):
                check(with_components(SHOWN, mandatory_indexes=changed, signatures=signatures))


def test_signatures_are_for_their_own_statement_and_as_many() -> None:
    signatures = DerivedProof.read(SHOWN["proof"]["proofValue"]).signatures
    for changed in (signatures[::-1], signatures[1:], [*signatures, signatures[0]], []):
        with pytest.raises(ProofError):
            check(with_components(SHOWN, signatures=changed))


def test_statements_of_another_badge_do_not_fit() -> None:
    other = derive_proof(signed(ISSUER.unsigned_badge(HOLDER.did, name="Another")), CHOSEN)
    with pytest.raises(ProofError):
        check({**SHOWN, "proof": other["proof"]})
    proof = DerivedProof.read(other["proof"]["proofValue"])
    for name in ("signature", "public_key", "signatures"):
        with pytest.raises(ProofError):
            check(with_components(SHOWN, **{name: getattr(proof, name)}))


def test_a_key_of_the_holders_own_signs_nothing() -> None:
    own = PrivateKey.generate("P-256")
    bent = json.loads(json.dumps(SHOWN))
    bent["credentialSubject"]["achievement"]["criteria"]["narrative"] = "None."
    proof = DerivedProof.read(SHOWN["proof"]["proofValue"])
    unsigned = {name: value for name, value in bent.items() if name != "proof"}
    _, others = proof.parted(canonical_rdfc(unsigned))
    forged = with_components(
        bent,
        public_key=b"\x80\x24" + own.public.raw,
        signatures=[own.sign(line.encode()) for line in others],
    )
    with pytest.raises(ProofError):
        check(forged)


def nested_badge() -> dict[str, Any]:
    """Give a badge with objects that have no id, so that labels matter."""
    document = ISSUER.unsigned_badge(HOLDER.did)
    document["credentialSubject"]["achievement"]["alignment"] *= 1
    return document


def test_labels_cannot_be_changed_swapped_or_repeated() -> None:
    shown = derive_proof(signed(nested_badge()), [*CHOSEN, "/credentialSubject"])
    labels = DerivedProof.read(shown["proof"]["proofValue"]).labels
    assert len(labels) >= 2
    first, second = list(labels.values())[:2]
    check(shown)
    for changed in (
        {**labels, 0: second, 1: first},
        {**labels, 0: second},
        {**labels, 0: bytes(32)},
        {place: label for place, label in labels.items() if place},
        {**labels, len(labels): bytes(32)},
        {**labels, 0: first[:31]},
        {str(place): label for place, label in labels.items()},
        {**{place: label for place, label in labels.items() if place}, -1: first},
        {},
    ):
        with pytest.raises(ProofError):
            check(with_components(shown, labels=changed))


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": bytes(63)},
        {"signature": "x" * 64},
        {"public_key": b"\x80\x24" + bytes(32)},
        {"public_key": b"\x80\x24\x05" + bytes(32)},
        {"public_key": b"\xed\x01" + bytes(33)},
        {"signatures": {}},
        {"signatures": [bytes(64), "x"]},
        {"labels": []},
        {"mandatory_indexes": {}},
        {"mandatory_indexes": [1, 0]},
        {"mandatory_indexes": [0, 0]},
        {"mandatory_indexes": [True]},
        {"mandatory_indexes": [-1]},
        {"mandatory_indexes": [10**30]},
        {"mandatory_indexes": [0.0]},
    ],
)
def test_component_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofError):
        check(with_components(SHOWN, **changes))


def raw(value: str) -> bytes:
    return base64url_decode(value[1:])


@pytest.mark.parametrize(
    "bend",
    [
        lambda data: data[:3],
        lambda data: data[:-1],
        lambda data: data + b"\x00",
        lambda data: b"\xd9\x5d\x02" + data[3:],
        lambda data: b"\xd9\x5d\x03" + data[3:],
        lambda data: b"\xd9\x5d\x00" + data[3:],
        lambda data: data[3:],
        lambda data: data[:3] + b"\xd8\x40" + data[3:],
        lambda data: data[:3] + b"\x9f" + data[4:] + b"\xff",
        lambda data: data[:3] + b"\x98\x05" + data[4:],
        lambda data: data[:3] + b"\x86" + data[4:] + b"\x00",
        lambda data: data[:3] + b"\x84" + data[4:],
        lambda data: data[:3] + b"\x81" * 100_000,
        lambda data: data[:3] + b"\x9b" + b"\xff" * 8,
        lambda data: data[:3] + b"\xf6",
        lambda data: b"",
    ],
)
def test_other_bytes_are_refused_and_named(bend: Any) -> None:
    data = bend(raw(SHOWN["proof"]["proofValue"]))
    with pytest.raises(ProofError, match="proofValue: it"):
        check(with_value(SHOWN, "u" + base64url_encode(data)))


@pytest.mark.parametrize(
    "value", ["", "u", "z" + "1" * 100, "u=", "u!", "m2V0B", "u" + "A" * 300_000]
)
def test_other_encodings_are_refused(value: str) -> None:
    with pytest.raises(ProofError):
        check(with_value(SHOWN, value))
    with pytest.raises((ProofError, CredentialError)):
        derive_proof(with_value(BASE, value), CHOSEN)


def test_base_proof_is_for_the_holder_alone() -> None:
    with pytest.raises(ProofError, match="base proof"):
        check(BASE)
    with pytest.raises(ProofError, match="derived"):
        derive_proof(SHOWN, CHOSEN)


def test_proof_options_are_signed() -> None:
    for changes in ({"created": "2026-11-24T08:00:00Z"}, {"domain": "x"}, {"nonce": "y"}):
        with pytest.raises(ProofError):
            check({**SHOWN, "proof": {**SHOWN["proof"], **changes}})


# --- attacks on issuing and choosing ------------------------------------------------------------


@pytest.mark.parametrize(
    "pointer",
    [
        "issuer",
        "#/issuer",
        "/nothing",
        "/issuer/nothing",
        "/name/0",
        "/type/2",
        "/type/-",
        "/type/-1",
        "/type/00",
        "/type/0 ",
        "/type/1e0",
        "/type/٠",
        "/~2",
        "/issuer~",
        "/proof",
        "/issuer/",
        7,
        None,
    ],
)
def test_pointer_to_nothing_is_an_error_for_issuer_and_holder(pointer: Any) -> None:
    with pytest.raises(CredentialError):
        signed(mandatory=[pointer])
    with pytest.raises(CredentialError):
        derive_proof(BASE, [pointer])


def test_too_many_pointers_are_refused() -> None:
    with pytest.raises(CredentialError, match="more than"):
        derive_proof(BASE, ["/issuer"] * 2_000)


def test_nothing_to_show_is_an_error() -> None:
    with pytest.raises(CredentialError, match="nothing to show"):
        derive_proof(signed(mandatory=[]), [])


def test_pointers_are_for_this_suite_alone() -> None:
    with pytest.raises(CredentialError, match="no mandatory pointers"):
        ISSUER.sign(UNSIGNED, cryptosuite="ecdsa-rdfc-2019", mandatory_pointers=["/issuer"])


def test_other_keys_do_not_sign_so() -> None:
    for kind in ("Ed25519", "P-384"):
        with pytest.raises(CredentialError, match="P-256"):
            Party("Other", kind).sign(UNSIGNED, cryptosuite=SUITE)  # type: ignore[arg-type]


def test_what_has_no_parts_is_not_signed_so() -> None:
    endorsed = {**UNSIGNED, "endorsement": [Party("Union").endorse(ISSUER.did)]}
    with pytest.raises(CredentialError, match="proof inside"):
        signed(endorsed)


def test_ids_kept_for_labels_are_refused() -> None:
    taken = {**UNSIGNED, "id": "urn:bnid:b0"}
    with pytest.raises(CredentialError, match="urn:bnid"):
        signed(taken)


@pytest.mark.parametrize(
    "text", ["_:c14n0", "<urn:bnid:b0>", '"', "\\", "a\u2028b\u0085c", "line\nnext", '_:b0 "x" .']
)
def test_words_that_look_like_labels_stay_words(text: str) -> None:
    document = {**nested_badge(), "name": text}
    shown = derive_proof(signed(document), ["/name", "/credentialSubject/achievement"])
    check(shown)
    assert shown["name"] == text


def test_one_base_proof_among_others_is_derived() -> None:
    both = add_proof(
        BASE, ISSUER.key, verification_method=ISSUER.method, created=NOW,
        cryptosuite="ecdsa-rdfc-2019", beside=True,
    )  # fmt: skip
    assert isinstance(both["proof"], list)
    check(derive_proof(both, CHOSEN))
    for document in (UNSIGNED, {**both, "proof": [BASE["proof"], BASE["proof"]]}):
        with pytest.raises(CredentialError, match="not one"):
            derive_proof(document, CHOSEN)


def test_two_badges_share_no_label_and_no_key() -> None:
    first, second = (BaseProof.read(signed()["proof"]["proofValue"]) for _ in range(2))
    assert first.hmac_key != second.hmac_key
    assert first.public_key != second.public_key
    shown = [derive_proof(signed(nested_badge()), ["/credentialSubject"]) for _ in range(2)]
    one, other = (set(DerivedProof.read(s["proof"]["proofValue"]).labels.values()) for s in shown)
    assert one
    assert one.isdisjoint(other)


def test_each_statement_says_whether_it_can_be_hidden() -> None:
    unsigned = {name: value for name, value in BASE.items() if name != "proof"}
    said = parts_of(unsigned, BASE["proof"]["proofValue"])
    assert {line.partition(": ")[0] for line in said} == {"always shown", "may be hidden"}
    unsigned = {name: value for name, value in SHOWN.items() if name != "proof"}
    said = parts_of(unsigned, SHOWN["proof"]["proofValue"])
    assert {line.partition(": ")[0] for line in said} == {"always shown", "chosen"}
    with pytest.raises(InvalidSignature):
        parts_of({**unsigned, "name": "x"}, SHOWN["proof"]["proofValue"])
    with pytest.raises(MalformedKey):
        parts_of(unsigned, "zabc")


def test_what_ends_a_credential_is_named_when_the_holder_could_hide_it() -> None:
    document = {"validUntil": "2027-01-01T00:00:00Z", "credentialStatus": {"id": "x"}}
    assert hideable(document, ["/issuer", "/credentialStatus/id"]) == [
        "/credentialStatus",
        "/validUntil",
    ]
    assert hideable(document, ["/validUntil", "/credentialStatus"]) == []
    assert hideable(document, [""]) == []
    assert hideable({"expirationDate": "2027-01-01T00:00:00Z"}, []) == ["/expirationDate"]
    assert hideable({"name": "A"}, []) == []
