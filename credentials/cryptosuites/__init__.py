"""The Data Integrity cryptosuites: one record a file, found by folder, then frozen.

A suite is a few choices. Its `standing` says what we do with it by default, so that a new file
never widens trust silently.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from hashlib import sha256, sha384
from importlib import import_module
from typing import Any, NamedTuple

from contexts import canonical_jcs, canonical_rdfc
from contexts.rdfc import Algorithm
from contexts.template import Slots, canonical_alike
from credentials.report import CredentialError
from keys.material import KeyKind, PublicKey, Signer
from keys.multibase import multibase_decode, multibase_encode

_OPTIONS: Slots = {"created": "text"}
"""In what the proofs of one signer differ."""


class Standing(StrEnum):
    """What a suite may be used for."""

    ISSUE = "issue"
    """What we sign with unless asked for something else."""
    ACCEPT = "accept"
    """Verified; signed with when asked for."""
    LEGACY = "legacy"
    """Verified, never signed with."""
    REFUSE = "refuse"


class Cryptosuite(NamedTuple):
    """The choices of one suite: kinds of key, canonical form, standing."""

    name: str
    key_kinds: tuple[KeyKind, ...]
    canonicalise: Callable[[dict[str, Any], Algorithm], bytes]
    standing: Standing
    is_rdfc: bool = True
    """Whether the form is RDFC-1.0; else it is JCS, and the proof repeats the @context."""
    proof_type: str = "DataIntegrityProof"
    """The `type` of its proofs; older ones are named by it and have no `cryptosuite`."""
    is_selective: bool = False
    """Whether the holder may show a part, by `credentials.proofs.derive_proof`."""

    def prove(
        self,
        config: dict[str, Any],
        document: dict[str, Any],
        signer: Signer,
        mandatory_pointers: Sequence[str],
        form: bytes | None = None,
    ) -> str:
        """Sign a document and the options of its proof; give the `proofValue`.

        `form` is the document's canonical form (RDFC-1.0 with SHA-256) where the caller has it.
        """
        if mandatory_pointers:
            raise CredentialError(f"{self.name} shows all: it takes no mandatory pointers")
        data = self._hash_data(config, document, signer.public.kind, form)
        return multibase_encode(signer.sign(data))

    def check(
        self,
        config: dict[str, Any],
        document: dict[str, Any],
        public: PublicKey,
        value: str,
        form: bytes | None,
    ) -> None:
        """Raise `InvalidSignature`, or `MalformedKey`, unless `value` is the key's over both.

        `form` is the document's canonical form (RDFC-1.0 with SHA-256) where the caller has it.
        """
        data = self._hash_data(config, document, public.kind, form)
        public.verify(data, multibase_decode(value))

    def _hash_data(
        self,
        config: dict[str, Any],
        document: dict[str, Any],
        kind: KeyKind,
        form: bytes | None = None,
    ) -> bytes:
        # Data Integrity 1.0, 4.2: the digests of proof options and document, in this order.
        algorithm: Algorithm = "sha384" if kind == "P-384" else "sha256"
        digest = sha384 if kind == "P-384" else sha256
        if form is None or (self.is_rdfc and algorithm != "sha256"):
            form = self.canonicalise(document, algorithm)
        if self.is_rdfc and algorithm == "sha256":
            options = rdfc_options(config)
        else:
            options = self.canonicalise(config, algorithm)
        return digest(options).digest() + digest(form).digest()


def rdfc(document: dict[str, Any], algorithm: Algorithm) -> bytes:
    """Give the RDFC-1.0 form as bytes."""
    return canonical_rdfc(document, algorithm=algorithm).encode()


def rdfc_options(config: dict[str, Any]) -> bytes:
    """Give the same form of the options of a proof, of which those of one signer are alike."""
    return canonical_alike(config, _OPTIONS)


def jcs(document: dict[str, Any], _algorithm: Algorithm) -> bytes:
    """Give the JCS form, which no digest has a part in."""
    return canonical_jcs(document)


class _Suites(Mapping[str, Cryptosuite]):
    """The suites of this folder by name; a file is imported when its suite is asked for."""

    def __init__(self) -> None:
        self._files = {
            file.removesuffix(".py")
            for file in os.listdir(os.path.dirname(__file__))
            if file.endswith(".py") and not file.startswith("_")
        }
        self._suites: dict[str, Cryptosuite] = {}

    def __getitem__(self, name: str) -> Cryptosuite:
        if name not in self._suites:
            file = name.replace("-", "_")
            self._read({file} & self._files)
        if name not in self._suites:  # its file is called otherwise, or there is none
            self._read(self._files)
        return self._suites[name]

    def __iter__(self) -> Iterator[str]:
        self._read(self._files)
        return iter(sorted(self._suites))

    def __len__(self) -> int:
        return len(self._files)

    def _read(self, files: set[str]) -> None:
        for file in files:
            suite: Cryptosuite = import_module(f"{__name__}.{file}").SUITE
            self._suites[suite.name] = suite


@cache
def suites() -> Mapping[str, Cryptosuite]:
    """Give every suite in this folder, by name."""
    return _Suites()
