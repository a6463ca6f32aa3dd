"""The Data Integrity cryptosuites: one record a file, found by folder, then frozen.

A suite is a few choices. Its `standing` says what we do with it by default, so that a new file
never widens trust silently.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keys.material import KeyKind


class Standing(StrEnum):
    """What a suite may be used for."""

    ISSUE = "issue"
    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Cryptosuite:
    """The choices of one suite: key, canonical form, standing; the digest is SHA-256."""

    name: str
    key_kind: KeyKind
    canonicalise: Callable[[dict[str, Any]], bytes]
    standing: Standing
    context_in_proof: bool = False
    """Whether the proof repeats the document's @context, as the JCS suites demand."""

    def hash_data(self, config: dict[str, Any], document: dict[str, Any]) -> bytes:
        """Give what is signed: the digests of proof options and document, in this order."""
        return (
            sha256(self.canonicalise(config)).digest()
            + sha256(self.canonicalise(document)).digest()
        )


@cache
def suites() -> MappingProxyType[str, Cryptosuite]:
    """Give every suite in this folder, by name."""
    found: dict[str, Cryptosuite] = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            suite: Cryptosuite = import_module(f"{__name__}.{path.stem}").SUITE
            found[suite.name] = suite
    return MappingProxyType(found)
