"""A centre whose standard owners edit a small framework; for tests of the editor."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from award_world import Service, open_service
from flask.testing import FlaskClient
from sqlalchemy import Uuid, bindparam, text
from sqlmodel import select

from issuer import framework_editing as editing
from issuer.framework_document import Document, load
from issuer.framework_tables import FrameworkEdition
from issuer.tables import Role


@dataclass
class Standards:
    """The issuer's app, two standard owners, and a draft."""

    service: Service

    def browser(self, name: str = "anna") -> FlaskClient:
        """Open a browser as a standard owner."""
        return self.service.browser(name, Role.STANDARD_OWNER)

    def person(self, name: str) -> UUID:
        """Give a standard owner."""
        return self.service.centre.person(name, Role.STANDARD_OWNER)

    def shipped(self) -> UUID:
        """Give the version that came with the service."""
        with self.service.centre.database.reading() as session:
            rows = session.exec(select(FrameworkEdition)).all()
        return next(row.id for row in rows if row.shipped)

    def draft(self, version: str = "1.2", by: str = "anna") -> UUID:
        """Open a draft of the shipped framework."""
        origin, person = self.shipped(), self.person(by)
        with self.service.centre.database.transaction() as session:
            return editing.open_draft(
                session,
                origin,
                version=version,
                by=person,
                now=self.service.clock(),
            ).id

    def change(
        self, edition: UUID, changes: editing.Changes, *, by: str = "anna", revision: int = 10**6
    ) -> None:
        """Change a draft; by default as if its latest revision had been seen."""
        person = self.person(by)
        with self.service.centre.database.transaction() as session:
            editing.change(
                session,
                edition,
                changes,
                revision=revision,
                by=person,
                now=self.service.clock(),
            )

    def in_review(self, version: str = "1.2", by: str = "anna") -> UUID:
        """Give a version that waits for a second person."""
        edition = self.draft(version, by)
        self.send(edition, by)
        return edition

    def send(self, edition: UUID, by: str = "anna") -> None:
        """Send a draft to review."""
        person = self.person(by)
        with self.service.centre.database.transaction() as session:
            editing.send_to_review(session, edition, by=person, now=self.service.clock())

    def give_back(self, edition: UUID, comment: str, by: str = "bruno") -> None:
        """Give a version in review back."""
        person = self.person(by)
        with self.service.centre.database.transaction() as session:
            editing.give_back(
                session, edition, comment=comment, by=person, now=self.service.clock()
            )

    def publish(self, edition: UUID, by: str = "bruno") -> None:
        """Publish a version that is in review."""
        person = self.person(by)
        with self.service.centre.database.transaction() as session:
            editing.publish(session, edition, by=person, now=self.service.clock())

    def row(self, edition: UUID) -> FrameworkEdition:
        """Give a version as it is kept."""
        with self.service.centre.database.reading() as session:
            return editing.edition(session, edition)

    def document(self, edition: UUID) -> Document:
        """Give what a version says."""
        return load(self.row(edition).document)

    def sql(self, statement: str, **values: UUID) -> None:
        """Do something to the database by hand, past every check of the code."""
        kinds = [bindparam(name, type_=Uuid()) for name in values]
        with self.service.centre.database.transaction() as session:
            session.connection().execute(text(statement).bindparams(*kinds), values)


def open_standards(folder: Path, database_url: str = "sqlite://") -> Standards:
    """Build the issuer's app with its two standard owners."""
    return Standards(open_service(folder, database_url=database_url))
