"""The VC API over HTTP, and the app that conformance suites drive."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parties import NOW, Party
from werkzeug.test import TestResponse

from contexts import ContextError, load_context
from contexts.urls import VC1, VC2
from web.conformance import Conformance, conformance, serve

BASE = "http://localhost:8010"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
OTHER = Party("Somebody else")
JSON = {"Accept": "application/json"}


@pytest.fixture
def running() -> Iterator[Conformance]:
    with conformance(BASE, clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def client(running: Conformance) -> FlaskClient:
    return running.app.test_client()


def post(client: FlaskClient, path: str, body: Any, **options: Any) -> TestResponse:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    options = {"content_type": "application/json", "base_url": BASE, **options}
    return client.post(path, data=data, **options)


def document(issuer: str, **members: Any) -> dict[str, Any]:
    return {
        "@context": [VC2, EXAMPLES],
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "credentialSubject": {"id": "did:example:alice", "favourite": "examples"},
        **members,
    }


def issuer_of(running: Conformance, instance: str) -> str:
    kind = "_P384" if "p384" in instance else "_P256" if "ecdsa" in instance else ""
    return running.issuers[f"ISSUER_ID{kind}"]


def issued(client: FlaskClient, running: Conformance, instance: str = "eddsa-rdfc-2022") -> Any:
    unsigned = document(issuer_of(running, instance))
    answer = post(client, f"/{instance}/credentials/issue", {"credential": unsigned})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def derived(client: FlaskClient, instance: str, signed: Any, pointers: list[str]) -> Any:
    body = {"verifiableCredential": signed, "options": {"selectivePointers": pointers}}
    answer = post(client, f"/{instance}/credentials/derive", body)
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def problem(answer: TestResponse, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    details: dict[str, Any] = answer.get_json()
    assert {"type", "title", "status", "detail"} <= set(details)
    assert details["status"] == status
    return details


# --- issue and verify ---------------------------------------------------------------------------


def test_every_instance_issues_what_any_verifier_takes(
    client: FlaskClient, running: Conformance
) -> None:
    makers = [name for name, instance in running.instances.items() if instance.issue]
    assert {"eddsa-rdfc-2022", "eddsa-jcs-2022", "vc-jwt", "with-status"} <= set(makers)
    assert {"ecdsa-rdfc-2019-p256", "ecdsa-jcs-2019-p256"} <= set(makers)
    for name in makers:
        signed = issued(client, running, name)
        if running.instances[name].derive:
            signed = derived(client, name, signed, ["/issuer", "/credentialSubject"])
        for body in ({}, {"options": {}}, {"options": {"checks": ["proof"]}}, {"options": None}):
            for verifier in ("any", "proof-only"):
                answer = post(
                    client,
                    f"/{verifier}/credentials/verify",
                    {"verifiableCredential": signed, **body},
                )
                assert answer.status_code == 200, (name, answer.get_json())
                assert answer.get_json()["verified"] is True
                assert answer.get_json()["profile"] in ("strict", "proof-only")


def test_mandatory_pointers_hold_whatever_the_holder_chooses(
    client: FlaskClient, running: Conformance
) -> None:
    path = "/ecdsa-sd-2023/credentials/issue"
    unsigned = document(issuer_of(running, "ecdsa-sd-2023"))
    body = {"credential": unsigned, "options": {"mandatoryPointers": ["/issuer"]}}
    signed = post(client, path, body).get_json()
    shown = derived(client, "ecdsa-sd-2023", signed, ["/credentialSubject"])
    assert "issuer" in shown
    assert "validFrom" not in shown
    for bad in (None, "/issuer", ["/nothing"], [7], {}):
        body["options"] = {"mandatoryPointers": bad}
        problem(post(client, path, body))
        body = {"verifiableCredential": signed, "options": {"selectivePointers": bad}}
        problem(post(client, "/ecdsa-sd-2023/credentials/derive", body))
        body = {"credential": unsigned}


def test_suites_write_the_issuer_that_the_key_has(
    client: FlaskClient, running: Conformance
) -> None:
    body = {"credential": document(OTHER.did)}
    details = problem(post(client, "/eddsa-rdfc-2022/credentials/issue", body))
    assert "the key is" in details["detail"]


def test_envelope_is_the_credential_of_the_jwt_instance(
    client: FlaskClient, running: Conformance
) -> None:
    envelope = issued(client, running, "vc-jwt")
    assert envelope["type"] == "EnvelopedVerifiableCredential"
    assert envelope["id"].startswith("data:application/vc+jwt,")


def test_changed_credential_is_refused_with_the_type_of_the_problem(
    client: FlaskClient, running: Conformance
) -> None:
    signed = issued(client, running)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "Mallory"}, "https://w3id.org/security#PROOF_VERIFICATION_ERROR"),
        ({"surprise": 1, "@context": [VC2]}, "vc-data-model#MALFORMED_VALUE_ERROR"),
        ({"issuer": 4}, "vc-data-model#MALFORMED_VALUE_ERROR"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "security#PROOF_VERIFICATION_ERROR"),
    ]
    for change, kind in cases:
        body = {"verifiableCredential": {**signed, **change}}
        details = problem(post(client, "/any/credentials/verify", body))
        assert details["type"].endswith(kind)
        assert details["verified"] is False
        assert details["problemDetails"][0]["detail"] == details["detail"]
        if "name" in change:
            assert details["code"] == details["problemDetails"][0]["code"] == "proof.signature"


def test_expired_credential_is_a_range_error_unless_the_proof_alone_is_asked_for(
    client: FlaskClient, running: Conformance
) -> None:
    unsigned = document(issuer_of(running, "eddsa"), validUntil="2020-01-01T00:00:00Z")
    path = "/eddsa-rdfc-2022/credentials/issue"
    signed = post(client, path, {"credential": unsigned}).get_json()
    body = {"verifiableCredential": signed}
    details = problem(post(client, "/any/credentials/verify", body))
    assert details["type"].endswith("#RANGE_ERROR")
    alone = {**body, "options": {"checks": ["proof"]}}
    assert post(client, "/any/credentials/verify", alone).status_code == 200


def test_what_could_not_be_checked_is_no_verdict(client: FlaskClient, running: Conformance) -> None:
    signed = issued(client, running)
    signed["proof"]["verificationMethod"] = "did:web:issuer.example#key-1"
    signed["issuer"] = "did:web:issuer.example"
    answer = post(client, "/any/credentials/verify", {"verifiableCredential": signed})
    assert "issuer.example" in problem(answer, 422)["detail"]


def test_foreign_key_verifies_in_the_labelled_profile_only(
    client: FlaskClient, running: Conformance
) -> None:
    unsigned = {**document("did:example:issuer"), "id": "urn:uuid:1"}
    body = {"verifiableCredential": OTHER.sign(unsigned)}
    assert "not one of" in problem(post(client, "/any/credentials/verify", body))["detail"]
    answer = post(client, "/proof-only/credentials/verify", body)
    assert (answer.status_code, answer.get_json()["profile"]) == (200, "proof-only")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"challenge": "another"}, "#INVALID_CHALLENGE_ERROR"),
        ({"domain": "another.example"}, "#INVALID_DOMAIN_ERROR"),
    ],
)
def test_presentation_for_somebody_else_is_refused(
    client: FlaskClient, running: Conformance, options: dict[str, str], kind: str
) -> None:
    bound = {"domain": "verifier.example", "challenge": "abc"}
    shown = OTHER.sign(
        {
            "@context": [VC2],
            "type": ["VerifiablePresentation"],
            "holder": OTHER.did,
            "verifiableCredential": [issued(client, running)],
        },
        purpose="authentication",
        **bound,
    )
    path = "/any/presentations/verify"
    body = {"verifiablePresentation": shown, "options": bound}
    assert post(client, path, body).status_code == 200
    body["options"] = {**bound, **options}
    assert problem(post(client, path, body))["type"].endswith(kind)


# --- requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "4",
        "{}",
        '{"credential": {}, "credential": {}}',
        '{"credential": NaN}',
        '{"credential": "text"}',
        '{"credential": null}',
        '{"credential": {"a": "\\ud800"}}',
        '{"verifiableCredential": {}}',
        '{"credential": {}, "options": 4}',
        '{"credential": {}, "options": []}',
        b"\xff\xfe",
        '{"credential":' * 100,
        '{"credential": ' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"credential": {"id": 12345678901234567890}}',
    ],
)
def test_request_that_is_not_strict_json_is_refused(client: FlaskClient, body: Any) -> None:
    for path in (
        "/eddsa-rdfc-2022/credentials/issue",
        "/any/credentials/verify",
        "/any/presentations/verify",
    ):
        problem(post(client, path, body))


@pytest.mark.parametrize(
    "options",
    [{"domain": 4}, {"challenge": ["a"]}, {"checks": "proof"}, {"checks": [4]}, {"domain": {}}],
)
def test_options_of_another_kind_are_refused(
    client: FlaskClient, running: Conformance, options: dict[str, Any]
) -> None:
    body = {"verifiableCredential": issued(client, running), "options": options}
    assert "options" in problem(post(client, "/any/credentials/verify", body))["detail"]


def test_request_that_is_too_large_is_refused(client: FlaskClient) -> None:
    large = json.dumps({"credential": {"name": "x" * 1_100_000}})
    problem(post(client, "/eddsa-rdfc-2022/credentials/issue", large))
    answer = post(client, "/eddsa-rdfc-2022/credentials/issue", large * 2)
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([VC1, VC2, EXAMPLES, "VerifiableCredential", "DataIntegrityProof", "z", "u"])
    | st.sampled_from(["did:key:z", "did:key:z6Mk#", "data:application/vc+jwt,a.b.c", "x:y", ""])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "@value", "@language", "@context", "digestSRI", "@id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
_MEMBERS = (
    "@context",
    "id",
    "type",
    "name",
    "issuer",
    "proof",
    "holder",
    "validFrom",
    "credentialSubject",
    "credentialStatus",
    "credentialSchema",
    "relatedResource",
    "verifiableCredential",
    "evidence",
    "termsOfUse",
    "refreshService",
)


@pytest.fixture
def signed(client: FlaskClient, running: Conformance) -> dict[str, Any]:
    made: dict[str, Any] = issued(client, running)
    return made


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    member=st.sampled_from(_MEMBERS),
    value=_VALUES,
    proof_member=st.sampled_from(["type", "created", "proofValue", "verificationMethod", "id"]),
    in_proof=st.booleans(),
)
def test_no_request_breaks_the_service(
    client: FlaskClient,
    signed: dict[str, Any],
    member: str,
    value: Any,
    proof_member: str,
    in_proof: bool,
) -> None:
    changed = copy.deepcopy(signed)
    if in_proof:
        changed["proof"][proof_member] = value
    else:
        changed[member] = value
    for path, body in (
        ("/any/credentials/verify", {"verifiableCredential": changed}),
        ("/proof-only/presentations/verify", {"verifiablePresentation": changed}),
        ("/eddsa-rdfc-2022/credentials/issue", {"credential": {**changed, "proof": value}}),
        ("/eddsa-jcs-2022/credentials/issue", {"credential": changed, "options": value}),
        ("/vc-jwt/credentials/issue", {"credential": _unsigned(changed)}),
        ("/with-status/credentials/issue", {"credential": _unsigned(changed)}),
    ):
        answer = post(client, path, body)
        assert answer.status_code in (200, 201, 400, 422), answer.get_data(as_text=True)


def _unsigned(signed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in signed.items() if name != "proof"}


# --- the conformance app ------------------------------------------------------------------------


def test_keys_are_fresh_each_time() -> None:
    with conformance(BASE) as first:
        pass
    with conformance(BASE) as second:
        assert set(first.issuers.values()).isdisjoint(second.issuers.values())


@pytest.mark.parametrize("address", ["http://issuer.example", "http://10.0.0.1:8010", "http://"])
def test_app_opens_on_this_machine_only(address: str) -> None:
    with pytest.raises(ValueError, match="this machine"), conformance(address):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "issuer.example", "::", ""])
def test_app_is_served_on_this_machine_only(running: Conformance, host: str) -> None:
    with pytest.raises(ValueError, match="this machine"):
        serve(running.app, host, 8010)


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("issuer.example", "127.0.0.1"),
        ("localhost:8010", "192.0.2.7"),
        ("127.0.0.1.example", "::1"),
    ],
)
def test_other_hosts_and_callers_are_refused(client: FlaskClient, host: str, caller: str) -> None:
    answer = post(
        client,
        "/any/credentials/verify",
        {},
        base_url=f"http://{host}",
        environ_base={"REMOTE_ADDR": caller},
    )
    assert answer.status_code == 403


def test_examples_context_exists_while_the_app_is_open_only() -> None:
    with conformance(BASE):
        with conformance(BASE):
            assert load_context(EXAMPLES)
        assert load_context(EXAMPLES)
    with pytest.raises(ContextError):
        load_context(EXAMPLES)


def test_status_list_of_the_app_is_a_credential_that_verifies(
    client: FlaskClient, running: Conformance
) -> None:
    signed = issued(client, running, "with-status")
    entry = signed["credentialStatus"]
    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["statusListCredential"] == f"{BASE}/status/1"
    again = issued(client, running, "with-status")["credentialStatus"]
    assert again["statusListIndex"] != entry["statusListIndex"]
    served = client.get("/status/1", base_url=BASE, headers=JSON)
    assert (served.status_code, served.mimetype) == (200, "application/json")
    anything = client.get("/status/1", base_url=BASE, headers={"Accept": "*/*"})
    assert anything.mimetype == "application/vc"
    body = {"verifiableCredential": served.get_json()}
    assert post(client, "/any/credentials/verify", body).status_code == 200
    body = {"credential": {**document(signed["issuer"]), "credentialStatus": entry}}
    problem(post(client, "/with-status/credentials/issue", body))


def test_identifiers_are_resolved_with_one_body_for_good_and_bad(client: FlaskClient) -> None:
    members = {"@context", "didDocument", "didDocumentMetadata", "didResolutionMetadata"}
    good = client.get(f"/1.0/identifiers/{quote(OTHER.did)}", base_url=BASE, headers=JSON)
    assert (good.status_code, set(good.get_json())) == (200, members)
    assert good.get_json()["didDocument"]["id"] == OTHER.did
    for did, status, code in (
        ("did:example:123", 501, "methodNotSupported"),
        ("not-a-did", 400, "invalidDid"),
        ("did:key:zTjsVPtY", 400, "invalidPublicKeyLength"),
        ("did:key:-4:z6Mk", 400, "invalidDid"),
        ("did:key:6Mk", 400, "invalidDid"),
        ("did:web:issuer.example", 504, "internalError"),
    ):
        bad = client.get(f"/1.0/identifiers/{quote(did, safe='')}", base_url=BASE, headers=JSON)
        body = bad.get_json()
        assert (bad.status_code, set(body)) == (status, members)
        assert body["didDocument"] is None
        assert body["didResolutionMetadata"]["error"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("publicKeyFormat=unknown", "unsupportedPublicKeyType"),
        ("publicKeyFormat=Ed25519VerificationKey2018", "invalidPublicKeyType"),
    ],
)
def test_keys_are_written_in_one_form_only(client: FlaskClient, query: str, code: str) -> None:
    answer = client.get(f"/1.0/identifiers/{OTHER.did}?{query}", base_url=BASE, headers=JSON)
    assert answer.status_code == 400
    assert answer.get_json()["didResolutionMetadata"]["error"] == code


def test_bad_did_url_is_told_as_such(client: FlaskClient) -> None:
    name = quote(f"{OTHER.did}/^bar^/?query=`#key", safe="")
    answer = client.get(f"/1.0/identifiers/{name}", base_url=BASE, headers=JSON)
    assert answer.status_code == 400
    assert answer.get_json()["didDereferencingMetadata"]["error"] == "invalidDidUrl"
    good = client.get(f"/1.0/identifiers/{quote(OTHER.method)}", base_url=BASE, headers=JSON)
    assert good.status_code == 200


def test_key_of_a_did_url_is_given_and_an_unknown_one_is_not_found(client: FlaskClient) -> None:
    good = client.get(f"/1.0/identifiers/{quote(OTHER.method)}", base_url=BASE, headers=JSON)
    assert good.get_json()["content"]["id"] == OTHER.method
    name = quote(f"{OTHER.did}#other", safe="")
    bad = client.get(f"/1.0/identifiers/{name}", base_url=BASE, headers=JSON)
    assert bad.status_code == 404
    assert bad.get_json()["didDereferencingMetadata"]["error"] == "notFound"
    assert bad.get_json()["didDocument"] is None


def test_form_that_we_do_not_write_is_refused(client: FlaskClient) -> None:
    path = f"/1.0/identifiers/{OTHER.did}"
    cbor = client.get(path, base_url=BASE, headers={"Accept": "application/did+cbor"})
    assert cbor.status_code == 406
    error = json.loads(cbor.data)["didResolutionMetadata"]["error"]
    assert error == "representationNotSupported"
    profiled = 'application/ld+json;profile="https://w3id.org/did-resolution"'
    several = "application/did+cbor, application/did+ld+json"
    for accept in ("*/*", "application/did", several, profiled):
        good = client.get(path, base_url=BASE, headers={"Accept": accept})
        assert good.status_code == 200


def test_version_that_a_method_does_not_keep_is_not_passed_over(client: FlaskClient) -> None:
    path = f"/1.0/identifiers/{OTHER.did}?versionTime=2020-01-01T00%3A00%3A00Z"
    answer = client.get(path, base_url=BASE, headers=JSON)
    assert answer.status_code == 400
    assert answer.get_json()["didResolutionMetadata"]["error"] == "invalidDidUrl"


def test_page_on_suites_names_the_instances_there_are(running: Conformance) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "suites.md").read_text("utf-8")
    named = set(re.findall(r"`/([\w-]+)/(?:credentials|presentations)/", page))
    assert named == set(running.instances)
    assert set(re.findall(r"`(ISSUER_ID\w*)`", page)) == set(running.issuers)


def test_verifier_instances_sign_nothing(client: FlaskClient) -> None:
    for name in ("any", "proof-only"):
        answer = post(client, f"/{name}/credentials/issue", {"credential": {}})
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"
