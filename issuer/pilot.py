"""The figures of the work that is in the database, of this day or as a report that never changes.

Only people who agreed to be counted are counted (domain F.4); what leaves this module holds groups
of five or more (B.5-24). A coordinator reads of their own centre, or of a group that it takes part
in, where what is told of the others is of five or more as well (B.5-30). Figures are those of the
last midnight (UTC), so that nobody learns what one decision did by looking before and after it
(B.5-18).
"""

import base64
import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from contexts import canonical_jcs
from issuer.accounts import centre_of
from issuer.appeal_tables import Appeal
from issuer.audit import record
from issuer.award_tables import Award, Credential
from issuer.cohort_tables import CohortMember
from issuer.feedback import QUESTIONS
from issuer.feedback_tables import Feedback, Usage
from issuer.framework import Framework
from issuer.pilot_tables import PilotReport
from issuer.quality import (
    Appeals,
    Difficulty,
    ExaminerFigures,
    Face,
    Marked,
    Vouched,
    appeals,
    difficulties,
    dropouts,
    examiners,
    faces,
    share,
    vouched,
)
from issuer.statistics import SMALLEST, Figures, Rate, Work, figures
from issuer.tables import (
    Assessment,
    AuditEvent,
    Consent,
    Decision,
    Organisation,
    Person,
    Submission,
    SubmissionState,
)
from web.errors import Refused
from web.languages import N_

CUTS = ("country", "skill", "language", "level", "kind", "tongue", "mother_tongue")
"""What the figures are cut by: `level` is the one aimed at, `tongue` whether the pages were in the
mother tongue; a trait that nobody told is empty."""

_COLUMNS = (
    *("cut", "group", "people", "awarded", "decided", "share", "low", "high"),
    *("minutes_median", "minutes_lower", "minutes_upper"),
)
_WITHOUT_RESULT = (SubmissionState.WITHDRAWN, SubmissionState.VOID)


@dataclass(frozen=True)
class Quality:
    """What helps to make tasks and marking better; None and absent are too few to show."""

    examiners: tuple[ExaminerFigures, ...]
    difficulties: tuple[Difficulty, ...]
    dropouts: dict[str, tuple[Rate, ...]]
    """By task set: for each task, the share of those who came to it and stopped there."""
    listened: Rate | None
    switched: Rate | None
    faces: tuple[Face, ...]
    appeals: Appeals | None
    endorsements: tuple[Vouched, ...]
    """Of bodies, in badges when these were signed: what others say later stays in wallets."""


@dataclass(frozen=True)
class Overview:
    """All figures of one moment, of everybody or of one cohort."""

    as_of: datetime
    invited: int | None
    """How many people are in groups, or in the one group, whether they agreed or not."""
    figures: Figures
    quality: Quality


def overview(
    session: Session,
    framework: Framework,
    *,
    now: datetime,
    cohort_id: UUID | None = None,
    centre: UUID | None = None,
) -> Overview:
    """Give the figures as they stood at the last midnight (UTC): of a group, or of all.

    `centre` is the one of who reads them: of all then means of this centre, and what helps to make
    tasks and marking better is of its own work also where a group has several.
    """
    until = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = _counted(session, until=until, cohort_id=cohort_id, centre=centre)
    own = [row for row in counted if not row.elsewhere]
    return Overview(
        until,
        _invited(session, until=until, cohort_id=cohort_id, centre=centre),
        figures([_work(row, until) for row in counted], by=CUTS),
        _quality(session, framework, own, until),
    )


def words(
    session: Session, *, now: datetime, cohort_id: UUID | None = None, centre: UUID | None = None
) -> list[str]:
    """Give what people wrote in their own words, in no order that tells who; five or none."""
    until = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counted = _counted(session, until=until, cohort_id=cohort_id, centre=centre)
    ids = {row.submission.id for row in counted if not row.elsewhere}
    found = session.exec(
        select(Feedback.words).where(
            col(Feedback.submission_id).in_(ids),
            col(Feedback.words) != "",
            col(Feedback.given_at) < until,
        )
    ).all()
    return sorted(found, key=lambda one: hashlib.sha256(one.encode()).digest()) * (
        len(found) >= SMALLEST
    )


def counted_work(session: Session, *, until: datetime, cohort_id: UUID | None = None) -> list[Work]:
    """Give the work of people who agreed to be counted, as it stood at a moment."""
    return [_work(row, until) for row in _counted(session, until=until, cohort_id=cohort_id)]


