"""A key in other hands: all its badges are made again in one operation, whatever stops or races."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from appointment_world import Holder as Wallet
from appointment_world import appointed, nomination
from award_world import (
    BASE_URL,
    NOW,
    PASSPHRASE,
    Centre,
    Service,
    at_once,
    open_centre,
    open_service,
    write_settings,
)
from killing import killed_at, restart
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from world import Network

import cli
from credentials.proofs import add_proof
from credentials.report import Headline
from credentials.times import read_time
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import accounts, awards, changes, issuing, notices, stolen_keys
from issuer.audit import broken_at
from issuer.award_tables import Change, Credential, StatusEntry
from issuer.notice_tables import Notice
from issuer.stolen_key_tables import StolenKey, StolenKeyRow
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey
from keys.store import KeyStore
from web.errors import Refused

HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)
LATER = NOW + timedelta(hours=1)
Document = dict[str, Any]


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")


def released(centre: Centre, candidate: str) -> UUID:
    return awards.release(
        centre.database,
        centre.decided(candidate),
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )


def deliver(centre: Centre, award_id: UUID, now: datetime = NOW) -> Document:
    text = issuing.deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=now)
    document: Document = json.loads(text)
    return document


def collected(centre: Centre, *names: str) -> list[tuple[UUID, Document]]:
    ids = [released(centre, name) for name in names]
    return [(one, deliver(centre, one)) for one in ids]


def ask(centre: Centre, *, key: str = "key-1", since: datetime | None = None) -> UUID:
    officer = centre.person("olga", Role.OFFICER)
    return stolen_keys.ask(
        centre.database, key, since=since, officer_id=officer, body=centre.body, now=NOW
    )


def confirm(centre: Centre, stolen_id: UUID, officer: str = "omar") -> None:
    stolen_keys.confirm(
        centre.database,
        stolen_id,
        officer_id=centre.person(officer, Role.OFFICER),
        body=centre.body,
        now=LATER,
    )


def work(centre: Centre) -> int:
    return stolen_keys.work(centre.database, body=centre.body, clock=lambda: LATER)


def told(centre: Centre, stolen_id: UUID) -> stolen_keys.Progress:
    with centre.database.reading() as session:
        return stolen_keys.progress(session, stolen_id)


def headline(service: Service, document: Document) -> Headline:
    network = Network()
    network.join(BASE_URL, service.app)
    trust = Trust((TrustedParty(service.centre.body.did, "Centre", frozenset({"issuer"})),))
    return verify_credential(
        json.dumps(document), trust=trust, fetch=network, now=service.clock()
    ).headline


def replaced_by(old: Document, new: Document) -> None:
    assert (new["id"], new["awardedDate"]) == (old["id"], old["awardedDate"])
    assert read_time(new["validFrom"], "") > read_time(old["validFrom"], "")
    assert new["credentialStatus"]["id"] != old["credentialStatus"]["id"]
    assert new["proof"]["verificationMethod"] != old["proof"]["verificationMethod"]


# --- attacks ---------------------------------------------------------------------------------


def test_one_person_replaces_nothing(centre: Centre) -> None:
    [(_, before)] = collected(centre, "maria")
    stolen_id = ask(centre)
    with pytest.raises(Refused) as refused:
        confirm(centre, stolen_id, "olga")
    assert refused.value.code == "two-persons"
    with pytest.raises(IntegrityError):
        centre.change(StolenKey, confirmed_by=centre.person("olga"), confirmed_at=NOW)
    assert work(centre) == 0
    assert centre.body.keyring.current_name() == "key-1"
    assert before["proof"]["verificationMethod"].endswith("#key-1")


def test_a_thief_signs_nothing_that_verifies_neither_before_nor_after_the_work(
    service: Service,
) -> None:
    centre = service.centre
    [(_, old)] = collected(centre, "maria")
    thief = centre.body.keyring.current()[1]
    confirm(centre, ask(centre))
    document = {name: value for name, value in old.items() if name != "proof"}
    forged = add_proof(
        document | {"id": f"urn:uuid:{uuid4()}"},
        thief,
        verification_method=centre.body.keyring.method_id("key-1"),
        created=NOW - timedelta(days=300),
    )
    assert headline(service, forged) is Headline.FALSE
    work(centre)
    assert headline(service, forged) is Headline.FALSE
    shown = centre.body.keyring.document()
    assert [one["id"] for one in shown["verificationMethod"] if "revoked" in one] == [
        centre.body.keyring.method_id("key-1")
    ]
    assert shown["assertionMethod"] == [centre.body.keyring.method_id("key-2")]


def test_a_process_that_knows_the_old_key_signs_nothing_with_it(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    award_id = released(centre, "maria")
    _, old_signer = centre.body.keyring.current()
    confirm(centre, ask(centre))
    monkeypatch.setattr(
        type(centre.body.keyring), "current", lambda _: ("key-1", old_signer), raising=True
    )
    with pytest.raises(IntegrityError):
        deliver(centre, award_id)
    monkeypatch.undo()
    assert deliver(centre, award_id)["proof"]["verificationMethod"].endswith("#key-2")


def test_other_processes_notice_a_new_key(centre: Centre, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "issuer.keys"
    beside = KeyStore.open(path, PASSPHRASE)
    assert beside.current() == "key-1"
    confirm(centre, ask(centre))
    assert beside.current() == "key-2"
    with pytest.raises(ValueError, match="signs no more"):
        beside.signer("key-1")
    assert beside.records()[0].withdrawn == LATER


def test_a_second_operation_at_once_is_refused(centre: Centre) -> None:
    collected(centre, "maria", "juan")
    stolen_id = ask(centre)
    with pytest.raises(Refused) as refused:
        ask(centre)
    assert refused.value.code == "asked-already"
    for name in ("omar", "oscar"):
        centre.person(name, Role.OFFICER)
    answers = at_once(4, lambda place: confirm(centre, stolen_id, ("omar", "oscar")[place % 2]))
    assert answers.count(None) == 1
    with pytest.raises(Refused):
        ask(centre)
    assert sum(answer for answer in at_once(3, lambda _: work(centre)) if answer) >= 2
    assert centre.count(Credential) == centre.count(StatusEntry) == 4
    assert centre.count(Change) == centre.count(StolenKeyRow) == 2
    assert told(centre, stolen_id).made_again == 2
    with pytest.raises(Refused) as refused:
        ask(centre)
    assert refused.value.code == "withdrawn-already"
    with centre.database.reading() as session:
        assert broken_at(session) is None


def test_badges_claimed_in_the_middle_carry_the_new_key_or_are_replaced(centre: Centre) -> None:
    award_ids = [released(centre, f"person-{number}") for number in range(6)]
    stolen_id = ask(centre)
    centre.person("omar", Role.OFFICER)

    def act(place: int) -> object:
        if place == 3:
            return confirm(centre, stolen_id)
        return deliver(centre, award_ids[place])["proof"]["verificationMethod"]

    answers = at_once(6, act)
    assert all(answer is None or str(answer).endswith(("#key-1", "#key-2")) for answer in answers)
    work(centre)
    deliver(centre, award_ids[3])
    with centre.database.reading() as session:
        signed = session.exec(
            select(Credential.signed_with).where(Credential.state == "active")
        ).all()
    assert set(signed) == {"key-2"}
    assert told(centre, stolen_id).made_again + len(signed) == 6


def test_what_is_asked_for_a_badge_is_not_forgotten(centre: Centre) -> None:
    [(fraud, _), (wrong, _)] = collected(centre, "maria", "juan")
    olga = centre.person("olga")
    for award_id, action, reason in (
        (fraud, "revoke", "fraud"),
        (wrong, "correct", "issued_in_error"),
    ):
        with centre.database.transaction() as session:
            changes.ask(
                session,
                award_id,
                action=action,
                reason=reason,
                officer_id=olga,
                body=centre.body,
                now=NOW,
                has_phone=True,
            )
    confirm(centre, ask(centre))
    work(centre)
    with centre.database.transaction() as session:
        changes.confirm(
            session,
            fraud,
            officer_id=centre.person("omar"),
            body=centre.body,
            now=LATER,
        )
    with pytest.raises(Refused):
        deliver(centre, fraud)
    with pytest.raises(Refused), centre.database.transaction() as session:
        changes.confirm(
            session, wrong, officer_id=centre.person("omar"), body=centre.body, now=LATER
        )
    deliver(centre, wrong)


def test_what_cannot_be_made_again_is_cancelled_and_named(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = service.centre
    [(_, old), (_, other)] = collected(centre, "maria", "juan")
    again = issuing.Press.again

    def broken(press: Any, content: Any, before: Any) -> Any:
        made = again(press, content, before)
        if not done:
            done.append(1)
            raise LookupError("the framework lost it")
        return made

    done: list[int] = []
    monkeypatch.setattr(issuing.Press, "again", broken)
    stolen_id = ask(centre)
    confirm(centre, stolen_id)
    work(centre)
    progress = told(centre, stolen_id)
    assert (progress.made_again, progress.cancelled, progress.left) == (1, 1, 0)
    assert {progress.reasons[0][0]} <= {"X-maria", "X-juan"}
    assert {headline(service, one) for one in (old, other)} == {Headline.FALSE}


@pytest.mark.parametrize(
    ("key", "since", "code"),
    [
        ("key-9", None, "unknown-key"),
        ("key-1", NOW + timedelta(days=1), "since"),
        ("key-1", NOW - timedelta(days=900), "since"),
    ],
)
def test_nonsense_is_refused(centre: Centre, key: str, since: datetime | None, code: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(centre, key=key, since=since)
    assert refused.value.code == code
    assert centre.count(StolenKey) == 0


def test_what_was_confirmed_never_changes(centre: Centre) -> None:
    collected(centre, "maria")
    confirm(centre, ask(centre))
    with pytest.raises(IntegrityError):
        centre.change(StolenKey, since=NOW)
    with pytest.raises(IntegrityError), centre.database.transaction() as session:
        session.delete(session.exec(select(StolenKey)).one())
    work(centre)
    with pytest.raises(IntegrityError):
        centre.change(StolenKeyRow, fate="waiting")
    with pytest.raises(IntegrityError):
        centre.change(StolenKey, finished_at=NOW)


# --- the way through -------------------------------------------------------------------------


def test_all_badges_of_a_stolen_key_are_made_again_and_the_people_told(service: Service) -> None:
    centre = service.centre
    person = centre.person("maria", Role.CANDIDATE)
    with centre.database.transaction() as session:
        notices.open_mailbox(session, person, "maria@example.org", language="fr", now=NOW)
    pairs = collected(centre, "maria", "juan")
    waiting = released(centre, "ana")  # not collected yet
    before = centre.count(Notice)
    stolen_id = ask(centre)
    confirm(centre, stolen_id)
    assert work(centre) == 2
    service.clock.now = LATER
    for award_id, old in pairs:
        assert headline(service, old) is Headline.FALSE
        assert service.offer(award_id).award_id == award_id
        new = deliver(centre, award_id, LATER)
        replaced_by(old, new)
        assert headline(service, new) is Headline.GENUINE
    assert headline(service, deliver(centre, waiting)) is Headline.GENUINE
    assert centre.count(Notice) == before + 1
    assert told(centre, stolen_id).stolen.finished_at == LATER


def test_badges_of_appointments_end_with_the_key_and_the_examiner_gets_a_new_one(
    service: Service,
) -> None:
    one = appointed(service)
    wallet = Wallet(service)
    old = json.loads(wallet.collects(one))
    confirm(service.centre, ask(service.centre))
    work(service.centre)
    service.clock.now = LATER
    assert headline(service, old) is Headline.FALSE
    new = json.loads(wallet.collects(nomination(service, one.id)))
    assert new["id"] == old["id"]
    assert new["proof"]["verificationMethod"].endswith("#key-2")
    assert headline(service, new) is Headline.GENUINE


def test_only_badges_since_a_moment_are_replaced_when_nobody_has_a_copy(service: Service) -> None:
    centre = service.centre
    [(_, early)] = collected(centre, "maria")
    late_award = released(centre, "juan")
    late = deliver(centre, late_award, NOW + timedelta(minutes=30))
    stolen_id = ask_since = stolen_keys.ask(
        centre.database,
        "key-1",
        since=NOW + timedelta(minutes=10),
        officer_id=centre.person("olga"),
        body=centre.body,
        now=NOW + timedelta(minutes=40),
    )
    assert told(centre, ask_since).in_scope == 1
    service.clock.now = LATER
    confirm(centre, stolen_id)
    assert work(centre) == 1
    assert headline(service, early) is Headline.GENUINE
    assert headline(service, late) is Headline.NO_LONGER_VALID
    replaced_by(late, deliver(centre, late_award, LATER))
    confirm(centre, ask(centre))  # now it turns out that there is a copy
    assert work(centre) == 1
    assert headline(service, early) is Headline.FALSE


# --- kill -9 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["rotated", "confirmed", "replaced", "all-replaced"])
def test_killed_in_the_middle_it_goes_on_after_a_restart(tmp_path: Path, step: str) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    pairs = collected(centre, "maria", "juan", "ana")
    stolen_id = ask(centre)
    killed_at(tmp_path, "stolen", stolen_id, step)
    app = restart(tmp_path)
    if step == "rotated":
        assert told(centre, stolen_id).stolen.confirmed_at is None
        confirm(centre, stolen_id, "oscar")
        work(centre)
    app.extensions["stolen_key_worker"].wait(120)
    progress = told(centre, stolen_id)
    assert (progress.made_again, progress.waiting) == (3, 0)
    assert progress.stolen.finished_at is not None
    assert centre.body.keyring.records()[0].withdrawn is not None
    assert centre.count(Credential) == centre.count(StatusEntry) == 6
    for award_id, old in pairs:
        replaced_by(old, deliver(centre, award_id, LATER))
    with centre.database.reading() as session:
        assert broken_at(session) is None


# --- the command line ------------------------------------------------------------------------


def test_two_officers_replace_a_key_on_the_command_line(tmp_path: Path) -> None:
    centre = open_centre(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    [(award_id, old)] = collected(centre, "maria")
    codes = {}
    for name, role in (("olga", Role.OFFICER), ("omar", Role.OFFICER), ("eva2", Role.EXAMINER)):
        person = centre.person(name, role)
        with centre.database.transaction() as session:
            codes[name] = accounts.invite(session, person, now=datetime.now(UTC))
    settings = write_settings(tmp_path, **codes)

    def mycred(*words: object) -> int:
        given = ["stolen-key", *map(str, words), "--settings", str(settings)]
        with pytest.raises(SystemExit) as ended:
            cli.main(given)
        return int(str(ended.value.code))

    by = {name: ("key-1", "--code", tmp_path / name) for name in codes}
    assert mycred("confirm", *by["omar"]) == 1
    assert mycred("ask", *by["eva2"]) == 3
    assert mycred("ask", "key-1", "--code", settings) == 3
    assert mycred("ask", *by["olga"], "--since", "yesterday") == 3
    assert mycred("ask", *by["olga"]) == 0
    assert mycred("confirm", *by["olga"]) == 1
    assert centre.body.keyring.current_name() == "key-1"
    assert mycred("confirm", *by["omar"]) == 0
    assert mycred("go-on") == 0
    replaced_by(old, deliver(centre, award_id, LATER))


# --- pages -----------------------------------------------------------------------------------


def test_two_officers_replace_a_key_on_the_pages(service: Service) -> None:
    [(_, old)] = collected(service.centre, "maria")
    olga, omar = (service.browser(name, Role.OFFICER) for name in ("olga", "omar"))
    assert "/officer/keys/" in olga.get("/officer/health").text
    assert "signs now" in olga.get("/officer/keys/?lang=en").text
    for bad in ({}, {"key": "key-1"}, {"key": "key-1", "scope": "since", "since": "soon"}):
        assert olga.post("/officer/keys/", data=bad).status_code == 422
    asked = olga.post("/officer/keys/", data={"key": "key-1", "scope": "all"})
    page = asked.headers["Location"]
    assert "another person confirms" in olga.get(page).text
    assert olga.post(f"{page}/confirm").status_code == 403
    assert omar.post(f"{page}/confirm").headers["Location"] == page
    service.app.extensions["stolen_key_worker"].wait(120)
    assert "All done." in omar.get(f"{page}?lang=en").text
    assert omar.post(f"{page}/drop").status_code == 409
    assert "taken back" in omar.get("/officer/keys/?lang=en").text
    assert headline(service, old) is Headline.FALSE


def test_a_request_is_dropped_and_made_again(service: Service) -> None:
    olga = service.browser("olga", Role.OFFICER)
    page = olga.post("/officer/keys/", data={"key": "key-1", "scope": "all"}).headers["Location"]
    assert olga.post(f"{page}/drop").status_code == 302
    assert olga.get(page).status_code == 404
    assert olga.post("/officer/keys/", data={"key": "key-1", "scope": "all"}).status_code == 302


def test_only_officers_reach_the_keys(service: Service) -> None:
    for browser, status in (
        (service.browser(), 401),
        (service.browser("maria", Role.CANDIDATE), 403),
    ):
        assert browser.get("/officer/keys/").status_code == status
        assert browser.post("/officer/keys/", data={"key": "key-1"}).status_code == status
        for action in ("", "/confirm", "/drop", "/go-on"):
            answer = browser.open(
                f"/officer/keys/{uuid4()}{action}", method="POST" if action else "GET"
            )
            assert answer.status_code == status
    assert service.centre.count(StolenKey) == 0
