"""Asking strangers' hosts because somebody signed in shows a badge: counted by person and by host.

Whoever shows a badge chooses whom we ask: its issuer, who vouched for it, themselves, each by a
did:web on a host of any third party. So an answer has few questions, each asked once; a person has
few such answers in a window; and a host is asked by all of us only so often, more often where it is
one whose badges are accepted. Above that it could not be checked, as if the host did not answer::

    asking = begin(database, person_id, known, fetch=fetch, secret=secret, now=now)
    try:
        ...  # verify, by asking
    finally:
        note(database, asking, now=now)

The counts are written before and after and not in between: a verification reads in a transaction of
its own. Of several answers at once each may add its few questions to a host that is nearly full.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import col, select

from issuer import limits
from issuer.tables import BegunCount
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from web.database import Database

OF_AN_ANSWER = 12
"""A DID document and a status list of the issuer, and of a few who vouched for the badge."""
OF_A_HOST_IN_AN_ANSWER = 4
OF_A_HOST = 120
"""In a window (`limits.WINDOW`), by all people together: one question in seven seconds."""
OF_A_KNOWN_HOST = 2_400
"""The same of a host of an accepted issuer: a thousand people show its badges within minutes."""
_THING = "host"


class Asking:
    """Ask for one answer; call it with an `HttpRequest`, as any fetch function."""

    def __init__(
        self, fetch: Fetch, *, secret: bytes, counted: dict[str, int], known: Collection[str]
    ) -> None:
        self._fetch = fetch
        self._secret = secret
        self._counted = counted
        self._known = known
        self._answers: dict[tuple[Any, ...], HttpResponse | CannotFetch] = {}
        self.hosts: Counter[str] = Counter()
        """How often each host was asked, by its keyed hash."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the response; raise `CannotFetch` also when its host was asked often enough."""
        question = (request.method, request.url, *sorted(request.headers.items()))
        if question not in self._answers:
            self._answers[question] = self._asked(request)
        found = self._answers[question]
        if isinstance(found, CannotFetch):
            raise CannotFetch(str(found))
        return found

    def _asked(self, request: HttpRequest) -> HttpResponse | CannotFetch:
        try:
            host = (urlsplit(request.url).hostname or "").rstrip(".")
        except ValueError:
            return CannotFetch("the address cannot be read")
        source = limits.keyed(f"host {host}", self._secret)
        most = OF_A_KNOWN_HOST if host in self._known else OF_A_HOST
        if (
            self.hosts.total() >= OF_AN_ANSWER
            or self.hosts[source] >= OF_A_HOST_IN_AN_ANSWER
            or self._counted.get(source, 0) + self.hosts[source] >= most
        ):
            return CannotFetch(f"{host[:200]} was asked too often; it is asked again later")
        self.hosts[source] += 1
        try:
            return self._fetch(request)
        except CannotFetch as error:
            return error


def begin(
    database: Database,
    person_id: UUID,
    known: Collection[str],
    *,
    fetch: Fetch,
    secret: bytes,
    now: datetime,
) -> Asking:
    """Count one answer of a person, or refuse it by `Refused`; give how to ask for it.

    `known` are the DIDs of accepted issuers.
    """
    with database.transaction() as session:
        limits.count(
            session, limits.SHOWN_ABROAD, address=f"person {person_id}", secret=secret, now=now
        )
        rows = session.exec(
            select(BegunCount.source_hash, BegunCount.count).where(
                col(BegunCount.thing) == _THING, col(BegunCount.since) > now - limits.WINDOW
            )
        ).all()
    return Asking(
        fetch, secret=secret, counted=dict(rows), known={_host_of(did) for did in known} - {""}
    )


def note(database: Database, asking: Asking, *, now: datetime) -> None:
    """Count the hosts that were asked."""
    if asking.hosts:
        with database.transaction() as session:
            for source, times in sorted(asking.hosts.items()):
                limits.add(session, _THING, source, more=times, now=now)


def _host_of(did: str) -> str:
    """Give the host of a did:web; no other method has one that is asked."""
    if not did.startswith("did:web:"):
        return ""
    return did.split(":")[2].partition("%3A")[0].partition("%3a")[0].casefold()
