"""All that a wallet holds, in one zip to take along (GDPR, article 20): to read, and for programs.

Each badge is the exact text that was signed, so any other wallet or checker reads it. What opens
something - the card, the signing key, links that still work, what a waiting badge is asked with -
is not in it: whoever finds the file must not be able to act as its owner.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from wallet import badges, sharing, vouching, waiting
from wallet.badges import KeptBadge
from wallet.cards import OpenWallet
from wallet.reading import view_badge
from wallet.sharing import OwnShare
from wallet.vouching import Voices
from wallet.waiting import WaitingBadge
from web.database import Database
from web.languages import N_, catalogue, language_direction

_TITLE, _CARD = N_("My wallet"), N_("Your card is not in this file. Keep it apart.")
_ANY_DAY = (1980, 1, 1, 0, 0, 0)
"""The zip holds no times of its own."""


@dataclass(frozen=True)
class Contents:
    """What is in a wallet."""

    badges: tuple[KeptBadge, ...]
    waiting: tuple[WaitingBadge, ...]
    shares: tuple[OwnShare, ...]
    voices: Voices
    unreadable: int


def contents(database: Database, wallet: OpenWallet, *, now: datetime) -> Contents:
    """Give all that a wallet holds."""
    wall = badges.wall(database, wallet)
    return Contents(
        wall.badges,
        tuple(waiting.waiting_badges(database, wallet)),
        sharing.shown(database, wallet, now=now),
        vouching.voices(database, wallet, now=now),
        wall.unreadable,
    )


def archive(database: Database, wallet: OpenWallet, *, language: str, now: datetime) -> bytes:
    """Write the zip, with a summary in the person's language."""
    held = contents(database, wallet, now=now)
    files: dict[str, str] = {}
    told: list[dict[str, Any]] = []
    for place, badge in enumerate(held.badges, 1):
        view = view_badge(badge.document, language)
        name = re.sub(r"[^a-z0-9]+", "-", view.name.lower()).strip("-")[:60] or "badge"
        file = f"badges/{place:02d}-{name}.json"
        files[file] = badge.text
        told.append(
            {
                "file": file,
                "name": view.name,
                "keptAt": _time(badge.kept_at),
                "found": str(badge.findings.headline),
            }
        )
    files |= {
        f"badges/words-{place:02d}.json": voice.text
        for place, voice in enumerate(held.voices.kept, 1)
    }
    wallet_told = {
        "nickname": wallet.nickname,
        "language": wallet.language,
        "did": wallet.did,
        "badges": told,
        "waiting": [
            {
                "name": one.errand.name,
                "from": one.errand.issuer,
                "since": _time(one.created),
                "over": one.errand.over,
            }
            for one in held.waiting
        ],
        "vouched": [
            {"name": voice.name, "says": voice.comment, "kept": voice in held.voices.kept}
            for voice in (*held.voices.waiting, *held.voices.kept)
        ],
        "shown": [
            {
                "names": list(one.names),
                "state": one.state,
                "created": _time(one.created),
                "expires": _time(one.expires),
                "views": one.views,
                "lastView": _time(one.last_view) if one.last_view else None,
            }
            for one in held.shares
        ],
    }
    files["wallet.json"] = json.dumps(wallet_told, ensure_ascii=False, indent=2)
    files["summary.html"] = _summary(wallet_told, language=language, now=now)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(files, key=lambda one: (one != "summary.html", one)):
            entry = zipfile.ZipInfo(name, _ANY_DAY)
            made.writestr(entry, files[name].encode(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _summary(told: dict[str, Any], *, language: str, now: datetime) -> str:
    def say(message: str) -> str:
        return escape(str(catalogue(language).ugettext(message)))

    def listed(title: str, lines: list[str]) -> str:
        items = "".join(f'<li dir="auto">{line}</li>' for line in lines)
        return f"<h2>{title}</h2><ul>{items or '<li>–</li>'}</ul>"

    kept = [
        f'<a href="{escape(one["file"])}">{escape(one["name"])}</a> · {one["keptAt"]}'
        for one in told["badges"]
    ]
    waits = [f"{escape(one['name'])} · {one['since']}" for one in told["waiting"]]
    said = [f"{escape(one['says'])} · {escape(one['name'])}" for one in told["vouched"]]
    shown = [
        f"{escape(', '.join(one['names']))} · {one['created']} – {one['expires']}"
        for one in told["shown"]
    ]
    return (
        f'<!doctype html><html lang="{language}" dir="{language_direction(language)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{say(_TITLE)}</title><style>body{{font:1rem/1.5 sans-serif;"
        "max-width:42rem;margin:1rem auto;padding:0 1rem;overflow-wrap:anywhere}</style></head>"
        f"<body><h1>{say(_TITLE)}</h1><p>{escape(told['nickname'])}</p>"
        f"<p>{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC</p>"
        + listed(say(N_("My badges")), kept)
        + listed(say(N_("On the way")), waits)
        + listed(say(N_("People vouch for you")), said)
        + listed(say(N_("What I showed")), shown)
        + f"<p>{say(_CARD)}</p></body></html>"
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
