"""When somebody asks for a badge: who, for which one; show it or say no."""

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request

from contexts.labels import LANGUAGES
from credentials.exchange import oid4vp
from wallet import answering
from wallet.answering import Asked
from wallet.badges import is_valid_now
from wallet.reading import view_badge
from wallet.views.common import (
    WalletClosed,
    find_wallet,
    open_wallet,
    remember_offer,
    wallet_settings,
)
from web.app import services
from web.errors import Refused
from web.languages import closest_language

blueprint = Blueprint("answer", __name__)

_LINK_MEMBERS = ("client_id", "request_uri", "request_uri_method", "request")
_GO_ON_SECONDS = 1


@blueprint.get("/present")
def look() -> str:
    """Show who asks for a badge by a link; without a link, say how to get one."""
    text = _link()
    if find_wallet() is None:
        if not text:
            raise WalletClosed
        remember_offer(text)
        return render_template("present_closed.html")
    if not text:
        return render_template("present_link.html", error=None, text="")
    return _page(_look(text))


@blueprint.post("/present")
def look_at_pasted() -> str | tuple[str, int]:
    """Show who asks for a badge by a pasted link."""
    open_wallet()
    text = request.form.get("link", "")
    try:
        asked = _look(text)
    except Refused as error:
        return render_template("present_link.html", error=error, text=text[:2000]), error.status
    return _page(asked)


@blueprint.post("/present/show")
def show() -> Response | tuple[str, int]:
    """Show the chosen badge to who asked."""
    asked = _asked()
    try:
        address = answering.show(
            services().database,
            open_wallet(),
            asked,
            _id(request.form.get("badge", "")),
            _ids(),
            fetch=services().fetch,
            now=services().now(),
        )
    except Refused as error:
        if error.code != "nothing-chosen":
            raise
        return _page(asked, error), error.status
    return _done(asked, address, shown=True)


@blueprint.post("/present/no")
def decline() -> Response:
    """Say no to who asked."""
    asked = _asked()
    return _done(asked, answering.decline(asked, fetch=services().fetch), shown=False)


def _look(text: str) -> Asked:
    return answering.look(
        services().database,
        open_wallet(),
        text,
        fetch=services().fetch,
        trust=wallet_settings().trust,
        now=services().now(),
    )


def _asked() -> Asked:
    return answering.unseal_asked(
        services().database,
        open_wallet(),
        request.form.get("asked", ""),
        fetch=services().fetch,
        trust=wallet_settings().trust,
        now=services().now(),
    )


def _page(asked: Asked, error: Refused | None = None) -> str:
    choices = [
        (
            one,
            view_badge(one.document, closest_language(LANGUAGES, otherwise="")),
            is_valid_now(one.findings),
        )
        for one in asked.choices
    ]
    return render_template(
        "present.html",
        asked=asked,
        sealed=answering.seal_asked(open_wallet(), asked, now=services().now()),
        choices=choices,
        ticked=_ids() if error else answering.ticked_first(asked),
        error=error,
    )


def _done(asked: Asked, address: str, *, shown: bool) -> Response:
    response = make_response(
        render_template("present_done.html", asked=asked, address=address, shown=shown)
    )
    if address:
        response.headers["Refresh"] = f"{_GO_ON_SECONDS}; url={address}"
    return response


def _link() -> str:
    """Give the request that the address of this page holds, as a wallet reads it from a link."""
    found = {name: request.args[name] for name in _LINK_MEMBERS if name in request.args}
    return f"{oid4vp.SCHEME}?{urlencode(found)}" if found else request.args.get("link", "")


def _ids() -> list[UUID]:
    return [_id(one) for one in request.form.getlist("voice")]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
