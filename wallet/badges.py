"""The badges in a wallet: kept as the exact text that was signed, with what was found about them.

A badge from elsewhere comes in by `bring`; one that was offered comes in by `wallet.receiving`.
Both end in `keep`, which seals the text and the findings in one row.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from contexts import ContextError, loads_strict
from credentials.report import Headline, Outcome, Report
from credentials.shape import issuer_id, period
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.fetching import Fetch
from wallet.cards import OpenWallet
from wallet.reading import subject_of
from wallet.sealing import SealBroken, fingerprint, seal, unseal
from wallet.tables import Badge
from wallet.what_changed import Changed, changes_between
from wallet.writing import write
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_BADGES = 200
_MAX_BADGE_CHARACTERS = 300_000


@dataclass(frozen=True)
class Said:
    """One voice that vouches, as it was found when the badge was last checked."""

    name: str
    comment: str
    subject: str
    counted: bool
    reason: str
    said_by: str


@dataclass(frozen=True)
class Findings:
    """What the last check of a badge found: its headline, each step, and who vouches."""

    headline: str
    steps: dict[str, tuple[str, str]]
    """Step → (outcome, code)."""
    signer: str
    """The signer's name in this wallet's own list; empty for a signer we do not know."""
    recognised_by: str
    said: tuple[Said, ...]
    at: datetime


@dataclass(frozen=True)
class KeptBadge:
    """A badge in an open wallet."""

    id: UUID
    text: str
    document: dict[str, Any]
    findings: Findings
    kept_at: datetime
    looked_at: datetime
    """When it was last checked, also when no answer came."""
    replaced: bool
    """It took the place of an older copy with the same id."""
    changed: tuple[Changed, ...]
    """What was different then."""
    mine: bool
    """It names this wallet's key, or none: it can be shown from here."""


@dataclass(frozen=True)
class Wall:
    """All badges of a wallet, newest first, and how many rows did not open."""

    badges: tuple[KeptBadge, ...]
    unreadable: int


# --- looking ---------------------------------------------------------------------------------


def wall(database: Database, wallet: OpenWallet) -> Wall:
    """Open every badge of a wallet; one that was damaged does not hide the others."""
    with database.reading() as session:
        rows = session.exec(select(Badge).where(col(Badge.wallet_id) == wallet.id)).all()
    opened: list[KeptBadge] = []
    unreadable = 0
    for row in rows:
        try:
            opened.append(_open(row, wallet))
        except SealBroken:
            unreadable += 1
    opened.sort(key=lambda badge: badge.kept_at, reverse=True)
    return Wall(tuple(opened), unreadable)


def find(database: Database, wallet: OpenWallet, badge_id: UUID) -> KeptBadge:
    """Open one badge of this wallet; those of other wallets do not exist here."""
    with database.reading() as session:
        row = _row(session, wallet, badge_id)
    try:
        return _open(row, wallet)
    except SealBroken as error:
        raise Refused(
            N_("This badge is damaged."),
            status=409,
            code="damaged",
            hint=N_("Ask your centre to give it again."),
        ) from error


# --- bringing, checking, deleting ------------------------------------------------------------


def bring(
    database: Database,
    wallet: OpenWallet,
    text: str,
    *,
    trust: Trust,
    fetch: Fetch,
    now: datetime,
) -> UUID:
    """Keep a badge that came as a file: only a whole one, with a signature that holds.

    A badge that was given to another key is kept, but cannot be shown from here.
    """
    text = text.strip().removeprefix("\ufeff")
    if not text or len(text) > _MAX_BADGE_CHARACTERS:
        raise Refused(
            N_("There is no badge in this."),
            code="no-badge",
            hint=N_("Choose the file of a badge."),
        )
    report = verify_credential(text, trust=trust, fetch=fetch, now=now)
    refuse_unless_whole(report)
    return write(database, lambda session: keep(session, wallet, text, report, now=now))


