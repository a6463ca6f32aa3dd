"""The base of a service: one function that builds a Flask app with everything they share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Request, Response, current_app, g, request
from flask.sessions import SessionInterface
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from sqlalchemy import MetaData, text
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Rule
from whitenoise import WhiteNoise

from contexts.strict_json import use_orjson
from keys.fetching import Fetch
from keys.material import use_libsodium
from keys.multibase import use_pybase64
from web.database import Database
from web.errors import Refused, register_errors
from web.http import Fetcher
from web.languages import N_, register_languages
from web.patience import Patient
from web.pictures import badge_svg
from web.qr import qr_svg
from web.settings import ServiceSettings

MAX_REQUEST_BYTES = 2_000_000
_WEB = Path(__file__).parent
_STATIC_SECONDS = 24 * 3600


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


class _Rule(Rule):
    """A rule that compiles its builders of addresses at first use.

    werkzeug compiles two for each rule when it is added: half of the time in which an app of two
    hundred rules starts, and most are never asked.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        compiled: Callable[..., tuple[str, str]] | None = None

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            nonlocal compiled
            compiled = compiled or compile_now(append_unknown)
            return compiled(rule, **values)

        return build


class _NoSessions(SessionInterface):
    """For a service without cookies: none is looked at, and writing to the session is an error."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


class _Service(Flask):
    """An app that compiles how an address is built when one is asked for; see `_Rule`."""

    url_rule_class = _Rule


@dataclass(frozen=True)
class Services:
    """What a view may reach: settings, database, the way out, the clock."""

    settings: ServiceSettings
    database: Database
    fetch: Fetch
    clock: Callable[[], datetime]

    def now(self) -> datetime:
        """Give the time of this request: read once, the same for all that it does."""
        if "now" not in g:
            g.now = self.clock()
        return cast(datetime, g.now)


def services() -> Services:
    """Give what the current app was built with."""
    return cast(Services, current_app.extensions["mycred4home"])


def create_service(
    import_name: str,
    settings: ServiceSettings,
    metadata: MetaData,
    *,
    fetch: Fetch | None = None,
    clock: Callable[[], datetime] = utc_now,
    uses_cookies: bool = True,
) -> Flask:
    """Build the app of a service; its blueprints are added by the caller."""
    use_libsodium()
    use_pybase64()
    use_orjson()
    app = _Service(import_name, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
        SESSION_COOKIE_NAME=f"{settings.name}_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # we send no referrer; Origin and Sec-Fetch-Site are checked
    )
    database = Database(settings.database_url, metadata, secret=settings.secret)
    database.create(upgrade=settings.upgrade_database)
    fetch = Patient(fetch or Fetcher(allow_loopback_http=settings.allow_loopback_http))
    app.extensions["mycred4home"] = Services(settings, database, fetch, clock)

    _templates(app)
    register_languages(app, cookie=f"{settings.name}_language" if uses_cookies else None)
    register_errors(app)
    _headers(app)
    app.jinja_env.globals.update(uses_cookies=uses_cookies)
    _tell_machines_from_people(app)
    _let_some_requests_be_larger(app)
    if uses_cookies:
        app.extensions["mycred4home_csrf"] = CSRFProtect(app)
    else:
        app.session_interface = _NoSessions()
    _static(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0
        )

    @app.get("/health")
    def health() -> tuple[dict[str, str], int]:
        with database.reading() as session:
            session.connection().execute(text("SELECT 1"))
        return {"status": "ok", "service": settings.name}, 200

    return app


def register(
    app: Flask, blueprint: Blueprint, *, machines: bool = False, max_bytes: int = MAX_REQUEST_BYTES
) -> None:
    """Add a blueprint; `machines` says that programs call it, `max_bytes` how much it takes.

    For machines it answers with problem details, needs no anti-forgery token, and must not look at
    cookies.
    """
    app.extensions["mycred4home_limits"][blueprint.name] = max_bytes
    if machines:
        app.extensions["mycred4home_machines"].add(blueprint.name)
        csrf = app.extensions.get("mycred4home_csrf")
        if csrf is not None:
            csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


def _let_some_requests_be_larger(app: Flask) -> None:
    limits: dict[str | None, int] = {}
    app.extensions["mycred4home_limits"] = limits

    @app.before_request
    def limit() -> None:  # before the form token is looked for, which reads the request
        request.max_content_length = limits.get(request.blueprint, MAX_REQUEST_BYTES)


def _templates(app: Flask) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    own = FileSystemLoader(Path(app.root_path) / "templates")
    app.jinja_loader = ChoiceLoader([own, FileSystemLoader(_WEB / "templates")])
    settings = cast(Services, app.extensions["mycred4home"]).settings
    app.jinja_env.globals.update(
        settings=settings,
        badge_svg=badge_svg,
        qr_svg=qr_svg,
        csp_nonce=lambda: g.csp_nonce,
        static=lambda path: f"/static/{path}",
    )


def _static(app: Flask) -> None:
    served = WhiteNoise(app.wsgi_app, max_age=_STATIC_SECONDS, charset="utf-8")
    served.add_files(str(_WEB / "static"), prefix="static/")
    own = Path(app.root_path) / "static"
    if own.is_dir():
        served.add_files(str(own), prefix=f"static/{own.parent.name}/")
    app.wsgi_app = served  # type: ignore[method-assign]


_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self' blob:; style-src 'self'; "
    "script-src 'self' 'nonce-NONCE'; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"
)
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=(), camera=(self), microphone=(self)"),
)


def _headers(app: Flask) -> None:
    before_nonce, _, after_nonce = _POLICY.partition("NONCE")
    secure = cast(Services, app.extensions["mycred4home"]).settings.secure
    hsts = (("Strict-Transport-Security", "max-age=31536000"),) if secure else ()
    always = (*_ALWAYS, *hsts)

    @app.before_request
    def nonce() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)

    @app.after_request
    def harden(response: Response) -> Response:
        # In one go: each look at werkzeug's headers goes through all of them.
        present = {name.lower() for name, _ in response.headers}
        policy = f"{before_nonce}{g.get('csp_nonce', '')}{after_nonce}"
        wanted = [("Content-Security-Policy", policy), *always]
        if response.mimetype == "text/html":
            wanted.append(("Cache-Control", "no-store"))
        response.headers.extend([pair for pair in wanted if pair[0].lower() not in present])
        return response


def _tell_machines_from_people(app: Flask) -> None:
    machines: set[str] = set()
    app.extensions["mycred4home_machines"] = machines

    @app.before_request
    def tell() -> None:
        g.machine_interface = request.blueprint in machines

    @app.before_request
    def same_origin() -> None:
        # Second lock beside the form token (threat 20): a browser says where a form came from.
        if request.method in ("GET", "HEAD", "OPTIONS") or g.machine_interface:
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Refused(N_("This form came from another site."), status=403, code="other-origin")
