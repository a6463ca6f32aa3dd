"""Which languages somebody reads beside that of the pages: a framework speaks fewer than they do.

>>> languages_of_country("ES")
('es',)
"""

from functools import cache
from uuid import UUID

from babel.languages import get_official_languages
from sqlmodel import Session, col, select

from issuer.tables import Organisation, Submission


def second_languages(session: Session, person_id: UUID, organisation_id: UUID) -> tuple[str, ...]:
    """List the language of a person's newest tasks, which they chose, then those of the centre."""
    chosen = session.exec(
        select(Submission.language)
        .where(col(Submission.candidate_id) == person_id)
        .order_by(col(Submission.started_at).desc())
        .limit(1)
    ).first()
    country = session.get_one(Organisation, organisation_id).country_code
    return (*([chosen] if chosen else []), *languages_of_country(country))


@cache
def languages_of_country(code: str) -> tuple[str, ...]:
    """List the official languages of a country (ISO 3166-1 alpha-2), by Unicode CLDR."""
    return tuple(get_official_languages(code))
