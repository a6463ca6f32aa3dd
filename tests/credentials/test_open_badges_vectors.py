"""Published Open Badges, file by file: 1EdTech's validator, the specification, version 2.0.

Differences to the published verdicts are listed with their reason. Badges as JWT are in
test_open_badges_jwt.py; what is baked into a picture is read elsewhere.
"""

import json
from pathlib import Path

import pytest
from parties import NOW

from contexts import check_words
from credentials.model import check_credential
from credentials.proofs import verify_proof_with
from credentials.report import Outcome, PresentationReport, Report
from credentials.shape import kind_of
from credentials.trust import Trust
from credentials.verify import Expected, verify_anything
from keys.controller import Method, controller_document
from keys.fetching import Fetch, HttpRequest, HttpResponse
from keys.material import PublicKey

NO_DOCUMENT = (
    "the issuer is an https address where no document shows the key; "
    "the published validator takes the key out of the fragment and does not ask whose it is"
)
DIFFERENCES = {
    "simple-did-key-method.json": "the key is a did:key, the issuer is another id: nothing says "
    "that the key is the issuer's",
    "simple-did-web-method.json": NO_DOCUMENT,
    "simple.1ob": NO_DOCUMENT,
    "simple.json": NO_DOCUMENT,
}
"""Published as valid, refused here; the proof itself verifies with the key that is meant."""
IMAGES = {".png", ".svg"}
NOT_BADGES = {
    "bit-string-list/testlist": "a status list",
    "endorsement-valid.json": "an endorsement, which is judged beside a badge",
}


def nothing_there(request: HttpRequest) -> HttpResponse:
    return HttpResponse(404, {}, b"", request.url)


def judge(shown: bytes, fetch: Fetch = nothing_there) -> tuple[PresentationReport, Report]:
    report = verify_anything(shown, Expected(""), trust=Trust(), fetch=fetch, now=NOW)
    return report, report.badges[0]


def failed(report: Report) -> str:
    return next((c.code for c in report.checks if c.outcome is Outcome.FAILED), "")


def documents(folder: Path) -> dict[str, bytes]:
    apart = {"SOURCE.md", "expected.json"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in apart and path.suffix not in IMAGES
    }


def key_that_is_meant(method: str) -> PublicKey:
    return PublicKey.from_multibase(method.rpartition("#")[2].removeprefix("did:key:"))


# --- 1EdTech's public validator -----------------------------------------------------------------


def test_validators_badges_end_as_published(vectors: Path) -> None:
    folder = vectors / "ob3-1edtech-validator"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    files = documents(folder)
    assert len(files) > 20
    for name, shown in files.items():
        verdict = expected[name]["upstream_verdict"]
        code = failed(judge(shown)[1])
        if name in NOT_BADGES:
            assert code == "format.unsupported", name
            continue
        assert code, f"{name} has no issuer who shows its key, so it cannot pass"
        assert (verdict == "valid") == (name in DIFFERENCES), name


@pytest.mark.parametrize("name", sorted(set(DIFFERENCES) - {"simple-did-web-method.json"}))
def test_badge_refused_for_its_issuer_only_has_a_good_proof(vectors: Path, name: str) -> None:
    shown = (vectors / "ob3-1edtech-validator" / name).read_bytes()
    report = judge(shown)[1]
    steps = {check.step: check.outcome for check in report.checks}
    assert steps["shape"] is Outcome.PASSED
    assert failed(report) in ("proof.method", "proof.other-signer")
    document = json.loads(shown)
    verify_proof_with(document, key_that_is_meant, purpose="assertionMethod", now=NOW)


