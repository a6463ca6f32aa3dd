"""Keep a recording in a process of its own, which stops where it is told to, to be killed.

    python tests/evidence_kill_driver.py FOLDER WORK STEP

At STEP - "read", the file is safe; "kept", it is written but not yet for good - it prints the
step's name and waits for its end.
"""

import sys
import time
from pathlib import Path
from uuid import UUID

from assessment_world import NOW
from award_world import SECRET
from media_files import wav
from media_world import SET, media_framework

from issuer import evidence
from issuer.tables import Submission, Table
from web.database import Database


def main(folder: str, work: str, stop_at: str) -> None:
    """Keep a recording and stand still at the step."""

    def pause(step: str) -> None:
        if step == stop_at:
            sys.stdout.write(f"{step}\n")
            sys.stdout.flush()
            time.sleep(600)

    database = Database(f"sqlite:///{Path(folder) / 'quiet.db'}", Table.metadata, secret=SECRET)
    task = media_framework().scenario_by_id(SET, "es").task("tell")
    assert task is not None
    file = evidence.read_file(task, wav(5))
    pause("read")
    with database.transaction() as session:
        mine = session.get_one(Submission, UUID(work))
        evidence.keep(session, mine, task, file, given_at=NOW, now=NOW)
        pause("kept")


if __name__ == "__main__":
    main(*sys.argv[1:])
