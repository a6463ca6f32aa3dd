"""The issuer's Flask app: built from its settings, nothing at import time."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Flask, Response, g, request

from issuer import (
    accounts,
    appointments,
    award_tables,
    batches,
    crossing,
    eligibility,
    evidence,
    grounds,
    issuing,
    notices,
    retention,
    returns,
    second_language,
    secret,
    stolen_keys,
)
from issuer.background import Worker
from issuer.framework import frameworks
from issuer.framework_library import Library, open_library
from issuer.keyring import Keyring
from issuer.profile import IssuingBody
from issuer.settings import IssuerSettings
from issuer.tables import Erasure, Table
from issuer.views import (
    after_sending,
    appointment_pages,
    candidate,
    coordinator,
    counting,
    editor,
    examiner,
    examining,
    faults,
    home,
    observations,
    offers,
    officer,
    offline,
    oid4vci,
    oid4vp,
    presenting,
    public,
    standards,
)
from issuer.views import batches as batch_pages
from issuer.views import becoming as becoming_pages
from issuer.views import cohorts as cohort_pages
from issuer.views import data_officer as data_officer_pages
from issuer.views import equals as equal_pages
from issuer.views import evidence as evidence_pages
from issuer.views import examiners as examiner_list_pages
from issuer.views import feedback as feedback_pages
from issuer.views import frameworks as framework_pages
from issuer.views import guide as guide_pages
from issuer.views import kept_badges as kept_badge_pages
from issuer.views import my_data as my_data_pages
from issuer.views import notices as notice_pages
from issuer.views import second_looks as second_look_pages
from issuer.views import staff as staff_pages
from issuer.views import stolen_keys as stolen_key_pages
from issuer.views.common import framework_of
from keys.fetching import Fetch
from keys.store import KeyStore
from web import sessions
from web.app import Services, create_service, register, utc_now
from web.database import Database
from web.errors import Refused
from web.languages import N_, current_language
from web.mail import MailServer

__all__ = ["award_tables", "create_app"]


def create_app(
    settings: IssuerSettings,
    *,
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Flask:
    """Build the issuer: open its keys, finish what a stopped process left, add its pages.

    Raises `StoreError` when the key store does not open, and `WrongSecret` when the secret is not
    that of the database; there is no issuer without its keys.
    """
    keyring = Keyring(
        KeyStore.open(settings.key_store, settings.passphrase), base_url=settings.base_url
    )
    app = create_service(__name__, settings, Table.metadata, fetch=fetch, clock=clock)
    services: Services = app.extensions["mycred4home"]
    secret.check(services.database, now=services.clock())
    body = _body(settings, services.database, keyring, now=services.clock())
    library = body.library
    app.extensions["issuing_body"] = body
    app.extensions["sampling"] = settings.sampling
    for people in (home.blueprint, candidate.blueprint, examiner.blueprint, officer.blueprint):
        register(app, people)
    register(app, evidence_pages.uploads, max_bytes=evidence.MAX_UPLOAD_BYTES)
    register(app, evidence_pages.blueprint)
    register(app, observations.blueprint)
    register(app, offline.blueprint)
    register(app, after_sending.blueprint, max_bytes=evidence.MAX_UPLOAD_BYTES)
    register(app, examining.blueprint)
    register(app, second_look_pages.blueprint)
    register(app, faults.blueprint)
    register(app, batch_pages.blueprint)
    register(app, stolen_key_pages.blueprint)
    register(app, kept_badge_pages.blueprint)
    register(app, coordinator.blueprint)
    register(app, cohort_pages.blueprint)
    register(app, examiner_list_pages.blueprint)
    register(app, becoming_pages.blueprint)
    register(app, counting.blueprint)
    register(app, feedback_pages.blueprint)
    register(app, my_data_pages.blueprint)
    register(app, data_officer_pages.blueprint)
    register(app, guide_pages.blueprint)
    register(app, staff_pages.blueprint)
    register(app, offers.blueprint)
    register(app, public.blueprint)
    register(app, appointment_pages.blueprint)
    register(app, framework_pages.blueprint)
    register(app, standards.blueprint)
    register(app, editor.blueprint)
    register(app, equal_pages.blueprint)
    register(app, presenting.blueprint)
    register(app, oid4vci.blueprint, machines=True)
    register(app, oid4vp.blueprint, machines=True, max_bytes=oid4vp.MAX_ANSWER_BYTES)
    _look_before_each_page(app, library)
    app.extensions["mycred4home_explain"] = partial(_explain, services.database)
    _watch_badges_of_others(app)
    _do_the_daily_work(app, body)
    _go_on_with_long_work(app, body)
    if settings.mail is not None:
        register(app, notice_pages.blueprint)
        _send_notices(app, settings.mail)
    return app


def open_body(settings: IssuerSettings, *, now: datetime) -> tuple[Database, IssuingBody]:
    """Open the database and the issuing body of a service for a command, without its pages."""
    keyring = Keyring(
        KeyStore.open(settings.key_store, settings.passphrase), base_url=settings.base_url
    )
    database = open_database(settings)
    secret.check(database, now=now)
    return database, _body(settings, database, keyring, now=now)


def open_database(settings: IssuerSettings) -> Database:
    """Open the database of a service for a command, whatever its secret."""
    database = Database(settings.database_url, Table.metadata, secret=settings.secret)
    database.create(upgrade=settings.upgrade_database)
    return database


def _body(
    settings: IssuerSettings, database: Database, keyring: Keyring, *, now: datetime
) -> IssuingBody:
    return IssuingBody(
        name=settings.body_name,
        country=settings.country,
        country_code=settings.country_code,
        base_url=settings.base_url,
        library=open_library(database, frameworks()[settings.framework], now=now),
        keyring=keyring,
        secret=settings.secret,
    )


def _watch_badges_of_others(app: Flask) -> None:
    """Look at badges of other issuers beside the requests: nobody's first page waits for them."""
    services: Services = app.extensions["mycred4home"]
    database, fetch, clock = services.database, services.fetch, services.clock
    app.extensions["ground_worker"] = Worker(
        "ground_worker",
        waits=lambda: grounds.waits(database, now=clock()),
        work=lambda: grounds.look_again(database, fetch=fetch, now=clock()),
    )


