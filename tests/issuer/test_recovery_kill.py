"""kill -9 at every seam of issuing: after a restart each award has one badge and one place."""

from pathlib import Path

import pytest
from award_world import NOW, Centre, open_centre
from kill_driver import HOLDER
from killing import killed_at, restart
from sqlmodel import select

from issuer import awards, issuing
from issuer.audit import broken_at
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.tables import Role


def rows(centre: Centre) -> dict[str, int]:
    tables = (Award, Credential, StatusEntry, Offer)
    return {table.__tablename__: centre.count(table) for table in tables}


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    with centre.database.transaction() as session:
        session.connection()  # the file exists before another process opens it
    return centre


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("approved", {"award": 1, "credential": 0, "status_entry": 0, "offer": 0}),
        ("intended", {"award": 1, "credential": 1, "status_entry": 1, "offer": 0}),
        ("offered", {"award": 1, "credential": 1, "status_entry": 1, "offer": 1}),
    ],
)
def test_killed_during_release_each_award_ends_with_one_badge(
    centre: Centre, tmp_path: Path, step: str, left: dict[str, int]
) -> None:
    killed_at(tmp_path, "release", centre.decided(), step)
    assert rows(centre) == left
    restart(tmp_path)
    restart(tmp_path)
    assert rows(centre) == {"award": 1, "credential": 1, "status_entry": 1, "offer": 1}
    with centre.database.reading() as session:
        award_id = session.exec(select(Award.id)).one()
        assert awards.pending(session) == []
        assert broken_at(session) is None
    text = issuing.deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=NOW)
    again = issuing.deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=NOW)
    assert text == again


@pytest.mark.parametrize("step", ["signed", "recorded"])
def test_killed_between_signing_and_answer_the_holder_gets_one_badge(
    centre: Centre, tmp_path: Path, step: str
) -> None:
    award_id = awards.release(
        centre.database,
        centre.decided(),
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )
    with centre.database.reading() as session:
        intended = session.exec(select(Credential)).one()
    killed_at(tmp_path, "deliver", award_id, step)
    restart(tmp_path)
    text = issuing.deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=NOW)
    assert rows(centre) == {"award": 1, "credential": 1, "status_entry": 1, "offer": 1}
    with centre.database.reading() as session:
        badge = session.exec(select(Credential)).one()
    assert badge.signed_text == text
    assert (badge.credential_id, badge.position) == (intended.credential_id, intended.position)