def _invited(
    session: Session, *, until: datetime, cohort_id: UUID | None, centre: UUID | None
) -> int | None:
    """Count the invited; None where that tells of one to four people, also of other centres."""
    query = select(CohortMember.organisation_id).where(col(CohortMember.invited_at) < until)
    if cohort_id is not None:
        query = query.where(col(CohortMember.cohort_id) == cohort_id)
    elif centre is not None:
        query = query.where(col(CohortMember.organisation_id) == centre)
    places = session.exec(query).all()
    elsewhere = sum(place != centre for place in places) if centre is not None else 0
    return None if len(places) < SMALLEST or 0 < elsewhere < SMALLEST else len(places)


@dataclass(frozen=True)
class _Counted:
    """One piece of work of somebody who agreed, with all that is counted of it."""

    submission: Submission
    country: str
    decision: Decision | None
    """The one in force at the moment."""
    ended: str | None
    member: CohortMember | None
    usage: Usage | None
    looks: tuple[tuple[Assessment, str], ...]
    """Each examiner's look, in order, with the examiner's alias."""
    award: Award | None
    badge: Credential | None
    """As it was signed; None while nobody collected it."""
    elsewhere: bool
    """It is of another centre than the reader's."""


def _counted(
    session: Session, *, until: datetime, cohort_id: UUID | None, centre: UUID | None = None
) -> list[_Counted]:
    superseded = select(Decision.supersedes).where(
        col(Decision.supersedes).is_not(None), col(Decision.decided_at) < until
    )
    query = (
        select(Submission, Organisation, Decision, CohortMember)
        .join(Person, col(Person.id) == col(Submission.candidate_id))
        .join(Organisation, col(Organisation.id) == col(Person.organisation_id))
        .join(Consent, col(Consent.person_id) == col(Person.id))
        .outerjoin(
            Decision,
            (col(Decision.submission_id) == col(Submission.id))
            & (col(Decision.decided_at) < until)
            & col(Decision.id).not_in(superseded),
        )
        .outerjoin(CohortMember, col(CohortMember.person_id) == col(Person.id))
        .where(col(Consent.statistics).is_(True), col(Submission.started_at) < until)
        .order_by(col(Submission.number))
    )
    if cohort_id is not None:
        query = query.where(col(CohortMember.cohort_id) == cohort_id)
    elif centre is not None:
        query = query.where(col(Person.organisation_id) == centre)
    usages = {usage.submission_id: usage for usage in session.exec(select(Usage))}
    looks: dict[UUID, list[tuple[Assessment, str]]] = defaultdict(list)
    for assessment, alias in session.exec(
        select(Assessment, Person.alias)
        .join(Person, col(Person.id) == col(Assessment.examiner_id))
        .where(col(Assessment.submitted_at) < until, col(Assessment.round) == 1)
        .order_by(col(Assessment.ordinal))
    ):
        looks[assessment.submission_id].append((assessment, alias))
    awarded = _awards(session, until=until)
    later = _ended_later(session, until=until)
    return [
        _Counted(
            submission,
            organisation.country_code,
            decision,
            _ended(submission, decision, later=later),
            member,
            usages.get(submission.id),
            tuple(looks[submission.id]),
            *awarded.get(submission.id, (None, None)),
            elsewhere=centre is not None and organisation.id != centre,
        )
        for submission, organisation, decision, member in session.exec(query)
    ]


def _awards(
    session: Session, *, until: datetime
) -> dict[UUID, tuple[Award | None, Credential | None]]:
    """Give the last award of each file, with its badge where that was collected."""
    rows = session.exec(
        select(Decision.submission_id, Award, Credential)
        .join(Award, col(Award.decision_id) == col(Decision.id))
        .outerjoin(
            Credential,
            (col(Credential.award_id) == col(Award.id)) & (col(Credential.signed_at) < until),
        )
        .where(col(Award.released_at) < until)
        .order_by(col(Award.released_at), col(Credential.signed_at))
    )
    return {submission_id: (award, badge) for submission_id, award, badge in rows}


