"""One person about whom the issuer holds everything it can hold, and how to look for it all."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from assessment_world import House
from award_world import NOW, Centre
from sqlmodel import Session, select

from issuer import (
    accounts,
    appeals,
    assessment,
    awards,
    cohorts,
    consents,
    deferrals,
    feedback,
    issuing,
    notices,
    offers,
    recipients,
    returns,
)
from issuer.cohort_tables import CohortMember, Kind
from issuer.evidence_tables import ContentType, Evidence
from issuer.feedback import Said
from issuer.return_tables import FileReturn, ReturnedPiece
from issuer.tables import Answer, Role, Submission, Table
from issuer.tables import Assessment as Marks

NAME = "Zoraida Quintanilla"
CONTACT = "zoraida@quintanilla.example"
WORDS = "xylophonquark"
"""In everything that the person, or anybody about the person, wrote."""


@dataclass
class Known:
    """A person, and what hangs from them."""

    id: UUID
    signed: str
    """The text of the badge."""
    award: UUID
    house: House
    """Where the person works and is marked."""


def everything(centre: Centre) -> Known:
    """Let one person leave a trace in every table that can hold one."""
    house = House(centre.database)
    house.organisation = centre.organisation
    eva, olga = house.examiner("Eva"), centre.person("olga", Role.OFFICER)
    clara = centre.person("clara", Role.COORDINATOR)
    with centre.database.transaction() as session:
        person = accounts.create_person(
            session, house.organisation, NAME, Role.CANDIDATE, contact=CONTACT
        ).id
        group = cohorts.create_cohort(session, "Pilot", {centre.organisation: 9}, by=clara, now=NOW)
        session.add(
            CohortMember(
                person_id=person,
                cohort_id=group.id,
                organisation_id=centre.organisation,
                language="es",
                kind=Kind.EMPLOYEE,
                tongue="uk",
                invited_at=NOW,
            )
        )
        accounts.invite(session, person, now=NOW)
        accounts.sign_in(session, person, now=NOW)
        consents.begin(session, person, old_enough=True, statistics=True, recording=True, now=NOW)
        notices.open_mailbox(session, person, CONTACT, language="es", now=NOW)
    award, signed = _badge(centre, house, person, eva, olga)
    _second_file(centre, house, person, eva)
    return Known(person, signed, award, house)


def _badge(centre: Centre, house: House, person: UUID, eva: UUID, olga: UUID) -> tuple[UUID, str]:
    file = house.begun(person, level=2)
    house.answered(file)
    with centre.database.transaction() as session:
        submission = session.get_one(Submission, file)
        answer = next(
            one
            for one in session.exec(select(Answer).where(Answer.submission_id == file))
            if isinstance(one.value, str)
        )
        answer.value = WORDS
        session.add(
            Evidence(
                submission_id=file,
                task_id=answer.task_id,
                content_type=ContentType.WEBM,
                content=WORDS.encode(),
                source_hash="0" * 64,
            )
        )
        session.flush()
        feedback.note_use(session, submission, interface="es", listened=True, answered=3)
        assessment.submit(session, submission, house.framework, now=NOW)
        deferrals.make(session, submission, house.framework, secret=centre.body.secret, now=NOW)
        feedback.give(
            session, submission, Said(dict.fromkeys(feedback.QUESTIONS, 4), WORDS), now=NOW
        )
    decision = house.mark(file, eva, 2)
    award = awards.release(centre.database, decision.id, officer_id=olga, body=centre.body, now=NOW)
    signed = issuing.deliver(
        centre.database, award, holder="did:example:zoraida", body=centre.body, now=NOW
    )
    with centre.database.transaction() as session:
        recipients.show(
            session, award, by=person, nickname=WORDS, words=WORDS, language="es", now=NOW
        )
        offers.make_offer(session, award, secret=centre.body.secret, now=NOW)
    return award, signed


def _second_file(centre: Centre, house: House, person: UUID, eva: UUID) -> None:
    """A "not yet" with notes, sent back before, and a second look with words; and a void one."""
    file = house.begun(person, level=3)
    house.answered(file)
    with centre.database.transaction() as session:
        submission = session.get_one(Submission, file)
        assessment.submit(session, submission, house.framework, now=NOW)
        session.add(
            FileReturn(
                submission_id=file,
                examiner_id=eva,
                note=WORDS,
                note_language="es",
                returned_at=NOW,
                until=NOW + timedelta(days=14),
                back_at=NOW,
            )
        )
        session.flush()
        session.add(ReturnedPiece(submission_id=file, task_id="x", fault="missing"))
    marks = house.marking(1)
    with centre.database.transaction() as session:
        house.observed(session, file, eva)
        assessment.decide(
            session,
            file,
            assessment.Marking(marks.marks, dict.fromkeys(marks.notes, WORDS), 1),
            house.framework,
            examiner_id=eva,
            sampling=house.sampling,
            now=NOW,
        )
    with centre.database.transaction() as session:
        appeals.appeal(session, session.get_one(Submission, file), words=WORDS, now=NOW)
    with centre.database.transaction() as session:
        other = Submission(
            candidate_id=person,
            number=9_000,
            skill="organising-oneself",
            language="es",
            level=1,
            scenario_id="x",
            framework_version="1.0",
            state="sent",
            started_at=NOW,
            sent_at=NOW,
        )
        session.add(other)
        session.flush()
        returns.make_void(session, other, fault="service_broke", note=WORDS, stated_by=eva, now=NOW)


def found_in(session: Session, *needles: str) -> list[str]:
    """Look for texts in every column of every row of every table; give where they are."""
    places = []
    for table in Table.metadata.sorted_tables:
        for row in session.connection().execute(table.select()):
            for column, value in row._mapping.items():
                told = _text(value)
                places += [f"{table.name}.{column}" for needle in needles if needle in told]
    return places


def rows_of(session: Session) -> dict[str, int]:
    """Count the rows of every table."""
    return {
        table.name: len(session.connection().execute(table.select()).all())
        for table in Table.metadata.sorted_tables
    }


def marks_by(session: Session, examiner: UUID) -> list[Marks]:
    """List what somebody marked."""
    return list(session.exec(select(Marks).where(Marks.examiner_id == examiner)))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
