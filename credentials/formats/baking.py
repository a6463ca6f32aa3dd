"""Baking: a credential inside its picture, and out again (Open Badges 3.0, 5.3).

In a PNG it is the uncompressed text of one iTXt chunk with the keyword `openbadgecredential`; in an
SVG an element of its own, as CDATA or, for a token, in the attribute `verify`. The picture stays
byte for byte what it was; it is never drawn here, and nothing in it is asked for.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from credentials.formats.pictures import PNG, is_picture
from credentials.report import CheckFailed, CredentialError

MAX_PICTURE = 5_000_000
_MAX_CREDENTIAL = 1_000_000
_KEYWORD, _OLDER_KEYWORD = b"openbadgecredential", b"openbadges"
_NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_OLDER_NAMESPACES = ("http://openbadges.org", "https://openbadges.org")
_SVG = "http://www.w3.org/2000/svg"
_ACTIVE = frozenset({"script", "foreignobject", "iframe", "object", "embed", "audio", "video"})
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]+")
_PARTS = ("#", "data:image/png", "data:image/jpeg", "data:image/webp", "data:image/gif")
_LINKS = ("#", "https://", "http://")
_LARGEST_CHUNK = 2**31 - 1


def bake(picture: bytes, credential: str) -> bytes:
    """Give the picture with a credential in it: JSON text, or a compact token.

    Raises `CredentialError` for what is no such picture, for one that carries a credential already,
    and for an SVG that could act: with scripts, foreign content, or parts from elsewhere.
    """
    credential = credential.strip()
    if not credential or len(credential) > _MAX_CREDENTIAL:
        raise CredentialError("there is no credential to bake, or it is too large")
    _check_size(picture)
    if picture.startswith(PNG):
        return _into_png(picture, credential)
    return _into_svg(picture, credential)


def unbake(picture: bytes) -> str:
    """Give the text of the credential in a picture; it is not verified.

    Raises `CheckFailed` with "format.older" for a badge of an older version and
    "format.unsupported" for a picture without one; `CredentialError` for a damaged picture.
    """
    _check_size(picture)
    found = _from_png(picture) if picture.startswith(PNG) else _from_svg(picture)
    if found is None:
        raise CheckFailed("format.unsupported", "there is no badge in the picture")
    return found


def _check_size(picture: bytes) -> None:
    if len(picture) > MAX_PICTURE:
        raise CredentialError(f"the picture is larger than {MAX_PICTURE} bytes")
    if not is_picture(picture):
        raise CredentialError("the file is neither a PNG nor an SVG")


# --- PNG (Portable Network Graphics, 3rd edition, 5 and 11.3.3.4) ---------------------------------


def _into_png(picture: bytes, credential: str) -> bytes:
    if _from_png(picture) is not None:
        raise CredentialError("the picture carries a credential already")
    data = _KEYWORD + b"\0\0\0\0\0" + credential.encode()
    chunk = struct.pack(">I", len(data)) + b"iTXt" + data
    chunk += struct.pack(">I", zlib.crc32(b"iTXt" + data))
    first = len(PNG) + 12 + struct.unpack(">I", picture[len(PNG) : len(PNG) + 4])[0]
    return picture[:first] + chunk + picture[first:]


def _from_png(picture: bytes) -> str | None:
    found = []
    for kind, data in _chunks(picture):
        if kind not in (b"iTXt", b"tEXt", b"zTXt"):
            continue
        keyword, _, rest = data.partition(b"\0")
        if keyword == _OLDER_KEYWORD:
            raise CheckFailed("format.older", "the picture holds an Open Badge before version 3")
        if keyword == _KEYWORD:
            found.append(_text_of(kind, rest))
    if len(found) > 1:
        raise CredentialError("the picture holds several credentials")
    return found[0] if found else None


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place, kind = len(PNG), b""
    while place < len(picture):
        if len(picture) < place + 12:
            raise CredentialError("the picture is cut off")
        (length,) = struct.unpack(">I", picture[place : place + 4])
        end = place + 12 + length
        if length > _LARGEST_CHUNK or end > len(picture):
            raise CredentialError("the picture is cut off")
        before, kind = kind, picture[place + 4 : place + 8]
        if (not before) != (kind == b"IHDR"):
            raise CredentialError("the picture does not start as a PNG does")
        if struct.pack(">I", zlib.crc32(picture[place + 4 : end - 4])) != picture[end - 4 : end]:
            raise CredentialError(f"the part {kind!r} of the picture is damaged")
        yield kind, picture[place + 8 : end - 4]
        place = end
        if kind == b"IEND":
            break
    if kind != b"IEND" or place != len(picture):
        raise CredentialError("the picture does not end as a PNG does")


def _text_of(kind: bytes, rest: bytes) -> str:
    # Compression flag and method, language tag, translated keyword, then the text.
    if kind != b"iTXt" or rest[:1] != b"\0":
        raise CredentialError("the credential in the picture is compressed, or in another chunk")
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3 or len(parts[2]) > _MAX_CREDENTIAL:
        raise CredentialError("the credential in the picture is malformed or too large")
    try:
        return parts[2].decode("utf-8")
    except UnicodeDecodeError as error:
        raise CredentialError("the credential in the picture is not UTF-8") from error


# --- SVG ------------------------------------------------------------------------------------------


def _into_svg(picture: bytes, credential: str) -> bytes:
    reader = _SvgReader(picture)
    if reader.found or reader.older:
        raise CredentialError("the picture carries a credential already")
    if reader.active:
        raise CredentialError(f"the picture could act: it has {reader.active[0]}")
    if reader.encoding not in ("", "utf-8", "us-ascii"):
        raise CredentialError("the picture is not written in UTF-8")
    name = f'openbadges:credential xmlns:openbadges="{_NAMESPACE}"'
    if not credential.startswith("{"):
        if not _TOKEN.fullmatch(credential):
            raise CredentialError("the credential is neither JSON nor a token")
        element = f'<{name} verify="{credential}"/>'
    else:
        # Inside JSON texts the end of CDATA can be written otherwise; elsewhere it cannot stand.
        written = credential.replace("]]>", "]]\\u003e")
        element = f"<{name}><![CDATA[{written}]]></openbadges:credential>"
    made = picture[: reader.inside] + element.encode() + picture[reader.inside :]
    if _from_svg(made) is None:
        raise CredentialError("the credential cannot stand in this picture")
    return made


def _from_svg(picture: bytes) -> str | None:
    reader = _SvgReader(picture)
    if reader.older:
        raise CheckFailed("format.older", "the picture holds an Open Badge before version 3")
    if len(reader.found) > 1:
        raise CredentialError("the picture holds several credentials")
    text = reader.found[0].strip() if reader.found else None
    if text is not None and len(text) > _MAX_CREDENTIAL:
        raise CredentialError("the credential in the picture is too large")
    return text or None


class _SvgReader:
    """Reads an SVG once: where its content starts, the credentials in it, what could act."""

    def __init__(self, picture: bytes) -> None:
        from xml.parsers import expat  # most badges come without a picture

        self.found: list[str] = []
        self.active: list[str] = []
        self.older = False
        self.encoding = ""
        self.inside = 0
        self._picture = picture
        self._depth = 0
        self._collecting: list[str] | None = None
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._instruction
        try:
            parser.Parse(picture, True)
        except expat.ExpatError as error:
            raise CredentialError(f"the picture is not well-formed: {error}") from error

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "").lower()

    def _entity(self, *_declaration: Any) -> None:
        raise CredentialError("the picture defines entities")

    def _instruction(self, target: str, _data: str) -> None:
        self.active.append(f"the instruction {target[:40]!r}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self._depth += 1
        if self._depth == 1:
            if space != _SVG or local != "svg":
                raise CredentialError("the file is XML, but not an SVG")
            self.inside = _end_of_tag(self._picture, self._parser.CurrentByteIndex)
        if self._collecting is not None:
            raise CredentialError("the credential in the picture holds elements")
        if space == _NAMESPACE and local == "credential":
            token = attributes.get("verify", "")
            self._collecting = [token] if token else []
        elif space in _OLDER_NAMESPACES and local == "assertion":
            self.older = True
        elif local.lower() in _ACTIVE:
            self.active.append(f"the element {local[:40]!r}")
        for attribute, value in attributes.items():
            self._attribute(local, attribute.rpartition(" ")[2].lower(), value.strip())

    def _attribute(self, element: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.active.append(f"the handler {name[:40]!r}")
        elif name in ("href", "src"):
            # A link that somebody may follow does nothing by itself.
            passive = _LINKS if element == "a" else _PARTS
            if not value.startswith(passive):
                self.active.append(f"the link {value[:60]!r}")

    def _text(self, text: str) -> None:
        if self._collecting is not None:
            self._collecting.append(text)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._collecting is not None:
            self.found.append("".join(self._collecting))
            self._collecting = None


def _end_of_tag(picture: bytes, start: int) -> int:
    """Give the place behind the tag that starts at `start`; one that is empty has no inside."""
    quote = b""
    for place in range(start, len(picture)):
        character = picture[place : place + 1]
        if quote:
            quote = b"" if character == quote else quote
        elif character in (b'"', b"'"):
            quote = character
        elif character == b">":
            if picture[place - 1 : place] == b"/":
                break
            return place + 1
    raise CredentialError("the picture is empty")
