"""Three faces after the tasks, and silent notes of how the pages were used.

Both are for counting: nothing here reaches an examiner, and a group of fewer than five is never
shown (`issuer.quality`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from issuer.feedback_tables import Feedback, Usage
from issuer.tables import Consent, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_

QUESTIONS = {
    "clear": N_("Were the tasks clear?"),
    "real": N_("Was it like real work?"),
    "well": N_("Did you feel well?"),
}
FACES = (N_("Not at all"), N_("Not really"), N_("So so"), N_("Yes"), N_("Yes, very much"))
MAX_WORDS = 500


@dataclass(frozen=True)
class Said:
    """What somebody said: a face from 1 to 5 for each question, and words."""

    faces: dict[str, int]
    words: str = ""


def has_given(session: Session, submission_id: UUID) -> bool:
    """Tell whether the person has told us already."""
    return session.get(Feedback, submission_id) is not None


def give(session: Session, submission: Submission, said: Said, *, now: datetime) -> None:
    """Keep what somebody said about work that they sent; once."""
    if submission.sent_at is None or submission.state == SubmissionState.WITHDRAWN:
        raise Refused(N_("First send your tasks."), status=409, code="not-sent")
    if any(said.faces.get(name) not in range(1, 6) for name in QUESTIONS):
        raise Refused(N_("Choose one face for each question."), status=422, code="faces")
    words = said.words.strip()
    if len(words) > MAX_WORDS:
        raise Refused(N_("That is too long. Write less."), status=422, code="words")
    if has_given(session, submission.id):
        raise Refused(N_("You told us already. Thank you!"), status=409, code="told-already")
    session.add(Feedback(submission_id=submission.id, words=words, given_at=now, **said.faces))
    session.flush()


def note_use(
    session: Session, submission: Submission, *, interface: str, listened: bool, answered: int
) -> None:
    """Note how the pages were used, of people who agreed to be counted and of nobody else."""
    consent = session.get(Consent, submission.candidate_id)
    if consent is None or not consent.statistics:
        return
    earlier = session.get(Usage, submission.id)
    if earlier is None:
        session.add(
            Usage(
                submission_id=submission.id,
                interface=interface,
                listened=listened,
                answered=answered,
            )
        )
        return
    earlier.switched = earlier.switched or earlier.interface != interface
    earlier.interface = interface
    earlier.listened = earlier.listened or listened
    earlier.answered = max(earlier.answered, answered)
    session.add(earlier)
