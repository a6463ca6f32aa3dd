"""Expert badges of other issuers: accepted by two standard owners, verified with all checks."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from abroad_world import LEVEL, Abroad
from appointment_world import SKILL, Holder
from assessment_world import refused
from award_world import NOW
from parties import WebParty
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import erasure, issuing
from issuer.award_tables import Credential
from issuer.equal_tables import AcceptedEqual
from issuer.same_person import accounts_of, is_same_person
from issuer.tables import Role


@pytest.fixture
def abroad(tmp_path: Path) -> Abroad:
    return Abroad(tmp_path)


def test_an_accepted_badge_of_another_issuer_makes_eligible(abroad: Abroad) -> None:
    abroad.accepted()
    text, asked = abroad.badge(), abroad.asked()
    assert abroad.maria.get(asked.answered(abroad.wallet, text)).location == "/examining/"
    (one,) = abroad.nominations()
    assert (one.person_id, one.skill) == (abroad.service.centre.people["maria"], SKILL)
    assert one.badge_id == json.loads(text)["id"]


def test_nothing_is_asked_outside_without_a_decision(abroad: Abroad) -> None:
    abroad.proposed()
    status, _why = abroad.shows(abroad.badge())
    assert status == 400
    assert abroad.web.asked == []
    abroad.end(abroad.accepted(achievement_id=f"{LEVEL}/2"))
    assert abroad.shows(abroad.badge())[0] == 400
    assert abroad.web.asked == []
    assert abroad.nominations() == []


def test_a_cancelled_or_foreign_or_other_badge_makes_nobody_eligible(abroad: Abroad) -> None:
    abroad.accepted()
    mine, text = abroad.wallet, abroad.badge()
    assert "holder" in abroad.shows(text, Holder(abroad.service))[1]
    assert abroad.shows(abroad.badge(level=f"{LEVEL}/beginner"))[0] == 400
    changed = json.loads(text) | {"name": "Another"}
    assert abroad.shows(json.dumps(changed))[0] == 400
    impostor = WebParty("Impostor", host="impostor.example")
    abroad.web.parties = (abroad.other, impostor)
    forged = impostor.unsigned_badge(mine.did, status=impostor.entry())
    forged["credentialSubject"]["achievement"]["id"] = LEVEL
    assert abroad.shows(json.dumps(impostor.sign(forged)))[0] == 400
    abroad.other.revoked.add(4711)
    assert "the badge: status" in abroad.shows(text)[1]
    assert abroad.nominations() == []


def test_the_pair_counts_and_not_each_half(abroad: Abroad) -> None:
    """Two issuers are accepted, each for a badge of its own: neither signs the other's."""
    second = WebParty("Second", host="second.example")
    abroad.web.parties = (abroad.other, second)
    abroad.accepted()
    abroad.accepted(issuer_did=second.did, achievement_id="https://second.example/a")
    swapped = abroad.badge(level="https://second.example/a")
    assert "another badge" in abroad.shows(swapped)[1]
    ours = next(
        found
        for found, (_its, one) in abroad.service.centre.body.achievements().items()
        if one.level == 3
    )
    assert "another badge" in abroad.shows(abroad.badge(level=ours))[1]


def test_one_badge_makes_one_person_an_examiner(abroad: Abroad) -> None:
    abroad.accepted()
    text = abroad.badge()
    abroad.maria.get(abroad.asked().answered(abroad.wallet, text))
    zoe = abroad.service.browser("zoe", Role.CANDIDATE)
    assert "another person" in abroad.asked(zoe).shows(abroad.wallet, text).text
    abroad.service.released(candidate="juan")
    taken = abroad.badge(credential_id=badge_id(abroad))
    assert "id of one of ours" in abroad.shows(taken)[1]


def test_one_badge_shown_to_two_accounts_at_once_makes_one_an_examiner(
    tmp_path: Path, database_url: str
) -> None:
    abroad = Abroad(tmp_path, database_url)
    abroad.accepted()
    text = abroad.badge()
    zoe = abroad.service.browser("zoe", Role.CANDIDATE)
    of_maria, of_zoe = abroad.asked(), abroad.asked(zoe)
    # Both are answered before either goes on.
    maria_goes_on, zoe_goes_on = (one.answered(abroad.wallet, text) for one in (of_maria, of_zoe))
    assert abroad.maria.get(maria_goes_on).status_code == 302
    assert zoe.get(zoe_goes_on).status_code == 403
    (one,) = abroad.nominations()
    assert one.person_id == abroad.service.centre.people["maria"]


