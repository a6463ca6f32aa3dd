"""The MUSTs that implementers easily miss, in the order of interfaces.md, section 3.

What the JOSE suite demands is in test_vc_jwt.py, what Open Badges demands in test_verify.py.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from parties import NOW, Party

from contexts import ContextError
from contexts.pinned import admit_contexts_for_conformance
from contexts.urls import DATA_INTEGRITY, VC1, VC2
from credentials.any_type import (
    JWT,
    Issuer,
    issue_credential,
    verify_credential,
    verify_presentation,
)
from credentials.cryptosuites.ecdsa_sd_2023 import BaseProof, DerivedProof
from credentials.formats.vc_jwt import sign_credential
from credentials.model import check_credential, check_presentation
from credentials.proofs import add_proof, derive_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError, ProofError
from credentials.status import LIST_LENGTH, status_entry, status_list_credential
from keys.errors import DidError, KeysError, MalformedKey
from keys.material import PrivateKey
from keys.multibase import base58_encode, base64url_decode, base64url_encode
from keys.resolution import resolve

REFUSED = (CheckFailed, CredentialError, ContextError, KeysError)
ISSUER, HOLDER, OTHER = Party("Centre"), Party("Worker"), Party("Somebody else")
V2_DIGEST = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
Change = Callable[[dict[str, Any]], Any]


def issuer(party: Party = ISSUER, securing: str = "eddsa-rdfc-2022") -> Issuer:
    return Issuer(party.did, party.method, party.key, securing)


def document(**members: Any) -> dict[str, Any]:
    return {
        "@context": [VC2],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "credentialSubject": {"id": HOLDER.did, "name": "Alice"},
        **members,
    }


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in document().items() if member != name}


def issue(unsigned: dict[str, Any], securing: str = "eddsa-rdfc-2022") -> dict[str, Any]:
    return issue_credential(unsigned, issuer(securing=securing), now=NOW)


def refused_at_issue(unsigned: dict[str, Any], words: str) -> None:
    for securing in ("eddsa-rdfc-2022", "eddsa-jcs-2022", JWT):
        with pytest.raises(REFUSED, match=words):
            issue(unsigned, securing)


def verify(signed: Any, **options: Any) -> None:
    verify_credential(signed, **{"fetch": None, "now": NOW, **options})


def show(signed: list[Any], **options: Any) -> dict[str, Any]:
    unsigned = {
        "@context": [VC2],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.did,
        "verifiableCredential": signed,
        **options.pop("members", {}),
    }
    return HOLDER.sign(unsigned, **{"purpose": "authentication", **options})


# --- issue --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unsigned", "culprit"),
    [
        (document(statusEntry={"type": "BitstringStatusListEntry"}), "statusEntry"),
        (document(credentialSubject={"id": HOLDER.did, "nickname": "Al"}), "nickname"),
        (document(type=["VerifiableCredential", "SecretCredential"]), "SecretCredential"),
        (document(credentialSubject={"id": HOLDER.did, "type": "Robot"}), "Robot"),
        (document(credentialSubject={"id": "people/alice", "name": "Alice"}), "people/alice"),
        (document(evidence={"type": "Evidence7"}), "Evidence7"),
    ],
)
def test_must_01_undefined_terms_and_types_are_refused_nested_ones_too(
    unsigned: dict[str, Any], culprit: str
) -> None:
    refused_at_issue(unsigned, culprit)


@pytest.mark.parametrize(
    "contexts",
    [
        [],
        None,
        4,
        VC2,
        [DATA_INTEGRITY, VC2],
        [VC2, "https ://not-a-url/contexts/example/v1"],
        [VC2, 123192875],
        [VC2, None],
        [VC2, "https://example.com"],
        [VC2, VC2],
        [{"name": "https://schema.org/name"}],
    ],
)
def test_must_02_first_context_is_v2_and_every_one_is_known(contexts: Any) -> None:
    refused_at_issue(document(**{"@context": contexts}), "context")


def test_must_02_missing_context_is_refused() -> None:
    refused_at_issue(without("@context"), "context")


def test_must_03_inline_context_defines_no_words_either() -> None:
    inline = {"@vocab": "https://example.org/#"}
    refused_at_issue(document(**{"@context": [VC2, inline]}), "inline")


@pytest.mark.parametrize(
    "inline",
    [
        {"VerifiableCredential": "https://example.org/#Other"},
        {"VerifiablePresentation": "https://example.org/#Other"},
        {"id": "https://example.org/#other"},
        {"type": "https://example.org/#other"},
        {"@vocab": "#relative"},
        {"@base": "https://example.org/"},
        {"nickname": {"@id": "https://example.org/#n", "@type": "@id"}},
    ],
)
def test_must_03_inline_context_cannot_redefine_a_term(inline: dict[str, Any]) -> None:
    refused_at_issue(document(**{"@context": [VC2, inline]}), "inline")
    with (
        admit_contexts_for_conformance({}, inline=True),
        pytest.raises(ContextError, match=r"protected term|inline"),
    ):
        issue(document(**{"@context": [VC2, inline]}))


@pytest.mark.parametrize(
    "value", [None, ["did:example:one", "did:example:two"], "fake-id", "http://exa mple/", 4, {}]
)
@pytest.mark.parametrize(
    "build",
    [
        lambda value: document(id=value),
        lambda value: document(issuer=value),
        lambda value: document(issuer={"id": value, "name": "Centre"}),
        lambda value: document(credentialSubject={"id": value, "name": "Alice"}),
        lambda value: document(credentialStatus={"id": value, "type": "BitstringStatusListEntry"}),
        lambda value: document(credentialSchema={"id": value, "type": "JsonSchema"}),
    ],
)
def test_must_04_ids_are_single_urls(build: Callable[[Any], dict[str, Any]], value: Any) -> None:
    refused_at_issue(build(value), "id|issuer|URL")


@pytest.mark.parametrize(
    "name", ["credentialStatus", "termsOfUse", "evidence", "refreshService", "credentialSchema"]
)
@pytest.mark.parametrize("kind", [None, 2, [], [2], "", {}])
def test_must_05_objects_that_need_a_type_have_one(name: str, kind: Any) -> None:
    entry = {"id": "https://issuer.example/1", "type": kind}
    refused_at_issue(document(**{name: entry}), "type")
    refused_at_issue(document(**{name: [{"id": "https://issuer.example/2"}]}), "type")


def test_must_05_proof_without_type_does_not_verify() -> None:
    signed = issue(document())
    del signed["proof"]["type"]
    with pytest.raises(ProofError, match="type"):
        verify(signed)


def test_must_05_schema_needs_a_url() -> None:
    refused_at_issue(document(credentialSchema={"type": "JsonSchema"}), "credentialSchema.id")


def test_must_05_type_that_maps_to_no_url_is_refused() -> None:
    inline = {"ExampleCredential": "https ://not-a-url#ExampleCredential"}
    unsigned = document(
        **{"@context": [VC2, inline]}, type=["VerifiableCredential", "ExampleCredential"]
    )
    with admit_contexts_for_conformance({}, inline=True), pytest.raises(ContextError):
        issue(unsigned)


@pytest.mark.parametrize(
    "subject", [{}, [], "did:example:1", [{}], None, 4, True, [{"id": "x:y"}, {}]]
)
def test_must_06_subject_says_something(subject: Any) -> None:
    refused_at_issue(document(credentialSubject=subject), "credentialSubject")


def test_must_06_subject_is_there() -> None:
    refused_at_issue(without("credentialSubject"), "credentialSubject")


@pytest.mark.parametrize("name", ["name", "description"])
@pytest.mark.parametrize(
    "value",
    [
        {"@value": "Alice", "@language": "en", "url": "did:example:1"},
        {"@language": "en"},
        {"@value": 4},
        4,
        ["Alice", {"@value": "Alicia", "extra": "x"}],
        {"@value": "Alice", "@direction": "up"},
        {"@value": "Alice", "@language": "not a language"},
    ],
)
def test_must_07_names_are_texts_in_a_language(name: str, value: Any) -> None:
    refused_at_issue(document(**{name: value}), name)
    refused_at_issue(document(issuer={"id": ISSUER.did, name: value}), name)


@pytest.mark.parametrize(
    "value",
    [
        "Alice",
        {"@value": "Alice", "@language": "en"},
        {"@value": "أليس", "@language": "ar", "@direction": "rtl"},
        [{"@value": "Alice", "@language": "en"}, {"@value": "Alicia", "@language": "es"}],
    ],
)
def test_must_07_language_and_direction_are_signed(value: Any) -> None:
    signed = issue(document(name=value, issuer={"id": ISSUER.did, "description": value}))
    assert signed["name"] == value
    verify(signed)
    if isinstance(value, dict):
        signed["name"] = {**value, "@language": "fr"}
        with pytest.raises(ProofError):
            verify(signed)


@pytest.mark.parametrize("name", ["validFrom", "validUntil"])
@pytest.mark.parametrize(
    "value", ["2026-01-01T00:00:00", "2026-01-01", "2026-02-30T00:00:00Z", "soon", 4, None]
)
def test_must_08_times_have_a_zone(name: str, value: Any) -> None:
    refused_at_issue(document(**{name: value}), name)


@pytest.mark.parametrize(
    "value", ["2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00+05:30", "2026-01-01T00:00:00Z"]
)
def test_must_08_milliseconds_offsets_and_a_far_future_are_taken(value: str) -> None:
    verify(issue(document(validFrom=value, validUntil="9000-01-01T00:00:00Z")))


def test_must_08_period_is_not_reversed() -> None:
    reversed_period = {"validFrom": "2027-01-01T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}
    refused_at_issue(document(**reversed_period), "before")


@pytest.mark.parametrize(
    "resources",
    [
        [VC2],
        [{"digestSRI": "sha384-" + "A" * 64}],
        [{"id": VC2}],
        [{"id": VC2, "digestSRI": "sha384-" + "A" * 64}],
        [{"id": VC2, "digestMultibase": "uM4RgWQc3RUDtjJCSgTJtTfvpZ7SPEg_LNO0ESlovQC0"}],
        [{"id": "https://issuer.example/a", "digestSRI": "sha384-short"}],
        [{"id": VC2, "digestSRI": f"{V2_DIGEST}=="}],
        [{"id": "https://issuer.example/a", "digestSRI": "md5-" + "A" * 22}],
        [{"id": "https://issuer.example/a", "digestSRI": "sha384-" + "A" * 64}] * 2,
    ],
)
def test_must_09_related_resources_have_an_id_once_and_a_digest_that_matches(
    resources: list[Any],
) -> None:
    refused_at_issue(document(relatedResource=resources), "relatedResource|digest|URL")


def test_must_09_digest_of_a_resource_that_is_not_at_hand_is_reported() -> None:
    entry = {"id": "https://issuer.example/a.pdf", "digestSRI": "sha384-" + "A" * 64}
    verified = verify_credential(issue(document(relatedResource=entry)), fetch=None, now=NOW)
    assert verified.not_checked == ("the related resource https://issuer.example/a.pdf",)


def test_must_10_context_order_is_kept_and_an_id_given() -> None:
    signed = issue(document(**{"@context": [VC2, DATA_INTEGRITY]}))
    assert signed["@context"] == [VC2, DATA_INTEGRITY]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", signed["id"])
    assert issue(document(id="urn:uuid:1"))["id"] == "urn:uuid:1"


def test_must_10_version_1_is_issued_with_the_context_of_its_proof() -> None:
    unsigned = {
        "@context": [VC1],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": HOLDER.did},
    }
    signed = issue(unsigned)
    assert signed["@context"] == [VC1, DATA_INTEGRITY]
    verify(signed)
    with pytest.raises(CheckFailed, match="until"):
        verify(signed, now=NOW + timedelta(days=400))
    with pytest.raises(CredentialError, match=r"2\.0"):
        issue(unsigned, JWT)


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("validUntil", "2026-11-01T00:00:00Z", "until"),
        ("validFrom", "2026-12-01T00:00:00Z", "from"),
        ("validUntil", "soon", "validUntil"),
        ("validFrom", "2027-06-01T00:00:00Z", "before"),
    ],
)
def test_must_10_dates_of_version_1_may_have_the_new_names_and_count(
    member: str, value: str, words: str
) -> None:
    unsigned = {
        "@context": [VC1, DATA_INTEGRITY],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": HOLDER.did},
    }
    verify(ISSUER.sign({**unsigned, "validUntil": "2027-03-01T00:00:00Z"}))
    with pytest.raises(REFUSED, match=words):
        verify(ISSUER.sign({**unsigned, member: value}))


def test_issuer_signs_in_no_other_name() -> None:
    refused_at_issue(document(issuer=OTHER.did), "the key is")


def test_credential_with_a_proof_is_not_signed_again() -> None:
    with pytest.raises(CredentialError, match="proof already"):
        issue(issue(document()))


@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_must_11_proof_values_start_with_z(suite: str) -> None:
    signed = issue(document(), suite)
    assert signed["proof"]["proofValue"].startswith("z")
    signed["proof"]["proofValue"] = "u" + signed["proof"]["proofValue"][1:]
    with pytest.raises(ProofError, match="base58btc"):
        verify(signed)


def selective(**options: Any) -> dict[str, Any]:
    party = Party("Centre", "P-256")
    unsigned = {**document(), "issuer": party.did}
    return issue_credential(unsigned, issuer(party, "ecdsa-sd-2023"), now=NOW, **options)


def test_must_11_mandatory_pointers_match_the_document() -> None:
    for pointers in (["/nothing"], ["/credentialSubject/0"], ["issuer"]):
        with pytest.raises(CredentialError, match="JSON pointer"):
            selective(mandatory_pointers=pointers)


def test_must_11_base_proofs_start_with_u_have_32_bytes_of_key_and_no_tags() -> None:
    value = selective(mandatory_pointers=["/issuer"])["proof"]["proofValue"]
    assert value.startswith("u2V0A")
    assert len(BaseProof.read(value).hmac_key) == 32
    tagged = base64url_decode(value[1:])[:3] + b"\xd8\x40" + base64url_decode(value[1:])[3:]
    with pytest.raises(MalformedKey, match="five components"):
        BaseProof.read("u" + base64url_encode(tagged))


# --- verify -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "z123", [], {}, [{}], ["z123"], 4, [None]])
def test_must_12_proof_is_an_object_or_a_list_of_them(value: Any) -> None:
    with pytest.raises(REFUSED):
        verify({**issue(document()), "proof": value})


@pytest.mark.parametrize(
    "name", ["type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue", None]
)
def test_must_12_no_member_of_a_proof_may_be_missing(name: str | None) -> None:
    signed = issue(document())
    signed["proof"].pop(name) if name else signed.pop("proof")
    with pytest.raises(ProofError):
        verify(signed)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "UnknownProofType"},
        {"cryptosuite": "UnknownCryptosuite"},
        {"proofPurpose": "authentication"},
        {"verificationMethod": "https://issuer.example/not-a-did"},
        {"verificationMethod": "did:unknown:1#1"},
    ],
)
def test_must_12_proof_of_another_kind_or_purpose_does_not_verify(change: dict[str, Any]) -> None:
    signed = issue(document())
    signed["proof"] |= change
    with pytest.raises((*REFUSED, CannotCheck)):
        verify(signed)


@pytest.mark.parametrize("shown", ['{"type": "VerifiableCredential"}', "a.b.c", None, 4, []])
def test_must_12_credential_is_an_object(shown: Any) -> None:
    with pytest.raises(CredentialError, match="not a JSON object"):
        verify(shown)
    with pytest.raises(CredentialError, match="not a JSON object"):
        verify_presentation(shown, fetch=None, now=NOW)


@pytest.mark.parametrize("name", ["created", "expires"])
@pytest.mark.parametrize("value", ["yesterday", "2026-13-01T00:00:00Z", 4, None])
def test_must_13_times_of_a_proof_are_times(name: str, value: Any) -> None:
    signed = issue(document())
    signed["proof"][name] = value
    with pytest.raises(REFUSED):
        verify(signed)


def test_must_13_time_without_an_offset_counts_as_utc() -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    signed = add_proof(unsigned, ISSUER.key, verification_method=ISSUER.method, created=NOW)
    again = _signed_with(unsigned, {**signed["proof"], "created": "2026-11-24T08:00:00"})
    verify(again)
    late = _signed_with(unsigned, {**signed["proof"], "expires": "2026-11-24T08:00:00"})
    with pytest.raises(ProofError, match="ran out"):
        verify(late)


def _signed_with(unsigned: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Sign with proof options that our own issuer would not write."""
    from hashlib import sha256

    from contexts import canonical_rdfc
    from keys.multibase import multibase_encode

    proof = {name: value for name, value in options.items() if name != "proofValue"}
    data = b"".join(
        sha256(canonical_rdfc(part).encode()).digest()
        for part in ({"@context": unsigned["@context"], **proof}, unsigned)
    )
    value = multibase_encode(ISSUER.key.sign(data))
    return {**unsigned, "proof": {**proof, "proofValue": value}}


