"""What is kept of a verified badge says later whether it still counts, and never guesses."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from parties import NOW, Party, Web, WebParty

from credentials.formats.enveloped import envelope_credential
from credentials.formats.open_badges_jwt import sign_badge
from credentials.formats.vc_jwt import sign_credential
from credentials.ground import Ground, check_ground, ground_of
from credentials.report import CannotCheck, CheckFailed, Report
from credentials.status import status_entry
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.controller import Method, controller_document
from keys.material import PrivateKey

LATER = NOW + timedelta(hours=12)


class Academy:
    """An issuer, one badge of it, and what was kept of that."""

    def __init__(self, form: str = "", token_ends: datetime | None = None, **changes: Any) -> None:
        self.party = WebParty("Academy", list_valid_until=NOW + timedelta(days=90))
        self.web = Web(self.party)
        self.badge = self.party.unsigned_badge(
            Party("Maria").did, **({"status": self.party.entry()} | changes)
        )
        self.shown = self._signed(form, token_ends)

    def _signed(self, form: str, ends: datetime | None) -> str | dict[str, Any]:
        key, kid = self.party.key, self.party.method
        if form == "vc+jwt":
            return sign_credential(self.badge, key, kid=kid, expires=ends)
        if form == "vc+jwt, short kid":
            return sign_credential(self.badge, key, kid="key-1", expires=ends)
        if form == "vc+sd-jwt":
            hidden = [("credentialSubject", "achievement", "description")]
            return sign_credential(self.badge, key, kid=kid, expires=ends, hidden=hidden)
        if form == "enveloped":
            return envelope_credential(sign_credential(self.badge, key, kid=kid, expires=ends))
        if form == "Open Badges JWT":
            return sign_badge(self.badge, key, kid=kid)
        if form == "Open Badges JWT, key in its header":
            return sign_badge(self.badge, key, kid=None, jwk=True)
        return self.party.sign(self.badge)

    def report(self) -> Report:
        return verify_credential(self.shown, trust=Trust(), fetch=self.web, now=NOW)

    def kept(self) -> Ground:
        return ground_of(self.report(), fetch=self.web, now=NOW)

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
    academy = Academy(status=status_entry(other, 5, purpose="suspension"))

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


TOKENS = (
    *("vc+jwt", "vc+jwt, short kid", "vc+sd-jwt", "enveloped"),
    *("Open Badges JWT", "Open Badges JWT, key in its header"),
)


@pytest.mark.parametrize("form", ["", *TOKENS])
def test_a_key_that_was_taken_back_ends_it_and_one_that_is_gone_leaves_it_open(form: str) -> None:
    academy = Academy(form, status=None)
    kept, party = academy.kept(), academy.party
    assert [method for method, _ in kept.keys] == [party.method]
    assert academy.said(kept) == "yes"
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


def test_of_two_keys_the_one_that_signed_the_token_is_looked_at() -> None:
    academy = Academy("Open Badges JWT, key in its header", status=None)
    party, other = academy.party, PrivateKey.generate().public
    both = Method(f"{party.did}#key-0", other), Method(party.method, party.key.public)
    academy.shows(*both)
    kept = academy.kept()
    academy.shows(Method(f"{party.did}#key-0", other, purposes=(), revoked=NOW), both[1])
    assert academy.said(kept) == "yes"
    academy.shows(both[0], Method(party.method, party.key.public, purposes=(), revoked=NOW))
    assert academy.said(kept) == "no: proof.withdrawn"


def test_a_token_that_ran_out_is_over_though_the_badge_in_it_is_not() -> None:
    academy = Academy("vc+jwt", token_ends=NOW + timedelta(days=2))
    kept = academy.kept()
    assert academy.said(kept) == "yes"
    assert academy.said(kept, now=NOW + timedelta(days=3)) == "no: dates.expired"


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
    for form in ("", "vc+jwt"):
        academy = Academy(form)
        report = academy.report()
        academy.web.parties = ()
        with pytest.raises(CannotCheck):
            ground_of(report, fetch=academy.web, now=NOW)
