"""The wallet's Flask app."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from keys.fetching import Fetch
from wallet.settings import WalletSettings
from wallet.tables import Table
from wallet.views import answer, badges, card, home, my_data, receive, shares, show, voices, waiting
from wallet.views.common import register_wallet
from web.app import create_service, register, utc_now


def create_app(
    settings: WalletSettings,
    *,
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Flask:
    """Build the wallet."""
    app = create_service(__name__, settings, Table.metadata, fetch=fetch, clock=clock)
    register_wallet(app)
    for people in (home, card, receive, waiting, badges, show, voices, answer, my_data):
        register(app, people.blueprint)
    register(app, shares.blueprint, machines=True)
    return app
