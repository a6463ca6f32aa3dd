"""The verifier's Flask app: no cookies, no accounts."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from keys.fetching import Fetch
from verifier.settings import VerifierSettings
from verifier.tables import Table
from verifier.views import check, machines, vouch
from verifier.views.process import register_process
from verifier.vouching import READY
from web.app import create_service, register, utc_now


def create_app(
    settings: VerifierSettings,
    *,
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Flask:
    """Build the verifier."""
    app = create_service(
        __name__, settings, Table.metadata, fetch=fetch, clock=clock, uses_cookies=False
    )
    register_process(app, settings)
    app.jinja_env.globals["ready_sentences"] = READY
    register(app, check.blueprint)
    register(app, vouch.blueprint)
    register(app, machines.blueprint, machines=True)
    return app
