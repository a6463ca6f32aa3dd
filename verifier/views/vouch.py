"""A household vouches for a badge: no account, nothing kept here."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from credentials.vouching import sign_once
from verifier import checking, vouching
from verifier.views.check import count_check, judge_shown, verifier_settings
from verifier.views.process import in_process
from verifier.wording import card_of
from web.addresses import visitor_address
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("vouch", __name__)


@blueprint.post("/vouch")
def vouch() -> AnyResponse | tuple[str, int]:
    """Sign what a household says of the badge it looks at, and hand it to the wallet.

    1. The badge is taken and judged again: nothing is signed about one that is not genuine.
    2. The words and the name are read; what is wrong is said on the same page.
    3. They are signed once, about this badge only, and handed over.
    """
    count_check()
    share, badge_id = request.form.get("share", ""), request.form.get("badge", "")
    own, fetch = services().settings.base_url, services().fetch
    shown = checking.take_share(share, own_origin=own, fetch=fetch)  # 1
    if shown is None:
        raise Refused(
            N_("We could not open the link just now. Try again in a few minutes."),
            status=502,
            code="share-unreachable",
        )
    badge = vouching.find_badge(judge_shown(shown).report, badge_id)
    words = vouching.read_words(request.form, verifier_settings().trust)  # 2
    if words.errors:
        card = card_of(badge, verifier_settings().trust)
        page = render_template("vouch.html", share=share, card=card, errors=words.errors)
        return page, 422
    in_process().vouches.count(f"vouch {visitor_address()}", now=services().now())
    signed = sign_once(  # 3
        badge_id, comment=words.comment, name=words.name, now=services().now()
    )
    vouching.deliver(share, signed, fetch=fetch)
    return redirect(url_for(".vouched", lang=current_language()), 303)


@blueprint.get("/vouched")
def vouched() -> str:
    """Thank, and say what happens with the words now."""
    return render_template("vouched.html")


@blueprint.after_request
def keep_out_of_searches(response: Response) -> Response:
    """Keep every page out of search engines, and every answer out of caches."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Cache-Control"] = "no-store"
    return response
