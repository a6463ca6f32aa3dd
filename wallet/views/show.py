"""Showing badges: choose, look at what others will see, show, stop."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from contexts.labels import LANGUAGES
from wallet import answering, badges, sharing, vouching
from wallet.reading import view_badge
from wallet.sharing import OwnShare
from wallet.views.common import open_wallet, wallet_settings
from web.app import services
from web.errors import Refused
from web.languages import N_, closest_language

blueprint = Blueprint("show", __name__)


@blueprint.get("/show")
def choose() -> str:
    """Ask which badges, and for how long."""
    return _choose_page(request.args.getlist("badge"), sharing.DEFAULT_DURATION)


@blueprint.post("/show")
def prepare() -> Response | tuple[str, int]:
    """Prepare what was chosen and show it to its owner first."""
    wallet = open_wallet()
    chosen, duration = request.form.getlist("badge"), request.form.get("duration", "")
    said = vouching.voices(services().database, wallet, now=services().now())
    try:
        voices = vouching.chosen(said, _ids(request.form.getlist("voice")), _ids(chosen))
        share_id = sharing.prepare(
            services().database,
            wallet,
            _ids(chosen),
            verifier_url=wallet_settings().verifier_url,
            lasts=_lasts(duration),
            now=services().now(),
            beside=[voice.text for voice in voices],
        )
    except Refused as error:
        return _choose_page(chosen, duration, error), error.status
    return redirect(url_for(".look", share_id=share_id))


@blueprint.get("/show/<uuid:share_id>")
def look(share_id: UUID) -> str:
    """Show what others will see; once it is shown, the code for them to scan."""
    wallet, now = open_wallet(), services().now()
    share = sharing.find(services().database, wallet, share_id, now=now)
    views = [
        view_badge(document, closest_language(LANGUAGES, otherwise=""))
        for document in share.documents
    ]
    if share.state == "draft":
        return render_template("show_preview.html", share=share, views=views, **_time_left(share))
    settings = wallet_settings()
    link = sharing.share_link(settings.base_url, settings.verifier_url, share.token)
    return render_template("show.html", share=share, link=link, views=views, **_time_left(share))


@blueprint.post("/show/<uuid:share_id>/start")
def start(share_id: UUID) -> Response:
    """Show it."""
    sharing.start(services().database, open_wallet(), share_id, now=services().now())
    return redirect(url_for(".look", share_id=share_id))


@blueprint.post("/show/<uuid:share_id>/stop")
def stop(share_id: UUID) -> Response:
    """Stop showing it."""
    sharing.stop(services().database, open_wallet(), share_id)
    return redirect(url_for(".shown"))


@blueprint.get("/shown")
def shown() -> str:
    """List what was shown."""
    wallet, database, now = open_wallet(), services().database, services().now()
    shares = sharing.shown(database, wallet, now=now)
    return render_template(
        "shown.html",
        shares=shares,
        older=sharing.showing_older(database, wallet, now=now),
        time_left_of={share.id: _time_left(share) for share in shares},
        answered=answering.noted(database, wallet),
    )


@blueprint.post("/shown/stop")
def stop_all() -> Response:
    """Stop showing everything, for a lost phone."""
    sharing.stop_all(services().database, open_wallet())
    return redirect(url_for(".shown"))


def _choose_page(chosen: list[str], duration: str, error: Refused | None = None) -> str:
    wallet, database = open_wallet(), services().database
    wall = badges.wall(database, wallet)
    shown = [
        (badge, view_badge(badge.document, closest_language(LANGUAGES, otherwise="")))
        for badge in wall.badges
        if badge.mine
    ]
    if len(shown) == 1:
        chosen = [str(shown[0][0].id)]
    return render_template(
        "show_choose.html",
        shown=shown,
        chosen=chosen,
        duration=duration if duration in sharing.DURATIONS else sharing.DEFAULT_DURATION,
        error=error,
        kept=vouching.voices(database, wallet, now=services().now()).kept,
        ticked=request.form.getlist("voice") if request.method == "POST" else None,
    )


def _ids(chosen: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in chosen]
    except ValueError as error:
        raise Refused(
            N_("This badge is not in your wallet."),
            code="no-such-badge",
            hint=N_("Choose one badge or more."),
        ) from error


def _lasts(duration: str) -> timedelta:
    if duration not in sharing.DURATIONS:
        raise Refused(
            N_("You did not choose how long."), code="duration", hint=N_("Choose how long.")
        )
    return sharing.DURATIONS[duration]


def _time_left(share: OwnShare) -> dict[str, int]:
    seconds = max(0, int((share.expires - services().now()).total_seconds()))
    days, minutes = divmod(-(-seconds // 60), 24 * 60)
    return {"days": days + (1 if days and minutes else 0), "minutes": minutes}
