"""The published pilot, lived through in a real database: 30 people, 120 pieces of work.

`load` makes persons, a group, work, marks and decisions at the times that `pilot.json` tells, by
the functions that the pages call. One thing is written to the tables by hand: the data keep the
first level where two examiners of a drawn file differ, while our rule takes the lower one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from assessment_world import good_answer
from sqlmodel import Session

from issuer import accounts, assessment, cohorts, feedback, observations
from issuer.answers import is_observed
from issuer.assessment import Marking
from issuer.framework import Framework
from issuer.observations import Seen, Watching
from issuer.sampling import NO_SAMPLING, Sampling
from issuer.tables import (
    Assessment,
    Decision,
    Role,
    Submission,
    SubmissionState,
)
from web.database import Database

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OVER = BEGAN + timedelta(days=45)
"""By then everything is decided, and still nobody's answers are deleted."""

SKILL = {
    "technical": "technical-cleaning",
    "soft": "following-instructions",
    "linguistic": "simple-phrases",
    "transversal": "organising-oneself",
}
LEVEL = {"none": 0, "beginner": 1, "confirmed": 2, "expert": 3}
CENTRES = {"ES": "Centro del piloto", "FR": "Centre du pilote"}
_DRAWN = Sampling(first_files=0, share=1, draw=lambda: 0.0)


@dataclass
class Pilot:
    """What was loaded, by the names of the data."""

    cohort: UUID
    coordinator: UUID
    people: dict[str, UUID] = field(default_factory=dict)
    examiners: dict[str, UUID] = field(default_factory=dict)
    work: dict[str, UUID] = field(default_factory=dict)


def read(path: Path) -> dict[str, Any]:
    """Read the published data."""
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def load(database: Database, framework: Framework, data: Mapping[str, Any]) -> Pilot:
    """Live through the pilot; everybody agreed to be counted."""
    with database.transaction() as session:
        pilot = _people(session, framework, data)
    countries = {one["id"]: one for one in data["people"]}
    for place, one in enumerate(data["submissions"]):
        with database.transaction() as session:
            # Work of one person on a later day than the work before: nobody does two at once.
            began = BEGAN + timedelta(days=7 * (place % 4), minutes=place)
            _one_work(session, framework, pilot, one, countries[one["person"]], began)
    return pilot


def _people(session: Session, framework: Framework, data: Mapping[str, Any]) -> Pilot:
    centres = {
        country: accounts.create_organisation(session, name, country).id
        for country, name in CENTRES.items()
    }
    coordinators = {
        country: accounts.create_person(session, centre, "Coordinator", Role.COORDINATOR).id
        for country, centre in centres.items()
    }
    group = cohorts.create_cohort(
        session, "The pilot", dict.fromkeys(centres.values(), 15), by=coordinators["FR"], now=BEGAN
    )
    pilot = Pilot(group.id, coordinators["FR"])
    for country, coordinator in coordinators.items():
        lines = ["name,contact,site,language,kind,tongue"]
        for one in data["people"]:
            told = (one["id"], f"{one['id']}@pilot.example", CENTRES[country], one["ui"])
            if one["country"] == country:
                lines.append(",".join((*told, one["kind"], one["tongue"])))
        invitations, problems = cohorts.read_invitations(
            session, group.id, "\n".join(lines).encode(), by=coordinator
        )
        assert problems == []
        cohorts.add_members(session, group.id, invitations, by=coordinator, now=BEGAN)
        for line in cohorts.board(session, group.id, coordinator=coordinator).members:
            pilot.people[line.name] = line.person_id
            accounts.give_consent(session, line.person_id, statistics=True, now=BEGAN)
    for one in data["examiners"]:
        person = accounts.create_person(session, centres[one["country"]], one["id"], Role.EXAMINER)
        pilot.examiners[one["id"]] = person.id
        for skill in framework.skills:
            for language in ("es", "fr"):
                accounts.appoint(
                    session,
                    person.id,
                    skill=skill,
                    language=language,
                    level_ceiling=3,
                    reason=one["route"],
                    now=BEGAN,
                )
    return pilot


