"""Canonical text, beside an implementation that we did not write."""

import copy
from typing import Any

import pyoxigraph
import pytest
from parties import Party

from contexts import canonical_rdfc
from contexts.canonical import to_quads
from issuer.framework import frameworks

HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def by_oxigraph(document: dict[str, Any]) -> str:
    lines = "".join(f"{' '.join(filter(None, quad))} .\n" for quad in to_quads(document))
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(lines.encode(), pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return "".join(sorted(f"{quad} .\n" for quad in dataset))


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_framework_badge_has_the_canonical_text_that_oxigraph_gives(language: str) -> None:
    framework = frameworks()["mycred4home"]
    document = Party("Centre").unsigned_badge(HOLDER)
    for definition in framework.definitions():
        badge = copy.deepcopy(document)
        badge["credentialSubject"]["achievement"] = framework.achievement_json(
            definition, base_url="https://issuer.example", lang=language
        )
        assert canonical_rdfc(badge) == by_oxigraph(badge), definition.key
