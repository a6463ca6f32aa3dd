"""Drafts of frameworks: opened, edited by several people, reviewed by another, published for good.

draft -> in review (by who wrote it) -> published (by somebody else) or back to draft with a comment
(domain A.3, I1; B.3). A draft is kept as one document; whoever saves says which revision they saw,
and what others changed in between is never overwritten unseen. Every step writes an audit event.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer.audit import record
from issuer.framework_check import Finding, check, problems
from issuer.framework_document import (
    Document,
    Key,
    copy,
    digest,
    dump,
    files_of,
    get,
    load,
    put,
    remove,
)
from issuer.framework_tables import EditionState, FrameworkEdition
from issuer.same_person import is_same_person
from web.errors import Refused
from web.languages import N_

MAX_DOCUMENT = 5_000_000
MAX_COMMENT = 1_000

_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
_STRUCTURE = {"framework": 1, "scenarios": 3}
"""Files of structure are changed as a whole: the places in their lists move. Texts stand alone."""

Changes = Mapping[Key, Any]
"""What to put at a key; None takes away what is there."""


class Overtaken(Refused):
    """Somebody else changed the same thing meanwhile; `keys` names what."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(
            N_("Somebody else changed this meanwhile. Nothing of yours is lost: look, then save."),
            status=409,
            code="overtaken",
        )
        self.keys = keys


# --- to begin ---------------------------------------------------------------------------------


def editions(session: Session) -> list[FrameworkEdition]:
    """List every version of every framework, the latest first."""
    rows = session.exec(select(FrameworkEdition).order_by(col(FrameworkEdition.framework))).all()
    return sorted(rows, key=lambda one: (one.framework, _order(one.version)), reverse=True)


def edition(session: Session, edition_id: UUID) -> FrameworkEdition:
    """Give one version."""
    return _found(session.get(FrameworkEdition, edition_id))


def all_published(session: Session) -> list[FrameworkEdition]:
    """List the published versions of every framework, the latest first."""
    return [one for one in editions(session) if _is_published(one)]


def published(session: Session, framework: str, version: str) -> FrameworkEdition:
    """Give a published version by its name."""
    return _found(
        session.exec(
            select(FrameworkEdition).where(
                col(FrameworkEdition.framework) == framework,
                col(FrameworkEdition.version) == version,
                col(FrameworkEdition.state) == EditionState.PUBLISHED,
            )
        ).first()
    )


def open_draft(
    session: Session, edition_id: UUID, *, version: str, by: UUID, now: datetime
) -> FrameworkEdition:
    """Begin a new version as a copy of a published one."""
    origin = edition(session, edition_id)
    if origin.state != EditionState.PUBLISHED:
        raise Refused(N_("A new version begins from a published one."), status=409, code="draft")
    return _begin(
        session, load(origin.document), version=version, based_on=origin.version, by=by, now=now
    )


def import_draft(
    session: Session, document: Document, *, version: str = "", by: UUID, now: datetime
) -> FrameworkEdition:
    """Begin a version from outside, under its own version number or another one."""
    named = document["framework"].get("version", "")
    return _begin(session, document, version=version or named, based_on="", by=by, now=now)


def _begin(
    session: Session, document: Document, *, version: str, based_on: str, by: UUID, now: datetime
) -> FrameworkEdition:
    framework = document["framework"].get("id")
    if not isinstance(framework, str) or not framework:
        raise Refused(N_("This framework has no name (id)."), status=422, code="no-id")
    _must_be_free(session, framework, version)
    document["framework"]["version"] = version
    text = _text(document)
    draft = FrameworkEdition(
        framework=framework,
        version=version,
        based_on=based_on,
        document=text,
        opened_by=by,
        opened_at=now,
        changed_by=by,
        changed_at=now,
    )
    session.add(draft)
    try:
        session.flush()
    except IntegrityError as error:
        raise _taken() from error
    record(session, "framework.opened", draft.id, by=by, now=now)
    return draft


def _must_be_free(session: Session, framework: str, version: Any) -> None:
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise Refused(
            N_("A version is numbers with points, as in 1.2."), status=422, code="version"
        )
    rows = session.exec(
        select(FrameworkEdition).where(col(FrameworkEdition.framework) == framework)
    ).all()
    if version in {one.version for one in rows}:
        raise _taken()
    highest = max((_order(one.version) for one in rows if _is_published(one)), default=())
    if _order(version) <= highest:
        raise Refused(
            N_("The number must be higher than that of every published version."),
            status=422,
            code="version",
        )


def _taken() -> Refused:
    return Refused(N_("There is this version already. Take another number."), status=409)


# --- to change --------------------------------------------------------------------------------


