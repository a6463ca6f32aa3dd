"""A form made from a template is the form that the whole way gives, or the whole way is taken."""

import copy
import json
import random
from itertools import islice
from typing import Any

import pytest
from generated_documents import _IDS, _TEXTS, documents
from hypothesis import given, settings
from hypothesis import strategies as st

from contexts import ContextError, canonical_jcs, canonical_rdfc, check_words, template
from contexts.template import Slots, canonical_alike, jcs_alike
from contexts.urls import OB3, OB3_EXTENSIONS, VC2

SLOTS: Slots = {
    "id": "id",
    "name": "text",
    "validFrom": "text",
    "credentialSubject": {
        "id": "id",
        "result": {"value": "text", "status": "id"},
        "achievement": {"description": "text", "tag": "text"},
    },
    "credentialStatus": {"id": "id", "statusListIndex": "text", "statusListCredential": "id"},
    "issuer": {"name": "text"},
}
NASTY = st.one_of(
    st.sampled_from([*_TEXTS, *_IDS, "\ud800", "\u0000", "\u007f", '"', "\\", "\\u0041", '" .\n']),
    st.text(max_size=8),
    st.from_regex(r"(urn|https|did|javascript|name):[a-z0-9/]{0,5}", fullmatch=True),
)


def badge(values: list[str]) -> dict[str, Any]:
    one = iter(values)
    return {
        "@context": [VC2, OB3, OB3_EXTENSIONS],
        "id": next(one),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": next(one),
        "issuer": {"id": "https://a.example/1", "type": ["Profile"], "name": next(one)},
        "validFrom": next(one),
        "credentialSubject": {
            "id": next(one),
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://a.example/2",
                "type": ["Achievement"],
                "name": "Cleaning",
                "description": next(one),
                "criteria": {"narrative": "Do it."},
                "tag": ["cleaning", "household"],
            },
            "result": [
                {"type": ["Result"], "value": next(one)},
                {"type": ["Result"], "value": next(one)},
                {"type": ["Result"], "value": "1", "resultDescription": "urn:uuid:2"},
            ],
        },
        "credentialStatus": {
            "id": next(one),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": next(one),
            "statusListCredential": next(one),
        },
    }


HONEST = ["urn:uuid:1", "A badge", "Centre", "2026-01-01T00:00:00Z", "did:key:z6Mk", "I can", "2"]
HONEST += ["3", "https://a.example/list#7", "7", "https://a.example/list"]


def outcome(document: dict[str, Any], slots: Slots | None = None) -> str:
    try:
        return canonical_alike(document, slots).decode() if slots else canonical_rdfc(document)
    except ContextError as error:
        return f"! {type(error).__name__}: {error}"


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let documents of this test have a template when they come for the first time."""
    monkeypatch.setattr(template, "_was_seen", lambda _left: True)


@settings(max_examples=120, deadline=None)
@given(st.lists(NASTY, min_size=11, max_size=11), st.sets(st.integers(0, 10), max_size=3))
def test_any_values_in_the_slots_give_the_form_of_the_whole_way(
    values: list[str], places: set[int]
) -> None:
    mixed = [values[n] if n in places else honest for n, honest in enumerate(HONEST)]
    for chosen in (mixed, values):
        document = badge(chosen)
        before = copy.deepcopy(document)
        assert outcome(document, SLOTS) == outcome(document), json.dumps(chosen)
        assert document == before


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=11, max_size=11))
def test_equal_values_that_make_two_objects_one_go_the_whole_way(places: list[int]) -> None:
    document = badge([HONEST[place] for place in places])
    assert outcome(document, SLOTS) == outcome(document)


def slots_in(document: Any, chance: random.Random) -> Any:
    """Choose some strings of a document, at random, as slots."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            found[name] = slots_in(inner, chance)
        elif chance.random() < 0.5:
            found[name] = chance.choice(["id", "text"])
    return found


