"""What the database refuses about one person with two accounts, as far as contacts tell.

An account is not a person. Within a centre nobody with a role has the contact of somebody else with
a role; who is invited to a role has a contact, and not that of who invites; and what takes two
persons takes two contacts, where both are known (domain B.5-5, B.5-25). Two contacts of one person
are beyond any database: `issuer.two_persons` counts what looks like it, for the data officer.
"""

from collections.abc import Iterable

from sqlalchemy import DDL, event

from issuer import (
    appointment_tables,
    award_tables,
    equal_tables,
    framework_tables,
    kept_badge_tables,
    second_look_tables,
    stolen_key_tables,
)
from issuer.award_tables import forbid
from issuer.staff_tables import TRUSTED
from issuer.tables import Role, Table, is_erased

_NEEDED = (
    appointment_tables,
    award_tables,
    equal_tables,
    framework_tables,
    kept_badge_tables,
    second_look_tables,
    stolen_key_tables,
)
"""Their tables are guarded below."""

STAFF = (*TRUSTED, Role.EXAMINER)
"""Who acts for a centre: roles that an administrator gives, and examiners."""


def _quoted(roles: Iterable[Role]) -> str:
    return ", ".join(repr(str(role)) for role in roles)


def _another_of_the_staff(person: str, organisation: str, contact: str) -> str:
    """Write that somebody else of a centre has a role there and a contact."""
    return (
        "EXISTS (SELECT 1 FROM person AS other JOIN role_grant AS held "  # noqa: S608 - ours
        f"ON held.person_id = other.id WHERE held.role IN ({_quoted(STAFF)}) "
        f"AND other.organisation_id = {organisation} AND other.contact_hash = {contact} "
        f"AND other.id <> {person})"
    )


def _has_role(person: str, roles: Iterable[Role]) -> str:
    return (
        "EXISTS (SELECT 1 FROM role_grant AS mine "  # noqa: S608 - ours
        f"WHERE mine.person_id = {person} AND mine.role IN ({_quoted(roles)}))"
    )


def _of(person: str, column: str) -> str:
    return f"(SELECT {column} FROM person WHERE person.id = {person})"  # noqa: S608 - ours


def _refuse(table: str, name: str, action: str, condition: str, message: str, centre: str) -> None:
    """Let the database refuse as `forbid` does; on PostgreSQL one after the other in a centre.

    Else of two with one contact who come in at once, neither would see the other.
    """
    target = Table.metadata.tables[table]
    for dialect, statement in (
        (
            "sqlite",
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
            f"WHEN {condition.replace('IS DISTINCT FROM', 'IS NOT')} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
        (
            "postgresql",
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
            f"PERFORM 1 FROM organisation WHERE id = {centre} FOR NO KEY UPDATE; "
            f"IF {condition} THEN RAISE EXCEPTION '{message}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END "
            f"$$ LANGUAGE plpgsql; CREATE TRIGGER {name} BEFORE {action} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    ):
        event.listen(target, "after_create", DDL(statement).execute_if(dialect=dialect))


_refuse(
    "role_grant",
    "one_account_a_contact",
    "INSERT",
    f"NEW.role IN ({_quoted(STAFF)}) AND "
    + _another_of_the_staff(
        "NEW.person_id",
        _of("NEW.person_id", "organisation_id"),
        _of("NEW.person_id", "contact_hash"),
    ),
    "somebody of this centre has this contact",
    _of("NEW.person_id", "organisation_id"),
)
_refuse(
    "person",
    "nobody_takes_the_contact_of_a_colleague",
    "UPDATE",
    f"NEW.contact_hash IS DISTINCT FROM OLD.contact_hash AND {_has_role('NEW.id', STAFF)} AND "
    + _another_of_the_staff("NEW.id", "NEW.organisation_id", "NEW.contact_hash"),
    "somebody of this centre has this contact",
    "NEW.organisation_id",
)
forbid(
    "person",
    "who_has_a_role_keeps_a_contact",
    "UPDATE",
    "OLD.contact_hash IS NOT NULL AND NEW.contact_hash IS NULL "
    f"AND {_has_role('NEW.id', TRUSTED)} AND NOT {is_erased('OLD.id')}",
    "who has a role keeps a contact",
)
forbid(
    "role_grant",
    "who_is_given_a_role_has_a_contact",
    "INSERT",
    f"NEW.granted_by IS NOT NULL AND NEW.role IN ({_quoted(TRUSTED)}) "
    f"AND {_of('NEW.person_id', 'contact_hash')} IS NULL",
    "who is given a role has a contact",
)
_refuse(
    "role_invitation",
    "nobody_invites_themselves",
    "INSERT",
    "NEW.invited_by IS NOT NULL AND ("
    f"{_of('NEW.invited_by', 'contact_hash')} IS NULL "
    f"OR {_of('NEW.invited_by', 'contact_hash')} = NEW.contact_hash OR "
    + _another_of_the_staff("NEW.invited_by", "NEW.organisation_id", "NEW.contact_hash")
    + ")",
    "somebody else is invited, whom nobody here knows by this contact",
    "NEW.organisation_id",
)

_PAIRS = (
    ("badge_change", "requested_by", "confirmed_by", "NEW.reason <> 'holder_request'"),
    ("kept_badge_change", "requested_by", "confirmed_by", ""),
    ("stolen_key", "asked_by", "confirmed_by", ""),
    ("accepted_equal", "asked_by", "confirmed_by", ""),
    ("nomination", "waived_by", "confirmed_by", ""),
    ("nomination", "person_id", "confirmed_by", ""),
    ("framework_edition", "sent_by", "published_by", ""),
    ("second_look", "examiner_id", "looked_by", ""),
)
"""What two persons do: the first asks, the second confirms."""

for _table, _first, _second, _only in _PAIRS:
    for _action, _new in (
        ("INSERT", f"NEW.{_second} IS NOT NULL"),
        ("UPDATE", f"NEW.{_second} IS DISTINCT FROM OLD.{_second}"),
    ):
        forbid(
            _table,
            f"{_table}_{_first}_is_another_person_{_action.lower()}",
            _action,
            f"{_new} AND {_of(f'NEW.{_first}', 'contact_hash')} "
            f"= {_of(f'NEW.{_second}', 'contact_hash')}" + (f" AND {_only}" if _only else ""),
            "this takes two persons",
        )

forbid(
    "award",
    "officer_is_another_person_by_contact",
    "INSERT",
    " OR ".join(
        f"{_of('NEW.officer_id', 'contact_hash')} = {_of(f'NEW.{one}_id', 'contact_hash')}"
        for one in ("candidate", "first_examiner", "second_examiner", "third_examiner")
    ),
    "who releases took no part in it, under no account",
)
