"""The badges: the wall, one badge with all that is known of it, its file, its paper."""

import re
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from contexts.labels import LANGUAGES
from wallet import (
    badges,
    checking_daily,
    looking_again,
    receiving,
    renewing,
    sharing,
    vouching,
    waiting,
)
from wallet.badges import KeptBadge
from wallet.news import news_of
from wallet.reading import BadgeView, view_badge
from wallet.views.common import open_wallet, wallet_settings
from web.app import services
from web.errors import Refused
from web.languages import N_, catalogue, closest_language, current_language, languages

blueprint = Blueprint("badges", __name__)


@blueprint.get("/badges")
def wall() -> str:
    """Show all badges, and those on the way; what is ready since yesterday is kept first.

    Those that nobody checked since yesterday are checked, so that bad news is found here.
    """
    wallet, database = open_wallet(), services().database
    looking_again.look_daily(
        database,
        wallet,
        fetch=services().fetch,
        trust=wallet_settings().trust,
        now=services().now(),
    )
    checking_daily.check_daily(
        database,
        wallet,
        fetch=services().fetch,
        trust=wallet_settings().trust,
        now=services().now(),
    )
    found = badges.wall(database, wallet)
    return render_template(
        "wall.html",
        wallet=wallet,
        shown=[(badge, _view(badge)) for badge in found.badges],
        has_news=any(news_of(badge.findings) for badge in found.badges),
        unreadable=found.unreadable,
        waiting=waiting.waiting_badges(database, wallet),
        vouched_for={
            one.badge_id for one in vouching.voices(database, wallet, now=services().now()).waiting
        },
    )


@blueprint.get("/badges/<uuid:badge_id>")
def detail(badge_id: UUID) -> str:
    """Show one badge with all that is known of it."""
    return _detail(badge_id)


def _detail(badge_id: UUID, error: Refused | None = None) -> str:
    wallet, database = open_wallet(), services().database
    badge = badges.find(database, wallet, badge_id)
    view = _view(badge)
    older = sharing.showing_older(database, wallet, now=services().now())
    return render_template(
        "badge.html",
        signer_is_known=wallet_settings().trust.issuer(view.signer_id) is not None,
        shown_older=any(badge_id in ids for ids in older.values()),
        badge=badge,
        view=view,
        error=error,
        can_be_fetched=renewing.can_be_fetched(badge),
        asked_host=renewing.host_of(badge),
        voices=vouching.voices(database, wallet, now=services().now()).about(badge_id),
        sentence=_sentence_to_say(view),
        sentence_language=_sentence_language(view),
        new=request.args.get("new") == "1",
        checked=request.args.get("checked") == "1",
    )


@blueprint.post("/badges/<uuid:badge_id>/check")
def check(badge_id: UUID) -> Response:
    """Check a badge now."""
    badges.check_again(
        services().database,
        open_wallet(),
        badge_id,
        trust=wallet_settings().trust,
        fetch=services().fetch,
        now=services().now(),
    )
    return redirect(url_for(".detail", badge_id=badge_id, checked=1, _anchor="found"))


@blueprint.post("/badges/<uuid:badge_id>/renew")
def renew(badge_id: UUID) -> Response | tuple[str, int]:
    """Fetch the newer copy of a badge from who signed it; when that fails, nothing changes."""
    try:
        renewing.renew(
            services().database,
            open_wallet(),
            badge_id,
            fetch=services().fetch,
            trust=wallet_settings().trust,
            now=services().now(),
        )
    except Refused as error:
        if error.code in ("no-such-badge", "damaged"):
            raise
        return _detail(badge_id, error), error.status
    return redirect(url_for(".detail", badge_id=badge_id, new=1))


@blueprint.get("/badges/<uuid:badge_id>/file")
def file(badge_id: UUID) -> FlaskResponse:
    """Give the badge as a file: the very text that was signed."""
    badge = badges.find(services().database, open_wallet(), badge_id)
    name = re.sub(r"[^a-z0-9]+", "-", _view(badge).name.lower()).strip("-")[:60] or "badge"
    response = make_response(badge.text)
    response.headers["Content-Type"] = "application/vc+ld+json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/badges/<uuid:badge_id>/print")
def on_paper(badge_id: UUID) -> str:
    """Show the badge as a small card of paper; with a code when it is being shown by a link."""
    wallet, now = open_wallet(), services().now()
    badge = badges.find(services().database, wallet, badge_id)
    shares = [
        share
        for share in sharing.shown(services().database, wallet, now=now)
        if share.state == "active" and badge_id in share.badges
    ]
    longest = max(shares, key=lambda share: share.expires, default=None)
    settings = wallet_settings()
    link = (
        sharing.share_link(settings.base_url, settings.verifier_url, longest.token)
        if longest
        else ""
    )
    return render_template(
        "badge_print.html", badge=badge, view=_view(badge), link=link, share=longest
    )


@blueprint.get("/badges/<uuid:badge_id>/delete")
def ask_delete(badge_id: UUID) -> str:
    """Ask before a badge is deleted."""
    badge = badges.find(services().database, open_wallet(), badge_id)
    return render_template("badge_delete.html", badge=badge, view=_view(badge))


@blueprint.post("/badges/<uuid:badge_id>/delete")
def delete(badge_id: UUID) -> Response:
    """Delete a badge and stop what is shown of it."""
    wallet, now = open_wallet(), services().now()
    for voice in vouching.voices(services().database, wallet, now=now).about(badge_id).waiting:
        vouching.remove(services().database, wallet, voice.id, now=now)
    with services().database.transaction() as session:
        badges.delete_badge(session, wallet, badge_id)
        sharing.stop_those_with(session, wallet, badge_id, now=services().now())
        receiving.forget_badge(session, wallet, badge_id)
    return redirect(url_for(".wall"))


def _view(badge: KeptBadge) -> BadgeView:
    return view_badge(badge.document, closest_language(LANGUAGES, otherwise=""))


def _sentence_language(view: BadgeView) -> str:
    return view.language if view.language in languages() else current_language()


def _sentence_to_say(view: BadgeView) -> str:
    """Write what to say to an employer, in the language of the badge."""
    language = _sentence_language(view)

    def say(message: str) -> str:
        return str(catalogue(language).ugettext(message))

    sentences = [
        say(N_("Hello.")),
        view.sentence,
        say(N_("I have a badge for this.")),
        say(N_("You can check it.")),
    ]
    return " ".join(sentences)
