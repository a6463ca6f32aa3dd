"""A wallet in a world of its own: a training centre that behaves, a clock, a browser.

The centre is a fake made of the same parts as a real one: it signs badges, hands out offers, codes,
challenges and badges by OpenID4VCI, and publishes its DID document and its status list. Tests turn
its knobs to make it misbehave.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from world import Clock

import wallet
from credentials.badges import achievement_credential
from credentials.endorsements import endorsement_credential
from credentials.exchange.oid4vci import (
    Display,
    TransactionCode,
    authorization_server_metadata,
    check_key_proof,
    credential_offer,
    credential_response,
    issuer_metadata,
    read_credential_request,
)
from credentials.exchange.renewal import (
    JWT_BEARER,
    check_holder_assertion,
    renewal_response,
)
from credentials.proofs import add_proof
from credentials.status import status_entry, status_list_credential
from credentials.trust import Trust, TrustedParty
from keys.controller import Method, controller_document
from keys.did.key import did_key
from keys.did.web import did_web
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import PrivateKey
from wallet.settings import WalletSettings
from web.app import Services
from web.settings import DemoEntry

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CENTRE = "http://localhost:8001"
WALLET = "http://localhost:8002"
VERIFIER = "http://localhost:8003"
_AWARDED = "2026-11-24T00:00:00Z"
NAME = "Home cleaning - Confirmed"
SENTENCE = "I can clean a whole home alone, with the right product on each surface."
ESCO = "http://data.europa.eu/esco/skill/"
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'


def achievement(level: int = 2, base: str = CENTRE) -> dict[str, Any]:
    """Write an achievement with a rubric of three levels."""
    names = ["Beginner", "Confirmed", "Expert"]
    here = f"{base}/achievements/technical-cleaning/{level}"
    return {
        "id": here,
        "type": ["Achievement"],
        "achievementType": "MicroCredential",
        "name": f"Home cleaning - {names[level - 1]}",
        "inLanguage": "en",
        "description": SENTENCE,
        "criteria": {"narrative": "**To earn this badge** every line must reach 2 of 3."},
        "alignment": [
            {
                "type": ["Alignment"],
                "targetType": "ext:ESCOSkill",
                "targetName": "clean rooms",
                "targetFramework": "ESCO",
                "targetUrl": f"{ESCO}7bb01a18-4637-4535-ba18-258f48f705b8",
            }
        ],
        "resultDescription": [
            {
                "id": f"{here}#overall",
                "type": ["ResultDescription"],
                "name": "Overall level",
                "resultType": "RubricCriterionLevel",
                "rubricCriterionLevel": [
                    {"id": f"{base}/rubric#{place}", "type": ["RubricCriterionLevel"], "name": name}
                    for place, name in enumerate(names, 1)
                ],
            },
            {
                "id": f"{here}#order",
                "type": ["ResultDescription"],
                "name": "Order of work",
                "resultType": "RubricScore",
                "valueMin": "0",
                "valueMax": "3",
            },
        ],
    }


def _unspoilt(document: dict[str, Any]) -> dict[str, Any]:
    return document


def _carry_on(_path: str) -> None:
    return None


@dataclass
class Offered:
    """One offer of the centre: its code, what was handed out for it."""

    code: str
    badge_id: str
    level: int
    number: str | None
    claimed: bool = False
    over: bool = False
    token: str = ""
    holder: str = ""
    signed: str = ""


@dataclass
class Centre:
    """A training centre that issues badges; `fetch` answers for it."""

    clock: Clock
    origin: str = CENTRE
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    offers: dict[str, Offered] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)
    asked: list[HttpRequest] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    """Paths (starts of them) that do not answer."""
    metadata_changes: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = _unspoilt
    """Changes a badge after it was signed."""
    give_to: str | None = None
    """Another holder to give every badge to."""
    key_taken_back: datetime | None = None
    """Since when the key counts no more."""
    signs_as: str | None = None
    """Another issuer to name in badges."""
    before_answer: Callable[[str], None] = _carry_on
    signatures: int = 0
    renews: bool = True
    """Hands out corrected badges to the key of the earlier one."""
    newer: dict[str, Callable[[str], dict[str, Any]]] = field(default_factory=dict)
    """Id of a badge → what is handed out for it to a holder who asks again."""
    renewals: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Token → id of the badge, and the holder."""

    @property
    def did(self) -> str:
        return did_web(self.origin)

    # --- what tests ask of it ---

    def corrects(self, badge_id: str, **changes: Any) -> None:
        """Let a newer copy wait for the holder of a badge, and cancel the one that was given."""
        self.revoked.add(7)
        self.newer[badge_id] = lambda holder: self.badge(
            holder, **({"badge_id": badge_id, "index": 8, "awarded_date": _AWARDED} | changes)
        )

    def offer(self, *, level: int = 2, number: str | None = None) -> str:
        """Make an offer and give the link to our wallet."""
        reference = uuid4().hex
        self.offers[reference] = Offered(
            f"code-{uuid4().hex}", f"urn:uuid:{uuid4()}", level, number
        )
        return (
            f"{WALLET}/receive?credential_offer_uri={quote(self.offer_address(reference), safe='')}"
        )

    def offer_address(self, reference: str) -> str:
        return f"{self.origin}/offers/{reference}"

    def sign(self, document: dict[str, Any]) -> dict[str, Any]:
        self.signatures += 1
        return add_proof(
            document,
            self.key,
            verification_method=f"{self.did}#key-1",
            created=self.clock() - timedelta(minutes=1),
        )

    def badge(
        self,
        holder: str | None,
        *,
        badge_id: str = "",
        level: int = 2,
        index: int = 7,
        awarded_date: str = "",
        **more: Any,
    ) -> dict[str, Any]:
        """Give a signed badge."""
        described = achievement(level, self.origin)
        document = achievement_credential(
            credential_id=badge_id or f"urn:uuid:{uuid4()}",
            issuer={
                "id": self.signs_as or self.did,
                "type": ["Profile"],
                "name": "Example Training Centre",
                "url": self.origin,
                **({"endorsement": [self.vouched()]} if more.pop("vouched", False) else {}),
            },
            subject_id=holder,
            achievement=described,
            results=[
                {
                    "type": ["Result"],
                    "resultDescription": f"{described['id']}#overall",
                    "achievedLevel": f"{self.origin}/rubric#{level}",
                },
                {
                    "type": ["Result"],
                    "resultDescription": f"{described['id']}#order",
                    "value": str(level),
                },
            ],
            awarded=self.clock().replace(hour=0, minute=0),
            name=described["name"],
            description=described["description"],
            image=None,
            status=status_entry(f"{self.origin}/status/1", index),
            **more,
        )
        return self.sign({**document, **({"awardedDate": awarded_date} if awarded_date else {})})

    def vouched(self) -> dict[str, Any]:
        """Give an endorsement of the centre by a body with a key of its own."""
        body = PrivateKey.from_seed("Ed25519", b"b" * 32)
        did = did_key(body.public)
        return add_proof(
            endorsement_credential(
                credential_id="urn:uuid:0d0f7e3c-6ffb-4cc4-8d4c-8f2a0e7d0b01",
                issuer={"id": did, "type": ["Profile"], "name": "Federation of Employers"},
                subject_id=self.did,
                comment="We vouch for this centre.",
                valid_from=self.clock() - timedelta(days=9),
            ),
            body,
            verification_method=f"{did}#{body.public.multibase}",
            created=self.clock() - timedelta(days=9),
        )

    # --- what it answers ---

    def fetch(self, request: HttpRequest) -> HttpResponse:
        """Answer a request as the network would."""
        self.asked.append(request)
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            raise CannotFetch(f"no answer from {parts.netloc}")
        if any(parts.path.startswith(path) for path in self.down):
            raise CannotFetch("no answer")
        self.before_answer(parts.path)
        status, kind, body = self._answer(request, parts.path)
        return HttpResponse(status, {"content-type": kind}, body, request.url)

    def _answer(self, request: HttpRequest, path: str) -> tuple[int, str, bytes]:
        if path == "/images/badge.svg":
            return 200, "image/svg+xml", PICTURE
        if path == "/.well-known/openid-credential-issuer":
            return _json(self._metadata() | self.metadata_changes)
        if path == "/.well-known/oauth-authorization-server":
            grants = [JWT_BEARER] if self.renews else []
            return _json(authorization_server_metadata(issuer=self.origin, more_grants=grants))
        if path == "/.well-known/did.json":
            return _json(self._did_document())
        if path == "/status/1":
            return _json(self._status_list())
        if path.startswith("/offers/"):
            return self._offer(path.removeprefix("/offers/"))
        if request.method == "POST" and path == "/token":
            form = parse_qs((request.body or b"").decode())
            if form.get("grant_type") == [JWT_BEARER]:
                return self._renewal(form)
            return self._token(form)
        if request.method == "POST" and path == "/nonce":
            nonce = uuid4().hex
            self.nonces.add(nonce)
            return _json({"c_nonce": nonce})
        if request.method == "POST" and path == "/credential":
            return self._credential(request)
        return _json({"error": "not_found"}, 404)

    def _metadata(self) -> dict[str, Any]:
        logo = f"{self.origin}/images/badge.svg"
        return issuer_metadata(
            issuer=self.origin,
            display=[Display("Example Training Centre", "en")],
            configurations={
                f"technical-cleaning-{level}": [
                    Display(achievement(level)["name"], "en", SENTENCE, logo, "A broom"),
                    Display("Ménage à domicile", "fr", "Je sais nettoyer.", logo, "Un balai"),
                ]
                for level in (1, 2, 3)
            },
            contexts=["https://www.w3.org/ns/credentials/v2"],
            types=["VerifiableCredential", "OpenBadgeCredential"],
            cryptosuites=["eddsa-rdfc-2022"],
        )

    def _did_document(self) -> dict[str, Any]:
        method = Method(f"{self.did}#key-1", self.key.public, revoked=self.key_taken_back)
        return controller_document(self.did, [method])

    def _status_list(self) -> dict[str, Any]:
        return self.sign(
            status_list_credential(
                list_url=f"{self.origin}/status/1",
                issuer=self.did,
                purpose="revocation",
                revoked=self.revoked,
                valid_from=self.clock() - timedelta(hours=1),
                valid_until=self.clock() + timedelta(days=1),
                ttl_ms=60_000,
            )
        )

    def _offer(self, reference: str) -> tuple[int, str, bytes]:
        found = self.offers.get(reference)
        if found is None or found.claimed or found.over:
            return _json({"error": "gone"}, 404)
        return _json(
            credential_offer(
                issuer=self.origin,
                configuration_ids=[f"technical-cleaning-{found.level}"],
                code=found.code,
                tx_code=TransactionCode(length=6) if found.number else None,
            )
        )

    def _token(self, form: dict[str, list[str]]) -> tuple[int, str, bytes]:
        code = form.get("pre-authorized_code", [""])[0]
        found = next((one for one in self.offers.values() if one.code == code), None)
        if found is None or found.claimed or found.over:
            return _json({"error": "invalid_grant"}, 400)
        if found.number is not None and form.get("tx_code", [""])[0] != found.number:
            return _json({"error": "invalid_grant"}, 400)
        found.claimed, found.token = True, uuid4().hex
        return _json({"access_token": found.token, "token_type": "Bearer", "expires_in": 900})

    def _renewal(self, form: dict[str, list[str]]) -> tuple[int, str, bytes]:
        proven = check_holder_assertion(
            form["assertion"][0], audience=self.origin, now=self.clock()
        )
        self.nonces.remove(proven.nonce)
        badge_id = form["scope"][0]
        if badge_id not in self.newer:
            return _json({"error": "invalid_scope"}, 400)
        token = uuid4().hex
        self.renewals[token] = (badge_id, proven.holder)
        return _json(
            renewal_response(token, expires_in=900, configuration_id="x", badge_id=badge_id)
        )

    def _renewed(self, request: HttpRequest, badge_id: str, holder: str) -> tuple[int, str, bytes]:
        asked = read_credential_request(request.body or b"")
        proven = check_key_proof(asked.proofs[0], audience=self.origin, now=self.clock())
        self.nonces.remove(proven.nonce)
        if (asked.identifier, proven.holder) != (badge_id, holder):
            return _json({"error": "credential_request_denied"}, 400)
        text = json.dumps(self.spoil(self.newer[badge_id](self.give_to or holder)))
        return 200, "application/json", credential_response(text).encode()

    def _credential(self, request: HttpRequest) -> tuple[int, str, bytes]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self.renewals:
            return self._renewed(request, *self.renewals[token])
        found = next(
            (one for one in self.offers.values() if one.token and one.token == token), None
        )
        if found is None:
            return _json({"error": "invalid_token"}, 401)
        asked = read_credential_request(request.body or b"")
        proven = check_key_proof(asked.proofs[0], audience=self.origin, now=self.clock())
        if proven.nonce not in self.nonces:
            return _json({"error": "invalid_nonce"}, 400)
        self.nonces.remove(proven.nonce)
        if not found.signed:
            found.holder = proven.holder
            signed = self.badge(
                self.give_to or proven.holder, badge_id=found.badge_id, level=found.level
            )
            found.signed = json.dumps(self.spoil(signed), ensure_ascii=False, indent=1)
        return 200, "application/json", credential_response(found.signed).encode()


