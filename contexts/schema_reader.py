"""JSON Schema, as much of it as our pinned schemas use, for whoever checks a document or two.

The library that knows all of JSON Schema takes as long to load and to prepare a schema as
hundreds of badges take. What is not certain here raises `Uncertain`: other keywords, texts about
which regular expressions of Python and of JSON Schema may differ, times written in rarer ways.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

_NOTES = frozenset({"$schema", "$id", "$defs", "$comment", "title", "description"})
"""Keywords that refuse nothing."""
_DEFINED = "#/$defs/"
_MOST_STEPS = 50_000
"""Schemas looked at within each other; a badge takes some hundreds."""
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
    "number": (int, float),
}
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORMATS: dict[str, tuple[str, Callable[[str], object]]] = {
    "date": (_DAY, date.fromisoformat),
    "date-time": (
        _DAY + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-1][0-9]:[0-5][0-9])",
        datetime.fromisoformat,
    ),
}
"""How texts of a format are written that are surely right, if this function reads them."""


class Uncertain(Exception):
    """Only the whole of JSON Schema can tell."""


def fits(document: Any, schema: dict[str, Any]) -> bool:
    """Tell whether a document fits a schema (JSON Schema 2019-09, with formats), or raise."""
    try:
        return _Reader(schema).fits(document, schema)
    except RecursionError as error:
        raise Uncertain from error


class _Reader:
    """One look at one document."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._defined: dict[str, Any] = schema.get("$defs", {})
        self._steps = 0

    def fits(self, value: Any, schema: Any) -> bool:
        if isinstance(schema, bool):
            return schema
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Uncertain
        for keyword, wanted in schema.items():
            if keyword in _NOTES:
                continue
            rule = _RULES.get(keyword)
            if rule is None:
                raise Uncertain
            if not rule(self, value, wanted, schema):
                return False
        return True

    # --- rules: each takes the value, what its keyword demands, and the schema around it ----------

    def _ref(self, value: Any, wanted: str, _schema: Any) -> bool:
        name = wanted.removeprefix(_DEFINED)
        if name == wanted or name not in self._defined:
            raise Uncertain
        return self.fits(value, self._defined[name])

    def _type(self, value: Any, wanted: Any, _schema: Any) -> bool:
        if type(wanted) is not str or wanted not in _KINDS:
            raise Uncertain
        return type(value) in _KINDS[wanted]

    def _enum(self, value: Any, wanted: list[Any], _schema: Any) -> bool:
        if not all(type(one) is str for one in wanted):  # else True would be 1
            raise Uncertain
        return value in wanted

    def _pattern(self, value: Any, wanted: str, _schema: Any) -> bool:
        if type(value) is not str:
            return True
        if not (value.isascii() and value.isprintable()):
            raise Uncertain
        return re.search(wanted, value) is not None

    def _format(self, value: Any, wanted: str, _schema: Any) -> bool:
        if type(value) is not str:
            return True
        if wanted not in _FORMATS:
            raise Uncertain
        written, read = _FORMATS[wanted]
        if not re.fullmatch(written, value):
            raise Uncertain
        try:
            read(value)
        except ValueError:
            raise Uncertain from None
        return True

    def _all_of(self, value: Any, wanted: list[Any], _schema: Any) -> bool:
        return all(self.fits(value, one) for one in wanted)

    def _any_of(self, value: Any, wanted: list[Any], _schema: Any) -> bool:
        return any(self.fits(value, one) for one in wanted)

    def _one_of(self, value: Any, wanted: list[Any], _schema: Any) -> bool:
        return sum(self.fits(value, one) for one in wanted) == 1

    def _required(self, value: Any, wanted: list[str], _schema: Any) -> bool:
        return type(value) is not dict or all(name in value for name in wanted)

    def _properties(self, value: Any, wanted: dict[str, Any], _schema: Any) -> bool:
        return type(value) is not dict or all(
            self.fits(value[name], one) for name, one in wanted.items() if name in value
        )

    def _additional_properties(self, value: Any, wanted: Any, schema: Any) -> bool:
        known = schema.get("properties", {})
        return type(value) is not dict or all(
            self.fits(one, wanted) for name, one in value.items() if name not in known
        )

    def _property_names(self, value: Any, wanted: Any, _schema: Any) -> bool:
        return type(value) is not dict or all(self.fits(name, wanted) for name in value)

    def _min_items(self, value: Any, wanted: int, _schema: Any) -> bool:
        return type(value) is not list or len(value) >= wanted

    def _contains(self, value: Any, wanted: Any, _schema: Any) -> bool:
        return type(value) is not list or any(self.fits(one, wanted) for one in value)

    def _items(self, value: Any, wanted: Any, _schema: Any) -> bool:
        if type(value) is not list:
            return True
        if type(wanted) is list:  # one schema for each place
            pairs = zip(value, wanted, strict=False)
            return all(self.fits(one, schema) for one, schema in pairs)
        return all(self.fits(one, wanted) for one in value)

    def _additional_items(self, value: Any, wanted: Any, schema: Any) -> bool:
        places = schema.get("items")
        if type(value) is not list or type(places) is not list:
            return True
        return all(self.fits(one, wanted) for one in value[len(places) :])


_RULES: dict[str, Callable[..., bool]] = {
    "$ref": _Reader._ref,
    "type": _Reader._type,
    "enum": _Reader._enum,
    "pattern": _Reader._pattern,
    "format": _Reader._format,
    "allOf": _Reader._all_of,
    "anyOf": _Reader._any_of,
    "oneOf": _Reader._one_of,
    "required": _Reader._required,
    "properties": _Reader._properties,
    "additionalProperties": _Reader._additional_properties,
    "propertyNames": _Reader._property_names,
    "minItems": _Reader._min_items,
    "contains": _Reader._contains,
    "items": _Reader._items,
    "additionalItems": _Reader._additional_items,
}
