"""OpenID4VCI 1.0, the issuer's side: metadata, offers by reference, token, nonce, credential.

Wallets of anybody come here, also from a browser, so every answer may be read from other origins;
none of them looks at a cookie.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, make_response, render_template, request

from contexts.urls import OB3, VC2
from credentials.exchange.oid4vci import (
    PRE_AUTHORIZED_CODE,
    Deferred,
    Display,
    ExchangeError,
    authorization_server_metadata,
    check_key_proof,
    credential_response,
    deferred_response,
    issuer_metadata,
    read_credential_request,
    read_deferred_request,
)
from credentials.exchange.renewal import JWT_BEARER, check_holder_assertion, renewal_response
from issuer import (
    appointment_badges,
    appointment_document,
    deferrals,
    issuing,
    limits,
    offers,
    renewals,
)
from issuer.award_tables import Award
from issuer.framework import AchievementDefinition, Framework
from issuer.views.common import beginning, body, framework
from issuer.views.offers import shown_offer, shown_plain_offer
from web.app import services
from web.errors import Refused

blueprint = Blueprint("oid4vci", __name__)

_METADATA_SECONDS = 300
_MAX_REQUEST_BYTES = 100_000


@blueprint.after_request
def open_to_other_origins(response: Response) -> Response:
    """Let wallets in a browser read our answers (Fetch Standard, CORS); there are no cookies."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


# --- metadata (12.2, 12.3) -------------------------------------------------------------------


@blueprint.get("/.well-known/openid-credential-issuer")
def metadata() -> Response:
    """Say who we are and what we hand out, in every language."""
    languages = framework().languages
    known = {definition.key: (its, definition) for its, definition in reversed(_achievements())}
    document = issuer_metadata(
        issuer=body().base_url,
        display=[Display(body().name, language) for language in languages],
        configurations={
            key: [
                Display(
                    name=its.achievement_name(definition, language),
                    locale=language,
                    description=its.i_can(definition, language),
                    logo=f"{body().base_url}{its.prefix}/images/{key}.svg",
                    logo_text=its.image(definition, base_url=body().base_url, lang=language)[
                        "caption"
                    ],
                )
                for language in languages
            ]
            for key, (its, definition) in known.items()
        }
        | {slug: _without_level(slug) for slug in _slugs()}
        | {
            appointment_document.configuration_id(skill): _appointment(skill)
            for skill in framework().skills
        },
        contexts=[VC2, OB3],
        types=["VerifiableCredential", "OpenBadgeCredential"],
        cryptosuites=["eddsa-rdfc-2022"],
        deferred=True,
    )
    return _public(document)


def _achievements() -> list[tuple[Framework, AchievementDefinition]]:
    """List what may wait for somebody: every achievement of every version."""
    return list(body().library.definitions())


def _kinds() -> set[str]:
    return {
        *(definition.key for _its, definition in _achievements()),
        *_slugs(),
        *map(appointment_document.configuration_id, framework().skills),
    }


def _slugs() -> list[str]:
    return list(dict.fromkeys(one.slug for one in framework().definitions()))


def _without_level(slug: str) -> list[Display]:
    """Name what may be asked for before the decision: the skill, of a level nobody knows yet."""
    one = next(one for one in framework().definitions() if one.slug == slug)
    return [
        Display(framework().skill_name(one.skill, language, one.assessed_language), language)
        for language in framework().languages
    ]


def _appointment(skill: str) -> list[Display]:
    """Name the appointment of an examiner for a skill."""
    return [
        Display(
            name=appointment_document.kind_name(framework(), skill, language),
            locale=language,
            logo=appointment_document.image_url(body().base_url),
            logo_text=appointment_document.image_text(language),
        )
        for language in framework().languages
    ]


@blueprint.get("/.well-known/oauth-authorization-server")
def authorization_server() -> Response:
    """Say how tokens are got: with a code from an offer, or by the key of a badge of ours."""
    return _public(authorization_server_metadata(issuer=body().base_url, more_grants=[JWT_BEARER]))


# --- offer (4.1.3) ---------------------------------------------------------------------------