def change(
    session: Session,
    edition_id: UUID,
    changes: Changes,
    *,
    revision: int,
    by: UUID,
    now: datetime,
) -> FrameworkEdition:
    """Put values into a draft that was seen at `revision`.

    1. It must be a draft; its row is locked.
    2. What is as asked already is left alone. What somebody else changed since `revision` stops
       the whole: nothing is saved, `Overtaken` says which.
    3. The rest is kept under a new revision.
    """
    draft = _locked(session, edition_id, EditionState.DRAFT)  # 1
    document = copy(load(draft.document))
    wanted = {key: value for key, value in changes.items() if get(document, key) != value}
    overtaken = [key for key in wanted if draft.touched.get(_whole(key), 0) > revision]
    if overtaken:
        raise Overtaken(overtaken)  # 2
    if not wanted:
        return draft
    for key, value in wanted.items():
        if value is None:
            remove(document, key)
        else:
            put(document, key, value)
    draft.document = _text(document)  # 3
    draft.revision += 1
    draft.touched = draft.touched | dict.fromkeys(map(_whole, wanted), draft.revision)
    draft.changed_by, draft.changed_at = by, now
    session.add(draft)
    session.flush()
    record(session, "framework.changed", draft.id, by=by, now=now)
    return draft


def _whole(key: Key) -> str:
    """Name what is changed as one thing: a text, a picture, or a file of structure."""
    is_structure = key[0] == "framework" or key[2:3] == ("tasks",)
    return "/".join(key[: _STRUCTURE[key[0]]] if is_structure else key)


def _text(document: Document) -> str:
    text = dump(document)
    if len(text) > MAX_DOCUMENT:
        raise Refused(N_("That is too big."), status=413, code="too-big")
    return text


def delete(session: Session, edition_id: UUID, *, by: UUID, now: datetime) -> None:
    """Throw a draft away."""
    draft = _locked(session, edition_id, EditionState.DRAFT)
    session.delete(draft)
    session.flush()
    record(session, "framework.thrown-away", edition_id, by=by, now=now)


# --- to publish -------------------------------------------------------------------------------


def findings(edition: FrameworkEdition) -> tuple[Finding, ...]:
    """Check a version as the command line does."""
    return _checked(edition.document)


@lru_cache(maxsize=8)
def _checked(document: str) -> tuple[Finding, ...]:
    # It takes a fifth of a second, and each page of the editor shows how many problems are left.
    return tuple(check(files_of(load(document))))


def send_to_review(session: Session, edition_id: UUID, *, by: UUID, now: datetime) -> None:
    """Ask for a review; from now on the draft is still."""
    draft = _locked(session, edition_id, EditionState.DRAFT)
    draft.state, draft.sent_by, draft.comment = EditionState.IN_REVIEW, by, ""
    session.add(draft)
    session.flush()
    record(session, "framework.sent-to-review", draft.id, by=by, now=now)


def give_back(session: Session, edition_id: UUID, *, comment: str, by: UUID, now: datetime) -> None:
    """Make it a draft again, and say why."""
    comment = comment.strip()
    if not comment or len(comment) > MAX_COMMENT:
        raise Refused(N_("Say in a few words what is missing."), status=422, code="comment")
    draft = _locked(session, edition_id, EditionState.IN_REVIEW)
    draft.state, draft.sent_by, draft.comment = EditionState.DRAFT, None, comment
    session.add(draft)
    session.flush()
    record(session, "framework.given-back", draft.id, by=by, now=now)


def publish(session: Session, edition_id: UUID, *, by: UUID, now: datetime) -> FrameworkEdition:
    """Publish what is in review, for good.

    1. Somebody else sent it: another account, and another person behind it.
    2. Nothing is wrong with it, and no later version was published meanwhile.
    3. Its digest is kept beside it; the database refuses every change from here on.
    """
    draft = _locked(session, edition_id, EditionState.IN_REVIEW)
    if draft.sent_by is None or is_same_person(session, draft.sent_by, by):  # 1
        raise Refused(N_("A second person must publish this."), status=403, code="own-draft")
    if problems(findings(draft)):  # 2
        raise Refused(
            N_("There are problems left. Give it back to be mended."), status=409, code="problems"
        )
    rows = session.exec(
        select(FrameworkEdition).where(col(FrameworkEdition.framework) == draft.framework)
    ).all()
    if any(_is_published(one) and _order(one.version) > _order(draft.version) for one in rows):
        raise Refused(
            N_("The number must be higher than that of every published version."),
            status=409,
            code="version",
        )
    draft.digest = digest(load(draft.document))  # 3
    draft.state, draft.published_by, draft.published_at = EditionState.PUBLISHED, by, now
    session.add(draft)
    session.flush()
    record(session, "framework.published", draft.id, by=by, now=now)
    return draft


def _locked(session: Session, edition_id: UUID, state: EditionState) -> FrameworkEdition:
    row = _found(
        session.exec(
            select(FrameworkEdition).where(col(FrameworkEdition.id) == edition_id).with_for_update()
        ).first()
    )
    if row.state != state:
        raise Refused(
            N_("This version is no longer in that state. Look again."), status=409, code="state"
        )
    return row


def _found(row: FrameworkEdition | None) -> FrameworkEdition:
    if row is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    return row


def _is_published(edition: FrameworkEdition) -> bool:
    return edition.state == EditionState.PUBLISHED


def _order(version: str) -> tuple[int, ...]:
    """Compare versions by their numbers: 1.10 is after 1.9, and 1 is the same as 1.0."""
    numbers = [int(one) for one in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))