def _json(value: Any, status: int = 200) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(value).encode()


class Browser:
    """A visitor with cookies who fills in forms as they stand on the page."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        self.headers = {"Accept": "text/html", "Accept-Language": language}
        self.page: TestResponse | None = None

    def get(self, path: str) -> TestResponse:
        """Open an address and follow where it leads."""
        self.page = self.client.get(path, headers=self.headers, follow_redirects=True)
        return self.page

    def submit(self, action: str, on: str = "", **fields: Any) -> TestResponse:
        """Send the form with this action from the page `on` (or the one now shown)."""
        if on:
            self.get(on)
        assert self.page is not None
        found = dict(self.hidden(action))
        self.page = self.client.post(
            action,
            data=found | fields,
            headers=self.headers,
            follow_redirects=True,
            content_type="multipart/form-data" if "file" in fields else None,
        )
        return self.page

    def hidden(self, action: str) -> Iterator[tuple[str, str]]:
        """Give the hidden fields of a form of the page now shown."""
        assert self.page is not None
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.page.text, re.S)
        assert form, f"the page has no form for {action}"
        for tag in re.findall(r'<input type="hidden"[^>]*>', form[0]):
            yield (
                re.search(r'name="([^"]*)"', tag)[1],  # type: ignore[index]
                re.search(r'value="([^"]*)"', tag)[1],  # type: ignore[index]
            )

    def opens_wallet(self, nickname: str = "", language: str = "en") -> str:
        """Open a new wallet and give its card."""
        page = self.submit("/new", on="/new", nickname=nickname, language=language)
        code = re.search(r'class="code" id="code"[^>]*>(.*?)</p>', page.text, re.S)
        assert code, page.text
        return "-".join(re.findall(r"<span>(\w+)</span>", code[1]))

    def keeps(self, link: str, **fields: str) -> TestResponse:
        """Open the link of an offer and keep the badge."""
        self.get(link.removeprefix(WALLET))
        return self.submit("/receive/keep", **fields)

    def badge_ids(self) -> list[UUID]:
        """List the badges on the wall."""
        text = self.get("/badges").text
        return [UUID(one) for one in re.findall(r'href="/badges/([0-9a-f-]{36})"', text)]

    def shares(self, badge_ids: list[UUID], duration: str = "7") -> str:
        """Choose, look, show; give the path of what others fetch."""
        self.submit("/show", on="/show", badge=[str(one) for one in badge_ids], duration=duration)
        action = re.search(r'action="(/show/[^"]+/start)"', self.page.text)  # type: ignore[union-attr]
        assert action, self.page and self.page.text
        page = self.submit(action[1])
        link = re.search(r'id="link"[^>]*value="([^"]*)"', page.text)
        assert link, page.text
        inner = parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)["share"][0]
        return inner.removeprefix(WALLET)


@dataclass
class WalletWorld:
    """The wallet's app, the centre and the clock."""

    app: Flask
    centre: Centre
    clock: Clock

    def browser(self, language: str = "en") -> Browser:
        """Give a new visitor."""
        return Browser(self.app, language)

    @property
    def services(self) -> Services:
        """What the app was built with."""
        found = self.app.extensions["mycred4home"]
        assert isinstance(found, Services)
        return found

    @property
    def trust(self) -> Trust:
        """Whom the wallet knows."""
        settings = self.services.settings
        assert isinstance(settings, WalletSettings)
        return settings.trust


def trusting(*parties: str) -> Trust:
    """Make a trust list of issuers."""
    return Trust(
        tuple(
            TrustedParty(one, "Training Centre of Madrid", frozenset({"issuer"})) for one in parties
        )
    )


def open_world(
    *,
    database_url: str = "sqlite://",
    trust: Trust | None = None,
    demo_entries: tuple[DemoEntry, ...] = (),
) -> WalletWorld:
    """Make a wallet and a centre that it knows."""
    clock = Clock(NOW)
    centre = Centre(clock)
    settings = WalletSettings(
        base_url=WALLET,
        database_url=database_url,
        secret=b"s" * 32,
        verifier_url=VERIFIER,
        trust=trusting(centre.did) if trust is None else trust,
        demo_entries=demo_entries,
    )
    app = wallet.create_app(settings, fetch=lambda request: centre.fetch(request), clock=clock)
    return WalletWorld(app, centre, clock)
