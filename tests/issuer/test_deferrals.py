"""Deferred issuance (OpenID4VCI 1.0, 9): one key, once, and nothing told when nothing comes."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import House
from award_world import BASE_URL, NOW, SECRET, Service, at_once, open_service
from sqlalchemy.exc import DatabaseError
from sqlmodel import select
from werkzeug.test import TestResponse

from credentials.exchange import oid4vci
from issuer import appeals, assessment, awards, changes, deferrals, issuing, offers
from issuer.audit import broken_at
from issuer.award_tables import Credential
from issuer.deferral_tables import Deferral, DeferralState
from issuer.tables import Decision, Role, Submission
from keys.did import did_key
from keys.material import PrivateKey
from web.errors import Refused

CONFIGURATION = "technical-cleaning"


@dataclass
class Stand:
    """A service with a file that was sent, and strangers' wallets before it."""

    service: Service
    house: House
    file: UUID

    def early(self, file: UUID | None = None) -> offers.PlainOffer:
        with self.house.database.transaction() as session:
            submission = session.get_one(Submission, file or self.file)
            deferrals.make(session, submission, self.house.framework, secret=SECRET, now=NOW)
            found = deferrals.open_offer(session, submission.id, secret=SECRET, now=NOW)
        assert found is not None
        return found

    def decide(self, level: int = 2) -> Decision:
        decision = self.house.mark(self.file, self.house.examiner("Eva"), level)
        assert isinstance(decision, Decision)
        return decision

    def release(self, decision: Decision) -> UUID:
        return awards.release(
            self.house.database,
            decision.id,
            officer_id=self.service.centre.person("olga", Role.OFFICER),
            body=self.service.centre.body,
            now=self.service.clock(),
        )

    def deferral(self) -> Deferral:
        with self.house.database.reading() as session:
            return session.exec(select(Deferral)).one()


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    service = open_service(tmp_path)
    house = House(service.centre.database)
    return Stand(service, house, house.sent(house.candidate()))


class Wallet:
    """A stranger's wallet with a key of its own."""

    def __init__(self, stand: Stand) -> None:
        self.http = stand.service.app.test_client(use_cookies=False)
        self.stand, self.key = stand, PrivateKey.generate()
        self.token = self.transaction = ""

    @property
    def did(self) -> str:
        return did_key(self.key.public)

    def takes(self, early: offers.PlainOffer) -> "Wallet":
        offer = oid4vci.read_offer(self.http.get(f"/offers/{early.reference}").get_json())
        answer = self.http.post("/token", data=oid4vci.token_request(offer))
        self.token = oid4vci.read_token_response(answer.data)
        return self

    def asks(self, *, token: str = "", configuration: str = CONFIGURATION) -> TestResponse:
        nonce = oid4vci.read_nonce_response(self.http.post("/nonce").data)
        proof = oid4vci.key_proof(
            self.key,
            holder=self.did,
            audience=BASE_URL,
            nonce=nonce,
            now=self.stand.service.clock(),
        )
        return self._post("/credential", oid4vci.credential_request(configuration, proof), token)

    def waits(self, early: offers.PlainOffer) -> "Wallet":
        answer = self.takes(early).asks()
        assert answer.status_code == 202
        self.transaction = oid4vci.read_deferred_response(answer.data).transaction_id
        return self

    def comes_again(self, transaction: str = "", *, token: str = "") -> TestResponse:
        document = oid4vci.deferred_request(transaction or self.transaction)
        return self._post("/deferred_credential", document, token)

    def _post(self, path: str, document: object, token: str) -> TestResponse:
        return self.http.post(
            path,
            data=json.dumps(document),
            headers={
                "Authorization": f"Bearer {token or self.token}",
                "Content-Type": "application/json",
            },
        )


def error(answer: TestResponse) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.get_json()["error"])


# --- the way through ----------------------------------------------------------------------------


