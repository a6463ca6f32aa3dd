"""What a candidate reads after a decision: what goes well, and what to try next.

In the words of the rubric, in the reader's language. An examiner's own words only where the
examiner allowed it, and in the language they are written in.
"""

from dataclasses import dataclass

from sqlmodel import Session

from issuer import assessment, drafts_of_marks
from issuer.drafts_of_marks import ReadableNote
from issuer.framework import Framework
from issuer.tables import Decision, Submission
from issuer.trail import final_marks


@dataclass(frozen=True)
class Line:
    """What is said about one criterion."""

    name: str
    well: str
    """What the person does well; empty at mark 0."""
    next: str
    """What to try next; empty at the highest mark."""
    notes: tuple[ReadableNote, ...]


def advice(
    session: Session,
    framework: Framework,
    submission: Submission,
    decision: Decision | None,
    *,
    language: str,
) -> list[Line]:
    """Say for each criterion what goes well and what to try next; nothing before the decision."""
    if decision is None:
        return []
    markings = assessment.final_assessments(session, submission.id, decision.round)
    marks = final_marks([one.marks for one in markings])
    notes = drafts_of_marks.readable_notes(session, markings)
    return [
        Line(
            line.name,
            line.anchors[marks[line.id]] if marks[line.id] else "",
            line.anchors[marks[line.id] + 1] if marks[line.id] + 1 < len(line.anchors) else "",
            tuple(notes.get(line.id, ())),
        )
        for line in framework.rubric(submission.skill, language)
    ]