def test_must_14_every_proof_of_a_set_must_verify() -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    own, foreign = ISSUER.sign(unsigned)["proof"], OTHER.sign(unsigned)["proof"]
    verify({**unsigned, "proof": [own, foreign]})
    bad = {**foreign, "proofValue": own["proofValue"]}
    for proofs in ([own, bad], [bad, own]):
        with pytest.raises(ProofError):
            verify({**unsigned, "proof": proofs})


def test_must_14_others_may_sign_beside_the_issuer_not_in_its_place() -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    foreign = OTHER.sign(unsigned)["proof"]
    for proofs in (foreign, [foreign], [foreign, foreign]):
        with pytest.raises(ProofError, match="not one of"):
            verify({**unsigned, "proof": proofs})
    verify({**unsigned, "proof": foreign}, profile="proof-only")


@pytest.mark.parametrize(
    "named", ["urn:uuid:missing", ["urn:uuid:missing"], 4, [4], {"id": "urn:uuid:p"}, None]
)
def test_must_14_previous_proof_must_be_there(named: Any) -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    proof = {**ISSUER.sign(unsigned)["proof"], "previousProof": named}
    with pytest.raises(REFUSED):
        verify({**unsigned, "proof": [proof, {**proof, "id": "urn:uuid:p"}]})