def _ended_later(session: Session, *, until: datetime) -> frozenset[str]:
    """Name the files that were taken back or made void after the moment: then they were open."""
    kinds = [f"submission.{state}" for state in _WITHOUT_RESULT]
    return frozenset(
        session.exec(
            select(AuditEvent.subject_id).where(
                col(AuditEvent.at) >= until, col(AuditEvent.kind).in_(kinds)
            )
        )
    )


def _work(row: _Counted, until: datetime) -> Work:
    submission, decision = row.submission, row.decision
    sent_at = submission.sent_at if submission.sent_at and submission.sent_at < until else None
    return Work(
        traits={
            "country": row.country,
            "skill": submission.skill,
            "language": submission.language,
            "level": str(submission.level),
            "kind": (row.member.kind if row.member else None) or "",
            "tongue": _tongue(row),
            "mother_tongue": (row.member.tongue if row.member else None) or "",
        },
        ended=row.ended,
        person=submission.candidate_id,
        level=(decision.level or 0) if decision else None,
        minutes=submission.worked_seconds / 60 if sent_at else None,
        hours=_between(sent_at, decision.decided_at if decision else None, timedelta(hours=1)),
        proposed=tuple(look.proposed_level for look, _alias in row.looks),
        elsewhere=row.elsewhere,
        is_sent=sent_at is not None,
        is_released=row.award is not None,
        is_collected=row.badge is not None,
    )


def _tongue(row: _Counted) -> str:
    if row.member is None or row.member.tongue is None or row.usage is None:
        return ""
    return "same" if row.usage.interface == row.member.tongue else "other"


def _quality(
    session: Session, framework: Framework, counted: list[_Counted], until: datetime
) -> Quality:
    marked = [
        Marked(
            examiner=alias,
            file=row.submission.id,
            skill=row.submission.skill,
            level=look.proposed_level,
            aim=row.submission.level,
            marks=look.marks,
        )
        for row in counted
        for look, alias in row.looks
    ]
    used = [row for row in counted if row.usage is not None]
    said = session.exec(
        select(Feedback).where(
            col(Feedback.submission_id).in_([row.submission.id for row in counted]),
            col(Feedback.given_at) < until,
        )
    ).all()
    return Quality(
        examiners=examiners(marked),
        difficulties=difficulties(marked),
        dropouts=_dropouts(framework, used),
        listened=share([row.usage.listened for row in used if row.usage]),
        switched=share([row.usage.switched for row in used if row.usage]),
        faces=faces({name: [getattr(one, name) for one in said] for name in QUESTIONS}),
        appeals=_appeals(session, counted, until),
        endorsements=vouched(
            (f"{row.award.slug}/{row.award.level_slug}", _carried(row.badge))
            for row in counted
            if row.award is not None and row.badge is not None
        ),
    )


def _appeals(session: Session, counted: list[_Counted], until: datetime) -> Appeals | None:
    """Count what came of the appeals made by the moment; None where fewer than five people did."""
    made = session.exec(
        select(Appeal, Decision)
        .join(Decision, col(Decision.id) == col(Appeal.decision_id))
        .where(col(Appeal.made_at) < until)
    ).all()
    by_file = {row.submission.id: row for row in counted}
    changes: list[int | None] = []
    people = set()
    for appeal, first in made:
        row = by_file.get(appeal.submission_id)
        if row is None:
            continue
        people.add(appeal.candidate_id)
        ended = row.decision is not None and row.decision.supersedes == first.id
        now_ = (row.decision.level or 0) if ended and row.decision else 0
        changes.append(now_ - (first.level or 0) if ended else None)
    return appeals(changes) if len(people) >= SMALLEST else None


def _carried(badge: Credential) -> int:
    """Count the endorsements in a badge as it was signed, wherever they may stand."""
    document = json.loads(badge.signed_text or "{}")
    achievement = document.get("credentialSubject", {}).get("achievement", {})
    issuer = document.get("issuer", {})
    return sum(
        len(place.get(name, ()))
        for place in (document, achievement, issuer)
        for name in ("endorsement", "endorsementJwt")
    )


def _dropouts(framework: Framework, used: list[_Counted]) -> dict[str, tuple[Rate, ...]]:
    by_set: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for row in used:
        if row.usage is not None and row.submission.state != SubmissionState.DRAFT:
            sent = row.submission.sent_at is not None
            by_set[row.submission.scenario_id].append((row.usage.answered, sent))
    found = {}
    for scenario_id, answered in sorted(by_set.items()):
        shape = framework.contents.scenarios.get(scenario_id)
        rates = dropouts(answered, len(shape.tasks)) if shape else None
        if rates is not None:
            found[scenario_id] = rates
    return found


