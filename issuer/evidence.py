"""Recordings and photos that answer a task: read, kept with the answer, shown to few, deleted.

A file is made safe before anything is written (`read_file`), and is written in the same transaction
as the answer that it is (`keep`): a process killed between the two leaves neither. It is deleted
with its answer, by the database (docs/adr/0018).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import assessment, consent_trail, second_looks
from issuer.answers import FILE
from issuer.audit import record
from issuer.evidence_tables import ContentType, Evidence, RecordingConsent
from issuer.framework import Task
from issuer.photos import clean_photo
from issuer.privacy_tables import About
from issuer.sounds import clean_recording
from issuer.tables import Answer, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_

MAX_UPLOAD_BYTES = 13_000_000
"""A photo as a phone writes it, and the fields beside it."""

ENDINGS = {
    ContentType.JPEG: "jpg",
    ContentType.WEBM: "webm",
    ContentType.OGG: "ogg",
    ContentType.MP4: "m4a",
    ContentType.MP3: "mp3",
    ContentType.WAV: "wav",
}


@dataclass(frozen=True)
class File:
    """A file that is safe to keep."""

    content_type: ContentType
    content: bytes
    seconds: float | None
    source_hash: str


@dataclass(frozen=True)
class Shown:
    """A kept file, with a name that says nothing about anybody."""

    name: str
    content_type: str
    content: bytes


# --- consent ------------------------------------------------------------------------------------


def said_about_recording(session: Session, person_id: UUID) -> bool | None:
    """Tell whether somebody wants voice and photos kept; None while nobody asked."""
    said = session.get(RecordingConsent, person_id)
    return said.agreed if said else None


def say_about_recording(session: Session, person_id: UUID, *, agreed: bool, now: datetime) -> None:
    """Write down what somebody said; a no deletes what is kept in work that was not sent."""
    session.merge(RecordingConsent(person_id=person_id, agreed=agreed, said_at=now))
    session.flush()
    record(
        session, f"recording.{'agreed' if agreed else 'refused'}", person_id, by=person_id, now=now
    )
    consent_trail.note(session, person_id, About.RECORDING, agreed=agreed, now=now)
    if agreed:
        return
    drafts = session.exec(
        select(Evidence.submission_id, Evidence.task_id)
        .join(Submission, col(Submission.id) == col(Evidence.submission_id))
        .where(
            col(Submission.candidate_id) == person_id,
            col(Submission.state) == SubmissionState.DRAFT,
        )
    ).all()
    for submission_id, task_id in drafts:
        session.delete(session.get_one(Answer, (submission_id, task_id)))
        record(session, "evidence.deleted", submission_id, by=person_id, now=now)


# --- keeping ------------------------------------------------------------------------------------


def read_file(task: Task, data: bytes) -> File:
    """Make a stranger's file safe to keep for a task; raise `Refused` if it cannot be."""
    source_hash = hashlib.sha256(data).hexdigest()
    if task.kind == "photo":
        return File(ContentType.JPEG, clean_photo(data), None, source_hash)
    if task.kind == "speak":
        recording = clean_recording(data)
        return File(
            ContentType(recording.content_type), recording.content, recording.seconds, source_hash
        )
    raise Refused(N_("This task takes no file."), status=422, code="file")


def keep(
    session: Session,
    submission: Submission,
    task: Task,
    file: File,
    *,
    given_at: datetime,
    now: datetime,
) -> None:
    """Keep a file as the answer to a task, in place of any other; sent again, nothing changes."""
    if not said_about_recording(session, submission.candidate_id):
        raise Refused(
            N_("First say whether we may keep your voice and photos."),
            status=403,
            code="recording-consent",
        )
    if file.source_hash == _source_hash(session, submission.id, task.id):
        return
    assessment.put_answer(session, submission, task, {FILE: task.kind}, given_at=given_at)
    attach(session, submission, task, file, now=now)


def attach(
    session: Session, submission: Submission, task: Task, file: File, *, now: datetime
) -> None:
    """Store the file of an answer that says that it is a file."""
    session.add(
        Evidence(
            submission_id=submission.id,
            task_id=task.id,
            content_type=file.content_type,
            content=file.content,
            seconds=file.seconds,
            source_hash=file.source_hash,
        )
    )
    session.flush()
    record(session, "evidence.kept", submission.id, by=submission.candidate_id, now=now)


def _source_hash(session: Session, submission_id: UUID, task_id: str) -> str | None:
    return session.exec(
        select(Evidence.source_hash).where(
            col(Evidence.submission_id) == submission_id, col(Evidence.task_id) == task_id
        )
    ).first()


# --- showing ------------------------------------------------------------------------------------


def for_candidate(
    session: Session, submission_id: UUID, task_id: str, *, candidate_id: UUID
) -> Shown:
    """Give a candidate their own file; anybody else's is answered as if it did not exist."""
    submission = assessment.own_submission(session, submission_id, candidate_id=candidate_id)
    return _shown(session, submission, task_id)


def for_examiner(
    session: Session, submission_id: UUID, task_id: str, *, examiner_id: UUID, now: datetime
) -> Shown:
    """Give a file to an examiner who may mark the work now, or look at it again."""
    if second_looks.is_open_to(session, submission_id, examiner_id=examiner_id, now=now):
        return _shown(session, session.get_one(Submission, submission_id), task_id)
    submission = assessment.file_for_marking(
        session, submission_id, examiner_id=examiner_id, now=now
    )
    return _shown(session, submission, task_id)


def _shown(session: Session, submission: Submission, task_id: str) -> Shown:
    kept = session.get(Evidence, (submission.id, task_id))
    if kept is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    ending = ENDINGS[ContentType(kept.content_type)]
    return Shown(f"{submission.alias}.{ending}", kept.content_type, kept.content)