def _signed_with_jcs(
    unsigned: dict[str, Any], before: list[dict[str, Any]], **options: Any
) -> dict[str, Any]:
    """Chain a proof to those `before` it, with options that our own issuer would not write."""
    from hashlib import sha256

    from contexts import canonical_jcs
    from keys.multibase import multibase_encode

    proof = {
        "@context": unsigned["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-11-24T08:00:00Z",
        "verificationMethod": ISSUER.method,
        "proofPurpose": "assertionMethod",
        **options,
    }
    covered = {**unsigned, "proof": before} if before else unsigned
    data = b"".join(sha256(canonical_jcs(part)).digest() for part in (proof, covered))
    made = {**proof, "proofValue": multibase_encode(ISSUER.key.sign(data))}
    return {**unsigned, "proof": [*before, made] if before else made}


def test_must_14_chained_proofs_are_covered_in_the_order_of_the_document() -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    options = {"cryptosuite": "eddsa-jcs-2022"}
    first = ISSUER.sign(unsigned, proof_id="urn:uuid:a", **options)["proof"]
    second = OTHER.sign(unsigned, proof_id="urn:uuid:b", **options)["proof"]
    for named in (["urn:uuid:a", "urn:uuid:b"], ["urn:uuid:b", "urn:uuid:a"]):
        chained = _signed_with_jcs(unsigned, [first, second], previousProof=named)
        verify(chained)
        ours = ISSUER.sign(
            {**unsigned, "proof": [first, second]}, beside=True, previous_proof=named, **options
        )
        verify(ours)
        for signed in (chained, ours):
            with pytest.raises(ProofError, match="signature"):
                verify({**signed, "proof": [second, first, signed["proof"][2]]})


@pytest.mark.parametrize("name", ["id", "domain", "challenge", "nonce"])
@pytest.mark.parametrize("value", [4, True, {"a": "b"}, [], [4], ["", "a"], ""])
def test_must_12_texts_of_a_proof_are_texts_in_every_suite(name: str, value: Any) -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    with pytest.raises(ProofError, match=f"{name} of the proof is not a text"):
        verify(_signed_with_jcs(unsigned, [], **{name: value}))


@pytest.mark.parametrize(
    ("named", "asked", "holds"),
    [
        (["a.example", "b.example"], ["b.example", "a.example"], True),
        (["a.example"], "a.example", True),
        ("a.example", ["a.example"], True),
        (["a.example", "b.example"], "a.example", False),
        ("a.example", ["a.example", "b.example"], False),
        (["a.example", "c.example"], ["a.example", "b.example"], False),
        (None, [], False),
    ],
)
def test_must_15_domains_are_a_set_of_texts(named: Any, asked: Any, holds: bool) -> None:
    unsigned = {**document(), "id": "urn:uuid:1"}
    signed = _signed_with_jcs(unsigned, [], **({"domain": named} if named else {}))
    if holds:
        verify(signed, domain=asked)
        return
    with pytest.raises(ProofError):
        verify(signed, domain=asked)


@pytest.mark.parametrize("expected", [{"domain": "verifier.example"}, {"challenge": "abc"}])
def test_must_15_domain_and_challenge_must_be_those_of_the_proof(
    expected: dict[str, str],
) -> None:
    with pytest.raises(ProofError):
        verify(issue(document()), **expected)
    shown = show([issue(document())], domain="other.example", challenge="other")
    with pytest.raises(ProofError):
        verify_presentation(shown, fetch=None, now=NOW, **expected)
    shown = show([issue(document())], **expected)
    verify_presentation(shown, fetch=None, now=NOW, **expected)


@pytest.mark.parametrize("holder", ["fake-holder", None, {}, {"name": "Acme"}, {"id": 4}, 4, []])
def test_must_16_holder_is_a_url_or_has_one_as_id(holder: Any) -> None:
    shown = {"@context": [VC2], "type": ["VerifiablePresentation"], "holder": holder}
    with pytest.raises(REFUSED, match=r"holder|URL|null"):
        verify_presentation(shown, fetch=None, now=NOW)


@pytest.mark.parametrize("entry", ["https://issuer.example/1", 4, None, [], {}, "a.b.c"])
def test_must_16_entries_of_a_presentation_are_objects(entry: Any) -> None:
    shown = {
        "@context": [VC2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [entry],
    }
    with pytest.raises(REFUSED):
        verify_presentation(shown, fetch=None, now=NOW)


def test_must_16_every_credential_in_a_presentation_is_verified() -> None:
    good, bad = issue(document()), issue(document())
    bad["credentialSubject"]["name"] = "Mallory"
    verify_presentation(show([good]), fetch=None, now=NOW)
    for shown in (show([good, bad]), {**show([good]), "verifiableCredential": [bad]}):
        with pytest.raises(ProofError):
            verify_presentation(shown, fetch=None, now=NOW)
    envelope = issue(document(), JWT)
    verify_presentation(show([envelope, good]), fetch=None, now=NOW)
    forged = {**envelope, "id": envelope["id"][:-8] + "AAAAAAAA"}
    with pytest.raises(ProofError):
        verify_presentation(show([forged]), fetch=None, now=NOW)


def test_must_16_presentation_without_proof_says_who_was_not_checked() -> None:
    shown = {
        "@context": [VC2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": issue(document()),
    }
    verified = verify_presentation(shown, fetch=None, now=NOW)
    assert verified.not_checked == ("who presents it: there is no proof",)
    with pytest.raises(ProofError, match="no proof"):
        verify_presentation(shown, fetch=None, now=NOW, challenge="abc")


def test_must_16_presentation_of_another_holder_does_not_verify() -> None:
    shown = OTHER.sign(
        {"@context": [VC2], "type": ["VerifiablePresentation"], "holder": HOLDER.did},
        purpose="authentication",
    )
    with pytest.raises(ProofError, match="not one of"):
        verify_presentation(shown, fetch=None, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"@context": []},
        {"@context": ["https://www.w3.org/ns/credentials/examples/v2"]},
        {"type": "VerifiableCredential"},
        {"type": ["EnvelopedVerifiableCredential", "VerifiableCredential"]},
        {"id": "eyJhbGciOiJFZERTQSJ9.e30."},
        {"id": "data:application/vc+jwt;x,eyJhbGciOiJFZERTQSJ9.e30."},
        {"id": "data:text/plain,eyJhbGciOiJFZERTQSJ9.e30."},
        {"name": "a member beside the token"},
    ],
)
def test_must_17_envelope_has_its_context_type_and_token(change: dict[str, Any]) -> None:
    envelope = issue(document(), JWT)
    verify(envelope)
    with pytest.raises(REFUSED):
        verify({**envelope, **change})


def test_must_17_claim_vc_is_read_by_the_older_media_type_only() -> None:
    from credentials.formats.jose import sign_jws

    claims = {"iss": ISSUER.did, "vc": document()}
    token = sign_jws({"typ": "JWT", "kid": ISSUER.method}, claims, ISSUER.key)
    envelope = {"@context": VC2, "type": "EnvelopedVerifiableCredential"}
    verify({**envelope, "id": f"data:application/jwt,{token}"})
    with pytest.raises(CheckFailed):
        verify({**envelope, "id": f"data:application/vc+jwt,{token}"})
    strict = sign_jws({"typ": "vc+jwt", "kid": ISSUER.method}, claims, ISSUER.key)
    with pytest.raises(ProofError, match="vc"):
        verify({**envelope, "id": f"data:application/vc+jwt,{strict}"})


def test_must_17_token_in_an_envelope_is_the_credential_that_is_judged() -> None:
    expired = document(validUntil="2026-01-01T00:00:00Z")
    token = sign_credential(expired, ISSUER.key, kid=ISSUER.method)
    envelope = {
        "@context": VC2,
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token}",
    }
    for checks in (None, ["dates"], ["status", "dates"], ["Proof"], ["proof", "signature"]):
        with pytest.raises(CheckFailed, match="until"):
            verify(envelope, checks=checks)
    verify(envelope, checks=["proof"])


