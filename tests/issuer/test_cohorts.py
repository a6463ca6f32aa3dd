"""Groups of a pilot: who may set them up, tables of invitations, places, sheets, the board."""

import io
import re
from html import unescape
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from award_world import NOW, Service, open_service
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import accounts, cohorts, feedback
from issuer.cohort_tables import Cohort, CohortMember
from issuer.feedback import Said
from issuer.feedback_tables import Feedback, Usage
from issuer.tables import AccessCode, Organisation, Person, Role, Submission
from web.errors import Refused

TABLE = "name,contact,site,language,kind,tongue\n"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def coordinator(service: Service, name: str = "clara") -> UUID:
    return service.centre.person(name, Role.COORDINATOR)


def set_up(service: Service, name: str = "Spring", quota: int = 3) -> UUID:
    clara = coordinator(service)
    with service.centre.database.transaction() as session:
        return cohorts.create_cohort(
            session, name, {service.centre.organisation: quota}, by=clara, now=NOW
        ).id


def site(service: Service) -> str:
    with service.centre.database.reading() as session:
        return session.get_one(Organisation, service.centre.organisation).name


def invite(service: Service, cohort_id: UUID, rows: str) -> tuple[int, str]:
    """Post a table as a coordinator; give status and page."""
    browser = service.browser("clara", Role.COORDINATOR)
    answer = browser.post(
        f"/coordinator/groups/{cohort_id}/people?lang=en",
        data={"table": (io.BytesIO((TABLE + rows).encode()), "people.csv")},
    )
    return answer.status_code, answer.text


# --- who ---------------------------------------------------------------------------------------


def test_only_coordinators_reach_groups(service: Service) -> None:
    cohort_id = set_up(service)
    pages = ("/coordinator/groups/", f"/coordinator/groups/{cohort_id}")
    posts = (
        "/coordinator/groups/",
        f"/coordinator/groups/{cohort_id}/people",
        f"/coordinator/groups/{cohort_id}/sheets",
        f"/coordinator/groups/{cohort_id}/close",
    )
    for browser, status in (
        (service.browser(), 401),
        (service.browser("maria", Role.CANDIDATE), 403),
        (service.browser("eva", Role.EXAMINER), 403),
        (service.browser("olga", Role.OFFICER), 403),
    ):
        assert [browser.get(path).status_code for path in pages] == [status] * 2
        assert [browser.post(path).status_code for path in posts] == [status] * 4
    assert service.centre.count(Cohort) == 1
    assert service.centre.count(CohortMember) == 0


def test_a_coordinator_of_another_centre_sees_no_group_of_ours(service: Service) -> None:
    cohort_id = set_up(service)
    with service.centre.database.transaction() as session:
        elsewhere = accounts.create_organisation(session, "Elsewhere", "FR")
        other = accounts.create_person(session, elsewhere.id, "Otto", Role.COORDINATOR)
        code = accounts.invite(session, other.id, now=NOW)
    browser = service.browser()
    browser.post("/enter", data={"code": code})
    assert f"groups/{cohort_id}" not in browser.get("/coordinator/groups/").text
    for method, path in (
        ("get", ""),
        ("post", "/people"),
        ("post", "/sheets"),
        ("post", "/close"),
    ):
        answer = getattr(browser, method)(f"/coordinator/groups/{cohort_id}{path}")
        assert answer.status_code == 404
    assert browser.get(f"/coordinator/?group={cohort_id}").status_code == 404
    assert browser.get(f"/coordinator/figures.json?group={cohort_id}").status_code == 404


# --- setting up --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "places"),
    [("", "5"), ("x" * 81, "5"), ("Autumn", "0"), ("Autumn", "501"), ("Autumn", "-1"),
     ("Autumn", "many"), ("Spring", "5")],
)  # fmt: skip
def test_a_group_that_cannot_be_is_refused_in_words(
    service: Service, name: str, places: str
) -> None:
    set_up(service)
    browser = service.browser("clara", Role.COORDINATOR)
    answer = browser.post(
        "/coordinator/groups/",
        data={"name": name, f"places-{service.centre.organisation}": places},
    )
    assert answer.status_code in (409, 422)
    assert 'role="alert"' in answer.text
    assert service.centre.count(Cohort) == 1


def test_places_of_an_unknown_centre_are_refused(service: Service) -> None:
    browser = service.browser("clara", Role.COORDINATOR)
    for centre in (str(uuid4()), "not-an-id"):
        answer = browser.post(
            "/coordinator/groups/", data={"name": "Autumn", f"places-{centre}": "5"}
        )
        assert answer.status_code == 422
    assert service.centre.count(Cohort) == 0


