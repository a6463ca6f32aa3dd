"""A corrected badge for the key that the earlier one was signed for: for that key, and no other."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import refused
from award_world import BASE_URL, NOW, Service, open_service
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from werkzeug.test import TestResponse

from credentials.exchange import oid4vci, renewal
from credentials.report import Headline
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import changes, issuing, offers, renewals, retention, stolen_keys
from issuer.award_tables import BadgeState, Credential, Offer, OfferState
from issuer.renewal_tables import Renewal
from issuer.tables import AuditEvent, Role
from keys.did import did_key
from keys.fetching import HttpResponse
from keys.material import PrivateKey

KEY, OTHER = (PrivateKey.from_seed("Ed25519", seed * 32) for seed in (b"h", b"x"))
HOLDER = did_key(KEY.public)
LATER = NOW + timedelta(hours=1)


@dataclass
class Place:
    """A centre whose badge was collected by a wallet."""

    service: Service
    award_id: UUID
    text: str

    @property
    def badge_id(self) -> str:
        return str(json.loads(self.text)["id"])

    def change(self, action: str, reason: str, *, has_phone: bool | None = True) -> None:
        """Let two officers change the badge."""
        centre = self.service.centre
        first, second = (centre.person(name, Role.OFFICER) for name in ("olga", "oscar"))
        with centre.database.transaction() as session:
            at_once = changes.ask(
                session,
                self.award_id,
                action=action,
                reason=reason,
                officer_id=first,
                body=centre.body,
                now=self.service.clock(),
                has_phone=has_phone,
            )
        if at_once:
            return
        with centre.database.transaction() as session:
            changes.confirm(
                session,
                self.award_id,
                officer_id=second,
                body=centre.body,
                now=self.service.clock(),
            )

    def correct(self) -> None:
        self.service.clock.now = LATER
        self.change("correct", "issued_in_error")

    # --- what a wallet does, step by step ---

    def nonce(self) -> str:
        http = self.service.app.test_client(use_cookies=False)
        return oid4vci.read_nonce_response(http.post("/nonce").data)

    def assertion(self, key: PrivateKey = KEY, **changed: Any) -> str:
        values = {
            "holder": did_key(key.public),
            "audience": BASE_URL,
            "nonce": changed.pop("nonce", None) or self.nonce(),
            "now": self.service.clock(),
        }
        return renewal.holder_assertion(key, **(values | changed))

    def asks(self, assertion: str = "", badge_id: str = "") -> TestResponse:
        form = renewal.renewal_request(assertion or self.assertion(), badge_id or self.badge_id)
        return self.service.app.test_client(use_cookies=False).post("/token", data=form)

    def collects(self, granted: renewal.Granted, key: PrivateKey = KEY) -> TestResponse:
        proof = oid4vci.key_proof(
            key,
            holder=did_key(key.public),
            audience=BASE_URL,
            nonce=self.nonce(),
            now=self.service.clock(),
        )
        return self.service.app.test_client(use_cookies=False).post(
            "/credential",
            data=json.dumps(renewal.identified_request(granted.identifier, proof)),
            headers={
                "Authorization": f"Bearer {granted.token}",
                "Content-Type": "application/json",
            },
        )

    def granted(self) -> renewal.Granted:
        answer = self.asks()
        assert answer.status_code == 200, answer.text
        return renewal.read_renewal_response(answer.data, badge_id=self.badge_id)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return collected(open_service(tmp_path))


def collected(service: Service) -> Place:
    award_id = service.released()
    text = issuing.deliver(
        service.centre.database, award_id, holder=HOLDER, body=service.centre.body, now=NOW
    )
    return Place(service, award_id, text)


def error(answer: TestResponse) -> str:
    assert 400 <= answer.status_code < 500
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.get_json()["error"])


# --- nobody else gets it ---------------------------------------------------------------------


def test_another_key_gets_nothing_and_learns_nothing(place: Place) -> None:
    place.correct()
    strangers = place.asks(place.assertion(OTHER))
    nothing = place.asks(badge_id="urn:uuid:00000000-0000-4000-8000-000000000000")
    assert error(strangers) == error(nothing) == "invalid_scope"
    assert strangers.get_json() == nothing.get_json()
    assert place.service.centre.count(Renewal) == 0


def test_a_token_is_of_no_use_to_another_key(place: Place) -> None:
    place.correct()
    assert error(place.collects(place.granted(), OTHER)) == "credential_request_denied"
    with place.service.centre.database.reading() as session:
        states = {one.state for one in session.exec(select(Credential))}
    assert states == {BadgeState.SUPERSEDED, BadgeState.INTENDED}, "nothing was signed for it"


def test_an_assertion_for_somebody_else_or_too_old_or_of_another_key_is_refused(
    place: Place,
) -> None:
    place.correct()
    changes: list[dict[str, Any]] = [
        {"audience": "https://other.example"},
        {"nonce": "never-handed-out"},
        {"now": LATER - timedelta(hours=1)},
        {"now": LATER + timedelta(hours=1)},
        {"holder": did_key(OTHER.public)},
    ]
    for changed in changes:
        assert error(place.asks(place.assertion(**changed))) == "invalid_grant", changed


def test_an_assertion_is_taken_once(place: Place) -> None:
    place.correct()
    assertion = place.assertion()
    assert place.asks(assertion).status_code == 200
    assert error(place.asks(assertion)) == "invalid_grant"


def test_a_key_proof_passes_for_no_assertion_and_an_assertion_for_no_key_proof(
    place: Place,
) -> None:
    place.correct()
    proof = oid4vci.key_proof(
        KEY, holder=HOLDER, audience=BASE_URL, nonce=place.nonce(), now=place.service.clock()
    )
    assert error(place.asks(proof)) == "invalid_grant"
    with pytest.raises(oid4vci.ExchangeError):
        oid4vci.check_key_proof(place.assertion(), audience=BASE_URL, now=place.service.clock())


def test_a_token_opens_the_named_badge_only(place: Place) -> None:
    place.correct()
    granted = place.granted()
    other = renewal.Granted(granted.token, "urn:uuid:00000000-0000-4000-8000-000000000000")
    assert error(place.collects(other)) == "unknown_credential_identifier"
    place.service.clock.now += timedelta(minutes=16)
    assert place.collects(granted).status_code == 401


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("correct", "new_wallet"), None),
        (("suspend", "holder_request"), ("lift", "review_passed")),
        (("suspend", "holder_request"), ("lift", "holder_request")),
    ],
)
def test_whoever_has_a_lost_wallet_does_not_get_the_badge_of_the_new_one(
    place: Place, first: tuple[str, str], then: tuple[str, str] | None
) -> None:
    place.service.clock.now = LATER
    place.change(*first)
    if then is not None:
        place.change(*then)
    assert error(place.asks()) == "invalid_scope"
    new = issuing.deliver(
        place.service.centre.database,
        place.award_id,
        holder=did_key(OTHER.public),
        body=place.service.centre.body,
        now=LATER,
    )
    assert error(place.asks()) == "invalid_scope", "it is another key's now"
    assert place.asks(place.assertion(OTHER)).status_code == 200, "whose it is may ask"
    assert json.loads(new)["id"] == place.badge_id


def test_a_lost_phone_gets_nothing_whatever_the_reason_was(place: Place) -> None:
    place.service.clock.now = LATER
    place.change("correct", "issued_in_error", has_phone=False)
    assert error(place.asks()) == "invalid_scope"
    place.change("correct", "issued_in_error", has_phone=True)
    assert error(place.asks()) == "invalid_scope", "a later yes does not bring the phone back"
    new = issuing.deliver(
        place.service.centre.database,
        place.award_id,
        holder=did_key(OTHER.public),
        body=place.service.centre.body,
        now=LATER,
    )
    assert json.loads(new)["id"] == place.badge_id
    assert place.asks(place.assertion(OTHER)).status_code == 200


def test_a_badge_that_goes_on_does_not_come_to_a_lost_phone(place: Place) -> None:
    place.service.clock.now = LATER
    place.change("suspend", "under_review")
    place.change("lift", "review_passed", has_phone=False)
    assert error(place.asks()) == "invalid_scope"


@pytest.mark.parametrize(
    ("action", "reason"), [("correct", "issued_in_error"), ("correct", "new_wallet")]
)
def test_nobody_makes_a_badge_again_without_asking_for_the_phone(
    place: Place, action: str, reason: str
) -> None:
    refused("phone", lambda: place.change(action, reason, has_phone=None))
    form = {"action": action, "reason": reason}
    olga = place.service.browser("olga")
    path = f"/officer/badges/{place.award_id}"
    assert "Does the person still have the phone" in olga.get(f"{path}?lang=en").text
    for phone in ({}, {"phone": "maybe"}):
        assert olga.post(f"{path}/change", data=form | phone).status_code == 400
    assert olga.post(f"{path}/change", data=form | {"phone": "no"}).status_code == 302
    assert "It gets nothing." in olga.get(f"{path}?lang=en").text, "who confirms reads it"


@pytest.mark.parametrize(
    "changed",
    [
        [("correct", "new_wallet")],
        [("suspend", "holder_request"), ("lift", "review_passed")],
        [("correct", "new_wallet"), ("correct", "issued_in_error")],
        [("correct", "issued_in_error", False)],
    ],
)
def test_a_token_from_before_the_loss_was_told_opens_nothing_after(
    place: Place, changed: list[tuple[Any, ...]]
) -> None:
    granted = place.granted()  # whoever has the lost wallet asks for one every few minutes
    place.service.clock.now = NOW + timedelta(minutes=5)
    for action, reason, *phone in changed:
        place.change(action, reason, has_phone=phone == [])
    assert error(place.collects(granted)) == "credential_request_denied"
    new = issuing.deliver(
        place.service.centre.database,
        place.award_id,
        holder=did_key(OTHER.public),
        body=place.service.centre.body,
        now=place.service.clock(),
    )
    assert json.loads(new)["credentialSubject"]["id"] == did_key(OTHER.public)


def test_a_suspended_or_cancelled_badge_is_not_handed_out(place: Place) -> None:
    place.service.clock.now = LATER
    place.change("suspend", "under_review")
    assert error(place.asks()) == "invalid_scope"
    place.change("lift", "review_passed")
    assert place.asks().status_code == 200
    place.change("revoke", "fraud")
    assert error(place.asks()) == "invalid_scope"


def test_a_badge_cancelled_after_the_token_is_not_handed_out(place: Place) -> None:
    place.correct()
    granted = place.granted()
    place.change("revoke", "fraud")
    assert error(place.collects(granted)) == "credential_request_denied"


def test_a_badge_is_not_asked_for_without_end(place: Place) -> None:
    place.correct()
    for _ in range(renewals.MOST_AN_HOUR):
        assert place.asks().status_code == 200
    answer = place.asks()
    assert (answer.status_code, error(answer)) == (429, "slow_down")
    place.service.clock.now += timedelta(hours=1, minutes=1)
    assert place.asks().status_code == 200


@pytest.fixture
def service_on(database_url: str, tmp_path: Path) -> Service:
    """Give the service on each of the databases."""
    return open_service(tmp_path, database_url=database_url)


def test_the_database_keeps_a_renewal_to_the_key_of_the_badge(service_on: Service) -> None:
    place = collected(service_on)

    def write(holder: str) -> None:
        with service_on.centre.database.transaction() as session:
            session.add(
                Renewal(
                    award_id=place.award_id,
                    holder=holder,
                    token_hash=f"hash of {holder}",
                    created=NOW,
                    expires=LATER,
                )
            )

    with pytest.raises(IntegrityError, match="renewed for the key"):
        write(did_key(OTHER.public))
    write(HOLDER)
    with (
        pytest.raises(IntegrityError, match="never changes"),
        service_on.centre.database.transaction() as session,
    ):
        row = session.exec(select(Renewal)).one()
        row.holder = did_key(OTHER.public)
        session.add(row)
    place.service.clock.now = LATER
    place.change("correct", "issued_in_error", has_phone=False)
    with service_on.centre.database.transaction() as session:
        session.delete(session.exec(select(Renewal)).one())
    with pytest.raises(IntegrityError, match="renewed for the key"):
        write(HOLDER)


# --- the way through -------------------------------------------------------------------------


def test_the_key_of_a_corrected_badge_gets_the_new_one(place: Place) -> None:
    http = place.service.app.test_client()
    server = http.get("/.well-known/oauth-authorization-server").data
    assert renewal.offers_renewal(server)
    place.correct()
    granted = place.granted()
    first = place.collects(granted)
    assert first.status_code == 200, first.text
    assert place.collects(granted).data == first.data, "a lost answer is given again"
    assert place.collects(place.granted()).data == first.data, "and by another token"
    (text,) = oid4vci.read_credential_response(first.data)
    old, new = json.loads(place.text), json.loads(text)
    assert (new["id"], new["issuer"]["id"]) == (old["id"], old["issuer"]["id"])
    assert new["credentialSubject"]["id"] == HOLDER
    assert new["validFrom"] > old["validFrom"]
    assert new["awardedDate"] == old["awardedDate"]
    with place.service.centre.database.reading() as session:
        kinds = [one.kind for one in session.exec(select(AuditEvent))]
        states = [one.state for one in session.exec(select(Offer))]
    assert kinds.count("renewal.granted") == 2
    assert OfferState.OPEN not in states, "there is nothing left to collect by a link"


def test_a_badge_that_nobody_changed_is_the_same_bytes(place: Place) -> None:
    (text,) = oid4vci.read_credential_response(place.collects(place.granted()).data)
    assert text == place.text


def test_a_badge_of_a_stolen_key_is_got_again_by_its_holder(place: Place) -> None:
    centre, clock = place.service.centre, place.service.clock
    clock.now = LATER
    name = centre.body.keyring.records()[0].name
    stolen_id = stolen_keys.ask(
        centre.database,
        name,
        since=None,
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=LATER,
    )
    stolen_keys.confirm(
        centre.database,
        stolen_id,
        officer_id=centre.person("oscar", Role.OFFICER),
        body=centre.body,
        now=LATER,
    )
    stolen_keys.work(centre.database, body=centre.body, clock=clock)
    (text,) = oid4vci.read_credential_response(place.collects(place.granted()).data)
    http = place.service.app.test_client()

    def fetch(request: Any) -> Any:
        answer = http.get(request.url.removeprefix(BASE_URL))
        return HttpResponse(answer.status_code, {}, answer.data, request.url)

    trust = Trust((TrustedParty(centre.body.did, "Centre", frozenset({"issuer"})),))
    again, before = (
        verify_credential(one, trust=trust, fetch=fetch, now=clock(), holder=HOLDER)
        for one in (text, place.text)
    )
    assert again.headline is Headline.GENUINE
    assert before.check("proof").code == "proof.withdrawn"  # type: ignore[union-attr]


def test_an_open_link_goes_on_until_the_badge_is_fetched(place: Place) -> None:
    place.correct()
    place.granted()
    found = place.service.offer(place.award_id)
    exchanged = offers.exchange_code(
        place.service.centre.database,
        found.code,
        number=found.number,
        secret=place.service.centre.body.secret,
        now=place.service.clock(),
    )
    assert isinstance(exchanged, offers.AccessToken)


def test_what_opens_nothing_any_more_is_forgotten(place: Place) -> None:
    place.correct()
    place.granted()
    later = LATER + timedelta(hours=2)
    retention.run(place.service.centre.database, body=place.service.centre.body, now=later)
    assert place.service.centre.count(Renewal) == 0
