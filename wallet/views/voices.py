"""What households say of a badge: keep it or delete it."""

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from wallet import vouching
from wallet.views.common import open_wallet
from web.app import services

blueprint = Blueprint("voices", __name__, url_prefix="/voices")


@blueprint.post("/<uuid:voice_id>/keep")
def keep(voice_id: UUID) -> Response:
    """Keep what somebody says, beside the badge."""
    voice = vouching.keep(services().database, open_wallet(), voice_id, now=services().now())
    return redirect(url_for("badges.detail", badge_id=voice.badge_id, _anchor="voices"))


@blueprint.post("/<uuid:voice_id>/delete")
def delete(voice_id: UUID) -> Response:
    """Delete what somebody says; links that show it stop."""
    voice = vouching.remove(services().database, open_wallet(), voice_id, now=services().now())
    return redirect(url_for("badges.detail", badge_id=voice.badge_id, _anchor="voices"))