# --- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Ana,,Nowhere,es,,\n", "Line 2: the centre is not in this group"),
        (",,{site},es,,\n", "Line 2: the name is missing or too long"),
        ("Ana,,{site},xx,,\n", "Line 2: the language must be one of"),
        ("Ana,,{site},es,boss,\n", "Line 2: the kind must be job_seeker or employee"),
        ("Ana,,{site},es,,<b>\n", "Line 2: the mother tongue must be a code"),
        ("A" * 121 + ",,{site},es,,\n", "Line 2: a cell is too long"),
        ("Ana,a@b.example,{site},es,,\nEva,A@B.example,{site},es,,\n", "more than once"),
        ("Ana,,{site},es,,\n" * 4, "more people than places"),
        ("", "The table has no people in it."),
        ("\n\n", "The table has no people in it."),
        ('"Ana,,{site}', "This is no table."),
        ("Ana\0,,{site},es,,\n", "CSV in UTF-8"),
        ("Ana,,{site},es,,\n" * 501, "At most 500"),
    ],
)
def test_a_wrong_table_is_refused_whole_and_its_line_is_named(
    service: Service, rows: str, said: str
) -> None:
    cohort_id = set_up(service)
    people = service.centre.count(Person)
    status, page = invite(service, cohort_id, rows.replace("{site}", site(service)))
    assert status == 422
    assert said in page
    assert service.centre.count(CohortMember) == 0
    assert service.centre.count(Person) <= people + 1  # the coordinator herself


def test_a_table_that_is_no_text_is_refused(service: Service) -> None:
    cohort_id = set_up(service)
    browser = service.browser("clara", Role.COORDINATOR)
    for content in (b"\xff\xfe\x00bad", b"PK\x03\x04" + bytes(200), b""):
        answer = browser.post(
            f"/coordinator/groups/{cohort_id}/people",
            data={"table": (io.BytesIO(content), "../../people.csv")},
        )
        assert answer.status_code == 422
    assert service.centre.count(CohortMember) == 0


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("Nombre;Centro;Idioma;Situación;Lengua materna", "empleada"),
        ("الاسم;المركز;اللغة;النوع;اللغة الأم", "لديها عمل"),
    ],
)
def test_a_table_with_headings_of_another_language_and_semicolons_is_read(
    service: Service, headings: str, kind: str
) -> None:
    cohort_id = set_up(service)
    browser = service.browser("clara", Role.COORDINATOR)
    lines = f"{headings}\nAna;{site(service)};es;{kind};ar\n"
    answer = browser.post(f"/coordinator/groups/{cohort_id}/people", data={"lines": "﻿" + lines})
    assert answer.status_code == 302
    with service.centre.database.reading() as session:
        member = session.exec(select(CohortMember)).one()
    assert (member.kind, member.tongue, member.language) == ("employee", "ar", "es")


