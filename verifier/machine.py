"""The report for machines, with who checked, when, and which addresses were asked."""

from datetime import datetime
from typing import Any

from credentials.machine_report import report_json
from credentials.times import write_time
from verifier.checking import Judged

VERSION = "1"


def report_of(judged: Judged, *, verifier: str, now: datetime) -> dict[str, Any]:
    """Write a report without the badge itself: ids, outcomes, codes, dates, addresses asked."""
    return {
        "version": VERSION,
        "verifier": verifier,
        "checked": write_time(now),
        **report_json(judged.report),
        "asked": [{"url": url, "asOf": write_time(at)} for url, at in judged.asked.items()],
    }
