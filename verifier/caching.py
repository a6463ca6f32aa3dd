"""A cache for the two things that verification fetches: DID documents and status lists.

Both are the same for thousands of badges. A did:web document is taken from the cache while it is
fresh (`keys.freshness`), and no longer than five minutes. A status list and the log of a did:webvh
are asked for again each time, by their entity tag, so that a cancelled badge or a lost key is seen
at once. What cannot be fetched is never made up from an old copy: then the question stays open.

The copies lie in the database, for all processes; `Copies` are those that this process has at hand.
A copy that is asked for again by its entity tag is right wherever it lay. One that is used while it
is fresh is looked up in the database again after seconds: another process may have a newer one.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import bindparam, delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from keys.fetching import Fetch, HttpRequest, HttpResponse
from keys.freshness import fresh_for
from verifier.tables import Fetched
from web.database import Database

_LONGEST_FRESH = timedelta(minutes=5)
_FORGOTTEN_AFTER = timedelta(days=1)
# Strangers choose what is fetched: neither one answer nor all of them may fill the disk.
_MAX_KEPT_BYTES = 200_000
_MAX_KEPT = 1_000
_AT_HAND_FOR = timedelta(seconds=5)
_MAX_AT_HAND = 64


_BY_URL = select(*Fetched.__table__.columns).where(col(Fetched.url) == bindparam("url"))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Copy:
    """A response as it was kept."""

    url: str
    body: bytes
    etag: str
    content_type: str
    fetched_at: datetime
    fresh_until: datetime


class Copies:
    """The copies that one process used last; safe to use from several threads."""

    def __init__(self) -> None:
        self._copies: dict[str, tuple[Copy, datetime]] = {}
        self._lock = Lock()

    def find(self, url: str, now: datetime) -> Copy | None:
        """Give the copy of an address, unless it must be looked up in the database again."""
        copy, since = self._copies.get(url, (None, now))
        lately = since <= now < since + _AT_HAND_FOR
        return copy if lately or not _may_be_reused(url) else None

    def put(self, copy: Copy, now: datetime) -> None:
        """Have a copy at hand that is in the database now."""
        with self._lock:
            self._copies.pop(copy.url, None)
            if len(self._copies) >= _MAX_AT_HAND:
                del self._copies[next(iter(self._copies))]  # the one put here longest ago
            self._copies[copy.url] = (copy, now)


class CachedFetch:
    """Fetch through a cache that outlives the request; `asked` says what, and of which moment."""

    def __init__(
        self,
        database: Database,
        fetch: Fetch,
        now: datetime,
        *,
        copies: Copies,
        fresh_only: bool = False,
    ) -> None:
        self._database = database
        self._copies = copies
        self._fetch = fetch
        self._now = now
        self._fresh_only = fresh_only
        self._answers: dict[str, HttpResponse] = {}
        self.asked: dict[str, datetime] = {}
        self.reused = False
        """Whether something came from the cache without asking whether it is still so."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the response, from the cache where that is allowed; within one run, ask once."""
        if request.url not in self._answers:
            self._answers[request.url] = self._answer(request)
        return self._answers[request.url]

    def _answer(self, request: HttpRequest) -> HttpResponse:
        known = self._known(request.url)
        if known is not None and self._is_fresh(known):
            self.reused = True
            self.asked[request.url] = known.fetched_at
            return _response(known)
        headers = dict(request.headers)
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        response = self._fetch(HttpRequest(request.url, request.method, headers, request.body))
        self.asked[request.url] = self._now
        if response.status == 304 and known is not None:
            if _may_be_reused(known.url):
                self._keep(replace(known, fresh_until=self._fresh_until(response)))
            return _response(known)
        may_be_kept = fresh_for(response.headers) is not None
        if response.status == 200 and may_be_kept and len(response.body) <= _MAX_KEPT_BYTES:
            self._keep(
                Copy(
                    url=request.url,
                    body=response.body,
                    etag=response.headers.get("etag", ""),
                    content_type=response.headers.get("content-type", ""),
                    fetched_at=self._now,
                    fresh_until=self._fresh_until(response),
                )
            )
        return response

    def _known(self, url: str) -> Copy | None:
        at_hand = self._copies.find(url, self._now)
        if at_hand is not None:
            return at_hand
        with self._database.reading() as session:
            row = session.execute(_BY_URL, {"url": url}).one_or_none()
        if row is None:
            return None
        known = Copy(**row._mapping)
        self._copies.put(known, self._now)
        return known

    def _is_fresh(self, known: Copy) -> bool:
        fresh = known.fetched_at <= self._now < known.fresh_until
        return fresh and not self._fresh_only and _may_be_reused(known.url)

    def _fresh_until(self, response: HttpResponse) -> datetime:
        return self._now + min(fresh_for(response.headers) or timedelta(0), _LONGEST_FRESH)

    def _keep(self, copy: Copy) -> None:
        kept = replace(copy, fetched_at=self._now)
        try:
            with self._database.transaction() as session:
                _forget(session, self._now)
                session.merge(Fetched(**asdict(kept)))
        except IntegrityError:
            return  # somebody else has just kept the same document
        self._copies.put(kept, self._now)


def _may_be_reused(url: str) -> bool:
    return url.endswith("/did.json")


def _forget(session: Session, now: datetime) -> None:
    session.exec(delete(Fetched).where(col(Fetched.fetched_at) < now - _FORGOTTEN_AFTER))
    by_age = select(Fetched.url).order_by(col(Fetched.fetched_at).desc())
    surplus = session.exec(by_age.offset(_MAX_KEPT - 1)).all()
    if surplus:
        session.exec(delete(Fetched).where(col(Fetched.url).in_(surplus)))


def _response(known: Copy) -> HttpResponse:
    return HttpResponse(200, {"content-type": known.content_type}, known.body, known.url)
