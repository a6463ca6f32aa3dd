"""The pages on which people record, photograph, check, hear and observe: doors and bad input."""

import io
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from assessment_world import NOW
from flask import Flask
from flask.testing import FlaskClient
from media_files import HTML, PLACE, photo, photo_with_place, wav, webm
from media_world import MediaHouse, client_of, house_of, media_app
from saying import said
from sqlmodel import select
from werkzeug.test import TestResponse
from world import Clock

from issuer.evidence import MAX_UPLOAD_BYTES
from issuer.evidence_tables import Evidence
from issuer.tables import Answer


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = media_app(tmp_path, Clock(NOW), base_url="http://localhost:8001")
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def centre(app: Flask) -> MediaHouse:
    return house_of(app)


@pytest.fixture
def candidate(centre: MediaHouse) -> UUID:
    return centre.candidate()


@pytest.fixture
def work(centre: MediaHouse, candidate: UUID) -> UUID:
    return centre.begun(candidate)


@pytest.fixture
def client(app: Flask, centre: MediaHouse, candidate: UUID, work: UUID) -> FlaskClient:
    return client_of(app, centre, candidate)


def send(
    client: FlaskClient, work: UUID, task: str, *files: tuple[bytes, str], **fields: str
) -> TestResponse:
    sent = [(io.BytesIO(data), name) for data, name in files]
    return client.post(f"/me/work/{work}/tasks/{task}/file", data={"file": sent, **fields})


def kept(centre: MediaHouse) -> dict[str, str]:
    with centre.database.reading() as session:
        return {row.task_id: row.content_type for row in session.exec(select(Evidence))}


def test_recording_is_asked_for_once_and_a_no_leads_to_words(
    client: FlaskClient, work: UUID, centre: MediaHouse
) -> None:
    address = f"/me/work/{work}/tasks/tell"
    assert "May we keep your voice" in client.get(address).text
    assert client.post(f"{address}/recording", data={"agreed": "no"}).status_code == 302
    page = client.get(address).text
    assert "May we keep your voice" not in page
    assert 'type="file"' not in page
    assert send(client, work, "tell", answer="I tell it here.").status_code == 302
    assert send(client, work, "tell", (webm(), "a.webm")).status_code == 403
    client.post(f"{address}/recording", data={"agreed": "yes"})
    assert 'type="file"' in client.get(address).text
    assert kept(centre) == {}


