"""People and organisations for tests: they have keys, sign, endorse, publish lists, show badges.

They behave; nothing is mocked. Web identities answer through `Web`, which counts what was asked.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from credentials.badges import achievement_credential
from credentials.endorsements import endorsement_credential
from credentials.presentations import present
from credentials.proofs import add_proof
from credentials.status import status_entry, status_list_credential
from credentials.trust import Trust, TrustedParty
from keys.controller import Method, controller_document
from keys.did import did_key
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import KeyKind, PrivateKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACHIEVEMENT = "https://issuer.example/achievements/technical-cleaning/expert"
VERIFIER = "https://verifier.example"


@dataclass
class Party:
    """Somebody with a key of their own, named by did:key."""

    name: str
    kind: KeyKind = "Ed25519"
    key: PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = PrivateKey.generate(self.kind)

    @property
    def did(self) -> str:
        return did_key(self.key.public)

    @property
    def method(self) -> str:
        return f"{self.did}#{self.key.public.multibase}"

    @property
    def profile(self) -> dict[str, Any]:
        return {"id": self.did, "type": ["Profile"], "name": self.name}

    def sign(self, document: dict[str, Any], **options: Any) -> dict[str, Any]:
        options = {"verification_method": self.method, "created": NOW, **options}
        return add_proof(document, self.key, **options)

    def badge(self, holder: str | None, **changes: Any) -> dict[str, Any]:
        return self.sign(self.unsigned_badge(holder, **changes))

    def unsigned_badge(self, holder: str | None, **changes: Any) -> dict[str, Any]:
        achievement: dict[str, Any] = {
            "id": ACHIEVEMENT,
            "type": ["Achievement"],
            "name": "Home cleaning - Expert",
            "description": "I can clean a home that is new to me.",
            "criteria": {"narrative": "Every line of the rubric reaches 3 of 3."},
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": "clean rooms",
                    "targetUrl": "http://data.europa.eu/esco/skill/"
                    "7bb01a18-4637-4535-ba18-258f48f705b8",
                }
            ],
        }
        if "achievement_endorsements" in changes:
            achievement["endorsement"] = changes.pop("achievement_endorsements")
        issuer = self.profile
        if "issuer_endorsements" in changes:
            issuer["endorsement"] = changes.pop("issuer_endorsements")
        values: dict[str, Any] = {
            "credential_id": f"urn:uuid:{uuid4()}",
            "issuer": issuer,
            "subject_id": holder,
            "achievement": achievement,
            "results": [],
            "awarded": NOW - timedelta(days=10),
            "name": "Home cleaning - Expert",
            "description": "I can clean a home that is new to me.",
            "image": None,
            "status": None,
        }
        return achievement_credential(**{**values, **changes})

    def endorse(self, subject: str, comment: str = "We know their work.", **more: Any) -> Any:
        values = {"valid_from": NOW - timedelta(days=3), **more}
        return self.sign(
            endorsement_credential(
                credential_id=f"urn:uuid:{uuid4()}",
                issuer=self.profile,
                subject_id=subject,
                comment=comment,
                **values,
            )
        )

    def show(self, badges: Sequence[dict[str, Any]], **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "holder": self.did,
            "verification_method": self.method,
            "domain": VERIFIER,
            "challenge": "c" * 22,
            "created": NOW,
            "expires": NOW + timedelta(days=7),
        }
        return present(badges, self.key, **{**values, **changes})


@dataclass
class WebParty(Party):
    """An organisation named by did:web, with a DID document and a status list on the web."""

    host: str = "issuer.example"
    revoked: set[int] = field(default_factory=set)
    list_valid_until: datetime = NOW + timedelta(days=1)

    @property
    def did(self) -> str:
        return f"did:web:{self.host}"

    @property
    def method(self) -> str:
        return f"{self.did}#key-1"

    @property
    def list_url(self) -> str:
        return f"https://{self.host}/status/1"

    def entry(self, index: int = 4711) -> dict[str, Any]:
        return status_entry(self.list_url, index)

    def status_list(self, **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "list_url": self.list_url,
            "issuer": self.did,
            "purpose": "revocation",
            "revoked": self.revoked,
            "valid_from": NOW - timedelta(hours=1),
            "valid_until": self.list_valid_until,
            "ttl_ms": 60_000,
        }
        return self.sign(status_list_credential(**{**values, **changes}))

    def pages(self) -> dict[str, bytes]:
        document = controller_document(self.did, [Method(self.method, self.key.public)])
        return {
            f"https://{self.host}/.well-known/did.json": json.dumps(document).encode(),
            self.list_url: json.dumps(self.status_list()).encode(),
        }


class Web:
    """A web of pages; asking for anything else cannot be fetched."""

    def __init__(self, *parties: WebParty) -> None:
        self.parties = parties
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        pages = {url: page for party in self.parties for url, page in party.pages().items()}
        page = {**pages, **self.pages}.get(request.url)
        if page is None:
            raise CannotFetch(f"nobody answers at {request.url}")
        return HttpResponse(200, {"content-type": "application/json"}, page, request.url)


def trusting(*parties: Party, role: str = "endorser") -> Trust:
    """Recognise these parties."""
    return Trust(
        tuple(
            TrustedParty(one.did, f"{one.name} (recognised)", frozenset({role}))  # type: ignore[arg-type]
            for one in parties
        )
    )
