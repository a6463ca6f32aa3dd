"""Documents made at random from the words of our contexts: mostly well formed, sometimes odd.

For comparing two ways to the same canonical text: whatever the two make of a document, it must be
the same.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

from contexts.pinned import pinned
from contexts.term_tables import LITERAL, State, live
from contexts.urls import OB3, OB3_EXTENSIONS, VC1, VC2

_CONTEXTS: tuple[Any, ...] = (
    [VC2, OB3, OB3_EXTENSIONS],
    [VC2, OB3],
    [VC2],
    VC2,
    [VC2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"],
    [VC2, "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
    [VC1, OB3],
    [VC1, "https://w3id.org/security/suites/ed25519-2020/v1"],
    [VC2, OB3, "https://w3id.org/security/data-integrity/v2"],
    [VC2, "https://w3id.org/vc/status-list/2021/v1"],
    [OB3, VC2],
    ["https://w3id.org/security/data-integrity/v2"],
    [],
    [VC2, "https://unknown.example/v1"],
)
_TEXTS = (
    "cleaning", "", " ", 'a "quoted" word', "back\\slash", "line\nbreak", "tab\tand\rreturn",
    "non-breaking\u00a0space", "line\u2028separator", "\u202egnp", "é", "e\u0301", "日本語",
    "😀\uff5e",
    "\u0085", "https://a.example/x", "urn:uuid:1", "did:key:z6Mk", "xsd:string",
    "obi:x", "cred:y", "sec:z", "javascript:alert(1)", "JAVASCRIPT:x", "data:,x", "data://x", "a:b",
    "not an iri", "http://a b", "_:b0", "@id", "@type", "Achievement", "assertionMethod", "Award",
    "\u007f", "\u0001", "https://a.example/<x>", "relative/path", "#fragment", "5",
    "2026-01-01T00:00:00Z",
)  # fmt: skip
_IDS = (
    "https://a.example/1", "https://a.example/2", "urn:uuid:1", "urn:uuid:2", "did:web:a.example",
    "did:key:z6Mk#z6Mk",
)  # fmt: skip
_TYPES = (
    "VerifiableCredential", "OpenBadgeCredential", "AchievementCredential", "EndorsementCredential",
    "Profile", "Achievement", "AchievementSubject", "Image", "Alignment", "Evidence", "Result",
    "ResultDescription", "RubricCriterionLevel", "Related", "IdentityObject", "IdentifierEntry",
    "EndorsementSubject", "Address", "GeoCoordinates", "DataIntegrityProof", "Criteria",
    "BitstringStatusListEntry", "BitstringStatusList", "JsonSchema", "VerifiablePresentation",
    "1EdTechJsonSchemaValidator2019", "BitstringStatusListCredential", "JsonWebKey", "Multikey",
)  # fmt: skip
_TERMS = (
    "name", "description", "issuer", "credentialSubject", "achievement", "criteria", "narrative",
    "image", "caption", "result", "resultDescription", "value", "status", "alignment", "targetName",
    "targetUrl", "targetType", "targetFramework", "targetCode", "endorsement", "endorsementComment",
    "evidence", "identifier", "identityHash", "identityType", "hashed", "salt", "creator", "url",
    "achievementType", "tag", "version", "inLanguage", "related", "humanCode", "fieldOfStudy",
    "creditsAvailable", "creditsEarned", "points", "level", "rubricCriterionLevel", "valueMin",
    "validFrom", "validUntil", "awardedDate", "credentialStatus", "statusPurpose", "statusMessage",
    "statusListIndex", "statusListCredential", "credentialSchema", "relatedResource", "digestSRI",
    "proof", "proofPurpose", "verificationMethod", "cryptosuite", "proofValue", "created", "source",
    "holder", "verifiableCredential", "termsOfUse", "refreshService", "jsonSchema", "cnf", "kid",
    "address", "geo", "latitude", "activityStartDate", "role", "term", "licenseNumber", "mediaType",
    "otherIdentifier", "message", "endorsementJwt", "requiredLevel", "allowedValue", "dateOfBirth",
)  # fmt: skip
_NUMBERS = (0, 1, -7, 5.0, 2.5, 1e-7, 0.1, 1e21, 123456789.25, -0.0, True, False, 2**53 - 1, 2**53)
_ODD_MEMBERS: tuple[tuple[str, Any], ...] = (
    ("undefinedWord", "x"), ("@type", "Image"), ("@id", "urn:x"), ("@graph", []), ("", "x"),
    ("https://schema.org/name", "x"), ("xsd:string", "x"), ("name", None), ("@included", [{}]),
    ("id", None), ("id", 5), ("id", ""), ("type", None), ("type", []), ("type", {"a": 1}),
    ("tag", [["x"]]), ("@context", None), ("@context", {"x": "urn:x"}), ("@index", "x"),
)  # fmt: skip


def documents(seed: int, *, oddity: float = 0.01) -> Iterator[dict[str, Any]]:
    """Give documents without end; `oddity` is how often something unusual is put in a place."""
    while True:
        yield _Maker(random.Random(seed), oddity).document()
        seed += 1


class _Maker:
    """Makes one document; `State` only tells which words are likely to be understood where."""

    def __init__(self, chance: random.Random, oddity: float) -> None:
        self._chance, self._oddity = chance, oddity
        self._left = chance.choice((4, 12, 40, 90))

    def document(self) -> dict[str, Any]:
        context = self._chance.choice(_CONTEXTS[:6] if not self._odd() else _CONTEXTS)
        urls = tuple(context) if isinstance(context, list) else (context,)
        known = all(url in pinned("context") for url in urls) and urls
        made = self._object(live().opened(urls) if known else None, 0)
        items = [("@context", context), *made.items()]
        self._chance.shuffle(items)
        return dict(items)

    def _odd(self) -> bool:
        return self._chance.random() < self._oddity

    def _object(self, state: State | None, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self._chance.random() < 0.6:
            made["id"] = self._chance.choice(_TEXTS if self._odd() else self._ids(depth))
        types = self._types(state, depth)
        if types:
            made["type"] = types if self._chance.random() < 0.6 or len(types) > 1 else types[0]
        inner = state
        if state is not None:
            scoped = [name for name in types if name in state.terms and state.terms[name].scoped]
            inner = state.typed(tuple(sorted(set(scoped)))) if scoped else state
        for _ in range(self._chance.randrange(7)):
            likely = sorted(n for n, m in inner.terms.items() if m.iri) if inner else []
            term = self._chance.choice(_TERMS if self._odd() or not likely else likely)
            if term not in _TYPES or self._odd():
                made[term] = self._value(inner, term, depth)
        if self._odd():
            name, value = self._chance.choice(_ODD_MEMBERS)
            made[name] = value
        return made

    def _ids(self, depth: int) -> tuple[str, ...]:
        # Mostly each its own; sometimes shared, since objects of one id are one node.
        if self._chance.random() < 0.1:
            return _IDS
        return (f"urn:x:{depth}:{self._left}:{self._chance.randrange(9)}",)

    def _types(self, state: State | None, depth: int) -> list[str]:
        if depth == 0 and not self._odd():
            return ["VerifiableCredential", *self._chance.choice(((), (_TYPES[1],), (_TYPES[3],)))]
        if self._chance.random() < 0.15:
            return []
        known = [name for name in _TYPES if state is None or self._odd() or name in state.terms]
        count = self._chance.choice((1, 1, 1, 1, 2))
        return self._chance.sample(known, min(count, len(known)))

    def _value(self, state: State | None, term: str, depth: int) -> Any:
        self._left -= 1
        kind = state.terms[term].kind if state and term in state.terms else LITERAL
        choose = self._chance.choice
        if self._left > 0 and depth < 8 and self._chance.random() < 0.15:
            return [self._value(state, term, depth) for _ in range(self._chance.randrange(4))]
        inside = state.inside(term) if state else None
        texts = (*_TEXTS[:28], *(_TEXTS if self._odd() else ()))
        kinds: list[Callable[[], Any]] = [
            lambda: choose(texts if kind == LITERAL or self._odd() else _IDS),
            lambda: {"@value": choose(texts), "@language": choose(("fr", "es-MX", "AR"))},
            lambda: choose(
                ({"@value": "שלום", "@direction": "rtl"}, {"@value": "x", "@language": "x y"})
                if self._odd()
                else ({"@value": "مرحبا", "@language": "AR", "@direction": "rtl"},)
            ),
            lambda: {"id": choose(_IDS)},
            lambda: choose(_NUMBERS) if kind == LITERAL or self._odd() else choose(_IDS),
            lambda: self._object(inside, depth + 1),
        ]
        deeper = 9 if self._left > 0 and depth < 8 else 0
        return self._chance.choices(kinds, [9, 1, 0.5, 1, 2, deeper])[0]()