def test_two_accounts_with_one_wallet_are_one_person(abroad: Abroad) -> None:
    """Whoever examines by a badge of others does not mark, or confirm, as somebody else."""
    abroad.accepted()
    abroad.maria.get(abroad.asked().answered(abroad.wallet, abroad.badge()))
    centre, maria = abroad.service.centre, abroad.service.centre.people["maria"]
    award_id = abroad.service.released(candidate="juan")
    with centre.database.reading() as session:
        assert not is_same_person(session, maria, centre.people["juan"])
    issuing.deliver(centre.database, award_id, holder=abroad.wallet.did, body=centre.body, now=NOW)
    with centre.database.reading() as session:
        assert is_same_person(session, maria, centre.people["juan"])
        assert accounts_of(session, centre.people["juan"]) >= {maria}
    erasure.erase(
        centre.database,
        maria,
        keep_badges=True,
        end_open_work=True,
        by=maria,
        body=centre.body,
        now=NOW,
    )
    assert [one.badge_holder for one in abroad.nominations()] in ([], [None])


def badge_id(abroad: Abroad) -> str:
    with abroad.service.centre.database.reading() as session:
        return session.exec(select(Credential.credential_id)).one()


def test_a_decision_that_ends_on_the_way_counts_no_more(abroad: Abroad) -> None:
    found = abroad.accepted()
    address = abroad.asked().answered(abroad.wallet, abroad.badge())
    abroad.end(found)
    assert abroad.maria.get(address).status_code == 404
    assert abroad.nominations() == []


def test_it_takes_two_standard_owners_in_the_database_too(
    tmp_path: Path, database_url: str
) -> None:
    abroad = Abroad(tmp_path, database_url)
    found = abroad.proposed()
    refused("two-persons", lambda: abroad.confirm(found, abroad.owners[0]))
    refused("known", abroad.proposed)
    database = abroad.service.centre.database
    with pytest.raises(IntegrityError), database.transaction() as session:
        row = session.get_one(AcceptedEqual, found)
        row.confirmed_by, row.confirmed_at = abroad.owners[0], NOW
    abroad.confirm(found, abroad.owners[1])
    for change in ({"skill": "x"}, {"achievement_id": "urn:x"}, {"confirmed_by": None}):
        with pytest.raises(IntegrityError), database.transaction() as session:
            row = session.get_one(AcceptedEqual, found)
            for name, value in change.items():
                setattr(row, name, value)
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.delete(session.get_one(AcceptedEqual, found))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer_did": "https://issuer.example"}, "did"),
        ({"issuer_did": "did:web:issuer.example#key-1"}, "did"),
        ({"issuer_did": "did:web:localhost%3A8001"}, "did"),  # ourselves
        ({"achievement_id": "javascript:alert(1)"}, "achievement"),
        ({"achievement_id": "https://a b"}, "achievement"),
        ({"skill": "flying"}, "scope"),
        ({"reason": " "}, "words"),
        ({"issuer_name": "x" * 301}, "words"),
    ],
)
def test_what_names_nobody_else_is_refused(
    abroad: Abroad, changes: dict[str, str], code: str
) -> None:
    refused(code, lambda: abroad.proposed(**changes))


def test_standard_owners_decide_on_their_page(abroad: Abroad) -> None:
    anna, bruno = (abroad.service.browser(one) for one in ("anna", "bruno"))
    form = {
        "issuer_did": abroad.other.did,
        "issuer_name": "Academy",
        "achievement_id": LEVEL,
        "skill": SKILL,
        "reason": "Same rubric",
    }
    assert anna.post("/standards/equals/", data=form | {"issuer_did": "x"}).status_code == 422
    assert anna.post("/standards/equals/", data=form).status_code == 302
    with abroad.service.centre.database.reading() as session:
        found = session.exec(select(AcceptedEqual.id)).one()
    assert anna.post(f"/standards/equals/{found}/confirm").status_code == 403
    assert bruno.post(f"/standards/equals/{uuid4()}/confirm").status_code == 404
    assert bruno.post(f"/standards/equals/{found}/confirm").status_code == 302
    assert "Accepted on" in anna.get("/standards/equals/?lang=en").text
    assert anna.post(f"/standards/equals/{found}/end").status_code == 302
    assert "Ended on" in anna.get("/standards/equals/?lang=en").text
