"""A whole world without sockets: the three services with sample people, joined by a `fetch`.

The `fetch` dispatches by origin to their WSGI apps and remembers every request, so that a journey
takes milliseconds and a test can assert which addresses were asked.
"""

from datetime import datetime
from pathlib import Path

from flask.testing import FlaskClient

import demo
from demo import Network

__all__ = ["Clock", "Network", "World"]


class World:
    """Issuer, wallet and verifier with the demo's people; with the thirty if `pilot` is given."""

    def __init__(self, folder: Path, *, pilot: bool = False) -> None:
        self.network = Network()
        self.demo = demo.build(folder, fetch=self.network, pilot=pilot)
        apps = (self.demo.issuer, self.demo.wallet, self.demo.verifier)
        for address, app in zip(self.demo.addresses, apps, strict=True):
            self.network.join(address, app)

    @property
    def employer(self) -> FlaskClient:
        """Give somebody's browser in front of the verifier."""
        return self.demo.verifier.test_client()

    def sample(self, note: str) -> str:
        """Give the text or link of a sample badge."""
        rows = self.demo.state["samples"]["badges"]
        return str(next(row["text"] for row in rows if note in row["note"]))


class Clock:
    """A clock that stands still until told to move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now
