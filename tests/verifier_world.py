"""A verifier in a world of its own: an app on a memory database, over a web of behaving parties."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from parties import NOW, VERIFIER, Party, Web, WebParty
from werkzeug.test import TestResponse
from world import Clock

import verifier
from credentials.trust import Trust, TrustedParty
from issuer.framework import FOLDER, Framework, load_framework
from keys.fetching import HttpRequest, HttpResponse
from verifier.settings import VerifierSettings

SHARE = "https://wallet.example/shares/abcdefghijklmnopqrstuvwx"
DID_DOCUMENT = "https://issuer.example/.well-known/did.json"
BODY_NAME, CENTRE_NAME = "Home Services Alliance", "Sample Training Centre"


class AnsweringWeb(Web):
    """A web where some addresses answer with a status of their own, or by entity tags."""

    def __init__(self, *parties: WebParty) -> None:
        super().__init__(*parties)
        self.statuses: dict[str, int] = {}
        self.sent: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        if request.url in self.statuses:
            self.asked.append(request.url)
            return HttpResponse(self.statuses[request.url], {}, b"", request.url)
        response = super().__call__(request)
        tag = f'"{abs(hash(response.body))}"'
        if request.headers.get("If-None-Match") == tag:
            return HttpResponse(304, {"etag": tag}, b"", request.url)
        return HttpResponse(200, {"etag": tag, **response.headers}, response.body, request.url)


@dataclass
class Employer:
    """Somebody at a household's phone, with the verifier and the web behind it."""

    centre: WebParty = field(default_factory=lambda: WebParty(CENTRE_NAME))
    body: Party = field(default_factory=lambda: Party(BODY_NAME))
    worker: Party = field(default_factory=lambda: Party("Worker"))
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def __post_init__(self) -> None:
        self.web = AnsweringWeb(self.centre)
        self.trust = Trust((TrustedParty(self.body.did, BODY_NAME, frozenset({"endorser"})),))
        self.open()

    def open(self, **settings: Any) -> None:
        """Start the verifier, again if it runs already."""
        values: dict[str, Any] = {
            "base_url": VERIFIER,
            "database_url": "sqlite://",
            "secret": b"s" * 32,
            "trust": self.trust,
        }
        self.app: Flask = verifier.create_app(
            VerifierSettings(**{**values, **settings}), fetch=self.web, clock=self.clock
        )
        self.phone: FlaskClient = self.app.test_client()

    def badge(self, **changes: Any) -> dict[str, Any]:
        """Give a badge of the centre, which the body endorses."""
        values: dict[str, Any] = {
            "status": self.centre.entry(),
            "issuer_endorsements": [self.body.endorse(self.centre.did, "We visited this centre.")],
        }
        return self.centre.badge(self.worker.did, **{**values, **changes})

    def framework_badge(
        self,
        language: str,
        *,
        skill: str = "technical-cleaning",
        assessed: str | None = None,
        level: int = 2,
        **changes: Any,
    ) -> dict[str, Any]:
        """Give a badge of the real framework, signed in a language."""
        framework = _framework()
        definition = framework.achievement(skill, level, assessed)
        achievement = framework.achievement_json(
            definition, base_url="https://issuer.example", lang=language
        )
        overall, *lines = achievement["resultDescription"]
        results = [
            {
                "type": ["Result"],
                "resultDescription": overall["id"],
                "achievedLevel": overall["requiredLevel"],
            },
            *(
                {"type": ["Result"], "resultDescription": line["id"], "value": str(level)}
                for line in lines
            ),
        ]
        return self.badge(
            achievement=achievement,
            results=results,
            name=achievement["name"],
            description=achievement["description"],
            **changes,
        )

    def scans(
        self, shown: Any, language: str = "en", *, share: str = SHARE, more: str = ""
    ) -> TestResponse:
        """Open the link that a worker shows."""
        if shown is not None:
            self.web.pages[share] = json.dumps(shown).encode()
        return self.phone.get(f"/check?share={quote(share, safe='')}&lang={language}{more}")

    def shown(self, *badges: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Give what the worker's wallet shows."""
        return self.worker.show(badges, **changes)

    def pastes(self, text: Any, language: str = "en", *, follow: bool = True) -> TestResponse:
        """Paste a badge, as JSON or as it is."""
        text = text if isinstance(text, str) else json.dumps(text)
        return self.phone.post(
            f"/check?lang={language}", data={"text": text}, follow_redirects=follow
        )


@cache
def _framework() -> Framework:
    return load_framework(FOLDER / "mycred4home")


def headline(page: TestResponse) -> tuple[str, str, str]:
    """Give the headline's id, colour and words."""
    assert page.status_code == 200, page.status_code
    found = re.search(
        r'<section class="headline (\w+)" data-headline="([\w-]+)".*?<h1[^>]*>(.*?)</h1>',
        page.text,
        re.DOTALL,
    )
    assert found
    return found[2], found[1], unescape(found[3])


def text(page: TestResponse) -> str:
    """Give what is read on a page."""
    body = re.sub(r"<(title|head)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
