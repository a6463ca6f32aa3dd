"""What words mean: pinned JSON-LD contexts and schemas, strict JSON, canonical forms.

Nothing in this package asks the network::

    document = loads_strict(text)
    check_schema(document, "achievement-credential")
    canonical_rdfc(document)       # the N-Quads text that a signature covers
"""

from contexts.canonical import canonical_jcs, canonical_rdfc, check_words, expand_checked
from contexts.errors import (
    ContextError,
    MalformedJson,
    SchemaMismatch,
    TooMuchWork,
    UnknownContext,
    UnsafeDocument,
)
from contexts.pinned import load_context
from contexts.rdfc import canonicalise_nquads
from contexts.schemas import check_schema
from contexts.strict_json import loads_strict

__all__ = [
    "ContextError",
    "MalformedJson",
    "SchemaMismatch",
    "TooMuchWork",
    "UnknownContext",
    "UnsafeDocument",
    "canonical_jcs",
    "canonical_rdfc",
    "canonicalise_nquads",
    "check_schema",
    "check_words",
    "expand_checked",
    "load_context",
    "loads_strict",
]
