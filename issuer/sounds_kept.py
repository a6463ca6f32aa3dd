"""What all kinds of recordings share: the result, and the error that says a file is broken."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """Sound as it is kept."""

    content_type: str
    content: bytes
    seconds: float | None
    """None where the file does not say."""


class Broken(Exception):
    """The file does not go on as its kind must."""