@pytest.mark.parametrize(
    "name", sorted(name for name, reason in DIFFERENCES.items() if reason == NO_DOCUMENT)
)
def test_badge_holds_once_its_issuer_shows_the_key(vectors: Path, name: str) -> None:
    shown = (vectors / "ob3-1edtech-validator" / name).read_bytes()
    badge = json.loads(shown)
    proofs = badge["proof"] if isinstance(badge["proof"], list) else [badge["proof"]]
    address = badge["issuer"]["id"]
    named = {proof["verificationMethod"] for proof in proofs}
    keys = [Method(method, key_that_is_meant(method)) for method in sorted(named)]
    document = controller_document(address, keys)

    def issuer(request: HttpRequest) -> HttpResponse:
        assert request.url == address
        return HttpResponse(200, {}, json.dumps(document).encode(), address)

    report = judge(shown, issuer)[1]
    steps = {check.step: check.outcome for check in report.checks}
    assert steps["proof"] is Outcome.PASSED, report.checks


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("simple-err-context.json", "shape.malformed"),
        ("simple-err-credential-subject-achievement-result-description-type.json", "shape.unsafe"),
        ("simple-err-credential-subject-profile-type.json", "shape.unsafe"),
        ("simple-err-credential-subject-type.json", "shape.unsafe"),
        ("simple-err-issuer-otheridentifier-type.json", "shape.unsafe"),
        ("simple-err-issuer-type.json", "shape.unsafe"),
        ("simple-err-type.json", "format.unsupported"),
        ("simple-multiple-proofs.json", "proof.suite"),
    ],
)
def test_wrong_type_is_the_reason_that_is_told(vectors: Path, name: str, code: str) -> None:
    shown = (vectors / "ob3-1edtech-validator" / name).read_bytes()
    assert failed(judge(shown)[1]) == code


# --- the specification's examples ----------------------------------------------------------------

FRAGMENTS = {
    "api-sample-getprofile-response-5": "a profile",
    "extensions-ob-clr-extension-json-ld-context-0": "a JSON-LD context",
    "getting-started-sample-acg-token-response-5": "an OAuth message",
    "integrity-sample-jose-header-with-reference-to-a-public-key-in-a-jwks-0": "a header",
    "recommended-practices-achievement-alignment-to-another-type-of-entity-ctdl-3": "a part",
    "recommended-practices-achievement-alignment-to-more-information-about-the-creden-1": "a part",
    "recommended-practices-email-identifier-in-credential-subject-5": "a part",
    "recommended-practices-given-name-and-family-name-credential-subject-with-profile-7": "a part",
    "security-sample-access-token-error-response-9": "an OAuth message",
    "security-sample-registration-response-3": "an OAuth message",
}
UNKNOWN_CONTEXT = {
    "equality-and-comparison-sample-credential-a-0",
    "equality-and-comparison-sample-credential-c-2",
}
"""They name .../2018/credentials/examples/v2, an address where no context was ever published."""


def test_examples_of_the_specification_are_unsigned_badges_with_defined_words(
    vectors: Path,
) -> None:
    found = documents(vectors / "ob3-spec-examples")
    names = {name.removesuffix(".json") for name in found}
    for name, shown in found.items():
        stem, document = name.removesuffix(".json"), json.loads(shown)
        code = failed(judge(shown)[1])
        if stem in FRAGMENTS:
            assert code == "format.unsupported", name
        elif stem in UNKNOWN_CONTEXT:
            assert code == "shape.unknown-context", name
        else:
            check_credential(document)
            check_words(document)
            wanted = "proof.missing" if kind_of(document) == "badge" else "format.unsupported"
            assert code == wanted, name
    assert UNKNOWN_CONTEXT | set(FRAGMENTS) < names
    assert len(names) == 16


# --- Open Badges 2.0 ----------------------------------------------------------------------------


NO_BADGES_OF_2 = {
    "assets/badgecriteria.json",
    "assets/beths-robot-work.html",
    "assets/criteria-no-type.json",
    "assets/openbadges_context.not-json.txt",
    "rdf-validation/valid-alignment-object.json",
    "rdf-validation/valid-cool-class.json",
    "rdf-validation/valid-issuer-extension.json",
    *(f"assets/issuer-{end}.json" for end in ("invalid-type", "with-allowed-origins")),
    *(
        f"assets/issuer-with-allowed-origins-{good}{many}starts-with.json"
        for good in ("valid-", "invalid-")
        for many in ("", "multiple-")
    ),
    "assets/issuer1.json",
    "assets/bad-issuer.json",
}
"""Profiles, criteria and pages with a context of their own or none: parts, not badges."""


def test_badges_of_version_2_are_told_to_be_older_and_never_judged(vectors: Path) -> None:
    older = 0
    for name, shown in documents(vectors / "ob2-1edtech-validator").items():
        report, badge = judge(shown)
        assert report.headline == "not-checked", name
        code = failed(badge)
        older += code == "format.older"
        assert (code == "format.older") == (name not in NO_BADGES_OF_2), name
    assert older == 45
