"""The example messages of OpenID4VCI 1.0 and OpenID4VP 1.0, file by file: form and shape.

They are illustrations: values are elided or broken over lines, and no signature in them verifies.
"""

import json
from pathlib import Path

import pytest
from parties import NOW

from contexts import MalformedJson, UnknownContext, loads_strict
from credentials.any_type import verify_credential
from credentials.exchange.oid4vci import (
    ExchangeError,
    read_credential_response,
    read_issuer_metadata,
    read_offer,
)
from credentials.model import check_credential

ISSUER = "https://issuer.example"
NO_JSON = {
    "credential_issuer_metadata_sd_jwt_jwt.txt": "a token",
    "credential_offer_authz_code.txt": "a whole HTTP message",
    "credential_response_jwt_vc_json.txt": "the token is broken over lines",
    "credential_response_ldp_vc.txt": "the proofValue is broken over lines",
    "credential_response_mso_mdoc.txt": "an mdoc, which is no JSON credential",
    "credential_response_sd_jwt_vc.txt": "the token is broken over lines",
    "wallet_attestation.jwt.txt": "a token",
    "signed_request_payload.elided.txt": "elided",
    "signed_request_payload_compact.elided.txt": "elided",
    "request_object_client_id_did.elided.txt": "elided",
}


@pytest.fixture
def folder(vectors: Path) -> Path:
    return vectors / "openid4"


def test_every_example_that_is_json_is_strict_json(folder: Path) -> None:
    unread = set()
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "SOURCE.md"]
    for path in files:
        try:
            loads_strict(path.read_bytes())
        except MalformedJson:
            unread.add(path.name)
    assert (len(files), unread) == (49, set(NO_JSON))


def test_every_offer_with_a_code_is_read(folder: Path) -> None:
    offers = {path.name: path.read_text("utf-8") for path in folder.rglob("credential_offer_*")}
    assert len(offers) == 4
    for name, text in offers.items():
        document = json.loads(text[text.index("{") :])
        if name == "credential_offer_authz_code.txt":
            # It sends the holder to sign in at the issuer: our wallet collects with a code only.
            with pytest.raises(ExchangeError, match="not spoken here"):
                read_offer(document)
            continue
        offer = read_offer(document)
        assert offer.credential_issuer == "https://credential-issuer.example.com", name
        assert offer.configuration_ids, name
        assert offer.pre_authorized_code, name


@pytest.mark.parametrize("form", ["jwt_vc_json", "ldp_vc", "mso_mdoc", "sd_jwt_vc"])
def test_metadata_of_every_form_is_read(folder: Path, form: str) -> None:
    path = folder / f"OpenID4VCI-1.0/credential_metadata_{form}.json"
    shown = {
        "credential_issuer": ISSUER,
        "credential_endpoint": f"{ISSUER}/credential",
        **json.loads(path.read_text("utf-8")),
    }
    read = read_issuer_metadata(json.dumps(shown), expected=ISSUER)
    assert len(read.configurations) == len(shown["credential_configurations_supported"])


def test_metadata_with_an_endpoint_of_another_origin_is_refused(folder: Path) -> None:
    # Allowed by the specification; refused here, since it is how a mix-up begins (threat 17).
    text = (folder / "OpenID4VCI-1.0/credential_issuer_metadata_sd_jwt_long.json").read_text()
    issuer = json.loads(text)["credential_issuer"]
    with pytest.raises(ExchangeError, match="another origin"):
        read_issuer_metadata(text, expected=issuer)


def test_responses_that_cannot_be_strict_json_are_refused(folder: Path) -> None:
    paths = sorted(folder.rglob("credential_response_*"))
    assert len(paths) == 4
    for path in paths:
        body = path.read_text("utf-8").partition("\n\n")[2]
        with pytest.raises(ExchangeError):
            read_credential_response(body)


def test_example_credential_has_the_shape_but_words_of_an_unknown_context(folder: Path) -> None:
    document = json.loads((folder / "OpenID4VP-1.0/credentials/ldp_vc.json").read_text("utf-8"))
    check_credential(document)
    for profile in ("strict", "proof-only"):
        with pytest.raises(UnknownContext, match="examples/v1"):
            verify_credential(document, fetch=None, now=NOW, profile=profile)