def test_a_file_is_known_by_its_content_whatever_it_is_called(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    for name in ("../../etc/passwd", "C:\\x.exe", "a\0b.html", "x" * 4_000, "é.png"):
        assert send(client, work, "show", (photo(), name)).status_code == 302
    assert kept(centre) == {"show": "image/jpeg"}
    for data, name in ((HTML, "me.jpg"), (webm(), "me.jpg"), (b"MZ", "me.png")):
        answer = send(client, work, "show", (data, name))
        assert answer.status_code == 415
        assert 'role="alert"' in answer.text


def test_what_is_served_is_data_and_nothing_else(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    send(client, work, "show", (photo_with_place() + HTML, "me.html"))
    answer = client.get(f"/me/work/{work}/tasks/show/file")
    assert answer.mimetype == "image/jpeg"
    assert PLACE.encode() not in answer.data
    assert HTML not in answer.data
    headers = answer.headers
    assert headers["Content-Disposition"] == "attachment; filename=S-001.jpg"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "ETag" not in headers
    assert "Last-Modified" not in headers


def test_a_phone_can_ask_for_a_part_of_a_recording(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    send(client, work, "tell", (wav(), "x"))
    answer = client.get(f"/me/work/{work}/tasks/tell/file", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.data) == (206, b"RIFF")


def test_two_files_none_and_empty_ones_are_refused_in_words(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    for files in (((wav(), "a"), (webm(), "b")), (), ((b"", ""),), ((b"", "empty.wav"),)):
        answer = send(client, work, "tell", *files)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert kept(centre) == {}


def test_only_uploads_may_be_large(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    large = wav(60, rate=48_000)  # 2.9 MB
    assert send(client, work, "tell", (large, "a.wav")).status_code == 302
    other = client.post(
        f"/me/work/{work}/tasks/why", data={"answer": "x", "file": (io.BytesIO(large), "a.wav")}
    )
    assert other.status_code == 413
    huge = send(client, work, "tell", (bytes(MAX_UPLOAD_BYTES), "a.wav"))
    assert huge.status_code == 413
    assert "That is too big." in huge.text
    assert kept(centre) == {"tell": "audio/wav"}


def test_words_typed_beside_a_bad_file_are_not_lost(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    answer = send(client, work, "tell", (b"x", "a.wav"), answer="My own words.")
    assert answer.status_code == 415
    assert "My own words." in answer.text


def test_going_on_without_a_new_file_keeps_the_old_one(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    centre.recording(candidate)
    send(client, work, "tell", (webm(), "a"))
    assert send(client, work, "tell", (b"", "")).status_code == 302
    assert kept(centre) == {"tell": "audio/webm"}


def test_everything_can_be_heard_seen_and_deleted_before_sending(
    app: Flask, centre: MediaHouse, candidate: UUID
) -> None:
    work = centre.drafted(candidate)
    client = client_of(app, centre, candidate)
    page = client.get(f"/me/work/{work}/check").text
    for part in ("<audio controls", 'preload="none"', "<img src=", "S-001", "Delete"):
        assert part in page
    assert "autoplay" not in page
    assert client.post(f"/me/work/{work}/tasks/why/delete").status_code == 404
    for task in ("tell", "show"):
        client.post(f"/me/work/{work}/tasks/{task}/delete", data={"then": "check"})
        assert client.get(f"/me/work/{work}/tasks/{task}/file").status_code == 404
    assert kept(centre) == {}
    with centre.database.reading() as session:
        assert session.exec(select(Answer.task_id)).all() == ["why"]
    assert client.post(f"/me/work/{work}/send").status_code == 422


def test_others_reach_no_file_and_change_nothing(
    app: Flask, centre: MediaHouse, candidate: UUID
) -> None:
    work, other = centre.drafted(candidate), centre.candidate("Ana")
    own_work = centre.drafted(other)
    stranger = client_of(app, centre, other)
    nobody = app.test_client()
    for identifier in (work, uuid4()):
        start = f"/me/work/{identifier}/tasks/tell"
        assert stranger.get(f"{start}/file").status_code == 404
        assert stranger.post(f"{start}/delete").status_code == 404
        assert send(stranger, identifier, "tell", (wav(2), "a")).status_code == 404
        assert nobody.get(f"{start}/file").status_code == 401
        assert send(nobody, identifier, "tell", (wav(2), "a")).status_code == 401
    assert stranger.get(f"/me/work/{own_work}/tasks/nothing/file").status_code == 404
    assert stranger.get(f"/examiner/files/{work}/tasks/tell/file").status_code == 403
    with centre.database.reading() as session:
        rows = session.exec(select(Evidence).where(Evidence.submission_id == work)).all()
    assert {row.content_type for row in rows} == {"audio/webm", "image/jpeg"}


def test_examiner_hears_sees_and_observes_before_marking(
    app: Flask, centre: MediaHouse, candidate: UUID
) -> None:
    work, examiner = centre.sent_with_files(candidate), centre.examiner()
    client = client_of(app, centre, examiner)
    page = client.get(f"/examiner/files/{work}").text
    assert f"/examiner/files/{work}/tasks/tell/file" in page
    assert "Nobody has written down this practical yet." in page
    assert client.get(f"/examiner/files/{work}/tasks/show/file").mimetype == "image/jpeg"
    marks = {f"mark-{one}": "2" for one in ("order", "products", "result", "safety")}
    refused = client.post(
        f"/examiner/files/{work}", data={**marks, "level": "2", "no_conflict": "yes"}
    )
    assert refused.status_code == 422
    assert "First fill in what you saw" in refused.text
    address = f"/examiner/files/{work}/observed/do"
    incomplete = client.post(
        address, data={"seen-gloves": "not_seen", "note": "", "observed_on": "x"}
    )
    assert incomplete.status_code == 422
    for words in ("Uses little water.", "Write the day", "Say that you do not know"):
        assert words in incomplete.text
    done = client.post(
        address,
        data={
            "seen-gloves": "not_seen",
            "seen-water": "seen",
            "note": "No gloves at first.",
            "observed_on": NOW.date().isoformat(),
            "no_conflict": "yes",
        },
    )
    assert done.status_code == 302
    page = client.get(f"/examiner/files/{work}").text
    assert "No gloves at first." in page
    assert client.get(f"/examiner/files/{work}/observed/tell").status_code == 404


def test_the_second_examiner_sees_the_observation_but_no_marks_and_no_name(
    app: Flask, centre: MediaHouse, candidate: UUID
) -> None:
    work, first = centre.sent_with_files(candidate), centre.examiner("Eva Perez")
    centre.observe(work, first, note="She knew where all stands.")
    centre.mark(work, first, 3)
    second = client_of(app, centre, centre.examiner("Rosa"))
    page = second.get(f"/examiner/files/{work}").text
    assert "She knew where all stands." in page
    assert "Eva" not in said(page)
    assert "checked" not in page


def test_a_candidate_reads_what_happens_and_the_number_to_tell(
    client: FlaskClient, work: UUID, centre: MediaHouse, candidate: UUID
) -> None:
    page = client.get(f"/me/work/{work}/tasks/do").text
    for words in ("S-001", "Puts on gloves.", "Ask your centre for a day."):
        assert words in page
    answer = client.post(f"/me/work/{work}/tasks/do", data={"answer": "done"})
    assert answer.status_code == 422
    assert "An examiner watches this." in answer.text


def test_an_answer_that_waited_does_not_replace_a_newer_one(
    client: FlaskClient, work: UUID, centre: MediaHouse
) -> None:
    address = f"/me/work/{work}/tasks/why"
    assert client.post(address, data={"answer": "newer"}).status_code == 302
    late = client.post(address, data={"answer": "older", "ago": "3600"})
    assert late.status_code == 409
    assert "We keep that one." in late.text
    for ago in ("-5", "x", "1e9", "99999999999", "٣"):  # says nothing that can be: taken as now
        assert client.post(address, data={"answer": f"now {ago}", "ago": ago}).status_code == 302
