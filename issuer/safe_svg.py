"""Which pictures may be shown: SVG of shapes and words, with nothing that acts or reaches out.

A list of what is allowed, since lists of what is forbidden are never complete: no script, no
style sheet, no event, no address, no foreign markup, no document type and so no entities.
"""

import re
from xml.parsers import expat

MAX_BYTES = 100_000

_SVG = "http://www.w3.org/2000/svg"
_ELEMENT_NAMES = """
svg title desc defs g path rect circle ellipse line polyline polygon text tspan
linearGradient radialGradient stop clipPath
"""
_ATTRIBUTE_NAMES = """
id class viewBox width height x y x1 x2 y1 y2 cx cy r rx ry fx fy d points transform version
preserveAspectRatio pathLength role aria-label aria-hidden fill fill-opacity fill-rule
stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
stroke-dasharray stroke-dashoffset opacity color clip-path clip-rule clipPathUnits
gradientUnits gradientTransform spreadMethod offset stop-color stop-opacity dx dy
font-family font-size font-weight font-style text-anchor dominant-baseline
"""
_ELEMENTS, _ATTRIBUTES = set(_ELEMENT_NAMES.split()), set(_ATTRIBUTE_NAMES.split())
_REFERENCE = re.compile(r"url\(#[\w-]+\)")
"""A gradient or a clip path of the same picture."""


class UnsafePicture(ValueError):
    """A picture that is not shown, with the line where the reason stands."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def check_svg(data: bytes) -> None:
    """Raise `UnsafePicture` unless `data` is an SVG that may be shown."""
    if len(data) > MAX_BYTES:
        raise UnsafePicture(f"the picture has more than {MAX_BYTES} bytes")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnsafePicture("the picture is not written in UTF-8") from error
    looking = _Looking()
    try:
        looking.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnsafePicture(f"not XML: {expat.ErrorString(error.code)}", error.lineno) from error
    if not looking.has_title:
        raise UnsafePicture("it has no title, which says in words what it shows")


class _Looking:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", " ")
        self.has_title = False
        self._depth = 0
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _refuse(self, reason: str) -> None:
        raise UnsafePicture(reason, self.parser.CurrentLineNumber)

    def _doctype(self, *_declaration: object) -> None:
        self._refuse("a document type is not allowed")

    def _instruction(self, target: str, _data: str) -> None:
        self._refuse(f"the instruction {target} is not allowed")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _space, local = name.rpartition(" ")
        if namespace != _SVG or local not in _ELEMENTS:
            self._refuse(f"the element {local} is not allowed")
        if (self._depth == 0) != (local == "svg"):
            self._refuse("one svg element must be around everything")
        if self._depth == 0 and "viewBox" not in attributes:
            self._refuse("the svg element needs a viewBox")
        self.has_title = self.has_title or (self._depth == 1 and local == "title")
        for attribute, value in attributes.items():
            if attribute not in _ATTRIBUTES:
                self._refuse(f"the attribute {attribute.rpartition(' ')[2]} is not allowed")
            if "url" in _REFERENCE.sub("", value).lower():
                self._refuse(f"{attribute} must not refer to anything outside")
        self._depth += 1

    def _end(self, _name: str) -> None:
        self._depth -= 1