def as_json(found: Overview) -> bytes:
    """Write figures as canonical JSON (RFC 8785); shares are between 0 and 1, hidden is null."""
    return canonical_jcs(
        {
            "asOf": found.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "invited": found.invited,
            "figures": _plain(asdict(found.figures)),
            "quality": _plain(asdict(found.quality)),
        }
    )


def as_csv(found: Figures) -> str:
    """Write the cut figures as a table; a hidden cell has a name and nothing else."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    cells = [("all", found.overall), *((by, c) for by, cut in found.cuts.items() for c in cut)]
    for by, cell in cells:
        rate, minutes = cell.rate, cell.minutes
        rates = (rate.passed, rate.of, rate.share, rate.low, rate.high) if rate else ("",) * 5
        times = (minutes.median, minutes.lower, minutes.upper) if minutes else ("",) * 3
        people = "" if cell.people is None else cell.people
        table.writerow((by, cell.name, people, *(_rounded(value) for value in (*rates, *times))))
    return text.getvalue()


def as_long_csv(found: Overview) -> str:
    """Write every other figure, one a line: topic, item, figure, value; hidden is empty.

    Topics and figures are the names of the JSON, so that both can be read side by side.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("topic", "item", "figure", "value"))
    table.writerow(("people", "", "invited", _cell_of(found.invited)))
    plain = _plain(asdict(found.figures))
    del plain["overall"], plain["cuts"]
    plain |= _plain(asdict(found.quality))
    for topic, value in plain.items():
        table.writerows((topic, *row) for row in _lines(value))
    return text.getvalue()


def _lines(value: Any, item: str = "") -> Iterator[tuple[str, str, Any]]:
    """Unfold a figure: of a list each entry is an item, named by the texts in it or its place."""
    if isinstance(value, dict):
        item = item or " ".join(one for one in value.values() if isinstance(one, str))
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                for _item, figure, found in _lines(inner, item or name):
                    yield item or name, f"{name} {figure}".strip(), found
            elif not isinstance(inner, str):
                yield item, name, _cell_of(inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value, 1):
            if isinstance(inner, dict):
                yield from _lines(inner, item and f"{item} {place}")
            else:
                yield item, str(place), _cell_of(inner)
    else:
        yield item, "", _cell_of(value)


def _cell_of(value: Any) -> Any:
    return "" if value is None else value


def freeze_report(
    session: Session,
    framework: Framework,
    *,
    by: UUID,
    now: datetime,
    cohort_id: UUID | None = None,
) -> UUID:
    """Keep the figures of today of one's centre or group for good; give the report's id."""
    centre = centre_of(session, by)
    found = overview(session, framework, now=now, cohort_id=cohort_id, centre=centre)
    document = as_json(found)
    report = PilotReport(
        as_of=found.as_of,
        made_by=by,
        document=document.decode(),
        digest="sha384-" + base64.b64encode(hashlib.sha384(document).digest()).decode(),
    )
    session.add(report)
    record(session, "pilot.reported", report.id, by=by, now=now)
    return report.id


def reports(session: Session, *, centre: UUID) -> list[PilotReport]:
    """List the reports that a centre kept, the newest first."""
    return list(
        session.exec(
            select(PilotReport)
            .join(Person, col(Person.id) == col(PilotReport.made_by))
            .where(col(Person.organisation_id) == centre)
            .order_by(col(PilotReport.as_of).desc())
        )
    )


def report(session: Session, report_id: UUID, *, centre: UUID) -> PilotReport:
    """Give one report that a centre kept."""
    found = session.get(PilotReport, report_id)
    if found is None or centre_of(session, found.made_by) != centre:
        raise Refused(N_("There is no such report."), status=404, code="unknown-report")
    return found


def _ended(
    submission: Submission, decision: Decision | None, *, later: frozenset[str]
) -> str | None:
    if decision is not None:
        return decision.outcome
    without = submission.state in _WITHOUT_RESULT and str(submission.id) not in later
    return submission.state if without else None


def _between(start: datetime | None, end: datetime | None, unit: timedelta) -> float | None:
    return None if start is None or end is None else (end - start) / unit


def _rounded(value: float | str) -> float | str:
    return round(value, 4) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _rounded(value)
