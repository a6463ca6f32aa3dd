"""Who gives roles, and what the database refuses about them (domain rule 30, least privilege).

A role holds in the organisation of its person, and a person never changes to another one. Once an
organisation has an administrator, its roles of trust come from an administrator of the same
organisation who is somebody else; and one administrator always stays.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Role, Table, one_of
from web.database import UtcDateTime

TRUSTED = (
    Role.COORDINATOR,
    Role.OFFICER,
    Role.STANDARD_OWNER,
    Role.DATA_OFFICER,
    Role.ADMINISTRATOR,
)
"""What an administrator gives. Examiners are appointed (domain B.4), candidates are enrolled."""


class RoleInvitation(Table, table=True):
    """A link that lets one new person in with one role: gone with its first use."""

    __tablename__ = "role_invitation"
    __table_args__ = (CheckConstraint(one_of("role", TRUSTED), name="invited_to_a_trusted_role"),)

    token_hash: str = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    name: str
    role: str
    contact_hash: str
    """Of the way to reach the person: the account takes it over, to be known again."""
    invited_by: UUID | None = Field(default=None, foreign_key="person.id", ondelete="CASCADE")
    """The administrator; nobody in the link to the first one, which comes with the centre."""
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)


class LastSignIn(Table, table=True):
    """When somebody with a role was last here: an unused account is seen, and can be ended."""

    __tablename__ = "last_sign_in"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id", ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcDateTime)


_TRUSTED = ", ".join(repr(str(role)) for role in TRUSTED)
_ADMINISTRATORS = (
    "SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id "
    "WHERE held.role = 'administrator' AND holder.organisation_id = "
    "(SELECT organisation_id FROM person WHERE id = {row}.person_id)"
)

forbid(
    "person",
    "nobody_changes_centre",
    "UPDATE",
    "NEW.organisation_id <> OLD.organisation_id",
    "roles belong to one organisation: somebody who works for two has two accounts",
)
forbid(
    "role_grant",
    "roles_come_from_an_administrator_of_the_centre",
    "INSERT",
    f"NEW.granted_by IS NOT NULL AND NOT EXISTS "
    f"({_ADMINISTRATORS.format(row='NEW')} AND held.person_id = NEW.granted_by)",
    "an administrator of the same organisation gives roles",
)
forbid(
    "role_grant",
    "set_up_ends_with_the_first_administrator",
    "INSERT",
    f"NEW.granted_by IS NULL AND NEW.role IN ({_TRUSTED}) AND EXISTS "
    f"({_ADMINISTRATORS.format(row='NEW')} AND held.person_id <> NEW.person_id)",
    "an administrator of the same organisation gives roles",
)
forbid(
    "role_invitation",
    "only_the_first_administrator_is_invited_by_nobody",
    "INSERT",
    "NEW.invited_by IS NULL AND (NEW.role <> 'administrator' OR EXISTS ("
    "SELECT 1 FROM role_grant AS held JOIN person AS holder ON holder.id = held.person_id "
    "WHERE held.role = 'administrator' AND holder.organisation_id = NEW.organisation_id))",
    "an administrator of the organisation invites",
)
forbid("role_grant", "roles_are_not_rewritten", "UPDATE", "1 = 1", "a role is given or ended")
forbid(
    "role_grant",
    "one_administrator_stays",
    "DELETE",
    f"OLD.role = 'administrator' AND NOT EXISTS "
    f"({_ADMINISTRATORS.format(row='OLD')} AND held.person_id <> OLD.person_id)",
    "an organisation keeps an administrator",
)
