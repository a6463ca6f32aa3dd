"""JSON schemas of Open Badges 3.0, pinned; formats are checked.

The endorsement schema is the definition that stands inside the achievement credential's schema.
A process that checks many documents has them checked by the library jsonschema_rs; for the first
few, loading it would take longer than all else (ADR 0031).
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from contexts.errors import SchemaMismatch
from contexts.pinned import load_schema
from contexts.schema_reader import Uncertain, fits

ACHIEVEMENT_SCHEMA = (
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)
PROFILE_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_profile_schema.json"

SchemaName = Literal["achievement-credential", "endorsement-credential", "profile"]
_MAX_NAMED = 3
_FEW = iter(range(30))
"""Reading so many documents takes as long as loading the library."""


def check_schema(document: Any, name: SchemaName) -> None:
    """Raise `SchemaMismatch` with the places that do not have the shape of the schema."""
    if next(_FEW, None) is not None and _surely_fits(document, name):
        return
    if _validator(name).is_valid(document):
        return
    errors = [
        f"{_pointer(error.instance_path)}: {error.message[:200]}"
        for _, error in zip(range(_MAX_NAMED), _validator(name).iter_errors(document), strict=False)
    ]
    raise SchemaMismatch("; ".join(errors))


def _surely_fits(document: Any, name: SchemaName) -> bool:
    try:
        return fits(document, _schema(name))
    except Uncertain:
        return False


def _pointer(path: Iterable[str | int]) -> str:
    """Write a place as JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}"[:100] for part in path)


@cache
def _validator(name: SchemaName) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(_schema(name), validate_formats=True)


@cache
def _schema(name: SchemaName) -> dict[str, Any]:
    schema = load_schema(PROFILE_SCHEMA if name == "profile" else ACHIEVEMENT_SCHEMA)
    if name != "endorsement-credential":
        return schema
    return {
        "$schema": schema["$schema"],
        "$ref": "#/$defs/EndorsementCredential",
        "$defs": schema["$defs"],
    }
