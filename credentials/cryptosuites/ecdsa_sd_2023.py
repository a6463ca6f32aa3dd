"""Data Integrity ECDSA Cryptosuites v1.0, 3.6: selective disclosure.

The issuer signs each statement with a key made for this one proof, and signs that key together with
the mandatory statements. The holder passes on some statements with their signatures::

    base = add_proof(..., cryptosuite="ecdsa-sd-2023", mandatory_pointers=["/issuer"])
    shown = derive_proof(base, ["/credentialSubject/name"])
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from contexts.canonical import canonical_rdfc
from credentials.cryptosuites import Cryptosuite, Standing, rdfc, rdfc_options
from credentials.report import CredentialError
from credentials.selection import Statements, relabel, select, statements_of
from keys.errors import InvalidSignature, MalformedKey
from keys.material import PrivateKey, PublicKey, Signer
from keys.multibase import base64url_decode, base64url_encode

_BASE, _DERIVED = b"\xd9\x5d\x00", b"\xd9\x5d\x01"
_P256_PUBLIC = b"\x80\x24"
_SIGNATURE_BYTES, _KEY_BYTES, _HMAC_BYTES = 64, 35, 32
_ENDING = ("credentialStatus", "validUntil", "expirationDate")
_MAX_CHARACTERS = 200_000
"""Some two thousand statements."""


@dataclass(frozen=True)
class BaseProof:
    """What a base proof holds (3.5.3); it is for the holder, who must keep the HMAC key."""

    signature: bytes
    public_key: bytes
    hmac_key: bytes
    signatures: list[bytes]
    mandatory_pointers: list[str]

    def __post_init__(self) -> None:
        _check_signed(self.signature, self.public_key, self.signatures)
        _require(_is_bytes(self.hmac_key, _HMAC_BYTES), "the HMAC key is not 32 bytes")
        _require(
            isinstance(self.mandatory_pointers, list)
            and all(isinstance(pointer, str) for pointer in self.mandatory_pointers),
            "the mandatory pointers are not a list of texts",
        )

    @classmethod
    def read(cls, value: str) -> "BaseProof":
        """Read a `proofValue`; raise `MalformedKey` for one that is not in the one right form."""
        return cls(*_components(value, _BASE))

    def write(self) -> str:
        """Write the `proofValue` (3.5.2)."""
        return _written(
            _BASE,
            [
                self.signature,
                self.public_key,
                self.hmac_key,
                self.signatures,
                self.mandatory_pointers,
            ],
        )


@dataclass(frozen=True)
class DerivedProof:
    """What a derived proof holds (3.5.8)."""

    signature: bytes
    public_key: bytes
    signatures: list[bytes]
    labels: dict[int, bytes]
    """The label in the signature by the number of the canonical label, without prefixes."""
    mandatory_indexes: list[int]

    def __post_init__(self) -> None:
        _check_signed(self.signature, self.public_key, self.signatures)
        labels, indexes = self.labels, self.mandatory_indexes
        _require(
            isinstance(labels, dict)
            and all(_is_place(place) for place in labels)
            and all(_is_bytes(label, _HMAC_BYTES) for label in labels.values())
            and len(set(labels.values())) == len(labels),
            "the label map does not give each number a label of 32 bytes",
        )
        _require(
            isinstance(indexes, list)
            and all(_is_place(index) for index in indexes)
            and sorted(set(indexes)) == indexes,
            "the mandatory indexes are not different numbers in order",
        )

    @classmethod
    def read(cls, value: str) -> "DerivedProof":
        """Read a `proofValue`; raise `MalformedKey` for one that is not in the one right form."""
        return cls(*_components(value, _DERIVED))

    def write(self) -> str:
        """Write the `proofValue` (3.5.7)."""
        return _written(
            _DERIVED,
            [
                self.signature,
                self.public_key,
                self.signatures,
                self.labels,
                self.mandatory_indexes,
            ],
        )

    def parted(self, form: str) -> tuple[list[str], list[str]]:
        """Give the mandatory statements of a canonical text, and the others, as signed (3.5.9)."""
        labels = {
            f"c14n{place}": f"u{base64url_encode(label)}" for place, label in self.labels.items()
        }
        try:
            lines = relabel(form, labels)
        except KeyError as error:
            raise InvalidSignature(f"the label map has no label for {error}") from error
        if any(f"_:{label}" not in form for label in labels):
            raise InvalidSignature("the label map has a label that the document has not")
        mandatory = frozenset(self.mandatory_indexes)
        if mandatory and max(mandatory) >= len(lines):
            raise InvalidSignature("a mandatory index is beyond the last statement")
        others = [line for place, line in enumerate(lines) if place not in mandatory]
        if len(others) != len(self.signatures):
            raise InvalidSignature(
                f"{len(self.signatures)} signatures for {len(others)} statements"
            )
        return [line for place, line in enumerate(lines) if place in mandatory], others


class _SelectiveDisclosure(Cryptosuite):
    def prove(
        self,
        config: dict[str, Any],
        document: dict[str, Any],
        signer: Signer,
        mandatory_pointers: Sequence[str],
        form: bytes | None = None,
    ) -> str:
        """Give the base proof (3.6.1)."""
        hmac_key = secrets.token_bytes(_HMAC_BYTES)
        statements = statements_of(document, hmac_key)
        mandatory = frozenset(statements.chosen(mandatory_pointers))
        passing = PrivateKey.generate("P-256")
        public_key = _P256_PUBLIC + passing.public.raw
        return BaseProof(
            signer.sign(_sign_data(config, public_key, _at(statements, mandatory))),
            public_key,
            hmac_key,
            [
                passing.sign(line.encode())
                for place, line in enumerate(statements.lines)
                if place not in mandatory
            ],
            list(mandatory_pointers),
        ).write()

    def check(
        self,
        config: dict[str, Any],
        document: dict[str, Any],
        public: PublicKey,
        value: str,
        form: bytes | None,
    ) -> None:
        """Verify a derived proof (3.6.7); a base proof is for the holder alone."""
        derived = DerivedProof.read(value)
        mandatory, others = derived.parted(
            form.decode() if form is not None else canonical_rdfc(document)
        )
        passing = PublicKey("P-256", derived.public_key.removeprefix(_P256_PUBLIC))
        public.verify(_sign_data(config, derived.public_key, mandatory), derived.signature)
        for line, signature in zip(others, derived.signatures, strict=True):
            passing.verify(line.encode(), signature)


SUITE = _SelectiveDisclosure(
    name="ecdsa-sd-2023",
    key_kinds=("P-256",),
    canonicalise=rdfc,
    standing=Standing.ACCEPT,
    is_selective=True,
)


def hideable(document: Mapping[str, Any], mandatory_pointers: Sequence[str]) -> list[str]:
    """Give the pointers to members that end a credential and that its holder could leave away.

    Whoever may hide the status or the end of a credential can show it for ever.
    """
    ending = [f"/{name}" for name in _ENDING if name in document]
    return [] if "" in mandatory_pointers else [p for p in ending if p not in mandatory_pointers]


def derive(
    document: dict[str, Any], base_value: str, selective_pointers: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Give the part of an unsecured document to show, and its `proofValue` (3.6.6, 3.5.4).

    Raises `MalformedKey` for a bad base proof, `CredentialError` for pointers to nothing, for
    nothing to show, and for a document that is not the one the base proof was made for.
    """
    base = BaseProof.read(base_value)
    statements = statements_of(document, base.hmac_key)
    mandatory = frozenset(statements.chosen(base.mandatory_pointers))
    if len(base.signatures) != len(statements.lines) - len(mandatory):
        raise CredentialError("the base proof was made for another document")
    pointers = [*base.mandatory_pointers, *selective_pointers]
    if not pointers:
        raise CredentialError("there is nothing to show: no pointer chooses anything")
    shown, labels = statements.shown(pointers)
    selective = frozenset(statements.chosen(selective_pointers))
    others = [place for place in range(len(statements.lines)) if place not in mandatory]
    derived = DerivedProof(
        base.signature,
        base.public_key,
        [
            signature
            for place, signature in zip(others, base.signatures, strict=True)
            if place in selective
        ],
        {
            int(canonical.removeprefix("c14n")): base64url_decode(label.removeprefix("u"))
            for canonical, label in labels.items()
        },
        [index for index, place in enumerate(shown) if place in mandatory],
    )
    return select(document, pointers), derived.write()


