"""Offers: one claim, limited guesses, nothing in the clear, nothing told to strangers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from award_world import BASE_URL, NOW, SECRET, Service, open_centre, open_service
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import awards, changes, offers
from issuer.award_tables import Award, Nonce, Offer
from issuer.offers import AccessToken, Denied, OpenOffer
from issuer.tables import Role
from web.database import Database
from web.errors import Refused


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def exchange(
    database: Database, offer: OpenOffer, *, number: str | None = None, **other: Any
) -> AccessToken | Denied:
    values = {"secret": SECRET, "now": NOW} | other
    return offers.exchange_code(database, offer.code, number=number, **values)


def with_number(service: Service) -> OpenOffer:
    award_id = service.released()
    with service.centre.database.transaction() as session:
        offers.make_offer(session, award_id, secret=SECRET, now=NOW, needs_number=True)
    return service.offer(award_id)


def test_of_twenty_claims_at_once_one_wins(tmp_path: Path) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    award_id = awards.release(
        centre.database,
        centre.decided(),
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )
    with centre.database.reading() as session:
        offer = offers.open_offer(session, award_id, secret=SECRET, now=NOW)
    assert offer is not None
    start = Barrier(20)

    def claim(_number: int) -> AccessToken | Denied:
        start.wait()
        return exchange(centre.database, offer)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(claim, range(20)))
    assert sum(isinstance(answer, AccessToken) for answer in answers) == 1


def test_a_claimed_expired_or_renewed_code_is_worth_nothing(service: Service) -> None:
    database = service.centre.database
    award_id = service.released()
    first = service.offer(award_id)
    late = exchange(database, first, now=NOW + offers.LIFETIME)
    assert isinstance(late, Denied)
    with database.transaction() as session:
        offers.make_offer(session, award_id, secret=SECRET, now=NOW + timedelta(seconds=1))
    assert isinstance(exchange(database, first), Denied)
    second = service.offer(award_id)
    assert isinstance(exchange(database, second), AccessToken)
    assert isinstance(exchange(database, second), Denied)


def test_a_new_offer_kills_the_token_of_the_old_one(service: Service) -> None:
    database = service.centre.database
    award_id = service.released()
    token = exchange(database, service.offer(award_id))
    assert isinstance(token, AccessToken)
    with database.reading() as session:
        assert offers.award_of_token(session, token.token, now=NOW) == award_id
        assert offers.award_of_token(session, token.token + "x", now=NOW) is None
        late = NOW + offers.TOKEN_LIFETIME
        assert offers.award_of_token(session, token.token, now=late) is None
    with database.transaction() as session:
        offers.make_offer(session, award_id, secret=SECRET, now=NOW)
    with database.reading() as session:
        assert offers.award_of_token(session, token.token, now=NOW) is None


def test_a_wrong_number_does_not_burn_the_code_and_five_lock_it(service: Service) -> None:
    database = service.centre.database
    offer = with_number(service)
    assert offer.number is not None
    wrong = "000000" if offer.number != "000000" else "111111"
    first = exchange(database, offer, number=wrong)
    assert isinstance(first, Denied)
    assert first.error == "invalid_grant"
    for _ in range(offers.MAX_WRONG_TRIES - 1):
        assert isinstance(exchange(database, offer, number=wrong), Denied)
    assert isinstance(exchange(database, offer, number=offer.number), Denied)
    with database.reading() as session:
        assert offers.is_locked(session, offer.award_id)


def test_the_right_number_after_a_wrong_one_is_taken(service: Service) -> None:
    offer = with_number(service)
    assert isinstance(exchange(service.centre.database, offer, number="x"), Denied)
    assert isinstance(exchange(service.centre.database, offer, number=offer.number), AccessToken)


def test_tries_are_counted_across_processes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/issuer.db"
    service = open_service(tmp_path, database_url=url)
    offer = with_number(service)
    for _ in range(offers.MAX_WRONG_TRIES):
        other_process = Database(url, service.centre.database.metadata, secret=SECRET)
        assert isinstance(exchange(other_process, offer, number="no"), Denied)
        other_process.close()
    assert isinstance(exchange(service.centre.database, offer, number=offer.number), Denied)


def test_twenty_guesses_at_once_are_still_five(tmp_path: Path) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    offer = with_number(service)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda n: exchange(service.centre.database, offer, number=str(n)), range(20)))
    with service.centre.database.reading() as session:
        row = session.exec(select(Offer).where(Offer.id == offer.id)).one()
    assert (row.wrong_tries, row.state) == (offers.MAX_WRONG_TRIES, "locked")


def test_number_missing_or_unasked_for_is_said_without_counting(service: Service) -> None:
    offer = with_number(service)
    missing = exchange(service.centre.database, offer)
    assert isinstance(missing, Denied)
    assert missing.error == "invalid_request"
    plain = service.offer(service.released(candidate="juan"))
    unasked = exchange(service.centre.database, plain, number="123456")
    assert isinstance(unasked, Denied)
    assert unasked.error == "invalid_request"
    assert isinstance(exchange(service.centre.database, plain), AccessToken)


def test_the_database_holds_no_code_token_or_number(tmp_path: Path) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    offer = with_number(service)
    token = exchange(service.centre.database, offer, number=offer.number)
    assert isinstance(token, AccessToken)
    with service.centre.database.transaction() as session:
        nonce = offers.new_nonce(session, now=NOW)
    service.centre.database.close()
    data = b"".join(path.read_bytes() for path in tmp_path.glob("issuer.db*"))
    assert offer.number is not None
    for secret in (offer.reference, offer.code, token.token, nonce):
        assert secret.encode() not in data
    assert offer.code not in repr(offer)
    assert token.token not in repr(token)


def test_there_is_one_open_offer_an_award_by_constraint(service: Service) -> None:
    award_id = service.released()
    with pytest.raises(IntegrityError), service.centre.database.transaction() as session:
        session.add(_second_offer(award_id))


def _second_offer(award_id: UUID) -> Offer:
    return Offer(award_id=award_id, reference_hash="r", code_hash="c", created=NOW, expires=NOW)


def test_nonces_are_used_once_and_run_out(service: Service) -> None:
    database = service.centre.database
    with database.transaction() as session:
        nonce = offers.new_nonce(session, now=NOW)
        old = offers.new_nonce(session, now=NOW)
    with database.transaction() as session:
        assert offers.use_nonce(session, nonce, now=NOW)
        assert not offers.use_nonce(session, nonce, now=NOW)
        assert not offers.use_nonce(session, "made-up", now=NOW)
        assert not offers.use_nonce(session, old, now=NOW + offers.NONCE_LIFETIME)
        offers.new_nonce(session, now=NOW + offers.NONCE_LIFETIME)
    assert service.centre.count(Nonce) == 1


def test_offer_address_tells_nothing_once_it_is_over(service: Service) -> None:
    offer = service.offer(service.released())
    browser = service.browser()
    headers = {"Accept": "application/json"}
    assert browser.get(f"/offers/{offer.reference}", headers=headers).status_code == 200
    exchange(service.centre.database, offer)
    used = browser.get(f"/offers/{offer.reference}", headers=headers)
    never = browser.get(f"/offers/{'0' * 40}", headers=headers)
    assert used.status_code == never.status_code == 404
    assert used.data == never.data


def test_links_carry_the_offer_and_fit_a_qr_code(service: Service) -> None:
    offer = service.offer(service.released())
    link = offer.wallet_link(BASE_URL, "http://localhost:8002")
    assert link.startswith("http://localhost:8002/receive?credential_offer_uri=http%3A%2F%2F")
    assert offer.link(BASE_URL).startswith("openid-credential-offer://?credential_offer_uri=")
    assert len(link) < 300
    assert len(bytes.fromhex(offer.reference)) * 8 >= 128


# --- pages -----------------------------------------------------------------------------------


def test_somebody_elses_badge_page_does_not_exist(service: Service) -> None:
    award_id = service.released(candidate="maria")
    stranger = service.browser("juan", Role.CANDIDATE)
    for path in (f"/badges/{award_id}", f"/badges/{award_id}/print"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/badges/{award_id}/offer").status_code == 404
    nobody = service.browser()
    assert nobody.get(f"/badges/{award_id}").status_code == 401


def test_person_sees_qr_link_and_number_and_can_renew(service: Service) -> None:
    award_id = service.released(candidate="maria")
    maria = service.browser("maria")
    offer = service.offer(award_id)
    page = maria.get(f"/badges/{award_id}?lang=en").text
    link = offer.wallet_link(BASE_URL, "http://localhost:8002").replace("&", "&amp;")
    assert link in page
    assert "openid-credential-offer://" in page
    assert page.count('class="qr"') == 2
    printed = maria.get(f"/badges/{award_id}/print").text
    assert printed.count('class="qr"') == 1
    exchange(service.centre.database, offer)
    assert "Make a new link" in maria.get(f"/badges/{award_id}").text
    assert maria.post(f"/badges/{award_id}/offer").status_code == 302
    assert service.offer(award_id).id != offer.id


def test_number_is_never_on_the_printed_page(service: Service) -> None:
    offer = with_number(service)
    maria = service.browser("maria")
    assert offer.number is not None
    assert maria.post(f"/badges/{offer.award_id}/offer").status_code == 302
    offer = service.offer(offer.award_id)
    assert offer.number is not None, "a renewed offer asks for a number as the one before"
    assert offer.number in maria.get(f"/badges/{offer.award_id}").text
    assert offer.number not in maria.get(f"/badges/{offer.award_id}/print").text


def test_offer_page_for_a_browser_leads_to_the_wallet(service: Service) -> None:
    offer = service.offer(service.released())
    browser = service.browser()
    page = browser.get(f"/offers/{offer.reference}", headers={"Accept": "text/html"})
    assert page.content_type.startswith("text/html")
    assert "http://localhost:8002/receive" in page.text
    gone = browser.get("/offers/none", headers={"Accept": "text/html", "Accept-Language": "es"})
    assert gone.status_code == 404
    assert gone.content_type.startswith("text/html")


def test_cancelled_badges_get_no_new_offer(service: Service) -> None:
    award_id = service.released()
    olga = service.centre.person("olga")
    with service.centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="revoke",
            reason="holder_request",
            officer_id=olga,
            body=service.centre.body,
            now=NOW,
        )
    maria = service.browser("maria")
    assert maria.post(f"/badges/{award_id}/offer").status_code == 409
    assert "no longer counts" in maria.get(f"/badges/{award_id}?lang=en").text


def test_unknown_awards_are_refused(service: Service) -> None:
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        offers.make_offer(session, UUID(int=1), secret=SECRET, now=NOW)
    assert service.centre.count(Award) == 0
