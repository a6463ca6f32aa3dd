"""Badges that outlive their holder's account: cancelled by place, by two, and nobody comes back."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import refused
from award_world import NOW, Centre, Service, at_once, network, open_centre, open_service
from privacy_world import CONTACT, NAME, WORDS, everything, found_in
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from credentials.report import Headline
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import erasure, kept_badges, status_lists, stolen_keys
from issuer.award_tables import StatusEntry
from issuer.kept_badge_tables import KeptBadgeChange
from issuer.privacy_tables import KeptBadge
from issuer.status_lists import Place
from issuer.tables import Person, Role

LATER = NOW + timedelta(hours=1)


@dataclass
class Left:
    """What is left of somebody: a badge that still counts, in the hands of whoever has it."""

    centre: Centre
    signed: str

    @property
    def place(self) -> Place:
        entry = json.loads(self.signed)["credentialStatus"]
        return Place(
            int(entry["statusListCredential"].rsplit("/")[-1]), int(entry["statusListIndex"])
        )

    def headline(self) -> Headline:
        body = self.centre.body
        return verify_credential(
            self.signed,
            trust=Trust((TrustedParty(body.did, body.name, frozenset({"issuer"})),)),
            fetch=network(self.centre),
            now=LATER,
        ).headline

    def ask(self, officer: str = "olga", reason: str = "fraud") -> None:
        by = self.centre.person(officer, Role.OFFICER)
        with self.centre.database.transaction() as session:
            kept_badges.ask(session, self.place, reason=reason, by=by, now=NOW)

    def confirm(self, officer: str = "omar") -> None:
        by, body = self.centre.person(officer, Role.OFFICER), self.centre.body
        with self.centre.database.transaction() as session:
            kept_badges.confirm(session, self.place, by=by, body=body, now=NOW)

    def nothing_of_the_person(self) -> bool:
        with self.centre.database.reading() as session:
            words = (NAME, NAME.split()[0], CONTACT, self.centre.contact_hash(CONTACT), WORDS)
            return found_in(session, *words) == []


def erased(centre: Centre) -> Left:
    centre.numbers = 500
    known = everything(centre)
    for one in ("olga", "omar"):
        centre.person(one, Role.OFFICER)
    done = erasure.erase(
        centre.database,
        known.id,
        keep_badges=True,
        end_open_work=True,
        by=known.id,
        body=centre.body,
        now=NOW,
    )
    assert done.kept == 1
    return Left(centre, known.signed)


@pytest.fixture
def left(tmp_path: Path, database_url: str) -> Left:
    return erased(open_centre(tmp_path, database_url=database_url))


# --- by place --------------------------------------------------------------------------------


def test_two_officers_cancel_it_and_nothing_of_the_person_comes_back(left: Left) -> None:
    assert left.headline() is Headline.GENUINE
    left.ask()
    assert left.headline() is Headline.GENUINE, "one person alone changes nothing"
    left.confirm()
    assert left.headline() is Headline.NO_LONGER_VALID
    assert left.nothing_of_the_person()
    refused("revoked-already", left.confirm)
    refused("revoked-already", left.ask)


def test_nobody_cancels_it_alone_under_whatever_account(left: Left) -> None:
    old = older(left)
    nina = elsewhere(left)
    with left.centre.database.transaction() as session:
        session.get_one(Person, nina).contact_hash = left.centre.contact_hash("olga@centre.example")
    for one in (left, old):
        one.ask()
        refused("two-persons", lambda one=one: one.confirm("olga"))  # type: ignore[misc]
    refused("two-persons", lambda: old.confirm("nina"))
    for by in (left.centre.people["olga"], nina):
        with pytest.raises(IntegrityError), left.centre.database.transaction() as session:
            for row in session.exec(select(KeptBadgeChange)):
                row.confirmed_by, row.confirmed_at = by, NOW
    assert left.headline() is Headline.GENUINE


def elsewhere(left: Left, name: str = "nina") -> UUID:
    """Give an officer of another centre."""
    other = left.centre.another(f"Centre of {name}")
    return left.centre.person(name, Role.OFFICER, organisation=other)


def older(left: Left) -> Left:
    """Make a kept badge of the time before its centre was kept."""
    with left.centre.database.transaction() as session:
        known = session.exec(select(KeptBadge)).one()
        place = status_lists.take_place(session)
        row = known.model_dump(exclude={"organisation_id"})
        place_of = {"list_number": place.list_number, "position": place.position}
        session.add(KeptBadge(**(row | place_of)))
    entry = {
        "statusListCredential": f"http://localhost:8001/status/{place.list_number}",
        "statusListIndex": str(place.position),
    }
    return Left(left.centre, json.dumps({"credentialStatus": entry}))


def test_officers_of_another_centre_do_not_reach_it(left: Left) -> None:
    centre, by, place = left.centre, elsewhere(left), left.place
    refused("unknown-place", lambda: left.ask("nina"))
    left.ask()
    refused("unknown-place", lambda: left.confirm("nina"))
    with centre.database.transaction() as session:
        other = session.get_one(Person, by).organisation_id
        refused("unknown-place", lambda: kept_badges.drop(session, place, by=by, now=NOW))
        refused("unknown-place", lambda: kept_badges.find(session, place, centre=other))
        assert kept_badges.waiting(session, centre=other) == []
        assert len(kept_badges.waiting(session, centre=centre.organisation)) == 1
    with (
        pytest.raises(IntegrityError, match="its centre"),
        centre.database.transaction() as session,
    ):
        row = session.exec(select(KeptBadgeChange)).one()
        row.confirmed_by, row.confirmed_at = by, NOW
    left.confirm()
    assert left.headline() is Headline.NO_LONGER_VALID


def test_the_database_takes_no_request_of_another_centre(left: Left) -> None:
    by, place = elsewhere(left), left.place
    with (
        pytest.raises(IntegrityError, match="its centre"),
        left.centre.database.transaction() as session,
    ):
        session.add(
            KeptBadgeChange(
                list_number=place.list_number,
                position=place.position,
                reason="fraud",
                requested_by=by,
                requested_at=NOW,
            )
        )


def test_of_an_older_one_the_centre_is_not_known_so_any_two_officers_may(left: Left) -> None:
    old = older(left)
    elsewhere(left)
    old.ask("nina")
    old.confirm("omar")
    with left.centre.database.reading() as session:
        row = session.get_one(StatusEntry, (old.place.list_number, old.place.position))
    assert row.revoked_at == NOW


def test_the_database_sets_no_place_without_two(left: Left) -> None:
    def set_place() -> None:
        with left.centre.database.transaction() as session:
            place = (left.place.list_number, left.place.position)
            session.get_one(StatusEntry, place).revoked_at = NOW

    with pytest.raises(IntegrityError, match="two persons"):
        set_place()
    left.ask()
    with pytest.raises(IntegrityError, match="two persons"):
        set_place()
    left.confirm()
    for statement in ("DELETE", "UPDATE"):
        with pytest.raises(IntegrityError), left.centre.database.transaction() as session:
            row = session.exec(select(KeptBadgeChange)).one()
            if statement == "DELETE":
                session.delete(row)
            else:
                row.reason = "superseded"


def test_it_takes_a_reason_of_the_closed_list_and_is_asked_once(left: Left) -> None:
    for reason in ("", "we do not like it", "under_review"):
        refused("reason", lambda reason=reason: left.ask(reason=reason))  # type: ignore[misc]
    left.ask()
    refused("asked-already", lambda: left.ask("omar"))
    with left.centre.database.transaction() as session:
        kept_badges.drop(session, left.place, by=left.centre.people["omar"], now=NOW)
    refused("not-asked", left.confirm)
    assert left.headline() is Headline.GENUINE


def test_of_two_who_confirm_at_once_one_does(left: Left) -> None:
    left.ask()
    left.centre.person("oscar", Role.OFFICER)
    outcomes = at_once(4, lambda number: left.confirm(("omar", "oscar")[number % 2]))
    assert outcomes.count(None) == 1
    assert outcomes.count("revoked-already") == 3


@pytest.mark.parametrize(
    "typed",
    [
        "", "#", "1#", "1#-1", "1#+8", "1#8.5", "1 8", "0x1#8", "1#" + "9" * 400, "1#\u0661",
        "{", "[]", "{}", '{"credentialStatus": 1}', '{"credentialStatus": {"statusListIndex": 1}}',
        "https://evil.example/status/1#8", "http://localhost:8001/status/1/2#8",
    ],
)  # fmt: skip
def test_what_names_no_place_of_ours_is_refused(service: Service, typed: str) -> None:
    refused("place", lambda: kept_badges.read_place(typed, body=service.centre.body))


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")


def test_an_officer_finds_it_by_its_place_its_address_or_its_text(service: Service) -> None:
    left = erased(service.centre)
    olga, omar = service.browser("olga"), service.browser("omar")
    number, position = left.place.list_number, left.place.position
    page = f"/officer/erased/{number}/{position}"
    address = f"http://localhost:8001/status/{number}#{position}"
    for typed in (f"{number}#{position}", f" {address} ", left.signed):
        assert olga.post("/officer/erased/", data={"place": typed}).location == page
    shown = olga.get(f"{page}?lang=en").text
    assert "November 2026" in shown
    assert "Technical" in shown or "cleaning" in shown.casefold()
    free = olga.post("/officer/erased/?lang=en", data={"place": f"{number}#{position ^ 1}"})
    assert (free.status_code, "No badge of an erased person" in free.text) == (404, True)
    assert olga.post(page, data={"reason": "fraud"}).status_code == 302
    assert olga.post(f"{page}/confirm").status_code == 403
    assert page in omar.get("/officer/erased/?lang=en").text, "it waits for a second person"
    assert omar.post(f"{page}/confirm").status_code == 302
    assert "Cancelled on" in omar.get(f"{page}?lang=en").text
    assert left.headline() is Headline.NO_LONGER_VALID
    known = service.released("zoe", candidate="juan")
    with service.centre.database.reading() as session:
        places = session.exec(select(StatusEntry)).all()
    taken = [(one.list_number, one.position) for one in places]
    taken.remove((number, position))
    answers = {
        olga.post("/officer/erased/", data={"place": "#".join(map(str, one))}).location
        for one in taken
    }
    assert f"/officer/badges/{known}" in answers, "of somebody known: on the badge's own page"


# --- a stolen key ----------------------------------------------------------------------------


def run(left: Left, since: datetime | None = None) -> stolen_keys.Progress:
    centre = left.centre
    stolen_id = stolen_keys.ask(
        centre.database,
        "key-1",
        since=since,
        officer_id=centre.people["olga"],
        body=centre.body,
        now=LATER,
    )
    with centre.database.reading() as session:
        before = stolen_keys.progress(session, stolen_id).kept
    stolen_keys.confirm(
        centre.database, stolen_id, officer_id=centre.people["omar"], body=centre.body, now=LATER
    )
    stolen_keys.work(centre.database, body=centre.body, clock=lambda: LATER)
    with centre.database.reading() as session:
        told = stolen_keys.progress(session, stolen_id)
    assert told.kept == before
    assert told.stolen.finished_at is not None
    return told


def test_a_stolen_key_cancels_what_it_signed_for_people_who_are_gone(left: Left) -> None:
    left.ask()  # what one person asked is settled by it
    assert run(left).kept == 1
    with left.centre.database.reading() as session:
        place = session.get_one(StatusEntry, (left.place.list_number, left.place.position))
        assert place.revoked_at == LATER
        done = session.exec(select(KeptBadgeChange)).one()
        assert (done.reason, done.requested_by) == ("key_compromise", left.centre.people["olga"])
    assert left.headline() is Headline.FALSE, "the key itself is taken back"
    assert left.nothing_of_the_person()


def test_a_key_used_since_a_moment_cancels_the_month_and_nothing_older(left: Left) -> None:
    month = NOW.replace(day=1, hour=0)
    with left.centre.database.reading() as session:
        assert session.exec(select(KeptBadge)).one().signed_month == month.date()
    assert run(left, since=LATER - timedelta(minutes=1)).kept == 1
    assert left.headline() is Headline.NO_LONGER_VALID


def test_a_key_used_since_another_month_leaves_older_ones(tmp_path: Path) -> None:
    left = erased(open_centre(tmp_path))
    next_month = (NOW + timedelta(days=10)).astimezone(UTC)
    stolen_id = stolen_keys.ask(
        left.centre.database,
        "key-1",
        since=next_month,
        officer_id=left.centre.people["olga"],
        body=left.centre.body,
        now=next_month,
    )
    with left.centre.database.reading() as session:
        assert stolen_keys.progress(session, stolen_id).kept == 0


def test_the_report_says_that_nobody_can_be_told(service: Service) -> None:
    left = erased(service.centre)
    told = run(left)
    olga = service.browser("olga")
    page = olga.get(f"/officer/keys/{told.stolen.id}?lang=en").text
    assert re.search(r"Of people who were erased</dt><dd>1<", page)
    assert "nobody is told" in page