def _one_work(
    session: Session,
    framework: Framework,
    pilot: Pilot,
    one: Mapping[str, Any],
    person: Mapping[str, Any],
    began: datetime,
) -> None:
    """Do the tasks in as many minutes as the data tell; then it is marked, or taken back."""
    submission = assessment.start(
        session,
        framework,
        candidate_id=pilot.people[one["person"]],
        skill=SKILL[one["skill"]],
        language=person["ui"],
        level=3,
        now=began,
    )
    pilot.work[one["id"]] = submission.id
    scenario = framework.scenario_by_id(submission.scenario_id, submission.language)
    tasks = [task for task in scenario.tasks if not is_observed(task)]
    now, last = began, tasks[-1]
    for task in tasks[:-1]:
        assessment.save_answer(session, submission, task, good_answer(task), now=now)
    left = timedelta(minutes=one["minutes"] or 1)
    while left > assessment.LONGEST_GAP:  # the last task is answered again and again
        now, left = now + assessment.LONGEST_GAP, left - assessment.LONGEST_GAP
        assessment.put_answer(session, submission, last, good_answer(last), given_at=now)
    now += left
    assessment.put_answer(session, submission, last, good_answer(last), given_at=now)
    feedback.note_use(
        session,
        submission,
        interface=person["ui"],
        listened=False,
        answered=len(tasks),
    )
    if one["state"] == "withdrawn":
        assessment.withdraw(session, submission, now=now)
        return
    assessment.submit(session, submission, framework, now=now)
    _marked(session, framework, pilot, one, submission)


def _marked(
    session: Session,
    framework: Framework,
    pilot: Pilot,
    one: Mapping[str, Any],
    submission: Submission,
) -> None:
    assert submission.sent_at is not None
    decided_at = submission.sent_at + timedelta(hours=one["decision_hours"])
    looks = [(one["examiner"], one["first_level"])]
    if one["second"]:
        looks.append((one["second"]["examiner"], one["second"]["level"]))
    levels = [LEVEL[level] for _examiner, level in looks]
    by_our_rule = assessment.settled_level(levels)
    for place, (examiner, level) in enumerate(looks):
        is_last = place + 1 == len(looks)
        if is_last and by_our_rule != LEVEL[one["level"]]:
            _second_look_that_changes_nothing(
                session, framework, pilot.examiners[examiner], submission, one, decided_at
            )
            return
        now = decided_at if is_last else decided_at - timedelta(minutes=30)
        if place:
            _no_other_centre(session, pilot, submission, pilot.examiners[examiner], now)
        _observe(session, framework, submission, pilot.examiners[examiner], now)
        assessment.decide(
            session,
            submission.id,
            _marking(framework, submission.skill, LEVEL[level]),
            framework,
            examiner_id=pilot.examiners[examiner],
            sampling=NO_SAMPLING if is_last else _DRAWN,
            now=now,
        )


def _no_other_centre(
    session: Session, pilot: Pilot, submission: Submission, examiner: UUID, now: datetime
) -> None:
    """Where two of one centre give expert level, those of the other centre know the person."""
    own = accounts.centre_of(session, submission.candidate_id)
    (first,) = assessment.final_assessments(session, submission.id)
    if first.proposed_level < 3 or accounts.centre_of(session, examiner) != own:
        return
    for other in pilot.examiners.values():
        if accounts.centre_of(session, other) != own:
            assessment.declare_conflict(session, submission.id, examiner_id=other, now=now)


def _second_look_that_changes_nothing(
    session: Session,
    framework: Framework,
    examiner: UUID,
    submission: Submission,
    one: Mapping[str, Any],
    now: datetime,
) -> None:
    (first,) = assessment.final_assessments(session, submission.id)
    appointment = assessment.active_appointment(session, submission, examiner, now=now)
    assert appointment is not None
    marking = _marking(framework, submission.skill, LEVEL[one["second"]["level"]])
    session.add(
        Assessment(
            submission_id=submission.id,
            candidate_id=submission.candidate_id,
            examiner_id=examiner,
            appointment_id=appointment.id,
            ordinal=2,
            marks=dict(marking.marks),
            notes=dict(marking.notes),
            aimed_level=submission.level,
            proposed_level=marking.level,
            submitted_at=now,
        )
    )
    session.flush()
    session.add(
        Decision(
            submission_id=submission.id,
            candidate_id=submission.candidate_id,
            outcome="awarded",
            level=LEVEL[one["level"]],
            first_assessment_id=first.id,
            first_examiner_id=first.examiner_id,
            second_examiner_id=examiner,
            decided_at=now,
        )
    )
    session.flush()
    assessment.move(session, submission, SubmissionState.DECIDED, now=now)


def _observe(
    session: Session, framework: Framework, submission: Submission, examiner: UUID, now: datetime
) -> None:
    due = assessment.unobserved(session, submission.id)
    scenario = framework.scenario_by_id(submission.scenario_id, submission.language)
    for task in scenario.tasks:
        if task.id in due:
            seen = {option.id: Seen.SEEN for option in task.options}
            observations.observe(
                session,
                submission.id,
                task,
                Watching(seen, "", now.date()),
                examiner_id=examiner,
                now=now,
            )


def _marking(framework: Framework, skill: str, level: int) -> Marking:
    criteria = framework.skills[skill].criteria
    return Marking(dict.fromkeys(criteria, level), dict.fromkeys(criteria, "more practice"), level)
