"""From what somebody shows to the document in it: JSON, a token, or a token in an envelope."""

import re
from typing import TYPE_CHECKING, Any

from contexts import loads_strict
from credentials.formats.enveloped import Kind, is_envelope
from credentials.formats.pictures import is_picture
from credentials.report import CheckFailed

if TYPE_CHECKING:
    from credentials.formats.secured import Secured

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(?:~.*)?", re.DOTALL)


class Opened:
    """A document, and the token that secures it unless it carries a proof itself."""

    __slots__ = ("document", "secured")

    def __init__(self, document: dict[str, Any], secured: "Secured | None" = None) -> None:
        self.document, self.secured = document, secured


def open_document(shown: Any) -> Opened:
    """Read a credential or presentation in any form; nothing in it is verified yet.

    `shown` is text, bytes (also of a picture with a credential in it) or a JSON object; another
    value is refused like text that is no object.
    """
    # Most badges are JSON with a proof: what reads the others is imported when one comes.
    if isinstance(shown, bytes) and is_picture(shown):
        from credentials.formats.baking import unbake

        shown = unbake(shown)
    if isinstance(shown, bytes | str):
        text = _compact(shown)
        if text is not None:
            from credentials.formats.tokens import read_token

            return _opened(read_token(text))
        shown = loads_strict(shown)
    if not isinstance(shown, dict):
        raise CheckFailed("parse.malformed", "the text is JSON, but not an object")
    kinds: tuple[Kind, Kind] = ("credential", "presentation")
    for kind in kinds:
        if is_envelope(shown, kind):
            from credentials.formats.tokens import read_envelope

            return _opened(read_envelope(shown, kind))
    return Opened(shown)


def is_token(text: str) -> bool:
    """Tell whether text has the outer form of a compact token."""
    return _compact(text) is not None


def _opened(secured: "Secured") -> Opened:
    return Opened(secured.document, secured)


def _compact(shown: str | bytes) -> str | None:
    try:
        text = shown.decode("ascii") if isinstance(shown, bytes) else shown
    except UnicodeDecodeError:
        return None
    text = text.strip()
    return text if _COMPACT.fullmatch(text) else None