def test_the_badge_comes_after_its_release_and_is_bound_to_the_first_key(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    still = wallet.comes_again()
    assert still.status_code == 202
    assert still.headers["Cache-Control"] == "no-store"
    assert still.get_json() == {"transaction_id": wallet.transaction, "interval": 600}
    decision = stand.decide()
    assert wallet.comes_again().status_code == 202  # decided, not released
    stand.release(decision)
    answer = wallet.comes_again()
    assert answer.status_code == 200
    (text,) = oid4vci.read_credential_response(answer.data)
    assert json.loads(text)["credentialSubject"]["id"] == wallet.did
    with stand.house.database.reading() as session:
        assert session.exec(select(Credential.signed_text)).one() == text
        assert broken_at(session) is None


@pytest.mark.parametrize("collected", [True, False])
@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(
    ("reason", "has_phone"),
    [("new_wallet", True), ("new_wallet", False), ("issued_in_error", False)],
)
def test_a_lost_wallet_that_waits_does_not_get_the_badge_of_the_new_one(
    stand: Stand, *, collected: bool, bound: bool, reason: str, has_phone: bool
) -> None:
    """It has a token for 120 days: for it nothing comes once the holder said that it is lost."""
    lost, new = Wallet(stand), Wallet(stand)
    early = stand.early()
    lost = lost.waits(early) if bound else lost.takes(early)
    award_id, centre = stand.release(stand.decide()), stand.service.centre
    if collected:  # by the link of the centre meanwhile
        issuing.deliver(centre.database, award_id, holder=lost.did, body=centre.body, now=NOW)
    first, second = (centre.person(name, Role.OFFICER) for name in ("oscar", "olga"))
    with centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="correct",
            reason=reason,
            has_phone=has_phone,
            officer_id=first,
            body=centre.body,
            now=NOW,
        )
    with centre.database.transaction() as session:
        changes.confirm(session, award_id, officer_id=second, body=centre.body, now=NOW)
    assert lost.asks().status_code in (400, 401)
    if bound:
        assert lost.comes_again().status_code in (400, 401)
    text = issuing.deliver(centre.database, award_id, holder=new.did, body=centre.body, now=NOW)
    assert json.loads(text)["credentialSubject"]["id"] == new.did


