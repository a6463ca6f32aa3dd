"""One step of the issuer in a process of its own, which stops where it is told to, to be killed.

    python tests/kill_driver.py FOLDER release|deliver|batch|appointment|stolen ID STEP

At STEP it prints the step's name and waits for its end; "released:3" is the third such step.
"""

import sys
import time
from pathlib import Path
from uuid import UUID

from award_world import NOW, open_centre

from issuer import appointment_badges, awards, batches, issuing, stolen_keys
from issuer.tables import Role

HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def main(folder: str, action: str, identifier: str, stop_at: str) -> None:
    """Run the action and stand still at the step."""

    name, _, which = stop_at.partition(":")
    seen = 0

    def pause(step: str) -> None:
        nonlocal seen
        seen += step == name
        if step == name and seen == int(which or 1):
            sys.stdout.write(f"{stop_at}\n")
            sys.stdout.flush()
            time.sleep(600)

    centre = open_centre(Path(folder), database_url=f"sqlite:///{folder}/issuer.db")
    if action == "release":
        awards.release(
            centre.database,
            UUID(identifier),
            officer_id=centre.person("olga", Role.OFFICER),
            body=centre.body,
            now=NOW,
            pause=pause,
        )
    elif action == "batch":
        batches.work(centre.database, body=centre.body, clock=lambda: NOW, pause=pause)
    elif action == "appointment":
        appointment_badges.deliver(
            centre.database,
            UUID(identifier),
            holder=HOLDER,
            body=centre.body,
            now=NOW,
            pause=pause,
        )
    elif action == "stolen":
        stolen_keys.confirm(
            centre.database,
            UUID(identifier),
            officer_id=centre.person("omar", Role.OFFICER),
            body=centre.body,
            now=NOW,
            pause=pause,
        )
        stolen_keys.work(centre.database, body=centre.body, clock=lambda: NOW, pause=pause)
    else:
        issuing.deliver(
            centre.database,
            UUID(identifier),
            holder=HOLDER,
            body=centre.body,
            now=NOW,
            pause=pause,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
