"""Texts written by strangers: made harmless to read, and names looked at twice (threats 2 and 14).

Characters that hide, turn or pile up are taken out. A name that resembles one of the trust list, or
that mixes alphabets, comes with a warning.
"""

import re
import unicodedata
from typing import Any

from credentials.trust import Trust, TrustedParty
from web.languages import gettext

_MAX_TEXT = 4_000
_MAX_NAME = 120
_MAX_MARKS = 2

# Controls, formatting such as right-to-left overrides, surrogates, private and unassigned ones.
_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and marks that draw nothing: Hangul fillers, empty Braille, variation selectors.
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)

_LOOKALIKES = str.maketrans(
    "авгеёікмнорстухѕјԁөһԛԝαβγεικνορτυχω01ıłøđ",
    "abreeikmhopctyxsjdohqwabyeikvoptuxwolilod",
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_SHORTEST_PART = 6


def clean(value: Any, longest: int = _MAX_TEXT) -> str:
    """Give a text without characters that hide or turn what is read; anything else gives ""."""
    if not isinstance(value, str):
        return ""
    kept: list[str] = []
    marks = 0
    for character in value[:longest]:
        kind = unicodedata.category(character)
        if character not in "\n\t" and (kind in _HIDDEN_KINDS or _HIDDEN.match(character)):
            continue
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept).strip()


def clean_name(value: Any) -> str:
    """Give a name on one line, without hidden characters."""
    return " ".join(clean(value, _MAX_NAME).split())


def isolated(text: str) -> str:
    """Keep a right-to-left text from turning the sentence that it is put into (UAX 9, 2.4)."""
    turns = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
    return f"\u2068{text}\u2069" if turns else text


def name_warning(value: Any, did: str, trust: Trust) -> str:
    """Say what is suspicious about a claimed name, in the reader's language; else ""."""
    if not isinstance(value, str) or not value:
        return ""
    if _resembles(value, did, trust) is not None:
        return gettext("Careful: somebody we know has this name, but it is not them.")
    if _mixes_alphabets(value) or clean(value, len(value)) != value.strip():
        return gettext("Careful: letters in this name are hidden, or look like others.")
    return ""


def _resembles(name: str, did: str, trust: Trust) -> TrustedParty | None:
    claimed = _skeleton(name)
    for party in trust.parties:
        known = _skeleton(party.name)
        part = len(known) >= _SHORTEST_PART and known in claimed
        if party.id != did and (part or known == claimed):
            return party
    return None


def _skeleton(name: str) -> str:
    """Give what a name looks like: letters that look alike become one (in the way of UTS 39, 4)."""
    plain = unicodedata.normalize("NFKD", clean(name).casefold())
    drawn = "".join(c for c in plain if unicodedata.category(c)[0] in "LN")
    return drawn.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w").replace("i", "l")


def _mixes_alphabets(name: str) -> bool:
    for word in re.findall(r"\w+", name):
        found = {
            script
            for character in word
            for script in _SCRIPTS
            if unicodedata.name(character, "").startswith(script)
        }
        if len(found) > 1:
            return True
    return False
