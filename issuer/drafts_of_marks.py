"""Marks on their way: saved as they are typed, handed in once, and what goes with them.

A draft belongs to one examiner and one file; nobody else ever sees it, so second marks stay blind.
Handing in is `assessment.decide` and, in the same transaction, the end of the draft, the notes that
the candidate may read, and the time it took.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from issuer import assessment
from issuer.assessment import MAX_NOTE, Marking
from issuer.framework import MARKS, Framework
from issuer.marks_tables import MarkingTime, MarksDraft, ShownNote
from issuer.sampling import Sampling
from issuer.tables import Assessment, Decision, Submission, SubmissionState

_LONGEST = timedelta(hours=8)
"""Longer than one works at a file: it was left open, and its time says nothing."""
_OPEN = (
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.APPEALED,
    SubmissionState.RETURNED,
)


@dataclass(frozen=True)
class Typed:
    """What stands in an examiner's form: perhaps incomplete, perhaps wrong."""

    marking: Marking
    shown: Set[str] = frozenset()
    """The criteria whose notes the candidate may read."""
    language: str = ""
    """The language that the notes are written in."""
    opened: datetime | None = None


NOTHING = Typed(Marking({}, {}, -1))


def save(
    session: Session, submission_id: UUID, typed: Typed, *, examiner_id: UUID, now: datetime
) -> None:
    """Keep what an examiner typed so far; only for a file that they may mark now."""
    assessment.file_for_marking(session, submission_id, examiner_id=examiner_id, now=now)
    earlier = session.get(MarksDraft, (submission_id, examiner_id))
    opened = earlier.content.get("opened") if earlier else None
    content: dict[str, Any] = {
        "marks": {name: mark for name, mark in typed.marking.marks.items() if mark in MARKS},
        "notes": {name: note[:MAX_NOTE] for name, note in typed.marking.notes.items()},
        "level": typed.marking.level,
        "shown": sorted(typed.shown),
        "language": typed.language,
        "opened": opened or (typed.opened or now).isoformat(),
    }
    session.merge(
        MarksDraft(
            submission_id=submission_id, examiner_id=examiner_id, content=content, saved_at=now
        )
    )


def saved(session: Session, submission_id: UUID, *, examiner_id: UUID) -> Typed | None:
    """Give what this examiner saved for a file."""
    draft = session.get(MarksDraft, (submission_id, examiner_id))
    if draft is None:
        return None
    content = draft.content
    return Typed(
        Marking(content["marks"], content["notes"], content["level"]),
        frozenset(content["shown"]),
        content["language"],
        datetime.fromisoformat(content["opened"]),
    )


def begun_by(session: Session, examiner_id: UUID) -> set[UUID]:
    """Give the files that an examiner began to mark and saved."""
    return set(
        session.exec(
            select(MarksDraft.submission_id).where(col(MarksDraft.examiner_id) == examiner_id)
        )
    )


def hand_in(
    session: Session,
    submission_id: UUID,
    typed: Typed,
    framework: Framework,
    *,
    examiner_id: UUID,
    sampling: Sampling,
    now: datetime,
) -> Decision | None:
    """Hand in marks and give the decision if they settle it; the draft ends with it."""
    draft = saved(session, submission_id, examiner_id=examiner_id)
    decision = assessment.decide(
        session,
        submission_id,
        typed.marking,
        framework,
        examiner_id=examiner_id,
        sampling=sampling,
        now=now,
    )
    made = assessment.own_assessment(session, submission_id, examiner_id=examiner_id)
    assert made is not None, "decide wrote it down"
    session.add_all(
        ShownNote(assessment_id=made.id, criterion=criterion, language=typed.language)
        for criterion in sorted(typed.shown & made.notes.keys())
    )
    opened = draft.opened if draft else typed.opened
    if opened is not None and timedelta() <= now - opened <= _LONGEST:
        minutes = round((now - opened) / timedelta(minutes=1))
        session.add(MarkingTime(assessment_id=made.id, minutes=minutes))
    forget(session, submission_id, examiner_id=examiner_id)
    return decision


def forget(session: Session, submission_id: UUID, *, examiner_id: UUID) -> None:
    """Delete an examiner's draft of a file."""
    session.exec(
        delete(MarksDraft).where(
            col(MarksDraft.submission_id) == submission_id,
            col(MarksDraft.examiner_id) == examiner_id,
        )
    )


def forget_useless(session: Session) -> int:
    """Delete the drafts for files that nobody can mark any more; give how many."""
    closed = select(Submission.id).where(col(Submission.state).not_in(_OPEN))
    done = session.exec(delete(MarksDraft).where(col(MarksDraft.submission_id).in_(closed)))
    return done.rowcount


# --- what the candidate reads -------------------------------------------------------------------


@dataclass(frozen=True)
class ReadableNote:
    """A note of an examiner that the candidate may read."""

    text: str
    language: str


def readable_notes(session: Session, markings: list[Assessment]) -> dict[str, list[ReadableNote]]:
    """Give the notes that may be shown, by criterion."""
    notes: dict[str, list[ReadableNote]] = {}
    by_id = {one.id: one for one in markings}
    for shown in session.exec(select(ShownNote).where(col(ShownNote.assessment_id).in_(by_id))):
        text = by_id[shown.assessment_id].notes[shown.criterion]
        notes.setdefault(shown.criterion, []).append(ReadableNote(text, shown.language))
    return notes
