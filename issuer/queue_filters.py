"""Choosing among the files that an examiner may mark: by what they are of, and by their age."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from issuer.tables import Submission, SubmissionState

AGES = (2, 7, 14)
"""Days that a file has waited for at least."""
LOOKS = {
    "first": (SubmissionState.SENT, SubmissionState.MARKING),
    "second": (SubmissionState.SECOND_MARKING,),
    "again": (SubmissionState.APPEALED,),
}


@dataclass(frozen=True)
class Filters:
    """What is chosen; empty: everything."""

    skill: str = ""
    level: int = 0
    language: str = ""
    look: str = ""
    days: int = 0

    def __bool__(self) -> bool:
        return self != Filters()


def read_filters(asked: Mapping[str, str]) -> Filters:
    """Read what an address asks for; what is unknown chooses nothing."""
    days, level = asked.get("days", ""), asked.get("level", "")
    return Filters(
        skill=asked.get("skill", ""),
        level=int(level) if level in ("1", "2", "3") else 0,
        language=asked.get("language", ""),
        look=asked.get("look", "") if asked.get("look") in LOOKS else "",
        days=int(days) if days in map(str, AGES) else 0,
    )


def chosen(files: Iterable[Submission], filters: Filters, *, now: datetime) -> list[Submission]:
    """Give the files that fit, in the order they came."""
    latest = now - timedelta(days=filters.days)
    return [
        file
        for file in files
        if filters.skill in ("", file.skill)
        and filters.level in (0, file.level)
        and filters.language in ("", file.language)
        and (not filters.look or file.state in LOOKS[filters.look])
        and (file.sent_at is None or file.sent_at <= latest)
    ]
