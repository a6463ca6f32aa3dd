"""What one process of the verifier keeps in memory between requests; the database knows better."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from verifier.caching import Copies
from verifier.counting import Counter
from verifier.settings import VerifierSettings
from web.app import services

_NAME = "mycred4home_verifier"


@dataclass(frozen=True)
class InProcess:
    """The checks taken for visitors, and the copies at hand."""

    counter: Counter
    vouches: Counter
    copies: Copies


def register_process(app: Flask, settings: VerifierSettings) -> None:
    """Give `app` its memory."""
    with app.app_context():
        database = services().database
    counter = Counter(database, allowed=settings.checks_allowed, secret=settings.secret)
    vouches = Counter(database, allowed=settings.vouches_allowed, secret=settings.secret)
    app.extensions[_NAME] = InProcess(counter, vouches, Copies())


def in_process() -> InProcess:
    """Give the memory of the current app."""
    return cast(InProcess, current_app.extensions[_NAME])
