"""Open Badges as JWT (Open Badges 3.0, 8.2), and endorsements as JWT within a badge."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from parties import NOW, Party
from tokens import Site, forge, judge, parts_of, reasons, reforge

from contexts.urls import VC1
from credentials.endorsements import endorsement_credential
from credentials.formats.open_badges_jwt import read_badge, sign_badge
from credentials.formats.vc_jwt import sign_credential
from credentials.report import CheckFailed, CredentialError, Headline, ProofError, Report
from keys.material import PrivateKey, PublicKey

ISSUER = Party("Issuer")
HOLDER = Party("Holder", kind="P-256")
BADGE = ISSUER.unsigned_badge(HOLDER.did, valid_until=NOW + timedelta(days=30))
TOKEN = sign_badge(BADGE, ISSUER.key, kid=ISSUER.method)
START, END = (parts_of(TOKEN)[1][name] for name in ("nbf", "exp"))
OB3_V1 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"


def older_badge() -> dict[str, Any]:
    """Give a badge in the shape of VC Data Model 1.1."""
    badge = ISSUER.unsigned_badge(HOLDER.did)
    del badge["credentialSchema"], badge["awardedDate"]
    badge["issuanceDate"] = badge.pop("validFrom")
    return {**badge, "@context": [VC1, OB3_V1]}


# --- what is refused -----------------------------------------------------------------------------


def test_good_badge_is_judged_like_any_other() -> None:
    report = judge(TOKEN)
    assert reasons(report) == []
    assert report.badges[0].document == BADGE
    assert report.headline is Headline.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": None}, "proof.malformed"),
        ({"iss": HOLDER.did}, "proof.other-signer"),
        ({"jti": None}, "proof.malformed"),
        ({"jti": "urn:uuid:other"}, "proof.malformed"),
        ({"sub": ISSUER.did}, "proof.malformed"),
        ({"sub": None}, ""),
        ({"nbf": None}, "proof.malformed"),
        ({"nbf": START + 1}, "proof.malformed"),
        ({"nbf": "2026-11-14T09:00:00Z"}, "shape.malformed"),
        ({"nbf": START + 0.5}, ""),
        ({"exp": None}, "proof.malformed"),
        ({"exp": END + 86_400}, "proof.malformed"),
        ({"exp": END - 86_400}, "proof.malformed"),
        ({"validUntil": None}, "proof.malformed"),
        ({"aud": HOLDER.did}, ""),
        ({"aud": "https://other.example"}, "proof.domain"),
        ({"iat": START}, ""),
        ({"azp": "x"}, "shape.unsafe"),
        ({"vp": {}}, "shape.unsafe"),
        ({"vc": BADGE}, "proof.malformed"),
        ({"proof": ISSUER.sign(BADGE)["proof"]}, "proof.malformed"),
        ({"type": ["VerifiableCredential"]}, "format.unsupported"),
    ],
)
def test_claims_must_say_what_the_badge_says(claims: dict[str, Any], code: str) -> None:
    report = judge(reforge(TOKEN, ISSUER.key, **claims))
    assert reasons(report) == ([code] if code else [])
    if code:
        assert report.headline in (Headline.FALSE, Headline.NOT_CHECKED)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"kid": HOLDER.method}, "proof.other-signer"),
        ({"kid": f"{ISSUER.did}#other"}, "proof.method"),
        ({"x5t": "abc"}, "proof.malformed"),
        ({"cty": "vc"}, "proof.malformed"),
        ({"typ": "at+jwt"}, "format.unsupported"),
        ({"typ": "openid4vci-proof+jwt"}, "format.unsupported"),
        ({"typ": "vp+jwt"}, "shape.malformed"),
        ({"alg": "ES256"}, "proof.suite"),
        ({"alg": "none"}, "proof.suite"),
        ({"jwk": HOLDER.key.public.jwk}, "proof.other-signer"),
        ({"jwk": ISSUER.key.to_jwk()}, "proof.malformed"),
    ],
)
def test_header_that_does_not_fit_is_refused(header: dict[str, Any], code: str) -> None:
    assert reasons(judge(reforge(TOKEN, ISSUER.key, header))) == [code]


def test_type_may_be_missing() -> None:
    assert reasons(judge(reforge(TOKEN, ISSUER.key, {"typ": None}))) == []


def test_key_in_the_header_counts_only_as_one_of_the_issuers() -> None:
    own = sign_badge(BADGE, ISSUER.key, kid=None, jwk=True)
    assert reasons(judge(own)) == []
    attacker = PrivateKey.generate()
    shown = reforge(own, attacker, {"jwk": attacker.public.jwk})
    assert reasons(judge(shown)) == ["proof.other-signer"]
    assert judge(shown).headline is Headline.FALSE


WEB = "https://1edtech.example/issuers/565049"


def _web_badge(key: PrivateKey, **options: Any) -> str:
    badge = {**BADGE, "issuer": {**BADGE["issuer"], "id": WEB}}
    return sign_badge(badge, key, **options)


def test_key_set_at_the_issuer_decides_about_a_key_in_the_header() -> None:
    key, attacker = PrivateKey.generate("P-256"), PrivateKey.generate("P-256")
    others = [PrivateKey.generate().public.jwk, PrivateKey.generate("P-256").public.jwk]
    profile = {"id": WEB, "type": ["Profile"], "name": "Issuer", "jwks_uri": f"{WEB}/jwks"}
    site = Site({WEB: profile, f"{WEB}/jwks": {"keys": [*others, key.public.jwk]}})
    assert reasons(judge(_web_badge(key, kid=None, jwk=True), fetch=site.fetch)) == []
    forged = _web_badge(attacker, kid=None, jwk=True)
    assert reasons(judge(forged, fetch=site.fetch)) == ["proof.other-signer"]
    assert judge(forged).headline is Headline.NOT_CHECKED
    assert reasons(judge(forged, fetch=Site({}).fetch)) == ["proof.method"]


def test_key_named_by_an_address_is_asked_for_at_the_issuer_only() -> None:
    key, attacker = PrivateKey.generate("P-256"), PrivateKey.generate("P-256")
    site = Site({f"{WEB}/keys": {"keys": [{**key.public.jwk, "kid": "key-1"}]}})
    assert reasons(judge(_web_badge(key, kid=f"{WEB}/keys#key-1"), fetch=site.fetch)) == []
    elsewhere = "https://1edtech.example/issuers/mallory/keys#key-1"
    site = Site({elsewhere.partition("#")[0]: {"keys": [{**attacker.public.jwk, "kid": "key-1"}]}})
    forged = _web_badge(attacker, kid=elsewhere)
    assert reasons(judge(forged, fetch=site.fetch)) == ["proof.method"]
    assert elsewhere.partition("#")[0] not in site.asked


def test_token_without_a_key_name_needs_an_issuer_with_one_key() -> None:
    assert reasons(judge(reforge(TOKEN, ISSUER.key, {"kid": None}))) == []
    with pytest.raises(CredentialError, match="kid or a jwk"):
        sign_badge(BADGE, ISSUER.key, kid=None)


def test_older_shape_stands_in_vc_and_nowhere_else() -> None:
    badge = older_badge()
    token = sign_badge(badge, ISSUER.key, kid=ISSUER.method)
    assert set(parts_of(token)[1]) == {"vc", "iss", "jti", "sub", "nbf"}
    assert read_badge(token).document == badge
    for claims in ({"name": "x"}, {"vc": BADGE}, {"vc": [badge]}, {"vc": json.dumps(badge)}):
        with pytest.raises(ProofError):
            read_badge(reforge(token, ISSUER.key, **claims))
    changed = {**badge, "issuer": {**badge["issuer"], "id": HOLDER.did}}
    secured = read_badge(reforge(token, ISSUER.key, vc=changed))
    with pytest.raises(ProofError, match="iss"):
        secured.verify(fetch=None, now=NOW)


def test_expired_badge_is_no_longer_valid() -> None:
    badge = {**BADGE, "validUntil": "2026-11-20T00:00:00Z"}
    report = judge(sign_badge(badge, ISSUER.key, kid=ISSUER.method))
    assert report.headline is Headline.NO_LONGER_VALID
    secured = read_badge(TOKEN)
    with pytest.raises(CheckFailed):
        secured.check_times(now=NOW + timedelta(days=31))


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": {}},
        {"iss": "x"},
        {"vc": {}},
        {"type": ["VerifiableCredential"]},
        {"validFrom": "yesterday"},
        {"issuer": "nobody"},
    ],
)
def test_badge_that_would_be_misread_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(CredentialError):
        sign_badge({**BADGE, **changes}, ISSUER.key, kid=ISSUER.method)


def test_badge_without_a_holder_has_no_subject_claim() -> None:
    hashed = {
        "type": "IdentityObject",
        "hashed": False,
        "identityHash": "a@b.example",
        "identityType": "emailAddress",
    }
    badge = ISSUER.unsigned_badge(None, identifiers=[hashed])
    token = sign_badge(badge, ISSUER.key, kid=ISSUER.method)
    assert "sub" not in parts_of(token)[1]
    assert reasons(judge(token)) == []
    assert reasons(judge(reforge(token, ISSUER.key, sub=HOLDER.did))) == ["proof.malformed"]


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_jwcrypto_verifies_what_we_sign(kind: Any) -> None:
    issuer = Party("Issuer", kind=kind)
    token = sign_badge(issuer.unsigned_badge(HOLDER.did), issuer.key, kid=issuer.method)
    theirs = JWS()
    theirs.deserialize(token, JWK(**issuer.key.public.jwk))
    assert json.loads(theirs.payload)["iss"] == issuer.did


def test_rs256_badge_of_jwcrypto_verifies() -> None:
    key = JWK.generate(kty="RSA", size=2048)
    badge = {**BADGE, "issuer": {**BADGE["issuer"], "id": WEB}}
    claims = {"iss": WEB, "jti": BADGE["id"], "sub": HOLDER.did, "nbf": START, "exp": END}
    token = JWS(json.dumps({**badge, **claims}))
    header = {"alg": "RS256", "typ": "JWT", "kid": f"{WEB}/keys#1"}
    token.add_signature(key, protected=json.dumps(header))
    text = token.serialize(compact=True)
    public = {**json.loads(key.export_public()), "kid": "1"}
    assert reasons(judge(text, fetch=Site({f"{WEB}/keys": {"keys": [public]}}).fetch)) == []
    other = {**json.loads(JWK.generate(kty="RSA", size=2048).export_public()), "kid": "1"}
    forged = judge(text, fetch=Site({f"{WEB}/keys": {"keys": [other]}}).fetch)
    assert reasons(forged) == ["proof.signature"]


# --- endorsements as JWT -------------------------------------------------------------------------

CENTRE = Party("Centre")


def endorsement(subject: str, by: Party = CENTRE, **changes: Any) -> dict[str, Any]:
    values = {"valid_from": NOW - timedelta(days=3), "subject_id": subject, **changes}
    return endorsement_credential(
        credential_id="urn:uuid:e", issuer=by.profile, comment="We know their work.", **values
    )


def endorsed(*tokens: str) -> Report:
    badge = {**BADGE, "endorsementJwt": list(tokens)}
    return judge(sign_badge(badge, ISSUER.key, kid=ISSUER.method)).badges[0]


def test_endorsement_as_jwt_counts() -> None:
    about = endorsement(BADGE["id"])
    tokens = (
        sign_badge(about, CENTRE.key, kid=CENTRE.method),
        sign_credential(about, CENTRE.key, kid=CENTRE.method, issued=NOW),
    )
    report = endorsed(*tokens)
    assert [one.reason_code for one in report.endorsements] == ["endorsement.counted"] * 2
    assert report.endorsements[0].issuer_id == CENTRE.did


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (
            reforge(
                sign_badge(endorsement(BADGE["id"]), CENTRE.key, kid=CENTRE.method),
                PrivateKey.generate(),
            ),
            "endorsement.bad-proof",
        ),
        (
            sign_badge(endorsement("urn:uuid:another"), CENTRE.key, kid=CENTRE.method),
            "endorsement.other-subject",
        ),
        (
            sign_badge(endorsement(BADGE["id"], by=ISSUER), ISSUER.key, kid=ISSUER.method),
            "endorsement.by-issuer",
        ),
        (
            sign_badge(
                endorsement(BADGE["id"], valid_until=NOW - timedelta(days=1)),
                CENTRE.key,
                kid=CENTRE.method,
            ),
            "endorsement.expired",
        ),
        (TOKEN, "endorsement.malformed"),
        ("eyJhbGciOiJub25lIn0.e30.eA", "endorsement.bad-proof"),
        ("a.b.c", "endorsement.malformed"),
    ],
)
def test_endorsement_that_is_no_good_does_not_count(token: str, code: str) -> None:
    report = endorsed(token)
    (judged,) = report.endorsements
    assert not judged.counted
    assert judged.reason_code in (code, "endorsement.bad-proof")
    assert report.headline is Headline.UNKNOWN_SIGNER


# --- published vectors ---------------------------------------------------------------------------

_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PUBLISHED = {
    "simple-jwt.svg": "valid",
    "simple-jwt_v1.svg": "valid-with-warning",
    "simple-jwt_v1.png": "valid-with-warning",
    "simple.jwt": "no upstream test",
}


def _token(vectors: Path, name: str) -> str:
    found = _JWT.search((vectors / "ob3-1edtech-validator" / name).read_bytes())
    assert found
    return found[0].decode()


def test_published_verdicts_are_as_written_here(vectors: Path) -> None:
    folder = vectors / "ob3-1edtech-validator"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    jwts = {name for name in expected if "jwt" in name}
    assert {name: expected[name]["upstream_verdict"] for name in jwts} == _PUBLISHED


@pytest.mark.parametrize("name", ["simple-jwt.svg", "simple-jwt_v1.svg", "simple-jwt_v1.png"])
def test_published_badge_verifies_once_its_issuer_shows_the_key(vectors: Path, name: str) -> None:
    """Upstream takes the key from the header. We take it only from the issuer's own address."""
    token = _token(vectors, name)
    header, payload = parts_of(token)
    site = Site({payload["iss"]: {"keys": [header["jwk"]]}})
    secured = read_badge(token)
    secured.verify(fetch=site.fetch, now=NOW)
    report = judge(token, fetch=site.fetch)
    assert reasons(report) == []
    assert report.badges[0].document == payload.get("vc", secured.document)
    assert reasons(judge(token, fetch=Site({}).fetch)) == ["proof.method"]
    assert judge(token).headline is Headline.NOT_CHECKED
    other = json.loads(JWK.generate(kty="RSA", size=2048).export_public())
    forged = judge(token, fetch=Site({payload["iss"]: {"keys": [other]}}).fetch)
    assert reasons(forged) == ["proof.other-signer"]


