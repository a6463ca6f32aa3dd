"""Handing over: the page with the QR code, for the person and for the officer beside them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from issuer import awards, offers, recipients
from issuer.award_tables import Reason
from issuer.awards import IssuedBadge
from issuer.changes import REASONS
from issuer.offers import OpenOffer, PlainOffer
from issuer.settings import IssuerSettings
from issuer.tables import Role
from issuer.views.common import body, reader_language, visitor
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("offers", __name__, url_prefix="/badges")


@blueprint.get("/<uuid:award_id>")
def mine(award_id: UUID) -> str:
    """Show the person how to keep their badge, or that it is kept already."""
    return _mine(award_id, {})


@blueprint.get("/<uuid:award_id>/print")
def printed(award_id: UUID) -> str:
    """Show one small page with the QR code, to print or to hold out."""
    found, offer, _locked = _found(award_id)
    return render_template(
        "offers/printed.html", badge=_shown(found), offer=shown_offer(offer), officer=_is_officer()
    )


@blueprint.post("/<uuid:award_id>/offer")
def renew(award_id: UUID) -> Response:
    """Make a new link; older ones stop working."""
    with services().database.transaction() as session:
        _own(awards.issued_badge(session, award_id, centre=visitor().organisation_id))
        awards.offer_again(session, award_id, body=body(), now=services().now(), by=visitor().id)
    return redirect(url_for(".mine", award_id=award_id))


@blueprint.post("/<uuid:award_id>/show")
def show(award_id: UUID) -> Response | tuple[str, int]:
    """Show the person on the page of the badge, as they want; everybody can read it there."""
    try:
        with services().database.transaction() as session:
            recipients.show(
                session,
                award_id,
                by=visitor().id,
                nickname=request.form.get("nickname", ""),
                words=request.form.get("words", ""),
                language=current_language(),
                now=services().now(),
            )
    except Refused as refusal:
        if refusal.status != 422:
            raise
        return _mine(award_id, {refusal.code: refusal.text}), 422
    return redirect(url_for(".mine", award_id=award_id))


@blueprint.post("/<uuid:award_id>/hide")
def hide(award_id: UUID) -> Response:
    """Show the person no more."""
    with services().database.transaction() as session:
        _own(awards.issued_badge(session, award_id, centre=visitor().organisation_id))
        recipients.hide(session, award_id, by=visitor().id, now=services().now())
    return redirect(url_for(".mine", award_id=award_id))


def shown_offer(offer: OpenOffer | None) -> dict[str, Any] | None:
    """Give what a page shows of an open offer: links, number, last day."""
    settings = services().settings
    assert isinstance(settings, IssuerSettings)
    if offer is None:
        return None
    return {
        "wallet_link": offer.wallet_link(settings.base_url, settings.wallet_url),
        "link": offer.link(settings.base_url),
        "number": offer.number,
        "expires": offer.expires,
    }


def _mine(award_id: UUID, errors: dict[str, str]) -> str:
    found, offer, locked = _found(award_id)
    with services().database.reading() as session:
        showing = recipients.showing(session, award_id)
    return render_template(
        "offers/mine.html",
        badge=_shown(found),
        offer=shown_offer(offer),
        locked=locked,
        showing=showing,
        is_mine=found.award.candidate_id == visitor().id,
        errors=errors,
        typed=request.form,
    )


def shown_plain_offer(offer: PlainOffer) -> dict[str, Any]:
    """Give what a page shows of an offer without a number: links and last day."""
    settings = services().settings
    assert isinstance(settings, IssuerSettings)
    return {
        "wallet_link": offer.wallet_link(settings.base_url, settings.wallet_url),
        "link": offer.link(settings.base_url),
        "expires": offer.expires,
    }


def _found(award_id: UUID) -> tuple[IssuedBadge, OpenOffer | None, bool]:
    with services().database.reading() as session:
        found = _own(awards.issued_badge(session, award_id, centre=visitor().organisation_id))
        offer = offers.open_offer(session, award_id, secret=body().secret, now=services().now())
        locked = offers.is_locked(session, award_id)
    return found, offer, locked


def _own(found: IssuedBadge) -> IssuedBadge:
    # The same answer as for a badge that does not exist: ids tell nothing (threat 21).
    if found.award.candidate_id != visitor().id and not _is_officer():
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    return found


def _is_officer() -> bool:
    return visitor().is_(Role.OFFICER)


def _shown(found: IssuedBadge) -> dict[str, Any]:
    award = found.award
    known = body().library.find(award.slug, award.level_slug)
    if known is None:
        raise Refused(N_("There is no such badge."), status=404, code="unknown-award")
    framework, definition = known
    language = reader_language(framework)
    change = found.change
    why = change.reason if change and change.confirmed_at else None
    return {
        "award_id": award.id,
        "page": url_for("public.achievement", slug=award.slug, level=award.level_slug),
        "alias": found.candidate_alias,
        "name": framework.achievement_name(definition, language),
        "reads": language,
        "i_can": framework.i_can(definition, language),
        "symbol": framework.skills[definition.skill].symbol,
        "level": definition.level,
        "level_name": framework.level_name(definition.level, language),
        "state": found.state,
        "reason": REASONS[Reason(why)] if why else "",
    }
