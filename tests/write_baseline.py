"""Write down the tables of each service as its first version: ``python tests/write_baseline.py``.

Run it after every change of tables until the first release is tagged, and never again: from then on
databases of that version exist, and each change of tables is a migration (docs/upgrading.md).
"""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_mock_engine
from sqlalchemy.sql.ddl import CreateIndex

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("issuer", "wallet", "verifier")
DIALECTS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}


def metadata_of(service: str) -> MetaData:
    """Give all tables of a service: its app knows every module that has some."""
    metadata: MetaData = import_module(f"{service}.app").Table.metadata
    return metadata


def statements(metadata: MetaData, dialect: str) -> list[str]:
    """Give what makes these tables on a new database, always in the same order."""
    made: list[str] = []
    indexes: list[str] = []

    def note(statement: Any, *_: Any, **__: Any) -> None:
        lines = str(statement.compile(dialect=engine.dialect)).replace("%%", "%").splitlines()
        text = "\n".join(line.rstrip() for line in lines if line.strip())
        (indexes if isinstance(statement, CreateIndex) else made).append(text)

    engine = create_mock_engine(DIALECTS[dialect], note)
    metadata.create_all(engine, checkfirst=False)
    return made + sorted(indexes)


def write(metadata: MetaData, folder: Path) -> None:
    """Write the baseline of these tables into the folder of a service's migrations."""
    (folder / "baseline").mkdir(exist_ok=True)
    for dialect in DIALECTS:
        text = "".join(f"{statement};\n\n" for statement in statements(metadata, dialect))
        (folder / "baseline" / f"{dialect}.sql").write_text(f"{text.rstrip()}\n\n", "utf-8")


def released() -> str:
    """Give the first tag of a release; empty as long as there is none."""
    asked = ["git", "-C", ROOT, "tag", "--list", "v*", "--sort=creatordate"]
    tags = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return tags[0] if tags else ""


def main() -> None:
    """Write the baselines of the three services, if that is still allowed."""
    later = [one for one in SERVICES if len(list(_folder(one).glob("versions/0*.py"))) > 1]
    if released() or later:
        sys.exit("The first version is released and its tables are frozen: write a migration.")
    for service in SERVICES:
        write(metadata_of(service), _folder(service))


def _folder(service: str) -> Path:
    return ROOT / service / "migrations"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
