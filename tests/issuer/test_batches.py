"""Many releases in one step: each once, whatever stops in between, errors named row by row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from award_world import NOW, Centre, Service, at_once, open_centre, open_service
from killing import killed_at, restart
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import awards, batches, erasure, issuing, notices
from issuer.audit import broken_at
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.background import Worker
from issuer.batch_tables import Batch, BatchRow, RowState
from issuer.issuing import Pause, carry_on
from issuer.notice_tables import Notice
from issuer.tables import Decision, Role, Submission, SubmissionState
from web.errors import Refused


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


def start(centre: Centre, officer: str = "olga") -> UUID:
    officer_id = centre.person(officer, Role.OFFICER)
    return batches.start(centre.database, officer_id=officer_id, now=NOW)


def work(centre: Centre, pause: Pause = carry_on) -> int:
    return batches.work(centre.database, body=centre.body, clock=lambda: NOW, pause=pause)


def once_at(step: str, act: Callable[[], object]) -> Pause:
    """Give a pause in which something happens, the first time at a step."""
    left = [act]

    def pause(at: str) -> None:
        if at == step and left:
            left.pop()()

    return pause


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
    centre.decided_many(60)
    for name in ("olga", "omar"):
        centre.person(name, Role.OFFICER)
    started = at_once(4, lambda place: start(centre, ("olga", "omar")[place % 2]))
    assert sum(isinstance(one, UUID) for one in started) == 1
    settled = at_once(3, lambda _: work(centre))
    assert sum(int(str(one)) for one in settled) == 60
    assert rows(centre) == {60}
    with centre.database.reading() as session:
        assert set(session.exec(select(BatchRow.state))) == {RowState.RELEASED}
        assert broken_at(session) is None


def test_one_that_the_database_refuses_neither_stops_nor_undoes_others(centre: Centre) -> None:
    for name in ("maria", "juan"):
        centre.decided(name)
    centre.decided("ana", level=1, unnamed=("eva2",))  # refused by the database
    batch = start(centre)
    assert work(centre) == 3
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (2, 1, 0)
    assert [alias for alias, _ in progress.reasons] == ["X-ana"]
    assert rows(centre) == {2}
    with centre.database.reading() as session:
        assert broken_at(session) is None


def test_one_that_cannot_be_built_neither_stops_nor_undoes_others(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("maria", "juan", "ana"):
        centre.decided(name, level=3 if name == "ana" else 2, examiners=("eva", "eva2"))
    badge = issuing.Press.badge

    def broken(press: Any, content: Any) -> Any:
        if content.level == 3:
            raise LookupError("the framework lost it")
        return badge(press, content)

    monkeypatch.setattr(issuing.Press, "badge", broken)
    batch = start(centre)
    work(centre)
    assert told(centre, batch).reasons == (("X-ana", "This badge cannot be made now."),)
    assert rows(centre) == {2}


def test_what_is_taken_between_the_check_and_the_release_is_not_released(centre: Centre) -> None:
    appealed, faster = centre.decided("maria"), centre.decided("juan")
    centre.decided("ana")
    gone = centre.person("leo")
    centre.decided("leo")
    omar = centre.person("omar", Role.OFFICER)
    batch = start(centre)

    def meanwhile() -> None:
        with centre.database.transaction() as session:
            file = session.get_one(Decision, appealed).submission_id
            session.get_one(Submission, file).state = SubmissionState.APPEALED
        awards.release(centre.database, faster, officer_id=omar, body=centre.body, now=NOW)
        erasure.erase(
            centre.database,
            gone,
            keep_badges=False,
            end_open_work=True,
            by=gone,
            body=centre.body,
            now=NOW,
        )

    work(centre, once_at("ready", meanwhile))
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (1, 2, 0)
    assert dict(progress.reasons) == {
        "X-maria": "Other examiners look at it again, or did.",
        "X-juan": "This was released already.",
    }
    assert rows(centre) == {2}


def test_what_is_appealed_waits_for_no_batch(centre: Centre) -> None:
    centre.decided()
    centre.change(Submission, state=SubmissionState.APPEALED)
    with pytest.raises(Refused) as refused:
        start(centre)
    assert refused.value.code == "nothing-waits"


def test_more_releases_are_no_more_statements(centre: Centre) -> None:
    asked = []
    for engine in {centre.database.engine, centre.database._looking}:
        event.listen(engine, "before_cursor_execute", lambda *what: asked.append(what[2]))
    numbers = []
    for files in (2, 20):
        centre.decided_many(files, examiner=f"eva-{files}")
        start(centre)
        asked.clear()
        assert work(centre) == files
        numbers.append(len(asked))
    assert numbers[1] <= numbers[0], "one more only for a list that is begun"


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


@pytest.mark.parametrize("step", ["ready", "approved", "intended", "offered", "marked", "released"])
def test_killed_in_the_middle_a_batch_goes_on_after_a_restart(tmp_path: Path, step: str) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    for number in range(3):
        centre.decided(f"person-{number}", level=1)
        with centre.database.transaction() as session:
            notices.open_mailbox(
                session,
                centre.people[f"person-{number}"],
                f"p{number}@mail.example",
                language="en",
                now=NOW,
            )
    batch = start(centre)
    killed_at(tmp_path, "batch", batch, step)
    assert told(centre, batch).released == (3 if step == "released" else 0)
    assert rows(centre) == {told(centre, batch).released}
    restart(tmp_path).extensions["batch_worker"].wait(120)
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (3, 0, 0)
    assert rows(centre) == {3}
    assert centre.count(Notice) == 3, "nobody is told twice"


@pytest.mark.parametrize("step", ["approved:2", "intended:2", "released-alone:2"])
def test_killed_while_the_rows_go_one_by_one_it_goes_on_as_well(tmp_path: Path, step: str) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    for number in range(3):
        centre.decided(f"person-{number}", level=1)
    centre.decided("ana", level=1, unnamed=("eva2",))  # refused by the database
    batch = start(centre)
    killed_at(tmp_path, "batch", batch, step)
    assert told(centre, batch).waiting > 0
    restart(tmp_path).extensions["batch_worker"].wait(120)
    progress = told(centre, batch)
    assert (progress.released, progress.refused, progress.waiting) == (3, 1, 0)
    assert rows(centre) == {3}
    with centre.database.reading() as session:
        assert broken_at(session) is None


def test_killed_half_way_of_a_large_batch_none_is_missing_and_none_twice(tmp_path: Path) -> None:
    files = 120
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    centre.decided_many(files)
    batch = start(centre)
    killed_at(tmp_path, "batch", batch, "released:3")
    assert told(centre, batch).released == 75
    restart(tmp_path).extensions["batch_worker"].wait(120)
    assert told(centre, batch).released == files
    assert rows(centre) == {files}
    with centre.database.reading() as session:
        assert len(set(session.exec(select(Award.decision_id)))) == files
        assert len(set(session.exec(select(StatusEntry.position)))) == files
        assert broken_at(session) is None


def test_what_comes_while_the_work_ends_does_not_lie_until_the_next_start() -> None:
    waiting, done = ["first"], []

    def work() -> int:
        done.append(waiting.pop())
        if done == ["first"]:  # an officer's click, when the worker has looked for the last time
            waiting.append("second")
            worker.wake()
        return 1

    worker = Worker("batches", waits=lambda: bool(waiting), work=work)
    worker.wake()
    worker.wait(60)
    assert done == ["first", "second"]


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
    service.app.extensions["batch_worker"].wait(120)
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
