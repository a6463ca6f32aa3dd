"""Node's jsonld gives every generated document that we accept the canonical form that we give it.

``MYCRED_GENERATED=100000 pytest tests/peers/test_canonical_forms.py`` looks at as many.
"""

import os
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest
from generated_documents import documents
from node_peer import CONTEXTS, in_node

from contexts import ContextError, canonical_rdfc
from contexts.term_tables import live

pytestmark = pytest.mark.peer

NUMBER = int(os.environ.get("MYCRED_GENERATED", "1500"))
_AT_ONCE = 500
"""Few enough for Node within its time, also on a machine that is busy."""
_READ_AS_NOUGHT = '"1.0E-7"'
"""jsonld.js takes a number that JavaScript writes without a point, as 1e-7, for an integer, and
signs "0"; it has a fraction, so it is a double (JSON-LD 1.1 API, 8.2.2)."""


def test_node_gives_the_same_canonical_forms() -> None:
    seen = accepted = 0
    for start in range(0, NUMBER, _AT_ONCE):
        live.cache_clear()  # it is bounded, and whoever makes the documents asks it for words
        batch = islice(documents(1_000_000 + start), min(_AT_ONCE, NUMBER - start))
        ours: list[tuple[dict[str, Any], str]] = []
        for document in batch:
            seen += 1
            try:
                ours.append((document, canonical_rdfc(document)))
            except ContextError:
                continue
        shown = [document for document, _form in ours]
        theirs = in_node("", script="canon.mjs", shown=shown, documents=CONTEXTS)
        for (document, form), told in zip(ours, theirs, strict=True):
            if _READ_AS_NOUGHT in form:
                continue
            assert told == sha256(form.encode()).hexdigest(), (told, document, form)
        accepted += len(ours)
    assert seen == NUMBER
    assert accepted > NUMBER / 4