def parts_of(document: dict[str, Any], value: str) -> list[str]:
    """Say of each statement whether the holder must show it, could hide it, or does show it.

    Verifies nothing. Raises as `derive` does, and `InvalidSignature` where the parts do not fit.
    """
    try:
        derived = DerivedProof.read(value)
    except MalformedKey:
        base = BaseProof.read(value)
        statements = statements_of(document, base.hmac_key)
        mandatory = frozenset(statements.chosen(base.mandatory_pointers))
        words = [
            "always shown" if place in mandatory else "may be hidden"
            for place in range(len(statements.lines))
        ]
        said = zip(words, statements.lines, strict=True)
    else:
        required, chosen = derived.parted(canonical_rdfc(document))
        said = zip(
            ["always shown"] * len(required) + ["chosen"] * len(chosen),
            required + chosen,
            strict=True,
        )
    return [f"{word}: {line.rstrip()}" for word, line in said]


def _sign_data(config: dict[str, Any], public_key: bytes, mandatory: Sequence[str]) -> bytes:
    """Give what the issuer's key signs (3.5.1)."""
    proof_hash = sha256(rdfc_options(config)).digest()
    return proof_hash + public_key + sha256("".join(mandatory).encode()).digest()


def _at(statements: Statements, places: frozenset[int]) -> list[str]:
    return [line for place, line in enumerate(statements.lines) if place in places]