def test_the_lines_that_are_offered_are_right_as_they_stand(service: Service) -> None:
    """A centre's name may hold a comma."""
    cohort_id = set_up(service)
    with service.centre.database.transaction() as session:
        session.get_one(Organisation, service.centre.organisation).name = "Centre, Lyon"
    browser = service.browser("clara", Role.COORDINATOR)
    page = browser.get(f"/coordinator/groups/{cohort_id}?lang=en").text
    offered = re.search(r'<textarea id="lines"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert offered
    answer = browser.post(
        f"/coordinator/groups/{cohort_id}/people", data={"lines": unescape(offered[1])}
    )
    assert answer.status_code == 302, answer.text
    assert service.centre.count(CohortMember) == 1


def test_somebody_whom_the_centre_knows_is_not_enrolled_twice(service: Service) -> None:
    with service.centre.database.transaction() as session:
        known = accounts.create_person(
            session, service.centre.organisation, "Ana", Role.CANDIDATE, contact="ana@x.example"
        )
    cohort_id = set_up(service)
    assert invite(service, cohort_id, f"Ana,ANA@x.example,{site(service)},es,,\n")[0] == 302
    with service.centre.database.reading() as session:
        assert session.exec(select(CohortMember)).one().person_id == known.id
    status, page = invite(service, cohort_id, f"Ana,ana@x.example,{site(service)},es,,\n")
    assert status == 422
    assert "Ana is in a group already." in page


def test_the_database_holds_places_and_closed_doors(service: Service) -> None:
    cohort_id = set_up(service, quota=1)
    assert invite(service, cohort_id, f"Ana,,{site(service)},es,,\n")[0] == 302
    eva, clara = service.centre.person("eva", Role.CANDIDATE), coordinator(service)

    def add_by_hand() -> None:
        with service.centre.database.transaction() as session:
            session.add(
                CohortMember(
                    person_id=eva,
                    cohort_id=cohort_id,
                    organisation_id=service.centre.organisation,
                    language="es",
                    invited_at=NOW,
                )
            )

    with pytest.raises(DatabaseError, match="places of this centre are taken"):
        add_by_hand()
    with service.centre.database.transaction() as session:
        session.execute(text("UPDATE cohort_site SET quota = 5"))
        cohorts.close_cohort(session, cohort_id, by=clara, now=NOW)
    with pytest.raises(DatabaseError, match="this cohort is closed"):
        add_by_hand()
    status, page = invite(service, cohort_id, f"Eva,,{site(service)},es,,\n")
    assert (status, "This group is closed." in page) == (422, True)


# --- sheets ------------------------------------------------------------------------------------


def test_a_sheet_lets_its_person_in_and_an_older_one_no_more(service: Service) -> None:
    cohort_id = set_up(service)
    invite(service, cohort_id, f"Ana,,{site(service)},es,,\nLéa,,{site(service)},fr,,\n")
    clara = service.browser("clara", Role.COORDINATOR)
    pages = [clara.post(f"/coordinator/groups/{cohort_id}/sheets").text for _ in range(2)]
    codes = [re.findall(r"[2-9A-Z]{4}(?:-[2-9A-Z]{4}){3}", page) for page in pages]
    assert len(codes[0]) == len(codes[1]) == 2
    assert not set(codes[0]) & set(codes[1])
    for old in codes[0]:
        assert service.browser().post("/enter", data={"code": old}).status_code == 403
    for new in codes[1]:
        assert service.browser().post("/enter", data={"code": new}).status_code == 302
    assert 'lang="es"' in pages[0]
    assert 'lang="fr"' in pages[0]
    with service.centre.database.reading() as session:
        kept = [row.code_hash for row in session.exec(select(AccessCode))]
    assert not set(kept) & set(codes[1])


def test_who_has_begun_gets_a_sheet_only_when_named(service: Service) -> None:
    cohort_id = set_up(service)
    invite(service, cohort_id, f"Ana,,{site(service)},es,,\n")
    with service.centre.database.transaction() as session:
        member = session.exec(select(CohortMember)).one().person_id
        accounts.give_consent(session, member, statistics=True, now=NOW)
    clara = service.browser("clara", Role.COORDINATOR)
    assert clara.post(f"/coordinator/groups/{cohort_id}/sheets").status_code == 409
    again = clara.post(f"/coordinator/groups/{cohort_id}/sheets", data={"person": str(member)})
    assert again.status_code == 200
    stranger = clara.post(f"/coordinator/groups/{cohort_id}/sheets", data={"person": str(uuid4())})
    assert stranger.status_code == 409


# --- board and traits --------------------------------------------------------------------------


def test_the_board_tells_steps_and_no_result(service: Service) -> None:
    cohort_id = set_up(service)
    for name, level in (("maria", 2), ("juan", None)):
        service.centre.decided(name, level=level)
    with service.centre.database.transaction() as session:
        for name in ("maria", "juan"):
            session.add(
                CohortMember(
                    person_id=service.centre.people[name],
                    cohort_id=cohort_id,
                    organisation_id=service.centre.organisation,
                    language="es",
                    invited_at=NOW,
                )
            )
    clara = coordinator(service)
    with service.centre.database.reading() as session:
        found = cohorts.board(session, cohort_id, coordinator=clara)
    assert found.reached == (2, 2, 2, 2, 0)
    assert {line.step for line in found.members} == {cohorts.Step.DECIDED}
    page = service.browser("clara", Role.COORDINATOR).get(
        f"/coordinator/groups/{cohort_id}?lang=en"
    )
    rows = re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL)
    told = {re.sub(r"X-\w+|maria|juan|value=\"[^\"]+\"", "", row) for row in rows if "X-" in row}
    assert len(told) == 1  # both lines are alike: nobody sees who got a badge


def test_what_was_told_for_counting_goes_with_the_refusal(service: Service) -> None:
    cohort_id = set_up(service)
    where = site(service)
    invite(service, cohort_id, f"Ana,,{where},es,employee,ar\nEva,,{where},es,employee,uk\n")
    with service.centre.database.transaction() as session:
        ana, eva = session.exec(select(CohortMember).order_by("tongue")).all()
        accounts.give_consent(session, ana.person_id, statistics=False, now=NOW)
        accounts.give_consent(session, eva.person_id, statistics=True, now=NOW)
        assert cohorts.forget_traits(session) == 1
    with service.centre.database.reading() as session:
        left = {one.tongue for one in session.exec(select(CohortMember))}
    assert left == {None, "uk"}