def test_the_transaction_id_is_used_up_by_the_badge(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    stand.release(stand.decide())
    assert wallet.comes_again().status_code == 200
    assert error(wallet.comes_again()) == "invalid_transaction_id"
    assert error(wallet.asks()) == "credential_request_denied"


@pytest.fixture
def apart(tmp_path: Path, database_url: str) -> Stand:
    service = open_service(tmp_path, database_url=database_url)
    house = House(service.centre.database)
    return Stand(service, house, house.sent(house.candidate()))


def test_on_both_databases_twenty_at_once_bind_one_key_and_collect_once(apart: Stand) -> None:
    Wallet(apart).takes(apart.early())
    deferral, body = apart.deferral(), apart.service.centre.body
    database = apart.house.database
    bound = at_once(
        10,
        lambda place: deferrals.bind(
            database, deferral.id, holder=f"did:example:{place}", secret=SECRET, now=NOW
        ),
    )
    assert bound.count("other-holder") == 9
    (transaction,) = set(bound) - {"other-holder"}
    assert isinstance(transaction, str)
    apart.release(apart.decide())

    def collect(_: int) -> object:
        try:
            return deferrals.collect(database, deferral.id, transaction, body=body, now=NOW)
        except deferrals.UnknownTransaction:
            return "unknown"

    assert at_once(10, collect).count("unknown") == 9
    with database.reading() as session:
        assert broken_at(session) is None


def test_of_twenty_codes_at_once_one_is_exchanged(apart: Stand) -> None:
    early = apart.early()
    database = apart.house.database
    tokens = at_once(20, lambda _: deferrals.exchange_code(database, early.code, now=NOW))
    assert sum(isinstance(one, offers.AccessToken) for one in tokens) == 1


# --- attacks ------------------------------------------------------------------------------------


def test_guessed_foreign_and_malformed_ids_open_nothing(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    other = stand.house.sent(stand.house.candidate("Ana"))
    stranger = Wallet(stand).waits(stand.early(other))
    stand.release(stand.decide())
    for transaction in ("x", "0" * 48, stranger.transaction, wallet.transaction[:-1], "ü"):
        assert error(wallet.comes_again(transaction)) == "invalid_transaction_id"
    # the id of somebody else, with one's own token: nothing; and nothing was used up
    assert error(stranger.comes_again(wallet.transaction)) == "invalid_transaction_id"
    for body in ("", "{", "[]", '{"transaction_id": 5}', '{"transaction_id": ""}', '{"x": 1}'):
        answer = wallet.http.post(
            "/deferred_credential",
            data=body,
            headers={
                "Authorization": f"Bearer {wallet.token}",
                "Content-Type": "application/json",
            },
        )
        assert error(answer) == "invalid_credential_request"
    assert wallet.comes_again().status_code == 200


def test_without_the_token_the_id_is_worth_nothing(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    bare = wallet.http.post("/deferred_credential", json={"transaction_id": wallet.transaction})
    assert (bare.status_code, bare.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    assert wallet.comes_again(token="nonsense").status_code == 401
    stand.service.centre.numbers = 100
    award_id = stand.service.released()
    offer = stand.service.offer(award_id)
    token = wallet.http.post(
        "/token",
        data={
            "grant_type": oid4vci.PRE_AUTHORIZED_CODE,
            "pre-authorized_code": offer.code,
        },
    ).get_json()["access_token"]
    assert error(wallet.comes_again(token=token)) == "invalid_transaction_id"


def test_another_key_never_takes_a_place_that_is_taken(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    thief = Wallet(stand)
    assert error(thief.asks(token=wallet.token)) == "credential_request_denied"
    again = wallet.asks()
    assert again.status_code == 202
    assert again.get_json()["transaction_id"] == wallet.transaction
    stand.release(stand.decide())
    (text,) = oid4vci.read_credential_response(wallet.comes_again().data)
    assert json.loads(text)["credentialSubject"]["id"] == wallet.did
    with pytest.raises(DatabaseError), stand.house.database.transaction() as session:
        session.exec(select(Deferral)).one().holder = thief.did


def test_a_code_works_once_in_time_and_only_for_what_was_offered(stand: Stand) -> None:
    early = stand.early()
    wallet = Wallet(stand).takes(early)
    second = wallet.http.post(
        "/token",
        data={"grant_type": oid4vci.PRE_AUTHORIZED_CODE, "pre-authorized_code": early.code},
    )
    assert error(second) == "invalid_grant"
    assert wallet.http.get(f"/offers/{early.reference}").status_code == 404
    wrong = wallet.asks(configuration="technical-cleaning-expert")
    assert wrong.status_code == 403
    late = stand.early()
    stand.service.clock.now += deferrals.OFFER_LIVES
    assert wallet.http.get(f"/offers/{late.reference}").status_code == 404


def test_a_new_early_offer_ends_the_one_before(stand: Stand) -> None:
    first = Wallet(stand).waits(stand.early())
    second = Wallet(stand).waits(stand.early())
    stand.release(stand.decide())
    assert first.comes_again().status_code == 401
    assert second.comes_again().status_code == 200
    with pytest.raises(DatabaseError), stand.house.database.transaction() as session:
        for one in session.exec(select(Deferral)):
            one.state = DeferralState.PENDING


def test_nothing_comes_is_said_alike_whatever_the_reason(stand: Stand) -> None:
    """OpenID4VCI 1.0, 9.3: denied; not yet, taken back and collected elsewhere look the same."""
    answers = []
    wallet = Wallet(stand).waits(stand.early())
    stand.decide(0)
    answers.append(wallet.comes_again())

    other = stand.house.sent(stand.house.candidate("Ana"))
    wallet = Wallet(stand).waits(stand.early(other))
    with stand.house.database.transaction() as session:
        assessment.withdraw(session, session.get_one(Submission, other), now=NOW)
    answers.append(wallet.comes_again())

    third = stand.house.sent(stand.house.candidate("Pia"))
    wallet = Wallet(stand).waits(stand.early(third))
    decision = stand.house.mark(third, stand.house.examiner("Rosa"), 2)
    issuing.deliver(
        stand.house.database,
        stand.release(decision),
        holder="did:example:elsewhere",
        body=stand.service.centre.body,
        now=NOW,
    )
    answers.append(wallet.comes_again())

    assert {error(one) for one in answers} == {"credential_request_denied"}
    assert len({one.data for one in answers}) == 1
    assert b"yet" not in answers[0].data
    assert error(wallet.comes_again()) == "invalid_transaction_id"


def test_an_appeal_keeps_the_place(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    stand.decide(1)
    with stand.house.database.transaction() as session:
        submission = session.get_one(Submission, stand.file)
        appeals.appeal(session, submission, now=NOW)
    assert wallet.comes_again().status_code == 202
    decision = stand.house.mark(stand.file, stand.house.examiner("Rosa"), 2)
    stand.release(decision)
    (text,) = oid4vci.read_credential_response(wallet.comes_again().data)
    assert json.loads(text)["credentialSubject"]["achievement"]["humanCode"] == "M4H-TEC-2"


def test_the_delivery_closes_the_other_way(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    award_id = stand.release(stand.decide())
    code = stand.service.offer(award_id).code
    assert wallet.comes_again().status_code == 200
    late = wallet.http.post(
        "/token", data={"grant_type": oid4vci.PRE_AUTHORIZED_CODE, "pre-authorized_code": code}
    )
    assert error(late) == "invalid_grant"


def test_drafts_and_decided_files_have_no_early_offer(stand: Stand) -> None:
    stand.decide(0)
    draft = stand.house.begun(stand.house.candidate("Ana"))
    for file in (stand.file, draft):
        with pytest.raises(Refused) as refused:
            stand.early(file)
        assert refused.value.code == "nothing-to-wait-for"


def test_the_database_holds_no_code_token_or_transaction_id(stand: Stand) -> None:
    early = stand.early()
    wallet = Wallet(stand).waits(early)
    row = str(stand.deferral().model_dump())
    for secret in (early.reference, early.code, wallet.token, wallet.transaction):
        assert secret not in row
        assert secret not in repr(early)


def test_the_token_ends(stand: Stand) -> None:
    wallet = Wallet(stand).waits(stand.early())
    stand.service.clock.now += deferrals.TOKEN_LIVES + timedelta(seconds=1)
    assert wallet.comes_again().status_code == 401
