"""Answering who asks for a badge: any sound asker gets what was agreed, no other gets anything."""

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from wallet_world import CENTRE, NAME, NOW, WALLET, Browser, WalletWorld, open_world
from werkzeug.test import TestResponse

from credentials.exchange import oid4vp
from credentials.exchange.dcql import Claim, CredentialQuery
from credentials.formats.jose import read_jws, sign_jws
from credentials.proofs import verify_proof
from credentials.report import Headline
from credentials.verify import Expected, verify_credential, verify_presentation
from credentials.vouching import sign_once
from keys.controller import Method, controller_document
from keys.did import did_web
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import PrivateKey

ASKER = "https://employer.example"
NONCE = "n" * 24


@dataclass
class Asker:
    """Somebody on the web who asks for badges; tests turn its knobs to make it misbehave."""

    world: WalletWorld
    origin: str = ASKER
    queries: tuple[CredentialQuery, ...] = (CredentialQuery("badge"),)
    changes: dict[str, Any] = field(default_factory=dict)
    """To the claims of the request."""
    signer: PrivateKey | None = None
    answer: tuple[int, bytes] | None = None
    down: bool = False
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    got: list[dict[str, list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._beyond: Callable[[HttpRequest], HttpResponse] = self.world.centre.fetch
        self.world.centre.fetch = self.fetch  # type: ignore[method-assign]

    @property
    def did(self) -> str:
        return did_web(self.origin)

    @property
    def link(self) -> str:
        return oid4vp.request_link(self.did, f"{self.origin}/ask/1", wallet=f"{WALLET}/present")

    def request(self) -> str:
        method = f"{self.did}#key-1"
        text = oid4vp.request_object(
            self.key,
            did=self.did,
            verification_method=method,
            response_uri=f"{self.origin}/ask/1/answer",
            nonce=NONCE,
            state="state-1",
            queries=self.queries,
            now=self.world.clock(),
        )
        claims = {**read_jws(text).claims(), **self.changes}
        return sign_jws(
            {"typ": oid4vp.REQUEST_TYPE, "kid": method}, claims, self.signer or self.key
        )

    def fetch(self, request: HttpRequest) -> HttpResponse:
        if not request.url.startswith(f"{self.origin}/"):
            return self._beyond(request)
        if self.down:
            raise CannotFetch("no answer")
        status, body = self._respond(request, urlsplit(request.url).path)
        return HttpResponse(status, {"content-type": "application/json"}, body, request.url)

    def _respond(self, request: HttpRequest, path: str) -> tuple[int, bytes]:
        if path == "/.well-known/did.json":
            shown = Method(f"{self.did}#key-1", self.key.public, ("assertionMethod",))
            return 200, json.dumps(controller_document(self.did, [shown])).encode()
        if path == "/ask/1":
            return 200, self.request().encode()
        assert (request.method, path) == ("POST", "/ask/1/answer")
        self.got.append(parse_qs((request.body or b"").decode()))
        return self.answer or (200, json.dumps({"redirect_uri": f"{self.origin}/thanks"}).encode())

    def presentation(self) -> str:
        """Read the one answer as any relying party does."""
        (form,) = self.got
        assert form["state"] == ["state-1"]
        plain = {name: values[0] for name, values in form.items()}
        return oid4vp.read_answers(plain, self.queries)["badge"][0]

    def words(self) -> list[dict[str, Any]]:
        """Give the endorsements in the one answer, each from a presentation made for us."""
        plain = {name: values[0] for name, values in self.got[0].items()}
        found = []
        for text in oid4vp.read_answers(plain, self.queries).get("words", ()):
            shown = json.loads(text)
            verify_proof(
                shown,
                purpose="authentication",
                controller=shown["holder"],
                fetch=None,
                now=self.world.clock(),
                domain=oid4vp.client_id_of(self.did),
                challenge=NONCE,
            )
            (one,) = shown["verifiableCredential"]
            found.append(one)
        return found


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


@pytest.fixture
def worker(world: WalletWorld) -> Browser:
    """Give somebody with a wallet and one badge."""
    worker = world.browser()
    worker.opens_wallet("Maria")
    worker.keeps(world.centre.offer())
    return worker


@pytest.fixture
def asker(world: WalletWorld, worker: Browser) -> Asker:
    return Asker(world)


def looks(worker: Browser, asker: Asker) -> TestResponse:
    return worker.get(asker.link.removeprefix(WALLET))


def agrees(worker: Browser, asker: Asker) -> TestResponse:
    page = looks(worker, asker).text
    badge = re.search(r'name="badge" value="([0-9a-f-]{36})"', page)
    assert badge is not None, page
    return worker.submit("/present/show", badge=badge[1])


# --- the way through ------------------------------------------------------------------------------


def test_any_verifier_gets_a_presentation_that_it_can_verify(
    world: WalletWorld, worker: Browser, asker: Asker
) -> None:
    page = looks(worker, asker).text
    assert "employer.example" in page
    assert "We do not know them." in page
    assert NAME in page
    assert asker.got == [], "nothing was sent before the yes"
    done = agrees(worker, asker)
    assert done.headers["Refresh"] == f"1; url={ASKER}/thanks"
    report = verify_presentation(
        asker.presentation(),
        Expected(
            domain=oid4vp.client_id_of(asker.did),
            challenge=NONCE,
            max_age=timedelta(minutes=5),
        ),
        trust=world.trust,
        fetch=world.centre.fetch,
        now=world.clock(),
    )
    assert report.headline is Headline.GENUINE
    assert report.badges[0].check("holder").code == "holder.ok"  # type: ignore[union-attr]
    shown = worker.get("/shown").text
    assert "employer.example" in shown
    assert NAME in shown


def test_it_is_bound_to_the_one_who_asked(
    world: WalletWorld, worker: Browser, asker: Asker
) -> None:
    agrees(worker, asker)
    for other in (
        Expected(domain="decentralized_identifier:did:web:other.example", challenge=NONCE),
        Expected(domain=oid4vp.client_id_of(asker.did), challenge="another"),
    ):
        report = verify_presentation(
            asker.presentation(), other, trust=world.trust, fetch=world.centre.fetch, now=NOW
        )
        assert report.headline is Headline.FALSE


def test_a_known_asker_is_named_from_our_own_list(world: WalletWorld, worker: Browser) -> None:
    asker = Asker(world, origin=CENTRE, key=world.centre.key)
    page = looks(worker, asker).text
    assert "Training Centre of Madrid" in page
    assert "localhost:8001" in page


def test_saying_no_sends_a_no(worker: Browser, asker: Asker) -> None:
    looks(worker, asker)
    assert "Nothing was shown." in worker.submit("/present/no").text
    assert asker.got == [{"error": ["access_denied"], "state": ["state-1"]}]


def test_who_asks_waits_while_the_wallet_is_opened(world: WalletWorld, worker: Browser) -> None:
    card = worker.get("/card").text
    code = re.search(r'class="code" id="code" dir="ltr">(.*?)</p>', card, re.S)
    assert code is not None
    letters = "-".join(re.findall(r"<span>(\w+)</span>", code[1]))
    asker, elsewhere = Asker(world), world.browser()
    assert "First open your wallet." in looks(elsewhere, asker).text
    page = elsewhere.submit("/open", on="/open", card=letters).text
    assert "employer.example" in page


def test_a_link_can_be_pasted(worker: Browser, asker: Asker) -> None:
    assert worker.submit("/present", on="/present", link="hello").status_code == 400
    link = oid4vp.request_link(asker.did, f"{ASKER}/ask/1")
    assert NAME in worker.submit("/present", on="/present", link=link).text


# --- only what fits, only what is one's own -------------------------------------------------------


def test_only_badges_that_fit_can_be_chosen(world: WalletWorld, worker: Browser) -> None:
    claim = Claim(("credentialSubject", "achievement", "name"), ("Home cleaning - Expert",))
    asker = Asker(world, queries=(CredentialQuery("badge", (claim,)),))
    assert "You have no badge here that they ask for." in looks(worker, asker).text
    other = worker.badge_ids()[0]
    sealed = re.search(r'name="asked" value="([^"]+)"', looks(worker, asker).text)
    assert sealed is not None
    worker.page = None
    worker.get("/badges")
    token = dict(worker.hidden("/close"))
    answer = worker.client.post(
        "/present/show", data={**token, "asked": html.unescape(sealed[1]), "badge": str(other)}
    )
    assert answer.status_code == 400
    assert asker.got == []


def test_a_badge_of_another_wallet_is_not_offered(world: WalletWorld) -> None:
    stranger = world.browser()
    stranger.opens_wallet("Zoe")
    badge = world.centre.badge("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
    stranger.submit("/import", on="/import", text=json.dumps(badge))
    assert "no badge here" in looks(stranger, Asker(world)).text


def test_a_page_of_one_wallet_is_useless_in_another(world: WalletWorld, worker: Browser) -> None:
    asker = Asker(world)
    sealed = re.search(r'name="asked" value="([^"]+)"', looks(worker, asker).text)
    assert sealed is not None
    stranger = world.browser()
    stranger.opens_wallet("Zoe")
    stranger.get("/badges")
    token = dict(stranger.hidden("/close"))
    data = {**token, "asked": html.unescape(sealed[1]), "badge": str(worker.badge_ids()[0])}
    assert stranger.client.post("/present/show", data=data).status_code == 410
    assert asker.got == []


# --- what households say --------------------------------------------------------------------------

BADGE = CredentialQuery("badge")
WORDS = CredentialQuery("words", multiple=True, kind="endorsement", optional=True)
COMMENTS = ("We saw how well they work.", "Always on time.")


def keeps_words(world: WalletWorld, worker: Browser, comments: tuple[str, ...] = COMMENTS) -> None:
    """Let households vouch by a link, and the owner keep what they say."""
    badge_id = worker.badge_ids()[0]
    path = worker.shares([badge_id])
    shown = json.loads(world.app.test_client().get(path).text)
    name = shown["verifiableCredential"][0]["id"]
    for comment in comments:
        said = sign_once(name, comment=comment, name="A household in Madrid", now=world.clock())
        sent = world.app.test_client(use_cookies=False).post(
            f"{path}/endorsements",
            data=json.dumps(said),
            content_type="application/vc+ld+json",
        )
        assert sent.status_code < 300, sent.text
    for _ in comments:
        page = worker.get(f"/badges/{badge_id}").text
        action = re.search(r'action="(/voices/[0-9a-f-]+/keep)"', page)
        assert action
        worker.submit(action[1])


def agrees_to(worker: Browser, asker: Asker, voices: list[str] | None = None) -> TestResponse:
    """Show the badge with these words, or with those that are ticked."""
    page = looks(worker, asker).text
    badge = re.search(r'name="badge" value="([0-9a-f-]{36})"', page)
    assert badge, page
    ticked = re.findall(r'name="voice" value="([0-9a-f-]{36})" checked', page)
    return worker.submit(
        "/present/show", badge=badge[1], voice=ticked if voices is None else voices
    )


def offered(page: str) -> list[str]:
    return re.findall(r'name="voice" value="([0-9a-f-]{36})"', page)


def test_words_are_sent_where_they_are_asked_for_and_ticked(
    world: WalletWorld, worker: Browser
) -> None:
    keeps_words(world, worker)
    asker = Asker(world, queries=(BADGE, WORDS))
    page = looks(worker, asker).text
    assert "They also ask what people say about you." in page
    assert all(comment in page for comment in COMMENTS)
    agrees_to(worker, asker)
    said = asker.words()
    assert {one["credentialSubject"]["endorsementComment"] for one in said} == set(COMMENTS)
    (badge,) = json.loads(asker.presentation())["verifiableCredential"]
    report = verify_credential(
        badge,
        trust=world.trust,
        fetch=world.centre.fetch,
        now=world.clock(),
        endorsements=said,
    )
    assert [one.counted for one in report.endorsements] == [True, True]
    assert "With what people say about you." in worker.get("/shown").text


def test_words_that_were_not_ticked_or_not_asked_for_are_not_sent(
    world: WalletWorld, worker: Browser
) -> None:
    keeps_words(world, worker)
    asker = Asker(world, queries=(BADGE, WORDS))
    agrees_to(worker, asker, [])
    assert "words" not in json.loads(asker.got[0]["vp_token"][0]), "no entry for nothing (8.1)"
    silent = Asker(world, origin="https://other.example")
    page = looks(worker, silent).text
    assert offered(page) == []
    assert "They do not ask what people say about you, so they do not get it." in page
    assert f'href="/show?badge={worker.badge_ids()[0]}"' in page
    agrees_to(worker, silent, offered(looks(worker, asker).text))
    token = json.loads(silent.got[0]["vp_token"][0])
    assert list(token) == ["badge"]
    assert len(json.loads(silent.presentation())["verifiableCredential"]) == 1


def test_one_word_is_one_word(world: WalletWorld, worker: Browser) -> None:
    keeps_words(world, worker)
    one = CredentialQuery("words", kind="endorsement", optional=True)
    asker = Asker(world, queries=(BADGE, one))
    page = looks(worker, asker).text
    assert 'type="radio" name="voice"' in page
    both = offered(page)
    refused = agrees_to(worker, asker, both)
    assert (refused.status_code, asker.got) == (400, [])
    agrees_to(worker, asker, both[1:])
    assert [one["credentialSubject"]["endorsementComment"] for one in asker.words()] == [
        COMMENTS[1]
    ]


def test_whoever_needs_words_gets_all_or_nothing(world: WalletWorld, worker: Browser) -> None:
    needed = CredentialQuery("words", multiple=True, kind="endorsement")
    asker = Asker(world, queries=(BADGE, needed))
    assert "You have no badge here that they ask for." in looks(worker, asker).text
    keeps_words(world, worker)
    assert agrees_to(worker, asker, []).status_code == 400
    assert asker.got == []
    agrees_to(worker, asker)
    assert len(asker.words()) == 2


def test_words_about_another_badge_are_not_sent(world: WalletWorld, worker: Browser) -> None:
    keeps_words(world, worker)
    first = worker.badge_ids()[0]
    worker.keeps(world.centre.offer(level=3))
    other = next(one for one in worker.badge_ids() if one != first)
    asker = Asker(world, queries=(BADGE, WORDS))
    page = looks(worker, asker).text
    assert "Each is shown only with its badge." in page
    worker.submit("/present/show", badge=str(other), voice=offered(page))
    assert asker.words() == []


def test_only_words_that_fit_the_query_are_offered(world: WalletWorld, worker: Browser) -> None:
    keeps_words(world, worker)
    claim = Claim(("credentialSubject", "endorsementComment"), (COMMENTS[0],))
    words = CredentialQuery("words", (claim,), multiple=True, kind="endorsement", optional=True)
    page = looks(worker, Asker(world, queries=(BADGE, words))).text
    assert len(offered(page)) == 1
    assert COMMENTS[1] not in page


def test_words_alone_are_not_given(world: WalletWorld, worker: Browser) -> None:
    keeps_words(world, worker)
    for queries in (
        (WORDS,),
        (WORDS, CredentialQuery("badge", optional=True)),
        (BADGE, WORDS, WORDS),
    ):
        asker = Asker(world, queries=queries)
        assert "cannot explain" in looks(worker, asker).text


# --- phishing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"response_uri": "https://evil.example/answer"}, "We cannot be sure who asks."),
        ({"client_id": "decentralized_identifier:did:web:bank.example"}, "cannot be sure"),
        ({"response_uri": "http://employer.example/answer"}, "cannot be sure"),
        ({"response_mode": "fragment"}, "cannot explain"),
        ({"transaction_data": ["pay"]}, "cannot explain"),
        ({"dcql_query": {"credentials": []}}, "cannot explain"),
        ({"exp": int(NOW.timestamp()) - 1}, "This request is over."),
    ],
)
def test_a_request_that_is_not_sound_is_refused_and_nothing_is_sent(
    world: WalletWorld, worker: Browser, changes: dict[str, Any], told: str
) -> None:
    asker = Asker(world, changes=changes)
    page = looks(worker, asker)
    assert page.status_code in (410, 422)
    assert told in page.text
    assert asker.got == []


def test_a_request_under_a_name_that_is_not_theirs_is_refused(
    world: WalletWorld, worker: Browser
) -> None:
    asker = Asker(world, signer=PrivateKey.generate())
    assert "We cannot be sure who asks." in looks(worker, asker).text


def test_a_request_for_several_kinds_or_for_a_passport_is_refused(
    world: WalletWorld, worker: Browser
) -> None:
    several = Asker(world, queries=(CredentialQuery("badge"), CredentialQuery("other")))
    assert "cannot explain" in looks(worker, several).text
    passport = {
        "credentials": [
            {"id": "p", "format": "ldp_vc", "meta": {"type_values": [["https://x.example/P"]]}}
        ]
    }
    assert "cannot explain" in looks(worker, Asker(world, changes={"dcql_query": passport})).text


def test_a_request_on_an_unsafe_address_is_not_even_fetched(
    world: WalletWorld, worker: Browser
) -> None:
    asked = len(world.centre.asked)
    for address in ("http://employer.example/ask", "https://a@employer.example/ask"):
        link = oid4vp.request_link("did:web:employer.example", address, wallet="/present")
        assert worker.get(link).status_code == 400
    assert len(world.centre.asked) == asked


def test_the_browser_is_not_sent_to_another_host(
    world: WalletWorld, worker: Browser, asker: Asker
) -> None:
    asker.answer = (200, b'{"redirect_uri": "https://evil.example/"}')
    page = agrees(worker, asker)
    assert page.headers["Refresh"].endswith("url=/locked")
    assert "evil.example" not in page.text


def test_what_was_not_taken_is_said_and_not_noted(
    world: WalletWorld, worker: Browser, asker: Asker
) -> None:
    asker.answer = (400, b'{"error": "invalid_request"}')
    assert "They did not take it." in agrees(worker, asker).text
    assert "employer.example" not in worker.get("/shown").text
    asker.down = True
    assert "They do not answer now." in looks(worker, asker).text


def test_a_deleted_wallet_takes_its_notes_along(
    world: WalletWorld, worker: Browser, asker: Asker
) -> None:
    from sqlmodel import select

    from wallet.answering_tables import Answered

    agrees(worker, asker)
    with world.services.database.reading() as session:
        (row,) = session.exec(select(Answered)).all()
    assert b"employer" not in row.content
    worker.submit("/delete", on="/delete", sure="yes")
    with world.services.database.reading() as session:
        assert session.exec(select(Answered)).all() == []
