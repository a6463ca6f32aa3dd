"""Who has a badge: counts that tell of nobody, and people who want to be shown."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from award_world import NOW, Service, open_service
from hypothesis import given
from hypothesis import strategies as st
from saying import said
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import issuing, recipients
from issuer.award_tables import BadgeState, Credential
from issuer.showcase_tables import Showing
from issuer.statistics import shown_counts
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey

PAGE = "/achievements/technical-cleaning/confirmed?lang=en"
HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def held(service: Service, name: str, country: str = "ES") -> UUID:
    """Give the award of somebody who has the badge in their wallet."""
    officer, examiner, centre = "olga", "eva", service.centre
    if country != "ES":
        abroad = centre.another(name, country)
        officer, examiner = f"officer of {name}", f"examiner of {name}"
        centre.person(name, Role.CANDIDATE, organisation=abroad)
        centre.person(examiner, Role.EXAMINER, organisation=abroad)
        centre.person(officer, Role.OFFICER, organisation=abroad)
    award_id = service.released(officer, candidate=name, examiners=(examiner,))
    issuing.deliver(
        service.centre.database, award_id, holder=HOLDER, body=service.centre.body, now=NOW
    )
    return award_id


def page(service: Service) -> str:
    return said(service.browser().get(PAGE).text)


# --- counts ------------------------------------------------------------------------------------


def test_a_badge_of_today_changes_no_count_of_today(service: Service) -> None:
    for place in range(5):
        held(service, f"worker-{place}")
    assert "Fewer than 5 people have this badge." in page(service)
    service.clock.now = NOW + timedelta(days=1)
    assert "5 people have this badge. All of them since November 2026." in page(service)


def test_five_badges_of_one_person_are_one_person(service: Service) -> None:
    for _ in range(5):
        held(service, "maria")
    service.clock.now = NOW + timedelta(days=1)
    assert "Fewer than 5 people have this badge." in page(service)


def test_a_cancelled_badge_is_not_counted(service: Service) -> None:
    awards = [held(service, f"worker-{place}") for place in range(5)]
    with service.centre.database.transaction() as session:
        row = session.exec(select(Credential).where(Credential.award_id == awards[0])).one()
        row.state = BadgeState.REVOKED
        session.add(row)
    service.clock.now = NOW + timedelta(days=1)
    assert "Fewer than 5 people have this badge." in page(service)


def test_a_country_of_few_is_hidden_with_a_second_one(service: Service) -> None:
    for country, number in (("ES", 7), ("FR", 6), ("BE", 1)):
        for place in range(number):
            held(service, f"{country}-{place}", country)
    service.clock.now = NOW + timedelta(days=1)
    with service.centre.database.reading() as session:
        found = recipients.recipients(
            session, "technical-cleaning", "confirmed", now=service.clock()
        )
    assert found.number == 14
    assert found.countries == {"BE": None, "ES": 7, "FR": None}
    assert page(service).count("too few to say") == 2


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 20)))
def test_no_hidden_country_can_be_had_by_subtraction(counts: dict[str, int]) -> None:
    shown = shown_counts(counts)
    assert all(number is None or number >= 5 for number in shown.values())
    assert list(shown.values()).count(None) != 1 or len(shown) == 1


# --- the showcase ------------------------------------------------------------------------------


def test_somebody_is_shown_with_their_words_and_taken_off_at_once(service: Service) -> None:
    award_id = held(service, "maria")
    maria = service.browser("maria")
    form = {"nickname": "Sol", "words": "I <b>like</b> clean windows."}
    assert maria.post(f"/badges/{award_id}/show", data=form).status_code == 302
    shown = page(service)
    assert "Sol" in shown
    assert "&lt;b&gt;like&lt;/b&gt;" in shown
    assert "maria" not in shown
    assert maria.post(f"/badges/{award_id}/hide").status_code == 302
    assert "Sol" not in page(service)
    assert service.centre.count(Showing) == 0


def test_nobody_shows_or_hides_another(service: Service) -> None:
    award_id = held(service, "maria")
    service.browser("maria").post(f"/badges/{award_id}/show", data={"nickname": "Sol"})
    juan = service.browser("juan", Role.CANDIDATE)
    for action in ("show", "hide"):
        answer = juan.post(f"/badges/{award_id}/{action}", data={"nickname": "Luna"})
        assert answer.status_code == 404
    assert "Sol" in page(service)
    assert service.browser().post(f"/badges/{award_id}/show").status_code == 401


def test_an_officer_can_take_somebody_off_and_put_nobody_on(service: Service) -> None:
    award_id = held(service, "maria")
    service.browser("maria").post(f"/badges/{award_id}/show", data={"nickname": "Sol"})
    olga = service.browser("olga", Role.OFFICER)
    assert olga.post(f"/badges/{award_id}/hide").status_code == 302
    assert "Sol" not in page(service)
    assert olga.post(f"/badges/{award_id}/show", data={"nickname": "Sol"}).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"nickname": ""},
        {"nickname": "x" * 41},
        {"nickname": "Sol", "words": "x" * 201},
        {"nickname": "Sol", "words": "Call 612 34 56 78"},
        {"nickname": "sol@mail.example"},
        {"nickname": "Sol", "words": "see HTTPS://sol.example"},
    ],
)
def test_a_way_to_reach_somebody_never_stands_there(service: Service, form: dict[str, str]) -> None:
    award_id = held(service, "maria")
    answer = service.browser("maria").post(f"/badges/{award_id}/show", data=form)
    assert answer.status_code == 422
    assert service.centre.count(Showing) == 0


def test_a_badge_that_was_not_collected_or_no_longer_counts_is_not_shown(service: Service) -> None:
    waiting = service.released(candidate="juan")
    juan = service.browser("juan")
    assert juan.post(f"/badges/{waiting}/show", data={"nickname": "Luna"}).status_code == 409
    award_id = held(service, "maria")
    service.browser("maria").post(f"/badges/{award_id}/show", data={"nickname": "Sol"})
    with service.centre.database.transaction() as session:
        row = session.exec(select(Credential).where(Credential.award_id == award_id)).one()
        row.state = BadgeState.SUSPENDED
        session.add(row)
    assert "Sol" not in page(service)


def test_the_database_keeps_words_short(service: Service) -> None:
    award_id = held(service, "maria")
    for nickname, words in (("", ""), ("x" * 41, ""), ("Sol", "x" * 201)):
        with pytest.raises(IntegrityError), service.centre.database.transaction() as session:
            session.add(
                Showing(award_id=award_id, nickname=nickname, words=words, language="es", since=NOW)
            )


def test_the_words_of_people_are_in_no_signed_document(service: Service) -> None:
    award_id = held(service, "maria")
    service.browser("maria").post(f"/badges/{award_id}/show", data={"nickname": "Sol"})
    for accept in ("application/ld+json", "application/json"):
        answer = service.browser().get(PAGE, headers={"Accept": accept})
        assert answer.is_json
        assert "Sol" not in said(answer.text)