@pytest.mark.parametrize(
    ("counted", "kept"), [(True, ("employee", "uk")), (False, ("job_seeker", "ar"))]
)
def test_members_tell_of_themselves_only_if_they_agreed_to_be_counted(
    service: Service, counted: bool, kept: tuple[str, str]
) -> None:
    cohort_id = set_up(service)
    invite(service, cohort_id, f"Ana,,{site(service)},es,job_seeker,ar\n")
    with service.centre.database.transaction() as session:
        member = session.exec(select(CohortMember)).one()
        accounts.give_consent(session, member.person_id, statistics=counted, now=NOW)
    service.centre.people["ana"] = member.person_id
    ana = service.browser("ana")
    page = ana.get("/me/counting/?lang=en")
    assert (page.status_code, "mother tongue" in page.text) == (
        (200, True) if counted else (302, False)
    )
    ana.post("/me/counting/", data={"kind": "employee", "tongue": "uk"})
    with service.centre.database.reading() as session:
        told = session.exec(select(CohortMember)).one()
    assert (told.kind, told.tongue) == kept


@pytest.mark.parametrize("answer", [{"kind": "boss"}, {"tongue": "<b>"}, {"tongue": "x" * 99}])
def test_an_answer_that_is_none_is_refused(service: Service, answer: dict[str, str]) -> None:
    cohort_id = set_up(service)
    invite(service, cohort_id, f"Ana,,{site(service)},es,job_seeker,ar\n")
    with service.centre.database.transaction() as session:
        member = session.exec(select(CohortMember)).one()
        accounts.give_consent(session, member.person_id, statistics=True, now=NOW)
    service.centre.people["ana"] = member.person_id
    assert service.browser("ana").post("/me/counting/", data=answer).status_code == 422


# --- faces -------------------------------------------------------------------------------------


FACES = {"clear": "5", "real": "4", "well": "3"}


def own_work(service: Service, name: str = "maria") -> UUID:
    service.centre.decided(name)
    with service.centre.database.reading() as session:
        return session.exec(
            select(Submission.id).where(Submission.candidate_id == service.centre.people[name])
        ).one()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"clear": "5", "real": "4"},
        {**FACES, "well": "0"},
        {**FACES, "well": "6"},
        {**FACES, "well": "23"},
        {**FACES, "words": "x" * 501},
    ],
)
def test_faces_that_are_none_are_refused(service: Service, form: dict[str, str]) -> None:
    work = own_work(service)
    maria = service.browser("maria")
    assert maria.post(f"/me/work/{work}/feedback", data=form).status_code == 422
    assert service.centre.count(Feedback) == 0


def test_somebody_tells_once_and_only_of_their_own_work(service: Service) -> None:
    work = own_work(service)
    juan = service.browser("juan", Role.CANDIDATE)
    assert juan.get(f"/me/work/{work}/feedback").status_code == 404
    assert juan.post(f"/me/work/{work}/feedback", data=FACES).status_code == 404
    maria = service.browser("maria")
    assert maria.post(f"/me/work/{work}/feedback", data=FACES).status_code == 302
    assert maria.post(f"/me/work/{work}/feedback", data=FACES).status_code == 409
    assert "Thank you" in maria.get(f"/me/work/{work}/feedback?lang=en").text
    assert service.centre.count(Feedback) == 1


def test_work_that_was_not_sent_cannot_be_judged(service: Service) -> None:
    work = own_work(service)
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        said = Said({name: int(face) for name, face in FACES.items()})
        row = session.get_one(Submission, work)
        row.sent_at = None
        with session.no_autoflush:
            feedback.give(session, row, said, now=NOW)


def test_use_is_noted_of_those_who_agreed_and_of_nobody_else(service: Service) -> None:
    work = own_work(service)
    with service.centre.database.transaction() as session:
        row = session.get_one(Submission, work)
        for agrees in (None, False):
            if agrees is not None:
                accounts.give_consent(session, row.candidate_id, statistics=agrees, now=NOW)
            feedback.note_use(session, row, interface="es", listened=True, answered=1)
        assert session.exec(select(Usage)).all() == []
        accounts.give_consent(session, row.candidate_id, statistics=True, now=NOW)
        feedback.note_use(session, row, interface="es", listened=True, answered=3)
        feedback.note_use(session, row, interface="fr", listened=False, answered=2)
        noted = session.exec(select(Usage)).one()
    assert (noted.interface, noted.switched, noted.listened, noted.answered) == (
        "fr", True, True, 3,
    )  # fmt: skip


def test_answering_notes_the_language_and_that_something_was_heard(service: Service) -> None:
    maria = service.browser("maria", Role.CANDIDATE)
    maria.post("/me/agree", data={"age": "yes", "assessment": "yes", "statistics": "yes"})
    begun = maria.post(
        "/me/start/technical-cleaning?lang=es", data={"language": "es", "level": "3"}
    )
    answered = maria.post(f"{begun.location}?lang=fr", data={"answer": "soap", "listened": "yes"})
    assert answered.status_code == 302
    with service.centre.database.reading() as session:
        noted = session.exec(select(Usage)).one()
    assert (noted.interface, noted.listened, noted.answered) == ("fr", True, 1)
