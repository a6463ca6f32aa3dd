"""Many releases in one step: each once, whatever stops in between, errors named row by row."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from award_world import NOW, Centre, Service, at_once, open_centre, open_service
from killing import killed_at, restart
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import awards, batches
from issuer.audit import broken_at
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.batch_tables import Batch, BatchRow, RowState
from issuer.tables import Role
from web.errors import Refused


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


def start(centre: Centre, officer: str = "olga") -> UUID:
    officer_id = centre.person(officer, Role.OFFICER)
    return batches.start(centre.database, officer_id=officer_id, now=NOW)


def work(centre: Centre) -> int:
    return batches.work(centre.database, body=centre.body, clock=lambda: NOW)


def told(centre: Centre, batch_id: UUID) -> batches.Progress:
    with centre.database.reading() as session:
        return batches.progress(session, batch_id)


def rows(centre: Centre) -> set[int]:
    return {centre.count(table) for table in (Award, Credential, StatusEntry, Offer)}


# --- attacks ---------------------------------------------------------------------------------


def test_what_the_officer_marked_is_named_and_the_rest_goes_on(centre: Centre) -> None:
    for name in ("maria", "juan"):
        centre.decided(name)
    centre.decided("ana", examiners=("olga",))
    centre.decided("olga", examiners=("eva",))
    batch = start(centre)
    assert work(centre) == 4
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (2, 2, 0)
    reasons = dict(progress.reasons)
    assert reasons["X-ana"].startswith("You marked this work.")
    assert reasons["X-olga"].startswith("This is your own work.")
    assert rows(centre) == {2}


def test_two_officers_at_once_release_each_badge_once(centre: Centre) -> None:
    for number in range(6):
        centre.decided(f"person-{number}", level=1)
    for name in ("olga", "omar"):
        centre.person(name, Role.OFFICER)
    started = at_once(4, lambda place: start(centre, ("olga", "omar")[place % 2]))
    assert sum(isinstance(one, UUID) for one in started) == 1
    at_once(3, lambda _: work(centre))
    assert rows(centre) == {6}
    with centre.database.reading() as session:
        assert set(session.exec(select(BatchRow.state))) == {RowState.RELEASED}
        assert broken_at(session) is None


def test_a_decision_released_by_somebody_else_meanwhile_is_named(centre: Centre) -> None:
    decision = centre.decided()
    batch = start(centre)
    awards.release(
        centre.database,
        decision,
        officer_id=centre.person("omar", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )
    work(centre)
    assert told(centre, batch).reasons == (("X-maria", "This was released already."),)
    assert rows(centre) == {1}


def test_nothing_to_release_starts_no_batch(centre: Centre) -> None:
    centre.decided(level=None)
    with pytest.raises(Refused):
        start(centre)
    centre.decided("juan")
    start(centre)
    with pytest.raises(Refused):
        start(centre)
    assert centre.count(Batch) == 1


def test_a_batch_has_a_most(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_ROWS", 2)
    for name in ("maria", "juan", "ana"):
        centre.decided(name)
    assert told(centre, start(centre)).total == 2


def test_the_database_refuses_a_decision_in_two_batches(centre: Centre) -> None:
    decision = centre.decided()
    start(centre)
    with pytest.raises(IntegrityError), centre.database.transaction() as session:
        batch = Batch(officer_id=centre.person("olga"), created=NOW)
        session.add(batch)
        session.flush()
        session.add(BatchRow(batch_id=batch.id, place=1, decision_id=decision))


# --- kill -9 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["approved", "intended", "offered", "released"])
def test_killed_in_the_middle_a_batch_goes_on_after_a_restart(tmp_path: Path, step: str) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    for number in range(3):
        centre.decided(f"person-{number}", level=1)
    batch = start(centre)
    killed_at(tmp_path, "batch", batch, step)
    assert told(centre, batch).waiting == 3
    restart(tmp_path).extensions["batch_worker"].wait(20)
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (3, 0, 0)
    assert rows(centre) == {3}


def test_killed_half_way_of_a_large_batch_none_is_missing_and_none_twice(tmp_path: Path) -> None:
    files = 120
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    centre.decided_many(files)
    batch = start(centre)
    killed_at(tmp_path, "batch", batch, "released:60")
    assert told(centre, batch).released == 59
    restart(tmp_path).extensions["batch_worker"].wait(120)
    assert told(centre, batch).released == files
    assert rows(centre) == {files}
    with centre.database.reading() as session:
        assert len(set(session.exec(select(Award.decision_id)))) == files
        assert len(set(session.exec(select(StatusEntry.position)))) == files
        assert broken_at(session) is None


# --- pages -----------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")


def test_officer_releases_all_and_sees_how_far_it_is(service: Service) -> None:
    olga = service.browser("olga", Role.OFFICER, Role.EXAMINER)
    for name in ("maria", "juan"):
        service.centre.decided(name)
    service.centre.decided("ana", examiners=("olga",))
    assert "Release all that wait: 3" in olga.get("/officer/?lang=en").text
    answer = olga.post("/officer/batches/")
    assert answer.status_code == 302
    service.app.extensions["batch_worker"].wait(20)
    page = olga.get(answer.headers["Location"]).text
    assert "3 of 3 done" in page
    assert "<bdi>X-ana</bdi>: You marked this work." in page
    assert answer.headers["Location"] in olga.get("/officer/").text
    assert olga.post("/officer/batches/").status_code == 302  # what was refused is tried again


def test_queue_shows_a_page_and_says_how_many_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.views.officer._MOST_SHOWN", 2)
    for name in ("maria", "juan", "ana"):
        service.centre.decided(name)
    page = service.browser("olga", Role.OFFICER).get("/officer/?lang=en").text
    assert page.count('name="decision"') == 2
    assert "You see the first 2 of 3." in page


def test_only_officers_reach_batches(service: Service) -> None:
    service.centre.decided()
    browsers = [(service.browser(), 401), (service.browser("maria", Role.CANDIDATE), 403)]
    for browser, status in browsers:
        assert browser.post("/officer/batches/").status_code == status
        assert browser.get(f"/officer/batches/{uuid4()}").status_code == status
        assert browser.post(f"/officer/batches/{uuid4()}/go-on").status_code == status
    assert service.centre.count(Batch) == 0
    olga = service.browser("olga", Role.OFFICER)
    assert olga.get(f"/officer/batches/{uuid4()}").status_code == 404
