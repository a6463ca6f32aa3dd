"""What is kept of a verified badge says later whether it still counts, and never guesses."""

import json
from datetime import timedelta
from typing import Any

import pytest
from parties import NOW, Party, Web, WebParty

from credentials.ground import Ground, check_ground, ground_of
from credentials.report import CannotCheck, CheckFailed
from credentials.status import status_entry
from keys.controller import Method, controller_document
from keys.material import PrivateKey

LATER = NOW + timedelta(hours=12)


class Academy:
    """An issuer, one badge of it, and what was kept of that."""

    def __init__(self, **changes: Any) -> None:
        self.party = WebParty("Academy", list_valid_until=NOW + timedelta(days=90))
        self.web = Web(self.party)
        self.badge = self.party.badge(
            Party("Maria").did, **({"status": self.party.entry()} | changes)
        )

    def kept(self) -> Ground:
        return ground_of(self.badge, fetch=self.web, now=NOW)

    def shows(self, *methods: Method) -> None:
        document = controller_document(self.party.did, methods)
        self.web.pages[f"https://{self.party.host}/.well-known/did.json"] = json.dumps(
            document
        ).encode()

    def said(self, kept: Ground, *, now: Any = LATER) -> str:
        """Give the code of what looking again came to."""
        try:
            check_ground(kept, fetch=self.web, now=now)
        except CheckFailed as failure:
            return f"no: {failure.code}"
        except CannotCheck as question:
            return f"open: {question.code}"
        return "yes"


def test_what_is_kept_says_nothing_of_the_holder_or_the_achievement() -> None:
    academy = Academy()
    kept = academy.kept()
    text = repr(kept)
    assert academy.badge["credentialSubject"]["id"] not in text
    assert not [one for one in ("achievement", "proofValue") if one in text]
    assert academy.said(kept) == "yes"


def test_a_cancelled_badge_counts_no_more() -> None:
    academy = Academy()
    kept = academy.kept()
    academy.party.revoked.add(4711)
    assert academy.said(kept) == "no: status.revoked"


def test_a_suspended_badge_counts_no_more() -> None:
    other = "https://issuer.example/status/2"
    entries = [
        status_entry("https://issuer.example/status/1", 4711),
        status_entry(other, 5, purpose="suspension"),
    ]
    academy = Academy(status=entries)

    def publish(*suspended: int) -> None:
        page = academy.party.status_list(
            list_url=other, purpose="suspension", revoked=set(suspended)
        )
        academy.web.pages[other] = json.dumps(page).encode()

    publish()
    kept = academy.kept()
    assert academy.said(kept) == "yes"
    publish(5)
    assert academy.said(kept) == "no: status.suspended"


def test_a_badge_that_ran_out_needs_no_network_to_be_over() -> None:
    academy = Academy(valid_until=NOW + timedelta(days=2))
    kept = academy.kept()
    academy.web.parties = ()
    assert academy.said(kept).startswith("open")
    assert academy.said(kept, now=NOW + timedelta(days=3)) == "no: dates.expired"


def test_what_cannot_be_fetched_or_read_is_no_answer() -> None:
    academy = Academy()
    kept = academy.kept()
    list_url = academy.party.list_url
    stranger = WebParty("Stranger", host="stranger.example")
    foreign = stranger.status_list(list_url=list_url, issuer=stranger.did)
    unsigned = {k: v for k, v in academy.party.status_list().items() if k != "proof"}
    forged = stranger.sign(unsigned)
    old = academy.party.status_list(valid_until=NOW)
    for page in (b"<html>Moved</html>", foreign, forged, old):
        text = page if isinstance(page, bytes) else json.dumps(page).encode()
        academy.web.pages[list_url] = text
        assert academy.said(kept).startswith("open"), page
    academy.web.parties = ()
    academy.web.pages.clear()
    assert academy.said(kept) == "open: status.unreachable"


def test_a_key_that_was_taken_back_ends_it_and_one_that_is_gone_leaves_it_open() -> None:
    academy = Academy(status=None)
    kept, party = academy.kept(), academy.party
    another = PrivateKey.generate().public
    academy.shows(Method(party.method, another))
    assert academy.said(kept) == "open: proof.method"
    academy.shows(Method(f"{party.did}#key-2", another))
    assert academy.said(kept) == "open: proof.method"
    academy.shows(
        Method(party.method, party.key.public, purposes=(), revoked=NOW),
        Method(f"{party.did}#key-2", another),
    )
    assert academy.said(kept) == "no: proof.withdrawn"


def test_a_plain_no_wins_over_an_open_question() -> None:
    academy = Academy()
    kept, party = academy.kept(), academy.party
    academy.web.pages[party.list_url] = b"gone"
    academy.shows(
        Method(party.method, party.key.public, purposes=(), revoked=NOW),
        Method(f"{party.did}#key-2", PrivateKey.generate().public),
    )
    assert academy.said(kept) == "no: proof.withdrawn"


def test_what_cannot_be_asked_at_the_beginning_is_said_then() -> None:
    academy = Academy()
    academy.web.parties = ()
    with pytest.raises(CannotCheck):
        academy.kept()
