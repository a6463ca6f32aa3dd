"""Whatever a signature covers cannot be changed, and may be written in any legal way: every suite.

A legal way is one that says the same: for the suites over RDF another order of members and of sets,
one value alone or in a list; for those over JSON another order of members; for all of them other
white space and escapes.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import NOW, Party

from contexts import ContextError, loads_strict
from credentials.proofs import derive_proof, verify_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError

HOLDER = Party("Worker")
REFUSED = (CheckFailed, CannotCheck, CredentialError, ContextError)
ED25519, P256, P384 = Party("Centre"), Party("Centre", "P-256"), Party("Centre", "P-384")
SIGNERS = {
    "eddsa-rdfc-2022": ED25519,
    "eddsa-jcs-2022": ED25519,
    "ecdsa-rdfc-2019": P256,
    "ecdsa-rdfc-2019, P-384": P384,
    "ecdsa-jcs-2019": P256,
    "ecdsa-jcs-2019, P-384": P384,
    "ecdsa-sd-2023": P256,
}


def signed(name: str) -> dict[str, Any]:
    signer, suite = SIGNERS[name], name.partition(",")[0]
    names = [
        {"@value": "Limpieza", "@language": "es"},
        {"@value": "تنظيف", "@language": "ar", "@direction": "rtl"},
    ]
    unsigned = signer.unsigned_badge(HOLDER.did)
    unsigned["description"] = names
    if suite != "ecdsa-sd-2023":
        return signer.sign(unsigned, cryptosuite=suite)
    base = signer.sign(unsigned, cryptosuite=suite, mandatory_pointers=["/issuer", "/validFrom"])
    return derive_proof(base, ["/credentialSubject", "/description", "/name"])


SIGNED = {name: signed(name) for name in SIGNERS}


def check(name: str, document: dict[str, Any]) -> None:
    controller = SIGNERS[name].did
    options: dict[str, Any] = {"purpose": "assertionMethod", "fetch": None, "now": NOW}
    verify_proof(document, controller=controller, **options)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the place of every member and of every entry of a list; contexts are no statements."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in inner:
        if step != "@context":
            yield (*path, step)
            if isinstance(one, dict | list):
                yield from places(one, (*path, step))


@pytest.mark.parametrize("name", sorted(SIGNERS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_statement_can_be_changed_left_out_or_moved(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(SIGNED[name])
    *path, last = data.draw(st.sampled_from(list(places(document))))
    parent: Any = document
    for step in path:
        parent = parent[step]
    value = parent[last]
    how = data.draw(st.sampled_from(["change", "leave out", "another kind"]))
    if how == "leave out":
        del parent[last]
    elif how == "another kind":
        parent[last] = [value, "x"] if isinstance(value, str) else "urn:x:y"
    elif isinstance(value, str):
        # Tags of languages are the same in either case (RFC 5646, 2.1.1).
        other = "x" if last == "@language" else value.swapcase()
        parent[last] = data.draw(
            st.sampled_from([f"{value}0", value[:-1], other, f"{value} ", "urn:x:y"])
        )
    else:
        parent[last] = {"id": "urn:x:y"}
    if document == SIGNED[name]:  # a text without letters stays as it is
        return
    with pytest.raises(REFUSED):
        check(name, document)


@pytest.mark.parametrize("name", sorted(SIGNERS))
@settings(max_examples=25, deadline=None)
@given(random=st.randoms(use_true_random=False), spaces=st.sampled_from([None, 0, 7]))
def test_every_legal_way_of_writing_is_accepted(name: str, random: Any, spaces: int | None) -> None:
    is_json = "jcs" in name

    def written(value: Any, *, alone: bool) -> Any:
        if isinstance(value, dict):
            members = list(value.items())
            random.shuffle(members)
            whole = "@value" in value or "proofValue" in value
            made: Any = {
                member: inner
                if member == "@context"
                else written(inner, alone=whole or member == "id")
                for member, inner in members
            }
        elif isinstance(value, list):
            entries = [written(inner, alone=True) for inner in value]
            if is_json or alone:
                return entries
            random.shuffle(entries)
            return entries[0] if len(entries) == 1 and random.random() < 0.5 else entries
        else:
            made = value
        return made if is_json or alone or random.random() < 0.7 else [made]

    document = written(SIGNED[name], alone=True)
    text = json.dumps(document, indent=spaces, ensure_ascii=random.random() < 0.5)
    check(name, loads_strict(text.replace("/", "\\/") if random.random() < 0.3 else text))