def test_must_18_derived_proof_has_its_header_components_and_signatures() -> None:
    shown = derive_proof(selective(mandatory_pointers=["/issuer"]), ["/credentialSubject"])
    verify(shown)
    data = base64url_decode(shown["proof"]["proofValue"][1:])
    assert data.startswith(b"\xd9\x5d\x01\x85")
    derived = DerivedProof.read(shown["proof"]["proofValue"])
    for bent in (
        data[:2] + b"\x00" + data[3:],
        data[:3] + b"\x84" + data[4:],
        data + b"\x00",
    ):
        shown["proof"]["proofValue"] = "u" + base64url_encode(bent)
        with pytest.raises(ProofError):
            verify(shown)
    fewer = replace(derived, signatures=derived.signatures[1:])
    shown["proof"]["proofValue"] = fewer.write()
    with pytest.raises(ProofError, match="signatures for"):
        verify(shown)


# --- status lists and did:key -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"statusListIndex": 8},
        {"statusListIndex": "8.5"},
        {"statusListIndex": "-1"},
        {"statusListIndex": " 8"},
        {"statusListIndex": "٣"},
        {"id": "https://issuer.example/status/1"},
        {"statusPurpose": None},
        {"statusListCredential": "status/1"},
    ],
)
def test_must_status_entry_is_one(change: dict[str, Any]) -> None:
    entry = status_entry("https://issuer.example/status/1", 8)
    with pytest.raises(CredentialError):
        check_credential(document(credentialStatus={**entry, **change}))
    check_credential(document(credentialStatus=entry))


