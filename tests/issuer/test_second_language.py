"""In which language somebody reads a framework that does not speak the language of the pages."""

from pathlib import Path

import pytest
from award_world import NOW, Service, open_service
from flask.testing import FlaskClient

from issuer import accounts, assessment
from issuer.second_language import languages_of_country
from issuer.tables import Role

NAMES = {"en": "Home cleaning", "fr": "Ménage à domicile", "es": "Limpieza del hogar"}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def reads(browser: FlaskClient, *, header: str = "ar") -> str:
    """Give the language of the skills on somebody's Arabic page, for a browser that asks so."""
    page = browser.get("/me/?lang=ar", headers={"Accept-Language": header}).text
    (found,) = (language for language, name in NAMES.items() if name in page)
    return found


def candidate(service: Service, country: str) -> FlaskClient:
    centre = service.centre.another(f"Centre in {country}", country)
    person = service.centre.person("amina", Role.CANDIDATE, organisation=centre)
    with service.centre.database.transaction() as session:
        accounts.give_consent(session, person, statistics=False, now=NOW)
    return service.browser("amina")


@pytest.mark.parametrize(("country", "language"), [("FR", "fr"), ("ES", "es"), ("PL", "en")])
def test_an_arabic_reader_gets_the_language_of_the_centre(
    service: Service, country: str, language: str
) -> None:
    assert reads(candidate(service, country)) == language


def test_the_language_of_ones_own_tasks_goes_before_that_of_the_centre(service: Service) -> None:
    browser = candidate(service, "FR")
    with service.centre.database.transaction() as session:
        assessment.start(
            session,
            service.centre.body.framework,
            candidate_id=service.centre.person("amina"),
            skill="technical-cleaning",
            language="es",
            level=1,
            now=NOW,
        )
    assert reads(browser) == "es"


def test_what_the_browser_names_goes_before_both(service: Service) -> None:
    assert reads(candidate(service, "FR"), header="ar, en;q=0.8") == "en"


def test_a_country_that_is_not_known_has_no_language() -> None:
    assert languages_of_country("??") == ()
