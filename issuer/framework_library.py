"""The versions of the framework that a service assesses: old ones stay, new work gets the latest.

The version that comes with the service is written down in the database when the service first
starts, so that it stays served although a later release brings another one. The achievements of the
first version have the plain addresses; every later one has addresses of its own (docs/adr/0020).
What was loaded once is kept in memory; `refresh` looks for what another process published.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer.audit import record
from issuer.framework import AchievementDefinition, Framework, read_framework
from issuer.framework_document import dump, files_of, load
from issuer.framework_tables import EditionState, FrameworkEdition
from web.database import Database


class Library:
    """Every published version of one framework; `current` is for new work."""

    def __init__(self, shipped: Framework) -> None:
        self._shipped = shipped
        self._versions: dict[str, Framework] = {shipped.version: shipped}

    @property
    def current(self) -> Framework:
        """The version that was published last."""
        return next(reversed(self._versions.values()))

    def version(self, version: str) -> Framework:
        """Give a version; raise `LookupError` for one that was never published here."""
        return self._versions[version]

    def versions(self) -> tuple[Framework, ...]:
        """List the versions, the latest first."""
        return tuple(reversed(self._versions.values()))

    def find(self, slug: str, level_slug: str) -> tuple[Framework, AchievementDefinition] | None:
        """Find an achievement by its address, in the latest version that has it."""
        for framework in self.versions():
            definition = framework.find(slug, level_slug)
            if definition is not None:
                return framework, definition
        return None

    def definitions(self) -> Iterator[tuple[Framework, AchievementDefinition]]:
        """List every achievement of every version, the latest version first."""
        for framework in self.versions():
            yield from ((framework, one) for one in framework.definitions())

    def refresh(self, session: Session) -> None:
        """Load the versions that were published since; one short question when there are none."""
        rows = session.exec(
            select(FrameworkEdition.version)
            .where(
                col(FrameworkEdition.framework) == self._shipped.id,
                col(FrameworkEdition.state) == EditionState.PUBLISHED,
            )
            .order_by(col(FrameworkEdition.published_at), col(FrameworkEdition.opened_at))
        ).all()
        if list(rows) != list(self._versions):
            self._versions = {version: self._loaded(session, version) for version in rows}

    def _loaded(self, session: Session, version: str) -> Framework:
        row = session.exec(
            select(FrameworkEdition).where(
                col(FrameworkEdition.framework) == self._shipped.id,
                col(FrameworkEdition.version) == version,
            )
        ).one()
        prefix = "" if row.plain else f"/frameworks/{row.framework}/{row.version}"
        known = self._versions.get(version)
        if known is not None and (known.digest, known.prefix) == (row.digest, prefix):
            return known
        return read_framework(files_of(load(row.document)), prefix=prefix)


def open_library(database: Database, shipped: Framework, *, now: datetime) -> Library:
    """Give the library of a service, with the version that came with it written down."""
    library = Library(shipped)
    try:
        with database.transaction() as session:
            _adopt(session, shipped, now=now)
    except IntegrityError:
        pass  # another process that started at the same time was faster
    with database.reading() as session:
        library.refresh(session)
    return library


def _adopt(session: Session, shipped: Framework, *, now: datetime) -> None:
    known = session.exec(
        select(FrameworkEdition.version).where(col(FrameworkEdition.framework) == shipped.id)
    ).all()
    if shipped.version in known:
        return
    edition = FrameworkEdition(
        framework=shipped.id,
        version=shipped.version,
        state=EditionState.PUBLISHED,
        shipped=True,
        plain=not known,
        document=dump(shipped.document),
        digest=shipped.digest,
        opened_at=now,
        changed_at=now,
        published_at=now,
    )
    session.add(edition)
    session.flush()
    record(session, "framework.published", edition.id, now=now)
