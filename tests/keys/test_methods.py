"""Which key may speak for whom: every way to slip another key into a document is refused."""

import copy
from typing import Any

import pytest
from parties import NOW

from keys.controller import Method, controller_document, verification_key
from keys.errors import DidError
from keys.material import PrivateKey, PublicKey

KEY = PrivateKey.generate().public
P256 = PrivateKey.generate("P-256").public
OTHER = PrivateKey.generate().public
DID = "did:web:issuer.example"
METHOD = f"{DID}#key-1"


def method(**changes: Any) -> dict[str, Any]:
    made = {
        "id": METHOD,
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": KEY.multibase,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def document(*methods: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made = {"id": DID, "verificationMethod": list(methods), "assertionMethod": [METHOD]}
    return {**copy.deepcopy(made), **changes}


def key_of(made: dict[str, Any], method_id: str = METHOD) -> PublicKey:
    return verification_key(made, method_id, purpose="assertionMethod", now=NOW)


@pytest.mark.parametrize(
    ("made", "culprit"),
    [
        (
            document(method(type="Ed25519VerificationKey2020", publicKeyMultibase=P256.multibase)),
            "P-256 key",
        ),
        (document(method(type="Ed25519VerificationKey2018")), "not supported"),
        (document(method(type=["Multikey"])), "not supported"),
        (document(method(type=None)), "not supported"),
        (document(method(publicKeyJwk=KEY.jwk)), "in no other way"),
        (document(method(publicKeyJwk=OTHER.jwk)), "in no other way"),
        (document(method(publicKeyMultibase=None, publicKeyJwk=KEY.jwk)), "publicKeyMultibase"),
        (document(method(type="JsonWebKey")), "publicKeyJwk"),
        (document(method(publicKeyMultibase="z6MkInvalid0")), "base58"),
        (document(method(publicKeyMultibase=7)), "multibase"),
        (document(method(type="JsonWebKey", publicKeyMultibase=None, publicKeyJwk=[])), "JWK"),
        (document(method(privateKeyMultibase="z")), "private"),
        (document(method(controller=[DID])), "controlled by"),
        (document(method(controller=None)), "controlled by"),
        (document(method(controller="#")), "controlled by"),
        (document(method(expires="2030-01-01T00:00:00")), "zone"),
        (document(method(expires="2030-13-01T00:00:00Z")), "zone"),
        (document(method(expires="never")), "zone"),
        (document(method(revoked=7)), "zone"),
        (document(method(), method(publicKeyMultibase=OTHER.multibase)), "2 times"),
        (
            document(method(), authentication=[method(publicKeyMultibase=OTHER.multibase)]),
            "2 times",
        ),
        (document(assertionMethod=[]), "not in the document"),
        (document(assertionMethod=[METHOD]), "not in the document"),
        (document(method(id="key-1")), "not in the document"),
        (document(method(id="/key-1")), "not in the document"),
        (document(method(), assertionMethod=[]), "not allowed"),
        (document(method(), assertionMethod=["#key-2"]), "not allowed"),
        (document(method(), assertionMethod=[None, 7, {}]), "not allowed"),
        (document(method(), id="did:web:other.example"), "does not belong"),
        (document(method(), id=None), "no id"),
    ],
)
def test_document_that_does_not_give_this_key_is_refused(
    made: dict[str, Any], culprit: str
) -> None:
    with pytest.raises(DidError, match=culprit):
        key_of(made)


def test_method_of_another_identifier_is_refused_even_if_listed() -> None:
    foreign = "did:web:evil.example#key-1"
    made = document(method(id=foreign), assertionMethod=[foreign])
    with pytest.raises(DidError, match="does not belong"):
        key_of(made, foreign)


@pytest.mark.parametrize(
    "made",
    [
        document(method()),
        document(method(id="#key-1")),
        document(method(), assertionMethod=["#key-1"]),
        document(method(), assertionMethod=METHOD),
        document(assertionMethod=[method()]),
        document(method(), assertionMethod=[method()]),
        document(method(type="Ed25519VerificationKey2020")),
        document(method(type="JsonWebKey", publicKeyMultibase=None, publicKeyJwk=KEY.jwk)),
        document(method(type="JsonWebKey2020", publicKeyMultibase=None, publicKeyJwk=KEY.jwk)),
        document(method(expires="2030-01-01T00:00:00+02:00")),
    ],
)
def test_every_proper_way_to_write_a_method_is_read(made: dict[str, Any]) -> None:
    assert key_of(made) == KEY


@pytest.mark.parametrize(
    "methods",
    [
        [],
        [Method(METHOD, KEY), Method(METHOD, OTHER)],
        [Method("did:web:evil.example#key-1", KEY)],
        [Method(METHOD, KEY, purposes=())],
        [Method(METHOD, KEY, purposes=("signing",))],
    ],
)
def test_document_nobody_could_use_is_not_written(methods: list[Method]) -> None:
    with pytest.raises(DidError):
        controller_document(DID, methods)


def test_purposes_are_kept_apart() -> None:
    made = controller_document(
        DID,
        [
            Method(METHOD, KEY),
            Method(f"{DID}#key-2", P256, purposes=("authentication",), revoked=NOW),
        ],
    )
    assert made["assertionMethod"] == [METHOD]
    assert made["authentication"] == [f"{DID}#key-2"]
    assert made["verificationMethod"][1]["revoked"] == "2026-11-24T09:00:00Z"
    with pytest.raises(DidError, match="revoked"):
        verification_key(made, f"{DID}#key-2", purpose="authentication", now=NOW)
