"""Drafts of frameworks: every guard on their way to published, attacked."""

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import select
from standards_world import Standards, open_standards

from issuer import assessment, awards
from issuer import framework_editing as editing
from issuer.accounts import give_consent
from issuer.audit import broken_at
from issuer.award_tables import Credential
from issuer.framework import FOLDER, frameworks
from issuer.framework_archive import read_folder
from issuer.framework_document import digest, read_document
from issuer.framework_library import open_library
from issuer.framework_tables import FrameworkEdition
from issuer.tables import AuditEvent, Person, Role
from web.errors import Refused

NAME_FR = ("texts", "fr", "level", "beginner", "name")
NAME_ES = ("texts", "es", "level", "beginner", "name")
CODE = ("framework", "code")


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Standards:
    return open_standards(tmp_path, database_url)


def refused(act: Any, *arguments: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as error:
        act(*arguments, **named)
    return error.value


# --- who publishes what ----------------------------------------------------------------------


def test_nobody_publishes_what_they_sent_themselves(house):
    edition = house.in_review(by="anna")
    assert refused(house.publish, edition, by="anna").code == "own-draft"
    assert house.row(edition).state == "in_review"


def test_the_same_person_under_another_name_does_not_publish_it(house):
    edition = house.in_review(by="anna")
    centre = house.service.centre
    away = centre.another("Elsewhere")  # in one centre, the two accounts could not be
    centre.person("bruno", Role.STANDARD_OWNER, organisation=away)
    people = {name: house.person(name) for name in ("anna", "bruno")}
    with house.service.centre.database.transaction() as session:
        for name in ("anna", "bruno"):
            session.get_one(Person, people[name]).contact_hash = "one and the same"
    assert refused(house.publish, edition, by="bruno").code == "own-draft"
    with pytest.raises(IntegrityError, match="two persons"):
        house.sql(
            "UPDATE framework_edition SET state = 'published', published_by = :bruno, "
            "digest = 'sha384-x', published_at = '2026-11-24' WHERE id = :id",
            id=edition,
            bruno=people["bruno"],
        )


def test_the_database_too_wants_two_persons(house):
    edition = house.in_review(by="anna")
    with pytest.raises(IntegrityError):
        house.sql(
            "UPDATE framework_edition SET state = 'published', published_by = sent_by, "
            "digest = 'sha384-x', published_at = '2026-11-24' WHERE id = :id",
            id=edition,
        )


def test_a_draft_is_not_published_without_review(house):
    edition = house.draft()
    assert refused(house.publish, edition).code == "state"
    with pytest.raises(DatabaseError, match="a draft goes to review first"):
        house.sql(
            "UPDATE framework_edition SET state = 'published', sent_by = :anna, "
            "published_by = :bruno, digest = 'sha384-x', published_at = '2026-11-24' "
            "WHERE id = :id",
            id=edition,
            anna=house.person("anna"),
            bruno=house.person("bruno"),
        )


def test_nothing_is_published_with_a_problem_in_it(house):
    edition = house.draft()
    house.change(edition, {NAME_ES: None})
    house.send(edition)
    assert refused(house.publish, edition).code == "problems"


def test_an_older_number_is_not_published_after_a_newer_one(house):
    older, newer = house.in_review("1.2"), house.in_review("1.3")
    house.publish(newer)
    assert refused(house.publish, older).code == "version"


@pytest.mark.parametrize("version", ["1.1", "0.9", "1", "one", "1.0.0.1", "", "1.2; DROP TABLE"])
def test_a_draft_needs_a_new_and_higher_number(house, version):
    assert refused(house.draft, version).status in (409, 422)


# --- what is published stays -----------------------------------------------------------------


def test_a_published_version_is_not_changed(house):
    edition = house.in_review()
    house.publish(edition)
    assert refused(house.change, edition, {NAME_FR: "Autre"}).code == "state"
    assert refused(house.send, edition).code == "state"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE framework_edition SET document = '{}' WHERE id = :id",
        "UPDATE framework_edition SET digest = 'sha384-other' WHERE id = :id",
        "UPDATE framework_edition SET state = 'draft', digest = NULL, published_at = NULL "
        "WHERE id = :id",
        "DELETE FROM framework_edition WHERE id = :id",
    ],
)
@pytest.mark.parametrize("which", ["published", "shipped"])
def test_the_database_refuses_every_change_of_a_published_version(house, statement, which):
    edition = house.shipped()
    if which == "published":
        edition = house.in_review()
        house.publish(edition)
    with pytest.raises(DatabaseError, match="a published version"):
        house.sql(statement, id=edition)


