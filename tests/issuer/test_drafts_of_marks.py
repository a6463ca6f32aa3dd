"""Marks on their way: saved for one examiner, blind for others; what candidates read of them."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import NOW, House, house
from award_world import open_service
from flask.testing import FlaskClient
from saying import said
from sqlalchemy.exc import DatabaseError
from sqlmodel import select
from werkzeug.test import TestResponse

from issuer import accounts, advice, assessment, drafts_of_marks, own_figures, queue_filters
from issuer.assessment import Marking
from issuer.drafts_of_marks import Typed
from issuer.marks_tables import MarkingTime, MarksDraft, ShownNote
from issuer.sampling import NO_SAMPLING
from issuer.tables import Submission
from web.errors import Refused

HALF = Typed(Marking({"order": 2, "safety": 9}, {"order": "secret thought"}, -1), language="es")


@pytest.fixture
def quick(tmp_path: Path) -> House:
    return house(f"sqlite:///{tmp_path}/quick.db")


def save(quick: House, file: UUID, examiner: UUID, typed: Typed = HALF) -> None:
    with quick.database.transaction() as session:
        drafts_of_marks.save(session, file, typed, examiner_id=examiner, now=NOW)


def hand_in(quick: House, file: UUID, examiner: UUID, typed: Typed, minutes: int = 0) -> None:
    with quick.database.transaction() as session:
        drafts_of_marks.hand_in(
            session,
            file,
            typed,
            quick.framework,
            examiner_id=examiner,
            sampling=NO_SAMPLING,
            now=NOW + timedelta(minutes=minutes),
        )


def drafts(quick: House) -> list[MarksDraft]:
    with quick.database.reading() as session:
        return list(session.exec(select(MarksDraft)))


# --- saved for later ----------------------------------------------------------------------------


def test_a_draft_is_its_examiners_alone_and_ends_with_the_marks(quick: House) -> None:
    file = quick.sent(quick.candidate())
    eva, rosa = quick.examiner("Eva"), quick.examiner("Rosa")
    save(quick, file, eva)
    with quick.database.reading() as session:
        mine = drafts_of_marks.saved(session, file, examiner_id=eva)
        assert mine is not None
        assert mine.marking.marks == {"order": 2}, "a mark that does not exist is not kept"
        assert mine.marking.notes == {"order": "secret thought"}
        assert drafts_of_marks.saved(session, file, examiner_id=rosa) is None
    hand_in(quick, file, eva, Typed(quick.marking(2)))
    assert drafts(quick) == []


def test_a_draft_does_not_decide_or_count_as_marks(quick: House) -> None:
    file, eva = quick.sent(quick.candidate()), quick.examiner("Eva")
    save(quick, file, eva, Typed(quick.marking(3)))
    assert quick.submission(file).state == "sent"
    with quick.database.reading() as session:
        assert assessment.own_assessment(session, file, examiner_id=eva) is None


def test_nobody_saves_for_a_file_they_may_not_mark(quick: House) -> None:
    candidate = quick.candidate()
    file = quick.sent(candidate)
    for who in (candidate, quick.examiner("Marc", language="fr")):
        with pytest.raises(Refused):
            save(quick, file, who)
    assert drafts(quick) == []


def test_drafts_of_files_that_nobody_can_mark_any_more_are_deleted(quick: House) -> None:
    file = quick.sent(quick.candidate())
    eva, rosa = quick.examiner("Eva"), quick.examiner("Rosa")
    save(quick, file, rosa)
    quick.mark(file, eva, 2)
    with quick.database.transaction() as session:
        assert drafts_of_marks.forget_useless(session) == 1
    assert drafts(quick) == []


# --- what the candidate reads -------------------------------------------------------------------


def test_a_note_is_shown_only_where_its_examiner_allowed_it(quick: House) -> None:
    file, eva = quick.sent(quick.candidate()), quick.examiner("Eva")
    marking = Marking(
        dict.fromkeys(quick.framework.skills["technical-cleaning"].criteria, 1),
        {name: f"about {name}" for name in quick.framework.skills["technical-cleaning"].criteria},
        1,
    )
    shown = next(iter(marking.marks))
    hand_in(quick, file, eva, Typed(marking, frozenset({shown, "nothing"}), "es"))
    with quick.database.reading() as session:
        submission = session.get_one(Submission, file)
        decision = assessment.decision_of(session, file)
        lines = advice.advice(session, quick.framework, submission, decision, language="fr")
    notes = [note for line in lines for note in line.notes]
    assert [(note.text, note.language) for note in notes] == [(f"about {shown}", "es")]
    french = {line.name for line in quick.framework.rubric("technical-cleaning", "fr")}
    assert {line.name for line in lines} == french
    assert all(line.well and line.next for line in lines)
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        session.exec(select(ShownNote)).one().criterion = "safety"


def test_nothing_is_said_before_the_decision(quick: House) -> None:
    file, eva = quick.sent(quick.candidate()), quick.examiner("Eva")
    quick.mark(file, eva, 3)
    with quick.database.reading() as session:
        submission = session.get_one(Submission, file)
        decision = assessment.decision_of(session, file)
        assert advice.advice(session, quick.framework, submission, decision, language="en") == []


# --- one's own figures --------------------------------------------------------------------------


def test_own_figures_count_decided_files_only_and_no_night(quick: House) -> None:
    eva, rosa = quick.examiner("Eva"), quick.examiner("Rosa")
    first, second = quick.sent(quick.candidate()), quick.sent(quick.candidate("Ana"))
    hand_in(quick, first, eva, Typed(quick.marking(3), opened=NOW), minutes=20)
    with quick.database.reading() as session:
        assert own_figures.own_figures(session, eva).pairs == 0, "the other has not marked"
    hand_in(quick, first, rosa, Typed(quick.marking(2), opened=NOW), minutes=10)
    hand_in(quick, second, eva, Typed(quick.marking(1), opened=NOW - timedelta(days=1)))
    with quick.database.reading() as session:
        mine = own_figures.own_figures(session, eva)
        theirs = own_figures.own_figures(session, rosa)
        assert len(session.exec(select(MarkingTime)).all()) == 2
    assert (mine.pairs, mine.same_level, mine.severity, mine.minutes) == (1, 0.0, 1.0, 20)
    assert (theirs.severity, theirs.minutes) == (-1.0, 10)


# --- the pages ----------------------------------------------------------------------------------


@pytest.fixture
def stand(tmp_path: Path) -> tuple[House, "Door"]:
    service = open_service(tmp_path)
    found = House(service.centre.database)
    return found, Door(service.app, found)


class Door:
    """Lets people of a house in."""

    def __init__(self, app: object, found: House) -> None:
        self.app, self.house = app, found

    def __call__(self, person: UUID) -> FlaskClient:
        client: FlaskClient = self.app.test_client()  # type: ignore[attr-defined]
        client.environ_base["HTTP_ACCEPT"] = "text/html"
        with self.house.database.transaction() as session:
            code = accounts.invite(session, person, now=NOW)
        assert client.post("/enter", data={"code": code}).status_code == 302
        return client


def complete(found: House, level: int, **more: str) -> dict[str, str]:
    marking = found.marking(level)
    return {
        **{f"mark-{name}": str(mark) for name, mark in marking.marks.items()},
        **{f"note-{name}": note for name, note in marking.notes.items()},
        "level": str(level),
        "no_conflict": "yes",
        **more,
    }


def test_saved_marks_are_there_again_without_script_and_for_nobody_else(
    stand: tuple[House, Door],
) -> None:
    found, door = stand
    file = found.sent(found.candidate())
    eva, rosa = door(found.examiner("Eva")), door(found.examiner("Rosa"))
    answer = eva.post(
        f"/examiner/files/{file}/later", data={"mark-order": "2", "note-order": "secret thought"}
    )
    assert answer.status_code == 302
    assert "secret thought" in eva.get(f"/examiner/files/{file}").text
    for page in (f"/examiner/files/{file}", "/examiner/", "/examiner/mine"):
        assert "secret thought" not in rosa.get(page).text
    assert "You began it." in eva.get("/examiner/").text
    assert "You began it." not in rosa.get("/examiner/").text


def advice_in(answer: TestResponse) -> bool:
    assert answer.status_code < 500
    return "What most examiners expect" in answer.text or "Only advice" in answer.text


def test_automatic_advice_is_seen_by_nobody_before_their_own_marks(
    stand: tuple[House, Door],
) -> None:
    """GDPR art. 22, rule 8: by no page and no address, also for a second, blind examiner."""
    found, door = stand
    candidate = found.candidate()
    file = found.sent(candidate)
    eva_id, rosa_id = found.examiner("Eva"), found.examiner("Rosa")
    eva, rosa = door(eva_id), door(rosa_id)
    pages = (
        f"/examiner/files/{file}",
        f"/examiner/done/{file}",
        f"/examiner/files/{file}/back",
        "/examiner/mine",
        "/examiner/rubric",
        "/examiner/",
    )
    for client in (eva, rosa):
        assert not any(advice_in(client.get(page)) for page in pages)
    # saving, or handing in half of it, is not marking
    eva.post(f"/examiner/files/{file}/later", data=complete(found, 3))
    assert eva.post(f"/examiner/files/{file}", data={"mark-order": "1"}).status_code == 422
    assert not any(advice_in(eva.get(page)) for page in pages)
    assert eva.post(f"/examiner/files/{file}", data=complete(found, 3)).status_code == 302
    assert advice_in(eva.get(f"/examiner/done/{file}"))
    assert not any(advice_in(rosa.get(page)) for page in pages), "the second look is blind"
    assert "more practice" not in rosa.get(f"/examiner/files/{file}").text
    assert not advice_in(door(candidate).get(f"/me/work/{file}"))


def test_the_word_failed_is_on_no_page_of_a_not_yet(stand: tuple[House, Door]) -> None:
    found, door = stand
    candidate = found.candidate()
    file, client = found.sent(candidate), door(candidate)
    found.mark(file, found.examiner("Eva"), 0)
    words = {"en": ("fail",), "fr": ("échou", "échec", "raté"), "es": ("suspens", "fracas", "fall")}
    for language, forbidden in words.items():
        for page in (f"/me/work/{file}", f"/me/work/{file}/again", "/me/"):
            text = said(client.get(f"{page}?lang={language}").text).casefold()
            assert not any(word in text for word in forbidden), page
    assert "You do this well" in client.get(f"/me/work/{file}?lang=en").text


def test_the_queue_is_chosen_from_and_never_grows_by_it(quick: House) -> None:
    old, new = quick.sent(quick.candidate()), quick.sent(quick.candidate("Ana"))
    with quick.database.reading() as session:
        files = [session.get_one(Submission, one) for one in (old, new)]
    for asked, expected in (
        ({}, 2),
        ({"skill": "technical-cleaning", "language": "es", "look": "first"}, 2),
        ({"skill": "organising-oneself"}, 0),
        ({"language": "fr"}, 0),
        ({"look": "again"}, 0),
        ({"days": "7"}, 0),
        ({"level": "3"}, 2),
        ({"level": "1"}, 0),
        ({"level": "9"}, 2),
        ({"days": "-1", "look": "<script>"}, 2),
    ):
        filters = queue_filters.read_filters(asked)  # type: ignore[arg-type]
        assert len(queue_filters.chosen(files, filters, now=NOW)) == expected, asked
    filters = queue_filters.read_filters({"days": "7"})
    assert len(queue_filters.chosen(files, filters, now=NOW + timedelta(days=7))) == 2


def test_examiners_office_and_candidates_pages_are_kept_apart(stand: tuple[House, Door]) -> None:
    found, door = stand
    candidate = found.candidate()
    file, stranger = found.sent(candidate), door(found.candidate("Ana"))
    client, eva = door(candidate), door(found.examiner("Eva"))
    for address in ("again", "pieces", "pieces/order", "early"):
        assert stranger.get(f"/me/work/{file}/{address}").status_code == 404
        assert eva.get(f"/me/work/{file}/{address}").status_code == 403
    for address in ("again", "pieces/order", "pieces/send", "early"):
        assert stranger.post(f"/me/work/{file}/{address}").status_code == 404
    for who in (client, eva):
        assert who.get("/faults/").status_code == 403
        assert who.post("/faults/", data={"file": "S-001"}).status_code == 403
    for address in (f"/examiner/files/{file}/later", f"/examiner/files/{file}/back"):
        assert client.post(address).status_code == 403
    assert found.submission(file).state == "sent"
