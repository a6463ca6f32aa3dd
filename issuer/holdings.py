"""From the inventory to rows: which rows of a table are somebody's, and in which order they go."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, select

from issuer.inventory import HELD, Holding
from issuer.tables import Table as Base


def table_of(name: str) -> Table:
    """Give a table by its name."""
    return Base.metadata.tables[name]


def each() -> Iterator[tuple[str, Holding]]:
    """Give every holding with its table: first those that others point to."""
    for table in Base.metadata.sorted_tables:
        for holding in HELD[table.name].holdings:
            yield table.name, holding


def is_of(name: str, holding: Holding, person_id: UUID) -> ColumnElement[bool]:
    """Write the condition that a row is of a person: along the foreign keys of its `owner`."""
    return _leads_to(table_of(name), holding.owner.split("."), person_id)


def _leads_to(table: Table, path: list[str], person_id: UUID) -> ColumnElement[bool]:
    column = table.c[path[0]]
    if len(path) == 1:
        value: Any = person_id if isinstance(column.type, Uuid) else str(person_id)
        mine: ColumnElement[bool] = column == value
        return mine
    target = next(
        key.column
        for key in sorted(column.foreign_keys, key=lambda key: key.target_fullname)
        if path[1] in key.column.table.c
    )
    return column.in_(select(target).where(_leads_to(target.table, path[1:], person_id)))