@blueprint.get("/offers/<reference>")
def offer(reference: str) -> Response:
    """Give the offer that waits at this address: to wallets as it is, to people as a page."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    g.machine_interface = best != "text/html"  # so that a person's refusal is a page as well
    now = services().now()
    with services().database.reading() as session:
        early = deferrals.find_offer(session, reference, secret=body().secret, now=now)
        if early is not None:
            return _plain_offer(early, "offers/early.html")
        appointed = appointment_badges.find_offer(session, reference, secret=body().secret, now=now)
        if appointed is not None:
            return _plain_offer(appointed, "offers/found.html")
        found = offers.find_offer(session, reference, secret=body().secret, now=now)
        document = offers.offer_object(session, found, base_url=body().base_url)
    if not g.machine_interface:
        return make_response(render_template("offers/found.html", offer=shown_offer(found)))
    return _private(document)


def _plain_offer(plain: offers.PlainOffer, page: str) -> Response:
    if g.machine_interface:
        return _private(plain.document(body().base_url))
    return make_response(render_template(page, offer=shown_plain_offer(plain)))


# --- token (6), nonce (7) --------------------------------------------------------------------


@blueprint.post("/token")
def token() -> Response:
    """Exchange the code of an offer for a token, once; or what the key of a badge signed."""
    form = request.form
    if request.mimetype != "application/x-www-form-urlencoded":
        return _error("invalid_request", "a form is expected")
    if any(len(form.getlist(name)) > 1 for name in form):
        return _error("invalid_request", "a parameter is repeated")
    if "grant_type" not in form:
        return _error("invalid_request", "grant_type is missing")
    if form["grant_type"] == JWT_BEARER:
        return _renewal_token(form)
    if form["grant_type"] != PRE_AUTHORIZED_CODE:
        return _error("unsupported_grant_type", "this grant is not taken")
    if not form.get("pre-authorized_code"):
        return _error("invalid_request", "pre-authorized_code is missing")
    code, now = form["pre-authorized_code"], services().now()
    exchanged = deferrals.exchange_code(services().database, code, now=now)
    if exchanged is None:
        exchanged = appointment_badges.exchange_code(services().database, code, now=now)
    if exchanged is None:
        exchanged = offers.exchange_code(
            services().database,
            code,
            number=form.get("tx_code"),
            secret=body().secret,
            now=now,
        )
    if isinstance(exchanged, offers.Denied):
        return _error(exchanged.error, exchanged.description)
    return _private(
        {
            "access_token": exchanged.token,
            "token_type": "Bearer",
            "expires_in": exchanged.expires_in,
        }
    )


def _renewal_token(form: Mapping[str, str]) -> Response:
    """Exchange an assertion of a badge's key for a token (RFC 7523; docs/adr/0032).

    The nonce is used up before it is looked whether there is such a badge.
    """
    if not form.get("assertion") or not form.get("scope"):
        return _error("invalid_request", "assertion or scope is missing")
    now = services().now()
    try:
        proven = check_holder_assertion(form["assertion"], audience=body().base_url, now=now)
    except ExchangeError as error:
        return _error(error.code, error.detail)
    with services().database.transaction() as session:
        fresh = offers.use_nonce(session, proven.nonce, now=now)
    if not fresh:
        return _error("invalid_grant", "the nonce is unknown, used or too old")
    try:
        granted = renewals.exchange(
            services().database, form["scope"], holder=proven.holder, now=now
        )
    except Refused as refusal:
        if refusal.status == 429:
            return _error("slow_down", refusal.message, 429)
        return _error("invalid_scope", refusal.message)
    return _private(
        renewal_response(
            granted.token,
            expires_in=granted.expires_in,
            configuration_id=granted.configuration_id,
            badge_id=granted.badge_id,
        )
    )


@blueprint.post("/nonce")
def nonce() -> Response:
    """Hand out a challenge for one key proof."""
    with services().database.transaction() as session:
        limits.count(session, limits.NONCES, **beginning())
        fresh = offers.new_nonce(session, now=services().now())
    return _private({"c_nonce": fresh})


# --- credential (8) --------------------------------------------------------------------------


@blueprint.post("/credential")
def credential() -> Response:
    """Hand out the badge that a token opens, bound to the key that the wallet proves.

    1. The token opens one award, or a wait for one, or an appointment, or a badge anew.
    2. The request is read; it asks for what was offered, or for the badge that the token names.
    3. The key proof is checked, and its nonce used up, before anything is signed.
    4. The badge is signed and recorded, or found signed for this key; the exact text is answered.
       Before its release the key is noted, and the wallet is told when to come again.
    """
    now = services().now()
    # 1
    with services().database.reading() as session:
        award_id = offers.award_of_token(session, _bearer(), now=now)
        award = session.get(Award, award_id) if award_id else None
        waiting = deferrals.of_token(session, _bearer(), now=now)
        appointed = appointment_badges.of_token(session, _bearer(), now=now)
        renewal = renewals.of_token(session, _bearer(), now=now)
        named = renewals.badge_id_of(session, renewal) if renewal else ""
        kind = (
            appointment_badges.configuration_of(session, appointed)
            if appointed
            else getattr(award or waiting, "configuration_id", None)
        )
    if kind is None and renewal is None:
        return _unauthorized("invalid_token" if _bearer() else "")
    # 2
    if request.mimetype != "application/json":
        return _error("invalid_credential_request", "the media type must be application/json")
    try:
        wanted = read_credential_request(request.get_data()[: _MAX_REQUEST_BYTES + 1])
        if wanted.identifier != named:
            return _error("unknown_credential_identifier", "the token names another badge, or none")
        if renewal is None and wanted.configuration_id not in _kinds():
            return _error("unknown_credential_configuration", "there is no such configuration")
        if renewal is None and wanted.configuration_id != kind:
            return _forbidden()
        # 3
        proven = check_key_proof(wanted.proofs[0], audience=body().base_url, now=now)
    except ExchangeError as error:
        return _error(error.code, error.detail)
    with services().database.transaction() as session:
        fresh = offers.use_nonce(session, proven.nonce, now=now)
    if not fresh:
        return _error("invalid_nonce", "the nonce is unknown, used or too old")
    # 4
    if waiting is not None:
        return _let_wait(waiting.id, proven.holder)
    try:
        if renewal is not None:
            text = renewals.deliver(
                services().database, renewal, holder=proven.holder, body=body(), now=now
            )
        elif appointed is not None:
            text = appointment_badges.deliver(
                services().database, appointed.id, holder=proven.holder, body=body(), now=now
            )
        else:
            assert award is not None
            text = issuing.deliver(
                services().database, award.id, holder=proven.holder, body=body(), now=now
            )
    except Refused as refusal:
        return _error("credential_request_denied", refusal.message)
    return _text(credential_response(text))


def _let_wait(deferral_id: UUID, holder: str) -> Response:
    try:
        transaction_id = deferrals.bind(
            services().database,
            deferral_id,
            holder=holder,
            secret=body().secret,
            now=services().now(),
        )
    except Refused as refusal:
        return _error("credential_request_denied", refusal.message)
    return _deferred(transaction_id)


# --- deferred credential (9) -----------------------------------------------------------------


@blueprint.post("/deferred_credential")
def deferred_credential() -> Response:
    """Hand out a badge that a wallet asked for before the decision, or ask it to come again.

    Nothing will come of it: denied, whatever the reason (9.3). An id that we did not tell the
    owner of this token, or that was used up: `invalid_transaction_id`.
    """
    now = services().now()
    with services().database.reading() as session:
        waiting = deferrals.of_token(session, _bearer(), now=now)
        known = waiting is not None or offers.award_of_token(session, _bearer(), now=now)
    if not known:
        return _unauthorized("invalid_token" if _bearer() else "")
    if request.mimetype != "application/json":
        return _error("invalid_credential_request", "the media type must be application/json")
    try:
        transaction_id = read_deferred_request(request.get_data()[: _MAX_REQUEST_BYTES + 1])
    except ExchangeError as error:
        return _error(error.code, error.detail)
    try:
        if waiting is None:
            raise deferrals.UnknownTransaction
        text = deferrals.collect(
            services().database, waiting.id, transaction_id, body=body(), now=now
        )
    except deferrals.UnknownTransaction:
        return _error("invalid_transaction_id", "the transaction id is unknown or was used")
    except Refused:
        return _error("credential_request_denied", "no badge comes of this request")
    return _deferred(transaction_id) if text is None else _text(credential_response(text))


def _deferred(transaction_id: str) -> Response:
    return _private(deferred_response(Deferred(transaction_id, deferrals.INTERVAL)), 202)


# --- answers ---------------------------------------------------------------------------------


def _text(text: str, status: int = 200) -> Response:
    response = make_response(text, status)
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


def _private(document: dict[str, Any], status: int = 200) -> Response:
    return _text(json.dumps(document, ensure_ascii=False), status)


def _public(document: dict[str, Any]) -> Response:
    response = _private(document)
    response.headers["Cache-Control"] = f"public, max-age={_METADATA_SECONDS}"
    return response


def _error(code: str, description: str, status: int = 400) -> Response:
    # Printable ASCII without quotes and backslashes (RFC 6749, 5.2; OpenID4VCI 1.0, 8.3.1.2).
    plain = "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in description)
    return _private({"error": code, "error_description": plain}, status)


def _bearer() -> str:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def _unauthorized(code: str) -> Response:
    response = _error(code or "invalid_request", "a valid access token is needed", 401)
    named = f', error="{code}"' if code else ""
    response.headers["WWW-Authenticate"] = f'Bearer realm="{body().base_url}"{named}'
    return response


def _forbidden() -> Response:
    response = _error("insufficient_scope", "the token was given for another badge", 403)
    response.headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    return response
