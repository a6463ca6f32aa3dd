"""For how long an answer from the web may be used without asking again (RFC 9111)."""

import re
from collections.abc import Mapping
from datetime import timedelta

_UNLESS_SAID = timedelta(minutes=5)
_SECONDS = re.compile(r"[0-9]{1,9}")


def fresh_for(headers: Mapping[str, str]) -> timedelta | None:
    """Read Cache-Control and Age: how long the answer stays fresh; None if it may not be kept.

    An answer that says nothing is fresh for five minutes; one whose words contradict each other,
    or cannot be read, is not fresh at all. The caller sets the upper bound.
    """
    written = [word.strip().partition("=") for word in headers.get("cache-control", "").split(",")]
    words = [(name.strip().lower(), value.strip().strip('"')) for name, _, value in written]
    names = {name for name, _value in words}
    if "no-store" in names:
        return None
    if "no-cache" in names:
        return timedelta(0)
    ages = {value for name, value in words if name == "max-age"}
    if not ages:
        return _UNLESS_SAID
    age = headers.get("age", "0").strip()
    if len(ages) > 1 or not all(_SECONDS.fullmatch(text) for text in (*ages, age)):
        return timedelta(0)
    return max(timedelta(0), timedelta(seconds=int(ages.pop()) - int(age)))
