"""The figures of the work that is in the database, live or as a report that never changes.

Only people who agreed to be counted are counted (domain F.4); what leaves this module holds groups
of five or more (B.5-24).
"""

import base64
import csv
import hashlib
import io
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from contexts import canonical_jcs
from issuer.audit import record
from issuer.pilot_tables import PilotReport
from issuer.statistics import Figures, Work, figures
from issuer.tables import (
    Assessment,
    Consent,
    Decision,
    Organisation,
    Person,
    Submission,
    SubmissionState,
)
from web.errors import Refused
from web.languages import N_

CUTS = ("country", "skill", "language")
"""What the figures are cut by."""

_COLUMNS = (
    *("cut", "group", "awarded", "decided", "share", "low", "high"),
    *("minutes_median", "minutes_lower", "minutes_upper"),
)


def counted_work(session: Session) -> list[Work]:
    """Give all work of people who agreed to be counted."""
    superseded = select(Decision.supersedes).where(col(Decision.supersedes).is_not(None))
    rows = session.exec(
        select(Submission, Organisation.country_code, Decision)
        .join(Person, col(Person.id) == col(Submission.candidate_id))
        .join(Organisation, col(Organisation.id) == col(Person.organisation_id))
        .join(Consent, col(Consent.person_id) == col(Person.id))
        .outerjoin(
            Decision,
            (col(Decision.submission_id) == col(Submission.id))
            & col(Decision.id).not_in(superseded),
        )
        .where(col(Consent.statistics).is_(True))
        .order_by(col(Submission.number))
    ).all()
    proposed: dict[UUID, list[int]] = defaultdict(list)
    for submission_id, level in session.exec(
        select(Assessment.submission_id, Assessment.proposed_level)
        .where(col(Assessment.round) == 1)
        .order_by(col(Assessment.ordinal))
    ):
        proposed[submission_id].append(level)
    return [
        Work(
            traits={
                "country": country,
                "skill": submission.skill,
                "language": submission.language,
            },
            ended=_ended(submission, decision),
            person=submission.candidate_id,
            level=(decision.level or 0) if decision else None,
            minutes=_between(submission.started_at, submission.sent_at, timedelta(minutes=1)),
            hours=_between(
                submission.sent_at, decision.decided_at if decision else None, timedelta(hours=1)
            ),
            proposed=tuple(proposed[submission.id]),
        )
        for submission, country, decision in rows
    ]


def current_figures(session: Session) -> Figures:
    """Give the figures of now."""
    return figures(counted_work(session), by=CUTS)


def as_json(found: Figures, *, as_of: datetime) -> bytes:
    """Write figures as canonical JSON (RFC 8785); shares are between 0 and 1, hidden is null."""
    return canonical_jcs(
        {"asOf": as_of.strftime("%Y-%m-%dT%H:%M:%SZ"), "figures": _plain(asdict(found))}
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
        table.writerow((by, cell.name, *(_rounded(value) for value in (*rates, *times))))
    return text.getvalue()


def freeze_report(session: Session, *, by: UUID, now: datetime) -> UUID:
    """Keep the figures of now for good; give the report's id."""
    document = as_json(current_figures(session), as_of=now)
    report = PilotReport(
        as_of=now,
        made_by=by,
        document=document.decode(),
        digest="sha384-" + base64.b64encode(hashlib.sha384(document).digest()).decode(),
    )
    session.add(report)
    record(session, "pilot.reported", report.id, by=by, now=now)
    return report.id


def reports(session: Session) -> list[PilotReport]:
    """List the reports, the newest first."""
    return list(session.exec(select(PilotReport).order_by(col(PilotReport.as_of).desc())))


def report(session: Session, report_id: UUID) -> PilotReport:
    """Give one report."""
    found = session.get(PilotReport, report_id)
    if found is None:
        raise Refused(N_("There is no such report."), status=404, code="unknown-report")
    return found


def _ended(submission: Submission, decision: Decision | None) -> str | None:
    if decision is not None:
        return decision.outcome
    is_withdrawn = submission.state == SubmissionState.WITHDRAWN
    return SubmissionState.WITHDRAWN.value if is_withdrawn else None


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