def _components(value: str, header: bytes) -> list[Any]:
    import cbor2

    if not value.startswith("u") or len(value) > _MAX_CHARACTERS:
        raise MalformedKey("it is not multibase base64url (u...), or it is too long")
    data = base64url_decode(value[1:])
    if not data.startswith(header):
        kinds = {_BASE: "a base proof, of which a part is still to be derived", _DERIVED: "derived"}
        found = kinds.get(data[: len(header)], "no ecdsa-sd-2023 proof")
        raise MalformedKey(f"it is {found}")
    try:
        components = cbor2.loads(data[len(header) :])
        # One form only: no tags, no second spelling, nothing after the end.
        is_exact = cbor2.dumps(components) == data[len(header) :]
    except (cbor2.CBORError, ValueError, TypeError, RecursionError) as error:
        raise MalformedKey(f"it is not CBOR: {str(error)[:100]}") from error
    _require(is_exact, "its CBOR is not in the shortest form")
    _require(isinstance(components, list) and len(components) == 5, "it has not five components")
    listed: list[Any] = components
    return listed


def _written(header: bytes, components: list[Any]) -> str:
    import cbor2

    return "u" + base64url_encode(header + cbor2.dumps(components))


def _check_signed(signature: Any, public_key: Any, signatures: Any) -> None:
    _require(_is_bytes(signature, _SIGNATURE_BYTES), "the base signature is not 64 bytes")
    _require(
        _is_bytes(public_key, _KEY_BYTES) and public_key.startswith(_P256_PUBLIC),
        "the key of the proof is not a P-256 Multikey",
    )
    _require(
        isinstance(signatures, list)
        and all(_is_bytes(one, _SIGNATURE_BYTES) for one in signatures),
        "the signatures are not a list of 64 bytes each",
    )


def _is_bytes(value: Any, size: int) -> bool:
    return type(value) is bytes and len(value) == size


def _is_place(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MAX_CHARACTERS


def _require(holds: bool, detail: str) -> None:
    if not holds:
        raise MalformedKey(detail)
