"""Many at once, on each database that we support: nothing is lost, nothing happens twice."""

from pathlib import Path
from typing import Any

import pytest
from award_world import NOW, SECRET, Centre, at_once, open_centre
from sqlalchemy.exc import DBAPIError

from issuer import awards, issuing, offers
from issuer.audit import broken_at
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.offers import AccessToken
from issuer.tables import Role

HOLDERS = [f"did:example:holder-{number}" for number in range(8)]


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


def release(centre: Centre, decision_id: Any) -> Any:
    return awards.release(
        centre.database,
        decision_id,
        officer_id=centre.people["olga"],
        body=centre.body,
        now=NOW,
    )


def test_releases_claims_and_signatures_at_once(centre: Centre) -> None:
    centre.person("olga", Role.OFFICER)
    decisions = [centre.decided(f"person-{number}", level=1) for number in range(6)]
    released = at_once(12, lambda place: release(centre, decisions[place % 6]))
    award_ids = {one for one in released if not isinstance(one, str)}
    assert len(award_ids) == 6
    issuing.recover(centre.database, body=centre.body, now=NOW)
    tables = (Award, Credential, StatusEntry, Offer)
    assert [centre.count(table) for table in tables] == [6] * 4

    award_id = min(award_ids, key=str)
    with centre.database.reading() as session:
        offer = offers.open_offer(session, award_id, secret=SECRET, now=NOW)  # type: ignore[arg-type]
    assert offer is not None
    claims = at_once(
        20,
        lambda _: offers.exchange_code(
            centre.database, offer.code, number=None, secret=SECRET, now=NOW
        ),
    )
    assert sum(isinstance(claim, AccessToken) for claim in claims) == 1

    texts = at_once(
        8,
        lambda place: issuing.deliver(
            centre.database,
            offer.award_id,
            holder=HOLDERS[place],
            body=centre.body,
            now=NOW,
        ),
    )
    assert sorted(text == "other-holder" for text in texts) == [False] + [True] * 7
    with centre.database.reading() as session:
        assert broken_at(session) is None


def test_both_databases_refuse_what_must_not_change(centre: Centre) -> None:
    centre.person("olga", Role.OFFICER)
    award_id = release(centre, centre.decided())
    issuing.deliver(centre.database, award_id, holder=HOLDERS[0], body=centre.body, now=NOW)
    changes: list[tuple[type[Any], dict[str, object]]] = [
        (Credential, {"signed_text": "{}"}),
        (Credential, {"holder": HOLDERS[1]}),
        (Credential, {"position": 5}),
        (Award, {"level": 3}),
        (Award, {"officer_id": centre.people["eva"]}),
        (StatusEntry, {"position": -1}),
        (Offer, {"wrong_tries": 6}),
    ]
    for table, values in changes:
        with pytest.raises(DBAPIError):
            centre.change(table, **values)