def refuse_unless_whole(report: Report) -> None:
    """Refuse a badge whose text, words or signature do not hold, saying why."""
    for step in ("parse", "format", "shape", "proof"):
        check = report.check(step)
        if check is None or check.outcome is Outcome.PASSED:
            continue
        if check.outcome is Outcome.UNKNOWN:
            raise Refused(
                N_("We could not check this badge now."),
                status=503,
                code=check.code,
                hint=N_("Try again later. Nothing is lost."),
            )
        message, hint = _WHY_NOT.get(check.code, _WHY_NOT_STEP[step])
        raise Refused(message, status=422, code=check.code, hint=hint)


_WHY_NOT = {
    "format.older": (
        N_("This badge is of an older type."),
        N_("We cannot keep it. Ask for a new one."),
    ),
    "proof.missing": (
        N_("Nobody signed this badge."),
        N_("We do not keep it. Ask who gave it to you."),
    ),
    "proof.withdrawn": (
        N_("The key that signed this badge was taken back. It may be stolen."),
        N_("It is not your fault. Ask your centre for the new badge."),
    ),
    "proof.expired": (
        N_("The signature on this badge is too old."),
        N_("We do not keep it. Ask for a new one."),
    ),
}
_WHY_NOT_STEP = {
    "parse": (N_("We cannot read this file."), N_("Choose the file of a badge.")),
    "format": (N_("This is not a badge we know."), N_("Choose the file of a badge.")),
    "shape": (
        N_("This badge has parts we do not know."),
        N_("We do not keep it. Ask who gave it to you."),
    ),
    "proof": (
        N_("The signature does not fit. Something was changed."),
        N_("We do not keep it. Ask who gave it to you."),
    ),
}


def keep(session: Session, wallet: OpenWallet, text: str, report: Report, *, now: datetime) -> UUID:
    """Seal a checked badge into the wallet; the same badge is kept once.

    The same is: same issuer and same id; of two such the one with the newer `validFrom` stays
    (Open Badges 3.0, equality and comparison).
    """
    document = report.document or {}
    name = json.dumps([issuer_id(document), document["id"]])
    mark = fingerprint(wallet.data_key, name, purpose="badge")
    row = session.exec(
        select(Badge).where(col(Badge.wallet_id) == wallet.id, col(Badge.fingerprint) == mark)
    ).one_or_none()
    if row is None:
        _refuse_too_many(session, wallet)
        row = Badge(id=uuid4(), wallet_id=wallet.id, fingerprint=mark, content=b"")
    elif _is_older(document, row, wallet):
        return row.id
    before = _kept_before(row, wallet)
    anew = before is not None and period(before.document) != period(document)
    changed = changes_between(before.document, document) if before and anew else None
    row.content = _seal(
        row,
        wallet,
        text,
        find_out(report, now=now),
        kept_at=now,
        looked_at=now,
        replaced=anew or (before is not None and before.replaced),
        changed=changed if changed is not None else before.changed if before else (),
    )
    session.add(row)
    session.flush()
    return row.id


def _kept_before(row: Badge, wallet: OpenWallet) -> KeptBadge | None:
    try:
        return _open(row, wallet) if row.content else None
    except SealBroken:
        return None


def _is_older(document: dict[str, Any], row: Badge, wallet: OpenWallet) -> bool:
    try:
        kept, _end = period(_open(row, wallet).document)
    except SealBroken:
        return False  # a damaged row is replaced
    came, _end = period(document)
    return came is not None and kept is not None and came < kept


def check_again(
    database: Database,
    wallet: OpenWallet,
    badge_id: UUID,
    *,
    trust: Trust,
    fetch: Fetch,
    now: datetime,
    asked_for: bool = True,
) -> KeptBadge:
    """Check a badge now and remember what was found.

    Nothing is written over a copy that came in meanwhile. If it could not be checked, what was
    found before stays, unless its owner asked and wants to know that.
    """
    badge = find(database, wallet, badge_id)
    report = verify_credential(badge.text, trust=trust, fetch=fetch, now=now)
    findings = find_out(report, now=now)
    if report.headline is Headline.NOT_CHECKED and not asked_for:
        findings = badge.findings
    with database.transaction() as session:
        row = session.exec(
            select(Badge)
            .where(col(Badge.id) == badge_id, col(Badge.wallet_id) == wallet.id)
            .with_for_update()
        ).one_or_none()
        if row is None or _open(row, wallet).text != badge.text:
            return badge
        row.content = _seal(
            row,
            wallet,
            badge.text,
            findings,
            kept_at=badge.kept_at,
            looked_at=now,
            replaced=badge.replaced,
            changed=badge.changed,
        )
        session.add(row)
    return _open(row, wallet)


