"""Recordings, photos and observed practicals: who keeps, sees, and marks them, and their end."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from assessment_world import NOW
from award_world import SECRET
from killing import kill_at
from media_files import photo, wav, webm
from media_world import MediaHouse
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import assessment, audit, evidence, observations
from issuer.evidence_tables import Evidence, Observation, RecordingConsent
from issuer.observations import Watching
from issuer.sounds import clean_recording
from issuer.tables import Answer, Appointment, Assessment, AuditEvent, Submission, Table
from web.database import Database
from web.errors import Refused

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def centre(database_url: str) -> MediaHouse:
    return MediaHouse(Database(database_url, Table.metadata, secret=SECRET))


@pytest.fixture
def quick(tmp_path: Path) -> MediaHouse:
    return MediaHouse(Database(f"sqlite:///{tmp_path}/quick.db", Table.metadata, secret=SECRET))


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.code == code


def kept(house: MediaHouse) -> dict[str, str]:
    with house.database.reading() as session:
        return {row.task_id: row.content_type for row in session.exec(select(Evidence))}


def answer(house: MediaHouse, work: UUID, task: str) -> Any:
    with house.database.reading() as session:
        return assessment.answers(session, work).get(task)


def shown(house: MediaHouse, work: UUID, task: str, examiner: UUID) -> evidence.Shown:
    with house.database.reading() as session:
        return evidence.for_examiner(session, work, task, examiner_id=examiner, now=NOW)


def events(house: MediaHouse) -> list[str]:
    with house.database.reading() as session:
        assert audit.broken_at(session) is None
        return list(session.exec(select(AuditEvent.kind).order_by(AuditEvent.number)))


# --- consent ------------------------------------------------------------------------------------


def test_without_a_yes_nothing_is_recorded_and_words_are_enough(quick: MediaHouse) -> None:
    candidate = quick.candidate()
    work = quick.begun(candidate)
    refused("recording-consent", lambda: quick.give(work, "tell", webm()))
    quick.recording(candidate, agreed=False)
    refused("recording-consent", lambda: quick.give(work, "show", photo()))
    for task in ("why", "tell", "show"):
        quick.write(work, task, "I do it like this.")
    with quick.database.transaction() as session:
        assessment.submit(session, session.get_one(Submission, work), quick.framework, now=NOW)
    assert kept(quick) == {}


def test_a_later_no_deletes_what_was_not_sent(quick: MediaHouse) -> None:
    candidate, other = quick.candidate(), quick.candidate("Ana")
    work, others_work = quick.drafted(candidate), quick.drafted(other)
    quick.recording(candidate, agreed=False)
    assert answer(quick, work, "tell") is None
    assert answer(quick, work, "why") == "Because it is dirty."
    with quick.database.reading() as session:
        left = {row.submission_id for row in session.exec(select(Evidence))}
        assert left == {others_work}
        assert len(session.exec(select(RecordingConsent)).all()) == 2
    assert events(quick)[-3:] == ["recording.refused", "evidence.deleted", "evidence.deleted"]


# --- keeping ------------------------------------------------------------------------------------


def test_doing_it_again_keeps_one_file(centre: MediaHouse) -> None:
    work = centre.drafted(centre.candidate())
    assert kept(centre) == {"tell": "audio/webm", "show": "image/jpeg"}
    centre.give(work, "tell", wav(2))
    assert kept(centre)["tell"] == "audio/wav"
    centre.write(work, "tell", "I write it instead.")
    assert kept(centre) == {"show": "image/jpeg"}
    assert answer(centre, work, "tell") == "I write it instead."


def test_a_file_sent_twice_is_kept_once(quick: MediaHouse) -> None:
    work = quick.drafted(quick.candidate())
    before = events(quick)
    quick.give(work, "tell", webm(3), given_at=NOW - timedelta(days=1), now=LATER)
    quick.write(work, "why", "Because it is dirty.", given_at=NOW - timedelta(days=1))
    assert events(quick) == before


def test_the_answer_that_was_given_later_stays(centre: MediaHouse) -> None:
    work = centre.drafted(centre.candidate())
    centre.write(work, "why", "From my new phone.", given_at=LATER, now=LATER)
    refused(
        "newer-answer",
        lambda: centre.write(work, "why", "It waited.", given_at=NOW, now=LATER),
    )
    refused(
        "newer-answer",
        lambda: centre.give(work, "tell", wav(1), given_at=NOW - timedelta(1), now=LATER),
    )
    assert answer(centre, work, "why") == "From my new phone."
    assert kept(centre)["tell"] == "audio/webm"


@pytest.mark.parametrize(
    ("task", "data"),
    [("tell", photo()), ("show", webm()), ("why", photo()), ("do", webm())],
)
def test_a_task_takes_its_own_kind_of_file_only(quick: MediaHouse, task: str, data: bytes) -> None:
    candidate = quick.candidate()
    quick.recording(candidate)
    work = quick.begun(candidate)
    refused("file", lambda: quick.give(work, task, data))
    assert kept(quick) == {}


def test_after_sending_nothing_is_added_changed_or_deleted(quick: MediaHouse) -> None:
    work = quick.sent_with_files(quick.candidate())
    refused("sent-already", lambda: quick.give(work, "tell", wav(2)))
    with quick.database.transaction() as session:
        mine = session.get_one(Submission, work)
        refused(
            "sent-already",
            lambda: assessment.drop_answer(session, mine, quick.task("show"), now=NOW),
        )
    assert kept(quick) == {"tell": "audio/webm", "show": "image/jpeg"}


# --- showing ------------------------------------------------------------------------------------


def test_only_who_may_mark_hears_and_sees(quick: MediaHouse) -> None:
    work = quick.sent_with_files(quick.candidate(contact="maria@home.example"))
    examiner = quick.examiner()
    file = shown(quick, work, "tell", examiner)
    assert (file.content, file.name) == (clean_recording(webm(3)).content, "S-001.webm")
    strangers = [
        ("scope", quick.examiner("Marc", language="fr")),
        ("scope", quick.examiner("Rosa", skill="organising-oneself")),
        ("scope", quick.examiner("Late", lasts=timedelta(hours=1))),
        ("own-work", quick.examiner("M.", contact="Maria@home.example")),
    ]
    for code, person in strangers:
        refused(code, lambda person=person: shown(quick, work, "tell", person))  # type: ignore[misc]
    with quick.database.transaction() as session:
        assessment.declare_conflict(session, work, examiner_id=examiner, now=NOW)
    refused("conflict", lambda: shown(quick, work, "tell", examiner))


def test_another_ones_file_is_as_if_it_never_was(quick: MediaHouse) -> None:
    work, stranger = quick.drafted(quick.candidate()), quick.candidate("Ana")
    with quick.database.reading() as session:
        for submission_id, task_id in ((work, "tell"), (uuid4(), "tell")):
            with pytest.raises(Refused) as refusal:
                evidence.for_candidate(session, submission_id, task_id, candidate_id=stranger)
            assert (refusal.value.code, refusal.value.status) == ("unknown", 404)
    refused("not-open", lambda: shown(quick, work, "tell", quick.examiner()))


def test_after_the_decision_no_examiner_hears_it(quick: MediaHouse) -> None:
    candidate, examiner, other = quick.candidate(), quick.examiner(), quick.examiner("Marc")
    work = quick.sent_with_files(candidate)
    quick.observe(work, examiner)
    quick.mark(work, examiner, 2)
    for person in (examiner, other):
        refused("not-open", lambda person=person: shown(quick, work, "tell", person))  # type: ignore[misc]
    with quick.database.reading() as session:
        own = evidence.for_candidate(session, work, "tell", candidate_id=candidate)
    assert own.content == clean_recording(webm(3)).content


# --- the end ------------------------------------------------------------------------------------


def test_files_are_deleted_ninety_days_after_the_decision(centre: MediaHouse) -> None:
    candidate, examiner = centre.candidate(), centre.examiner()
    work = centre.sent_with_files(candidate)
    centre.observe(work, examiner)
    centre.mark(work, examiner, 2)
    for days, left in ((89, 2), (91, 0)):
        with centre.database.transaction() as session:
            assessment.forget_evidence(session, now=NOW + timedelta(days=days))
        assert len(kept(centre)) == left
    assert events(centre)[-1] == "evidence.deleted"
    with centre.database.reading() as session:
        refused(
            "unknown",
            lambda: evidence.for_candidate(session, work, "tell", candidate_id=candidate),
        )


@pytest.mark.parametrize("end", ["withdrawn", "expired", "dropped"])
def test_files_go_with_their_answers(centre: MediaHouse, end: str) -> None:
    work = centre.drafted(centre.candidate())
    with centre.database.transaction() as session:
        mine = session.get_one(Submission, work)
        if end == "withdrawn":
            assessment.withdraw(session, mine, now=NOW)
        elif end == "expired":
            assessment.expire_drafts(session, now=NOW + timedelta(days=61))
        else:
            for task in ("tell", "show"):
                assessment.drop_answer(session, mine, centre.task(task), now=NOW)
    assert kept(centre) == {}


def test_a_deleted_file_leaves_no_bytes_in_the_database(tmp_path: Path) -> None:
    house = MediaHouse(Database(f"sqlite:///{tmp_path}/quiet.db", Table.metadata, secret=SECRET))
    work = house.drafted(house.candidate())
    with house.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"A_OPUS" in (tmp_path / "quiet.db").read_bytes()
    with house.database.transaction() as session:
        assessment.withdraw(session, session.get_one(Submission, work), now=NOW)
    with house.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = b"".join(path.read_bytes() for path in tmp_path.glob("quiet.db*"))
    assert b"A_OPUS" not in content


@pytest.mark.parametrize("step", ["read", "kept"])
@pytest.mark.parametrize("before", [None, "audio/webm"])
def test_killed_while_a_recording_is_kept_what_was_there_stays(
    tmp_path: Path, step: str, before: str | None
) -> None:
    house = MediaHouse(Database(f"sqlite:///{tmp_path}/quiet.db", Table.metadata, secret=SECRET))
    candidate = house.candidate()
    house.recording(candidate)
    work = house.begun(candidate)
    if before:
        house.give(work, "tell", webm(2))
    told = events(house)
    driver = Path(__file__).parents[1] / "evidence_kill_driver.py"
    kill_at(step, [driver, tmp_path, work, step])
    assert kept(house).get("tell") == before
    assert answer(house, work, "tell") == (before and {"file": "speak"})
    assert events(house) == told
    house.give(work, "tell", wav(5))
    assert kept(house) == {"tell": "audio/wav"}


def test_database_keeps_no_file_without_its_answer(centre: MediaHouse) -> None:
    candidate = centre.candidate()
    centre.recording(candidate)
    work = centre.begun(candidate)
    values = {"submission_id": work, "task_id": "tell", "source_hash": "x"}
    files = [
        {"content_type": "audio/webm", "content": b"x"},
        {"content_type": "image/svg+xml", "content": b"x"},
        {"content_type": "audio/webm", "content": b""},
        {"content_type": "audio/webm", "content": b"x" * 6_000_001},
    ]
    for number, columns in enumerate(files):
        if number:
            centre.write(work, "tell", f"an answer {number}")
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Evidence(**values, **columns))
    assert kept(centre) == {}


# --- observed practicals ------------------------------------------------------------------------


def test_a_practical_is_no_answer_of_the_candidate(quick: MediaHouse) -> None:
    work = quick.sent_with_files(quick.candidate())  # sent without it
    refused("sent-already", lambda: quick.write(work, "do", "I did it."))
    draft = quick.drafted(quick.candidate("Ana"))
    refused("answer", lambda: quick.write(draft, "do", "I did it."))


def test_without_its_observation_a_file_is_not_marked(centre: MediaHouse) -> None:
    work, examiner = centre.sent_with_files(centre.candidate()), centre.examiner()
    centre.observes = False
    refused("not-observed", lambda: centre.mark(work, examiner, 2))
    centre.observe(work, examiner)
    assert centre.mark(work, examiner, 2).level == 2
    assert events(centre).count("observation.recorded") == 1


def test_who_may_not_mark_may_not_observe(quick: MediaHouse) -> None:
    candidate = quick.candidate(contact="maria@home.example")
    work, examiner = quick.sent_with_files(candidate), quick.examiner()
    for code, person in (
        ("scope", quick.examiner("Marc", language="fr")),
        ("scope", quick.examiner("Late", lasts=timedelta(hours=1))),
        ("own-work", quick.examiner("M.", contact="maria@home.example")),
        ("own-work", candidate),
    ):
        refused(code, lambda person=person: quick.observe(work, person))  # type: ignore[misc]
    with quick.database.transaction() as session:
        assessment.declare_conflict(session, work, examiner_id=examiner, now=NOW)
    refused("conflict", lambda: quick.observe(work, examiner))
    refused("not-open", lambda: quick.observe(quick.drafted(quick.candidate("Ana")), examiner))
    assert "observation.recorded" not in events(quick)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"seen": {}}, {"seen-gloves", "seen-water"}),
        ({"seen": {"gloves": "seen", "water": "maybe"}}, {"seen-water"}),
        ({"seen": {"gloves": "not_seen", "water": "seen"}}, {"note"}),
        ({"note": "x" * 1_001}, {"note"}),
        ({"observed_on": None}, {"observed_on"}),
        ({"observed_on": NOW.date() + timedelta(days=1)}, {"observed_on"}),
        ({"observed_on": NOW.date() - timedelta(days=1)}, {"observed_on"}),
    ],
)
def test_an_incomplete_observation_is_refused(
    quick: MediaHouse, changes: dict[str, Any], wrong: set[str]
) -> None:
    work, examiner = quick.sent_with_files(quick.candidate()), quick.examiner()
    given: dict[str, Any] = {
        "seen": {"gloves": "seen", "water": "seen"},
        "note": "",
        "observed_on": NOW.date(),
    }
    watching = Watching(**{**given, **changes})
    problems = observations.check_watching(
        quick.task("do"), watching, quick.submission(work), now=NOW
    )
    assert set(problems) == wrong
    refused("observation", lambda: quick.observe(work, examiner, **changes))


def test_an_observation_is_written_once_and_never_changes(centre: MediaHouse) -> None:
    work, examiner = centre.sent_with_files(centre.candidate()), centre.examiner()
    centre.observe(work, examiner)
    refused("observed", lambda: centre.observe(work, centre.examiner("Marc")))

    def change() -> None:
        with centre.database.transaction() as session:
            row = session.exec(select(Observation)).one()
            row.note = "better than I said"
            session.add(row)

    def delete() -> None:
        with centre.database.transaction() as session:
            session.delete(session.exec(select(Observation)).one())

    for act in (change, delete):
        with pytest.raises(DatabaseError):
            act()


def test_database_refuses_marks_before_the_observation(centre: MediaHouse) -> None:
    candidate, examiner = centre.candidate(), centre.examiner()
    work = centre.sent_with_files(candidate)
    with centre.database.reading() as session:
        appointment = session.exec(select(Appointment.id)).one()
    marks = {
        "submission_id": work,
        "candidate_id": candidate,
        "examiner_id": examiner,
        "appointment_id": appointment,
        "ordinal": 1,
        "marks": {},
        "notes": {},
        "proposed_level": 2,
        "aimed_level": 3,
        "submitted_at": NOW,
    }
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.add(Assessment(**marks))
    centre.observe(work, examiner)
    with centre.database.transaction() as session:
        session.add(Assessment(**marks))


def test_database_refuses_an_observation_of_oneself_or_of_nothing(centre: MediaHouse) -> None:
    candidate, examiner = centre.candidate(), centre.examiner()
    work = centre.sent_with_files(candidate)
    with centre.database.reading() as session:
        appointment = session.exec(select(Appointment.id)).one()
    draft = centre.drafted(centre.candidate("Ana"))
    for changes in (
        {"examiner_id": candidate},
        {"candidate_id": examiner},
        {"task_id": "tell"},  # nothing to watch
        {"submission_id": draft},  # nothing was sent
    ):
        values = {
            "submission_id": work,
            "task_id": "do",
            "candidate_id": candidate,
            "examiner_id": examiner,
            "appointment_id": appointment,
            "seen": {},
            "note": "",
            "observed_on": NOW.date(),
            "recorded_at": NOW,
            **changes,
        }
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Observation(**values))


def test_answers_stay_while_the_observation_is_a_record(quick: MediaHouse) -> None:
    work, examiner = quick.sent_with_files(quick.candidate()), quick.examiner()
    quick.observe(work, examiner)
    quick.mark(work, examiner, 2)
    with quick.database.transaction() as session:
        assessment.forget_evidence(session, now=NOW + timedelta(days=91))
    with quick.database.reading() as session:
        assert session.exec(select(Answer)).all() == []
        assert set(observations.observations(session, work)) == {"do"}