def with_other_values(value: Any, slots: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [with_other_values(item, slots, chance) for item in value]
    if not isinstance(value, dict) or isinstance(slots, str):
        return value
    changed = dict(value)
    for name, slot in slots.items():
        if isinstance(slot, str) and isinstance(changed.get(name), str):
            if chance.random() < 0.4:
                changed[name] = chance.choice([*_IDS, *_TEXTS])
        elif not isinstance(slot, str) and name in changed:
            changed[name] = with_other_values(changed[name], slot, chance)
    return changed


def test_any_member_of_any_document_may_be_a_slot() -> None:
    chance, filled = random.Random(11), 0
    for document in islice(documents(13), 400):
        if not isinstance(document, dict):
            continue
        slots = slots_in(document, chance)
        for _ in range(3):
            changed = with_other_values(document, slots, chance)
            assert outcome(changed, slots) == outcome(changed), json.dumps([changed, slots])
            filled += not outcome(changed).startswith("!")
    assert filled > 80, "the comparison must meet documents that have a form"


def test_honest_badges_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = canonical_rdfc(badge(HONEST))
    canonical_alike(badge(["urn:uuid:3", *HONEST[1:]]), SLOTS)
    monkeypatch.setattr(template, "canonical_rdfc", None)
    assert canonical_alike(badge(HONEST), SLOTS) == expected.encode()


def test_members_in_another_order_are_not_confused() -> None:
    one = badge(HONEST)
    for members in (sorted(one), sorted(one, reverse=True)):
        other = {member: one[member] for member in members}
        for name in ("A name", "Another name"):
            changed = {**other, "name": name, "validFrom": "2027-01-01T00:00:00Z"}
            assert outcome(changed, SLOTS) == outcome(one | changed)


def test_objects_that_look_alike_go_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = [*HONEST[:6], "2", "2", *HONEST[8:]]
    assert outcome(badge(alike), SLOTS) == outcome(badge(alike))
    monkeypatch.setattr(template, "canonical_rdfc", lambda _document: "the whole way")
    assert canonical_alike(badge(alike), SLOTS) == b"the whole way"
    assert canonical_alike(badge(HONEST), SLOTS) != b"the whole way"


@pytest.mark.parametrize(
    "odd", [(...,), (..., 3), (..., 0, "urn"), (..., "urn"), ("x",), {1}, b"x", 1e400, 2**60]
)
def test_what_no_json_holds_is_never_taken_for_a_slot(odd: Any) -> None:
    document = badge(HONEST)
    canonical_alike(document, SLOTS)
    document["validFrom"] = odd
    assert outcome(document, SLOTS) == outcome(document)


def test_a_document_that_differs_outside_the_slots_has_another_template() -> None:
    canonical_alike(badge(HONEST), SLOTS)
    other = badge(HONEST)
    other["credentialSubject"]["achievement"]["name"] = "Cooking"
    assert outcome(other, SLOTS) == outcome(other)
    assert '"Cooking"' in outcome(other, SLOTS)


def test_templates_are_few_and_small() -> None:
    kept = template._template.cache_info().currsize
    large = badge([*HONEST])
    large["credentialSubject"]["achievement"]["criteria"]["narrative"] = "x" * 40_000
    assert outcome(large, SLOTS) == outcome(large)
    assert template._template.cache_info().currsize == kept
    for number in range(200):
        document = badge(HONEST)
        document["credentialSubject"]["achievement"]["name"] = f"Achievement {number}"
        canonical_alike(document, SLOTS)
    assert template._template.cache_info().currsize <= 64


# --- JCS ----------------------------------------------------------------------------------------


def jcs_outcome(document: dict[str, Any], way: Any) -> str:
    try:
        return way(document).decode()
    except ContextError as error:
        return f"! {type(error).__name__}: {error}"


def whole_jcs(document: dict[str, Any]) -> bytes:
    check_words(document)
    return canonical_jcs({name: value for name, value in document.items() if name != "proof"})


def quick_jcs(document: dict[str, Any]) -> bytes:
    return jcs_alike(document, {**SLOTS, "proof": {"proofValue": "text"}}, without="proof")


def signed(values: list[str]) -> dict[str, Any]:
    proof = {"type": "DataIntegrityProof", "cryptosuite": "x", "proofValue": values[-1]}
    return {**badge(values[:-1]), "proof": [proof]}


@settings(max_examples=120, deadline=None)
@given(st.lists(NASTY, min_size=12, max_size=12), st.sets(st.integers(0, 11), max_size=3))
def test_any_values_in_the_slots_give_the_jcs_form_of_the_whole_way(
    values: list[str], places: set[int]
) -> None:
    honest = [*HONEST, "zSignature"]
    mixed = [values[n] if n in places else one for n, one in enumerate(honest)]
    for chosen in (mixed, values):
        document = signed(chosen)
        assert jcs_outcome(document, quick_jcs) == jcs_outcome(document, whole_jcs)


def test_honest_jcs_forms_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    document = signed([*HONEST, "zSignature"])
    expected = whole_jcs(document)
    quick_jcs(signed(["urn:uuid:3", *HONEST[1:], "zOther"]))
    monkeypatch.setattr(template, "check_words", None)
    assert quick_jcs(document) == expected
    assert "zSignature" not in expected.decode()


def test_a_word_that_nobody_defines_is_named_however_often_it_comes() -> None:
    document = {**signed([*HONEST, "zSignature"]), "undefinedWord": "x"}
    for _ in range(3):
        with pytest.raises(ContextError, match="undefinedWord"):
            quick_jcs(document)