def test_must_status_list_is_long_enough_and_written_as_demanded() -> None:
    made = status_list_credential(
        list_url="https://issuer.example/status/1",
        issuer=ISSUER.did,
        purpose="revocation",
        revoked=[3],
        valid_from=NOW,
        valid_until=NOW + timedelta(days=1),
        ttl_ms=60_000,
    )
    subject = made["credentialSubject"]
    assert made["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert subject["type"] == "BitstringStatusList"
    assert subject["encodedList"].startswith("u")
    assert LIST_LENGTH >= 131_072
    verify(issue(made))


def _did_key(data: bytes) -> str:
    return f"did:key:z{base58_encode(data)}"


@pytest.mark.parametrize(
    ("did", "code"),
    [
        ("did:key:", "invalidDid"),
        ("did:KEY:z6Mk", "invalidDid"),
        ("not-a-did", "invalidDid"),
        ("did:key:-4:z6Mk", "invalidDid"),
        ("did:key:1:z6Mk", "invalidDid"),
        ("did:key:u7QE", "invalidDid"),
        ("did:nokey:z6Mk", "methodNotSupported"),
        (_did_key(b"\xed\x01" + b"1" * 31), "invalidPublicKeyLength"),
        (_did_key(b"\x80\x24" + b"\x02" * 20), "invalidPublicKeyLength"),
        (_did_key(b"\x13\x37" + b"1" * 32), "unsupportedPublicKeyType"),
        (f"{ISSUER.did}#a#b", "invalidDidUrl"),
    ],
)
def test_must_did_key_errors_carry_their_codes(did: str, code: str) -> None:
    with pytest.raises(DidError) as refused:
        resolve(did, fetch=None, now=NOW)
    assert refused.value.code == code


# --- unchanged by all this ----------------------------------------------------------------------


def test_members_that_the_contexts_define_survive() -> None:
    members = {
        "refreshService": {"id": "https://issuer.example/refresh", "type": "https://e.example/#R"},
        "termsOfUse": [{"type": "https://e.example/#Terms", "id": "https://issuer.example/terms"}],
        "evidence": [{"type": "https://e.example/#Seen"}],
        "credentialSchema": {"id": "https://issuer.example/schema.json", "type": "JsonSchema"},
    }
    signed = issue(document(**copy.deepcopy(members)))
    verified = verify_credential(signed, fetch=None, now=NOW)
    assert {name: signed[name] for name in members} == members
    assert verified.not_checked == ("the schema https://issuer.example/schema.json",)


@pytest.mark.parametrize("securing", ["ecdsa-rdfc-2019", "ecdsa-jcs-2019", JWT])
def test_credential_of_any_type_is_issued_and_verified_with_p256(securing: str) -> None:
    party = Party("Centre", kind="P-256")
    signed = issue_credential(document(issuer=party.did), issuer(party, securing), now=NOW)
    verify(signed)


def test_presentation_rules_hold_without_credentials() -> None:
    check_presentation({"@context": [VC2], "type": "VerifiablePresentation"})
    for bad in ({"type": ["NonconformingDocument"]}, {"@context": [VC2], "type": []}):
        with pytest.raises(CredentialError):
            check_presentation(bad)


def test_key_is_never_taken_from_the_issuers_name_alone() -> None:
    mallory = PrivateKey.generate()
    forged = add_proof(
        {**document(), "id": "urn:uuid:1"},
        mallory,
        verification_method=ISSUER.method,
        created=NOW,
    )
    with pytest.raises(ProofError, match="signature"):
        verify(forged)