def _do_the_daily_work(app: Flask, body: IssuingBody) -> None:
    """Do now, and with the first request of each later day, what must not wait for anybody.

    Finish awards that a stopped process left, sign status lists again before they run out, end work
    that was never sent, put files that are late in the queue again, delete what has had its time,
    note which appointments ended, look at the badges of others on which appointments rest. All of
    it may be done twice, by two processes, without harm.
    """
    services: Services = app.extensions["mycred4home"]

    def work(now: datetime) -> None:
        issuing.recover(services.database, body=body, now=now)
        with services.database.transaction() as session:
            returns.take_back_late_files(session, now=now)
            appointments.adopt(session, now=now)
            appointments.expire(session, now=now)
            eligibility.look_again(session, body, now=now)
            crossing.draw_all(session, now=now)
            notices.tell_what_runs_out(session, now=now)
        with services.database.transaction() as session:
            grounds.settle(session, now=now)
        retention.run(services.database, body=body, now=now)
        app.extensions["ground_worker"].wake()

    today = services.clock()
    work(today)
    done = {"day": today.date()}

    @app.before_request
    def once_a_day() -> None:
        now = services.now()
        if now.date() > done["day"]:
            done["day"] = now.date()
            work(now)


def _go_on_with_long_work(app: Flask, body: IssuingBody) -> None:
    services: Services = app.extensions["mycred4home"]
    database = services.database
    for name, what in (("batch_worker", batches), ("stolen_key_worker", stolen_keys)):
        worker = Worker(
            name,
            waits=partial(what.waits, database),
            work=partial(what.work, database, body=body, clock=services.clock),
        )
        app.extensions[name] = worker
        worker.wake()


def _send_notices(app: Flask, server: MailServer) -> None:
    services: Services = app.extensions["mycred4home"]
    sender = notices.Sender(
        services.database,
        server,
        base_url=services.settings.base_url,
        clock=services.clock,
    )

    @app.after_request
    def wake(response: Response) -> Response:
        if request.method == "POST":
            sender.wake()
        return response


def _look_before_each_page(app: Flask, library: Library) -> None:
    """Notice what somebody published, perhaps in another process, and who is asking."""
    services: Services = app.extensions["mycred4home"]

    @app.before_request
    def look() -> None:
        g.visitor = None
        with services.database.reading() as session:
            library.refresh(session)
            token = sessions.read_cookie()
            if token and not g.machine_interface and request.endpoint:
                g.visitor = accounts.visitor(session, token, now=services.now())
            if g.visitor and current_language() not in library.current.languages:
                g.second_languages = second_language.second_languages(
                    session, g.visitor.id, g.visitor.organisation_id
                )

    @app.context_processor
    def tell() -> dict[str, object]:
        return {"visitor": g.get("visitor"), "framework_of": framework_of}


def _explain(database: Database, _error: Exception) -> Refused | None:
    """Say what is wrong when whoever asks was erased while we worked on their request.

    Then anything may be missing anywhere in it; nothing was kept, the transaction was undone.
    """
    if g.get("visitor") is None:
        return None
    with database.reading() as session:
        if session.get(Erasure, g.visitor.id) is None:
            return None
    return Refused(
        N_("This account was erased a moment ago."),
        status=410,
        code="erased",
        hint=N_("What you sent just now was not kept."),
    )