def test_published_token_without_a_key_is_not_believed(vectors: Path) -> None:
    """simple.jwt names no key, has no achievement and a context that nobody pins."""
    report = judge(_token(vectors, "simple.jwt"))
    assert report.headline in (Headline.NOT_CHECKED, Headline.FALSE)


def test_published_header_names_a_key_beside_the_issuer(vectors: Path) -> None:
    """The sample's kid, https://example.edu/keys#key-1, counts when the issuer refers to it."""
    name = "integrity-sample-jose-header-with-reference-to-a-public-key-in-a-jwks-0.json"
    header = json.loads((vectors / "ob3-spec-examples" / name).read_text("utf-8"))
    issuer = "https://example.edu/issuers/565049"
    key = PrivateKey.generate("P-256")
    badge = {**BADGE, "issuer": {**BADGE["issuer"], "id": issuer}}
    claims = {"iss": issuer, "jti": BADGE["id"], "sub": HOLDER.did, "nbf": START, "exp": END}
    token = forge({**header, "alg": "ES256"}, {**badge, **claims}, key)
    keys = {"keys": [{**key.public.jwk, "kid": "key-1"}]}
    profile = {"id": issuer, "type": ["Profile"], "jwks_uri": "https://example.edu/keys"}
    pages = {"https://example.edu/keys": keys}
    assert reasons(judge(token, fetch=Site({**pages, issuer: profile}).fetch)) == []
    assert reasons(judge(token, fetch=Site(pages).fetch)) == ["proof.method"]
    assert PublicKey.from_jwk(keys["keys"][0]) == key.public
