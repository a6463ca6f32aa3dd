"""The audit trail against who can write the database: rewriting, going on, cutting its end."""

import hashlib
import json
from pathlib import Path

import pytest
from assessment_world import House
from award_world import NOW, SECRET, Centre, open_centre, open_service, write_settings
from sqlalchemy import delete, insert, text
from sqlmodel import Session, col, select

import cli
from issuer import audit, secret
from issuer.audit import Kept
from issuer.tables import AuditCut, AuditEvent, Role, Table
from web.database import Database

OTHER = b"another secret, of 32 bytes or more"


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    """Give a centre where something happened."""
    made = open_centre(tmp_path, database_url=database_url)
    home = House(made.database)
    home.mark(home.sent(home.candidate()), home.examiner(), 2)
    return made


def lay_open(session: Session) -> None:
    """Take away what the database itself refuses: its owner can."""
    on = session.connection()
    for table, actions in (("audit_event", ("update", "delete")), ("audit_cut", ("delete",))):
        for action in actions:
            place = f" ON {table}" if on.dialect.name == "postgresql" else ""
            on.execute(text(f"DROP TRIGGER {table}_is_final_{action}{place}"))
    place = " ON audit_cut" if on.dialect.name == "postgresql" else ""
    on.execute(text(f"DROP TRIGGER cut_follows_the_chain{place}"))


def events(session: Session) -> list[AuditEvent]:
    return list(session.exec(select(AuditEvent).order_by(col(AuditEvent.number))))


def chained(rows: list[dict[str, object]], previous: str = "0" * 64) -> list[dict[str, object]]:
    """Hash events anew, as anybody can who reads this project."""
    for row in rows:
        at = row["at"].isoformat()  # type: ignore[attr-defined]
        told = [row["number"], at, row["kind"], row["subject_id"], row["by"], previous]
        row["previous_hash"] = previous
        previous = hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
        row["hash"] = previous
        row["seal"] = hashlib.sha256(previous.encode()).hexdigest()
    return rows


def happens(centre: Centre) -> None:
    who = centre.person("ana")
    with centre.database.transaction() as session:
        audit.record(session, "person.signed-in", who, now=NOW)


def broken(centre: Centre) -> int | None:
    with centre.database.reading() as session:
        return audit.broken_at(session)


def end_of(centre: Centre) -> str:
    with centre.database.reading() as session:
        return str(audit.checkpoint(session))


def compared(centre: Centre, kept: str) -> Kept | None:
    with centre.database.reading() as session:
        return audit.compare(session, kept)


def test_a_trail_that_was_written_anew_from_its_start_is_broken(centre: Centre) -> None:
    kept = end_of(centre)
    assert broken(centre) is None
    with centre.database.transaction() as session:
        lay_open(session)
        rows = [one.model_dump() for one in events(session)]
        session.exec(delete(AuditEvent))
        rows[1]["kind"] = "something.else"
        session.connection().execute(insert(AuditEvent), chained(rows))
    assert broken(centre) == 1
    assert compared(centre, kept) is Kept.MISSING


def test_nobody_goes_on_with_the_trail_without_the_secret(centre: Centre) -> None:
    with centre.database.transaction() as session:
        last = events(session)[-1].model_dump()
        row = {**last, "number": last["number"] + 1, "kind": "badge.revoked"}
        session.connection().execute(insert(AuditEvent), chained([row], last["hash"]))
    assert broken(centre) == last["number"] + 1


def test_nobody_says_without_the_secret_that_it_changed(centre: Centre) -> None:
    thief = Database("sqlite://", Table.metadata, secret=OTHER)
    with centre.database.transaction() as session:
        lay_open(session)
        rows = [one.model_dump() for one in events(session)]
        session.exec(delete(AuditEvent))
        rows[0]["kind"] = "something.else"
        rows[-1]["kind"] = audit.SECRET_CHANGED
        rows = chained(rows)
        with thief.reading() as other:
            for row in rows:
                row["seal"] = other.info["mycred4home_keys"].digest("trail", str(row["hash"]))
        session.connection().execute(insert(AuditEvent), rows)
    assert broken(centre) == 1


@pytest.mark.parametrize("left", [0, 1, 2])
def test_an_end_that_was_cut_off_is_missed_by_who_kept_it(centre: Centre, left: int) -> None:
    first, kept = f"1:{'0' * 32}", end_of(centre)
    with centre.database.transaction() as session:
        lay_open(session)
        session.exec(delete(AuditEvent).where(col(AuditEvent.number) > left))
    assert broken(centre) is None, "from within, a shorter trail is whole"
    assert compared(centre, kept) is Kept.MISSING
    assert compared(centre, first) is Kept.MISSING
    for _ in range(9):
        happens(centre)
    assert compared(centre, kept) is Kept.MISSING, "what came later does not fill it"