def test_what_is_in_review_is_still(house):
    edition = house.in_review()
    assert refused(house.change, edition, {NAME_FR: "Autre"}).code == "state"
    with pytest.raises(DatabaseError, match="what is in review does not change"):
        house.sql("UPDATE framework_edition SET document = '{}' WHERE id = :id", id=edition)


def test_a_version_cannot_be_put_in_as_published(house):
    with pytest.raises(DatabaseError, match="a version begins as a draft"):
        house.sql(
            "INSERT INTO framework_edition (id, framework, version, state, shipped, plain, "
            "based_on, document, digest, revision, touched, comment, opened_at, changed_at, "
            "sent_by, published_by, published_at) SELECT :new, framework, '9', "
            "state, FALSE, FALSE, based_on, document, digest, revision, touched, comment, "
            "opened_at, changed_at, :anna, :bruno, published_at FROM framework_edition",
            new=uuid4(),
            anna=house.person("anna"),
            bruno=house.person("bruno"),
        )


def test_the_digest_names_what_is_said(house):
    edition = house.in_review()
    house.publish(edition)
    row = house.row(edition)
    assert row.digest == digest(house.document(edition))
    assert row.digest != house.row(house.shipped()).digest  # the version number is part of it
    shipped = read_document(read_folder(FOLDER / "mycred4home"))
    assert house.row(house.shipped()).digest == digest(shipped)


# --- two at once -----------------------------------------------------------------------------


def test_the_second_saver_is_told_and_nothing_is_lost(house):
    edition = house.draft()
    house.change(edition, {NAME_FR: "Premier"}, revision=1)
    with pytest.raises(editing.Overtaken) as told:
        house.change(edition, {NAME_FR: "Second", NAME_ES: "Nuevo"}, revision=1, by="bruno")
    assert told.value.keys == [NAME_FR]
    assert house.document(edition)["texts"]["fr"]["level"]["beginner"]["name"] == "Premier"
    assert house.document(edition)["texts"]["es"]["level"]["beginner"]["name"] == "Inicial"
    house.change(edition, {NAME_FR: "Second"}, revision=house.row(edition).revision, by="bruno")
    assert house.document(edition)["texts"]["fr"]["level"]["beginner"]["name"] == "Second"


def test_two_translators_do_not_stand_in_each_others_way(house):
    edition = house.draft()
    house.change(edition, {NAME_FR: "Premier"}, revision=1)
    house.change(edition, {NAME_ES: "Primero"}, revision=1, by="bruno")
    texts = house.document(edition)["texts"]
    assert texts["fr"]["level"]["beginner"]["name"] == "Premier"
    assert texts["es"]["level"]["beginner"]["name"] == "Primero"


def test_structure_is_one_thing_since_the_places_in_its_lists_move(house):
    edition = house.draft()
    house.change(edition, {CODE: "ABC"}, revision=1)
    with pytest.raises(editing.Overtaken):
        house.change(edition, {("framework", "skill", "0", "code"): "XYZ"}, revision=1)


def test_saving_the_same_twice_is_no_conflict(house):
    edition = house.draft()
    house.change(edition, {NAME_FR: "Premier"}, revision=1)
    house.change(edition, {NAME_FR: "Premier"}, revision=1, by="bruno")
    assert house.row(edition).revision == 2


# --- the way back, the trail -----------------------------------------------------------------


def test_it_comes_back_with_a_comment_and_only_with_one(house):
    edition = house.in_review()
    assert refused(house.give_back, edition, "  ").code == "comment"
    house.give_back(edition, "The French is not ready.")
    assert house.row(edition).state == "draft"
    assert house.row(edition).comment == "The French is not ready."