def delete_badge(session: Session, wallet: OpenWallet, badge_id: UUID) -> None:
    """Delete a badge from the wallet; what is shown of it elsewhere is `wallet.sharing`'s."""
    _row(session, wallet, badge_id)
    session.exec(delete(Badge).where(col(Badge.id) == badge_id, col(Badge.wallet_id) == wallet.id))


def find_out(report: Report, *, now: datetime) -> Findings:
    """Give the findings of a report."""
    recognition = report.check("recognition")
    values = recognition.values if recognition else {}
    return Findings(
        headline=str(report.headline),
        steps={check.step: (str(check.outcome), check.code) for check in report.checks},
        signer=values.get("issuer", ""),
        recognised_by=values.get("by", ""),
        said=tuple(
            Said(
                name=one.issuer_name,
                comment=one.comment,
                subject=one.subject,
                counted=one.counted,
                reason=one.reason_code,
                said_by=one.said_by,
            )
            for one in report.endorsements
        ),
        at=now,
    )


def is_valid_now(findings: Findings) -> bool:
    """Tell whether the last check found nothing against the badge."""
    return findings.headline in (Headline.GENUINE, Headline.UNKNOWN_SIGNER)


# --- rows ------------------------------------------------------------------------------------


def _row(session: Session, wallet: OpenWallet, badge_id: UUID) -> Badge:
    row = session.get(Badge, badge_id)
    if row is None or row.wallet_id != wallet.id:
        raise Refused(
            N_("This badge is not in your wallet."),
            status=404,
            code="no-such-badge",
            hint=N_("Look at your badges again."),
        )
    return row


def _refuse_too_many(session: Session, wallet: OpenWallet) -> None:
    kept = session.exec(
        select(func.count()).select_from(Badge).where(col(Badge.wallet_id) == wallet.id)
    ).one()
    if kept >= MOST_BADGES:
        raise Refused(
            N_("Your wallet is full."),
            status=409,
            code="full",
            hint=N_("Delete a badge that you do not need."),
        )


def _seal(
    row: Badge,
    wallet: OpenWallet,
    text: str,
    findings: Findings,
    *,
    kept_at: datetime,
    looked_at: datetime,
    replaced: bool,
    changed: tuple[Changed, ...],
) -> bytes:
    content = {
        "text": text,
        "kept_at": kept_at.isoformat(),
        "looked_at": looked_at.isoformat(),
        "replaced": replaced,
        "changed": [asdict(one) for one in changed],
        "findings": asdict(findings) | {"at": findings.at.isoformat()},
    }
    return seal(wallet.data_key, json.dumps(content).encode(), place=_place(row))


def _open(row: Badge, wallet: OpenWallet) -> KeptBadge:
    content = json.loads(unseal(wallet.data_key, row.content, place=_place(row)))
    try:
        document = loads_strict(content["text"])
    except ContextError as error:  # only what passed as strict was ever sealed
        raise SealBroken("a sealed badge cannot be read") from error
    found = content["findings"]
    return KeptBadge(
        id=row.id,
        text=content["text"],
        document=document,
        findings=Findings(
            headline=found["headline"],
            steps={step: (pair[0], pair[1]) for step, pair in found["steps"].items()},
            signer=found["signer"],
            recognised_by=found["recognised_by"],
            said=tuple(Said(**one) for one in found["said"]),
            at=datetime.fromisoformat(found["at"]),
        ),
        kept_at=datetime.fromisoformat(content["kept_at"]),
        looked_at=datetime.fromisoformat(content.get("looked_at", found["at"])),
        replaced=content.get("replaced", False),
        changed=tuple(Changed(**one) for one in content.get("changed", [])),
        mine=subject_of(document) in (None, wallet.did),
    )


def _place(row: Badge) -> str:
    return f"badge {row.wallet_id} {row.id}"
