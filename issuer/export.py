"""All that is held of a person, to take along: one zip, from the inventory (GDPR, 15 and 20).

`summary.html` to read, `data/<table>.json` for programs, `evidence/` with recordings and photos,
`badges/` with each badge as the exact text that was signed. What is about somebody else is not in
it: no examiner's number, no other person's row, no secret.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from issuer.award_tables import Award, Credential
from issuer.evidence import ENDINGS
from issuer.evidence_tables import ContentType
from issuer.holdings import each, is_of, table_of
from issuer.inventory import Fate, Term
from issuer.tables import Person
from web.languages import N_, catalogue, language_direction

_TITLE, _ALL = N_("My data"), N_("This is everything that your centre has about you.")
_HOW_LONG, _FILES = N_("How long:"), N_("Your files")
_ANY_DAY = (1980, 1, 1, 0, 0, 0)
"""The zip holds no times of its own: the same data give the same bytes."""


@dataclass(frozen=True)
class Area:
    """What one table holds of somebody."""

    table: str
    what: str
    """A msgid."""
    term: Term
    fate: Fate
    why: str
    rows: list[dict[str, Any]]


def areas(session: Session, person_id: UUID) -> list[Area]:
    """Give all that is held of a person and shown to them, by area; empty ones are left out."""
    found = []
    for name, holding in each():
        if not holding.shown:
            continue
        table = table_of(name)
        columns = [table.c[column] for column in holding.shown.split()]
        rows = session.connection().execute(
            select(*columns)
            .where(is_of(name, holding, person_id))
            .order_by(*table.primary_key.columns)
        )
        told = [{key: _plain(value) for key, value in row._mapping.items()} for row in rows]
        if told:
            found.append(Area(name, holding.what, holding.term, holding.fate, holding.why, told))
    return found


def archive(session: Session, person_id: UUID, *, language: str, now: datetime) -> bytes:
    """Write the zip for a person, with the summary in their language."""
    found = areas(session, person_id)
    files: dict[str, bytes] = {}
    by_table: dict[str, list[dict[str, Any]]] = {}
    for area in found:
        by_table.setdefault(area.table, []).append({"what": area.what, "rows": area.rows})
    for table, parts in by_table.items():
        files[f"data/{table}.json"] = json.dumps(
            parts, ensure_ascii=False, indent=2, sort_keys=True
        ).encode()
    files |= _evidence(session, person_id) | _badges(session, person_id)
    alias = session.get_one(Person, person_id).alias
    files["summary.html"] = _summary(found, files, alias, language=language, now=now).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(files, key=lambda one: (one != "summary.html", one)):
            made.writestr(zipfile.ZipInfo(name, _ANY_DAY), files[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _evidence(session: Session, person_id: UUID) -> dict[str, bytes]:
    table, submission = table_of("evidence"), table_of("submission")
    rows = session.connection().execute(
        select(submission.c.number, table.c.task_id, table.c.content_type, table.c.content)
        .join_from(table, submission, table.c.submission_id == submission.c.id)
        .where(submission.c.candidate_id == person_id)
    )
    return {
        f"evidence/S-{row.number:03d}-{_safe(row.task_id)}"
        f".{ENDINGS[ContentType(row.content_type)]}": bytes(row.content)
        for row in rows
    }


def _badges(session: Session, person_id: UUID) -> dict[str, bytes]:
    rows = session.exec(
        select_rows(Award, Credential)
        .join(Credential, col(Credential.award_id) == col(Award.id))
        .where(col(Award.candidate_id) == person_id, col(Credential.signed_text).is_not(None))
        .order_by(col(Credential.signed_at))
    )
    return {
        f"badges/{place:02d}-{_safe(award.configuration_id)}.json": (
            credential.signed_text or ""
        ).encode()
        for place, (award, credential) in enumerate(rows, 1)
    }


def _plain(value: Any) -> Any:
    """Give a value as JSON has it; a file is said by its size, and lies beside."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)


# --- to read ------------------------------------------------------------------------------------


def _summary(
    found: list[Area],
    files: Mapping[str, bytes],
    alias: str,
    *,
    language: str,
    now: datetime,
) -> str:
    def say(message: str) -> str:
        return escape(str(catalogue(language).ugettext(message)))

    parts = [
        f'<!doctype html><html lang="{language}" dir="{language_direction(language)}">'
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{say(_TITLE)}</title>{_STYLE}</head><body>"
        f"<h1>{say(_TITLE)} · {escape(alias)}</h1>"
        f"<p>{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC</p>"
        f"<p>{say(_ALL)}</p>"
    ]
    for area in found:
        parts.append(f"<h2>{say(area.what)}</h2>")
        parts.append(f"<p><small>{say(_HOW_LONG)} {say(area.term.value)}</small></p>")
        for row in area.rows:
            lines = "".join(
                f'<dt>{escape(name.replace("_", " "))}</dt><dd dir="auto">{_told(value)}</dd>'
                for name, value in row.items()
                if value not in (None, "", [], {}) and name != "signed_text"
            )
            parts.append(f"<dl>{lines}</dl>")
    beside = [name for name in sorted(files) if not name.startswith("data/")]
    if beside:
        parts.append(f"<h2>{say(_FILES)}</h2><ul>")
        parts.extend(f'<li><a href="{escape(name)}">{escape(name)}</a></li>' for name in beside)
        parts.append("</ul>")
    return "".join([*parts, "</body></html>"])


def _told(value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    return escape(json.dumps(value, ensure_ascii=False))


_STYLE = (
    "<style>body{font:1rem/1.5 sans-serif;max-width:42rem;margin:1rem auto;padding:0 1rem;"
    "overflow-wrap:anywhere}dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;"
    "gap:.1rem 1rem;border-top:1px solid #c9d1d9;padding-top:.5rem}dd{margin:0}</style>"
)