def test_every_step_leaves_its_event(house):
    edition = house.in_review()
    house.give_back(edition, "Not yet.")
    house.change(edition, {NAME_FR: "Premier"})
    house.send(edition)
    house.publish(edition)
    with house.service.centre.database.reading() as session:
        kinds = session.exec(
            select(AuditEvent.kind).where(AuditEvent.subject_id == str(edition))
        ).all()
        assert broken_at(session) is None
    assert list(kinds) == [
        f"framework.{what}"
        for what in (
            "opened",
            "sent-to-review",
            "given-back",
            "changed",
            "sent-to-review",
            "published",
        )
    ]


# --- which version serves whom ---------------------------------------------------------------


def test_new_work_gets_the_latest_version_and_begun_work_keeps_its_own(house):
    service = house.service
    service.browser("maria", Role.CANDIDATE)
    maria = service.centre.person("maria")
    body = service.app.extensions["issuing_body"]

    def begin(language: str) -> str:
        with service.centre.database.transaction() as session:
            return assessment.start(
                session,
                body.framework,
                candidate_id=maria,
                skill="technical-cleaning",
                level=1,
                language=language,
                now=service.clock(),
            ).framework_version

    with service.centre.database.transaction() as session:
        give_consent(session, maria, statistics=False, now=service.clock())
    assert begin("es") == "1.1"
    edition = house.draft()
    house.change(edition, {("texts", "fr", "skill", "technical-cleaning", "name"): "Ménage"})
    house.send(edition)
    house.publish(edition)
    service.browser().get("/health")
    assert begin("fr") == "1.2"
    assert body.library.version("1.1").skill_name("technical-cleaning", "fr") != "Ménage"
    assert body.library.version("1.2").skill_name("technical-cleaning", "fr") == "Ménage"


def test_editions_of_an_earlier_version_stay_served_byte_for_byte(house):
    visitor = house.service.browser()
    plain = "/achievements/technical-cleaning/expert"
    before = visitor.get(f"{plain}/fr", headers={"Accept": "application/ld+json"}).data
    edition = house.draft()
    house.change(edition, {("texts", "fr", "skill", "technical-cleaning", "name"): "Ménage"})
    house.send(edition)
    house.publish(edition)
    assert visitor.get(f"{plain}/fr", headers={"Accept": "application/ld+json"}).data == before
    later = f"/frameworks/mycred4home/1.2{plain}"
    document = visitor.get(f"{later}/fr", headers={"Accept": "application/ld+json"}).get_json(
        force=True
    )
    assert document["name"] == "Ménage - Expert"
    assert document["id"] == f"http://localhost:8001{later}"
    assert visitor.get(later).status_code == 200
    assert visitor.get(f"/frameworks/mycred4home/1.3{plain}").status_code == 404
    assert visitor.get("/frameworks/mycred4home/1.2/images/technical-cleaning-expert.svg")


def test_a_badge_is_of_the_version_in_which_the_work_was_done(house):
    decision = house.service.centre.decided()
    house.publish(house.in_review())
    house.service.browser().get("/health")
    assert house.service.centre.body.framework.version == "1.2"
    awards.release(
        house.service.centre.database,
        decision,
        officer_id=house.service.centre.person("olga", Role.OFFICER),
        body=house.service.centre.body,
        now=house.service.clock(),
    )
    with house.service.centre.database.reading() as session:
        text = session.exec(select(Credential.intended_text)).one()
    assert '"version":"1.1"' in text
    assert "/frameworks/" not in text


def test_the_version_that_came_first_stays_although_a_release_brings_another(house, tmp_path):
    folder = Path(shutil.copytree(FOLDER / "mycred4home", tmp_path / "later" / "mycred4home"))
    file = folder / "framework.toml"
    file.write_text(file.read_text("utf-8").replace('version = "1.1"', 'version = "2.0"'), "utf-8")
    later = frameworks(tmp_path / "later")["mycred4home"]
    database = house.service.centre.database
    library = open_library(database, later, now=house.service.clock())
    assert [one.version for one in library.versions()] == ["2.0", "1.1"]
    assert library.current.prefix == "/frameworks/mycred4home/2.0"
    assert library.version("1.1").prefix == ""
    again = open_library(database, later, now=house.service.clock())
    assert [one.version for one in again.versions()] == ["2.0", "1.1"]
    with database.reading() as session:
        assert len(session.exec(select(FrameworkEdition)).all()) == 2