def test_a_beginning_that_was_cut_off_is_not_taken_for_an_old_one(centre: Centre) -> None:
    with centre.database.transaction() as session:
        lay_open(session)
        gone = events(session)[1]
        cut = AuditCut(number=gone.number, hash=gone.hash, older_than=NOW, made_at=NOW)
        session.add(cut)
        session.flush()
        session.exec(delete(AuditEvent).where(col(AuditEvent.number) <= gone.number))
    assert broken(centre) == gone.number + 1


def test_what_was_kept_holds_while_the_trail_goes_on_and_until_its_time_is_over(
    centre: Centre,
) -> None:
    kept = [f"0:{'0' * 32}", end_of(centre)]
    number, code = kept[1].split(":")
    happens(centre)
    assert [compared(centre, one) for one in kept] == [Kept.HOLDS, Kept.HOLDS]
    assert compared(centre, f" {number} : {code[:8]} {code[8:].upper()} ") is Kept.HOLDS
    assert compared(centre, f"{number}:{'f' * 32}") is Kept.MISSING
    for nothing in ("", " "):
        assert compared(centre, nothing) is None
    for wrong in (code, f"{number}:{code}0", f"-{number}:{code}", f"٣:{code}", "x" * 90):
        assert compared(centre, wrong) is Kept.UNREADABLE
    happens(centre)
    with centre.database.transaction() as session:
        assert audit.forget_before(session, NOW.replace(year=2030), now=NOW.replace(year=2035))
    assert broken(centre) is None
    assert compared(centre, kept[1]) is Kept.TOO_OLD


def test_under_a_new_secret_the_old_part_still_proves_itself(
    centre: Centre, database_url: str
) -> None:
    kept = end_of(centre)
    again = Centre(
        Database(database_url, Table.metadata, secret=OTHER),
        centre.body,
        centre.organisation,
        centre.people,
    )
    assert broken(again) == 1
    secret.change(again.database, now=NOW)
    assert (broken(again), compared(again, kept)) == (None, Kept.HOLDS)
    with again.database.transaction() as session:
        lay_open(session)
        event = events(session)[1]
        event.kind = "something.else"
        session.add(event)
    assert broken(again) == 2


def test_the_data_officer_writes_the_end_down_and_compares_it(tmp_path: Path) -> None:
    service = open_service(tmp_path)
    daria = service.browser("daria", Role.DATA_OFFICER)
    with service.centre.database.reading() as session:
        kept = audit.checkpoint(session).spelled
    assert kept in daria.get("/data-officer/").text
    assert "still there" in daria.get("/data-officer/", query_string={"kept": kept}).text
    other = f"1:{'0' * 32}"
    assert "not there any more" in daria.get("/data-officer/", query_string={"kept": other}).text
    shown = daria.get("/data-officer/", query_string={"kept": "<b>x"}).text
    assert "not the end of a trail" in shown


def test_the_command_compares_all_ends_that_it_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/issuer.db"
    centre = open_centre(tmp_path, database_url=url)
    path, ends = write_settings(tmp_path), tmp_path / "ends.txt"

    def run() -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["database", "trail", "--settings", str(path), "--kept", str(ends)])
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    for number in range(2):
        happens(centre)
        code, said = run()
        assert (code, f"holds {number} ends" in said) == (0, True)
    with centre.database.transaction() as session:
        lay_open(session)
        session.exec(delete(AuditEvent).where(col(AuditEvent.number) == 2))
    before = ends.read_text()
    code, said = run()
    assert (code, "missing" in said, ends.read_text()) == (1, True, before)
    assert SECRET.hex() not in said


def test_a_file_of_ends_that_is_none_is_said_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    happens(centre)
    path, picture = write_settings(tmp_path), tmp_path / "picture"
    picture.write_bytes(b"\x89PNG\r\n\xff\n")
    for kept, ends_with, words in ((picture, 1, "unreadable"), (tmp_path, 3, "directory")):
        with pytest.raises(SystemExit) as ended:
            cli.main(["database", "trail", "--settings", str(path), "--kept", str(kept)])
        said = "".join(capsys.readouterr())
        assert (ended.value.code, words in said, "Traceback" in said) == (ends_with, True, False)
    assert picture.read_bytes() == b"\x89PNG\r\n\xff\n"
