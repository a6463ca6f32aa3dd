"""What everybody may see: achievements, pictures, profiles, our keys, the status lists.

Pages and documents share their addresses; who asks for JSON gets JSON-LD. Nothing here is
particular to one badge or one person.
"""

import json
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from issuer import endorsements, recipients, status_lists
from issuer.framework import AchievementDefinition, Framework
from issuer.statistics import SMALLEST
from issuer.views.common import body, framework, reader_language
from web.app import services
from web.languages import N_, country_name
from web.pictures import badge_svg

blueprint = Blueprint("public", __name__)

_DOCUMENT_SECONDS = 60
_PICTURE_SECONDS = 24 * 3600
_JSON_TYPES = ("application/ld+json", "application/json")

ELEMENTS = {
    "ext:EUAssessmentType": N_("Kind of assessment"),
    "ext:EUParticipation": N_("How one takes part"),
    "ext:EULearningSetting": N_("Kind of learning"),
    "ext:EUWorkload": N_("Time needed"),
    "ext:EUSupervision": N_("Who supervises"),
    "ext:EUQualityAssurance": N_("How quality is kept"),
    "ext:EUStackability": N_("How badges go together"),
}
"""The EU micro-credential elements that stand as alignments (domain.md D)."""


@blueprint.after_request
def open_to_other_origins(response: Response) -> Response:
    """Let anybody's page read these documents."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


# --- achievements ----------------------------------------------------------------------------


@blueprint.get("/achievements")
def achievements() -> str:
    """Show every badge there is, by skill."""
    language = reader()
    groups: dict[str, list[AchievementDefinition]] = {}
    for definition in framework().definitions():
        groups.setdefault(definition.slug, []).append(definition)
    return render_template(
        "public/achievements.html",
        framework=framework(),
        language=language,
        groups=list(groups.items()),
    )


@blueprint.get("/achievements/<slug>")
@blueprint.get("/frameworks/<framework_id>/<version>/achievements/<slug>")
def skill(slug: str, framework_id: str = "", version: str = "") -> str:
    """Show a skill: its three levels, and the rubric by which it is marked."""
    its = _version(framework_id, version)
    definitions = [one for one in its.definitions() if one.slug == slug]
    if not definitions:
        abort(404)
    language = reader()
    return render_template(
        "public/skill.html",
        framework=its,
        language=language,
        slug=slug,
        definitions=definitions,
        rubric=its.rubric(definitions[0].skill, language),
    )


@blueprint.get("/achievements/<slug>/<level>")
@blueprint.get("/frameworks/<framework_id>/<version>/achievements/<slug>/<level>")
def achievement(slug: str, level: str, framework_id: str = "", version: str = "") -> Response:
    """Show an achievement in the reader's language, as page or as JSON-LD."""
    its = _version(framework_id, version)
    response = _edition(its, _definition(its, slug, level), reader())
    response.vary.add("Accept")
    return response


@blueprint.get("/achievements/<slug>/<level>/<edition>")
@blueprint.get("/frameworks/<framework_id>/<version>/achievements/<slug>/<level>/<edition>")
def achievement_edition(
    slug: str, level: str, edition: str, framework_id: str = "", version: str = ""
) -> Response:
    """Show one language edition; badges name the digest of its JSON-LD."""
    its = _version(framework_id, version)
    if edition not in its.languages:
        abort(404)
    response = _edition(its, _definition(its, slug, level), edition)
    response.vary.add("Accept")
    return response


def _version(framework_id: str, version: str) -> Framework:
    """Give the version that an address names; without one, the version of the plain addresses."""
    prefix = f"/frameworks/{framework_id}/{version}" if version else ""
    found = next((one for one in body().library.versions() if one.prefix == prefix), None)
    if found is None:
        abort(404)
    return found


def _edition(framework: Framework, definition: AchievementDefinition, language: str) -> Response:
    base_url = body().base_url
    if wants_json():
        document = framework.edition_bytes(definition, language, base_url)
        response = public_document(document, "application/ld+json")
        response.headers["Content-Location"] = framework.edition_url(
            definition, base_url=base_url, lang=language
        )
        response.headers["Content-Language"] = language
        return response
    now = services().now()
    edition = framework.achievement_json(definition, base_url=base_url, lang=language)
    with services().database.reading() as session:
        vouched = endorsements.shown(session, edition["id"], now=now)
        holders = recipients.recipients(session, definition.slug, definition.level_slug, now=now)
        shown = recipients.showcase(session, definition.slug, definition.level_slug)
    return make_response(
        render_template(
            "public/achievement.html",
            framework=framework,
            language=language,
            definition=definition,
            edition=edition,
            narrative=_paragraphs(edition["criteria"]["narrative"]),
            elements=ELEMENTS,
            rubric=framework.rubric(definition.skill, language),
            body=body(),
            vouched=vouched,
            holders=holders,
            countries={country_name(code): n for code, n in holders.countries.items()},
            shown=shown,
            few=SMALLEST,
        )
    )


def _paragraphs(markdown: str) -> list[list[tuple[str, bool]]]:
    """Split the framework's Markdown into paragraphs of plain and strong parts, as inert text."""
    return [
        [(part, bool(place % 2)) for place, part in enumerate(paragraph.split("**")) if part]
        for paragraph in markdown.split("\n\n")
    ]


def _definition(framework: Framework, slug: str, level: str) -> AchievementDefinition:
    found = framework.find(slug, level)
    if found is None:
        abort(404)
    return found


@blueprint.get("/images/<key>.svg")
@blueprint.get("/frameworks/<framework_id>/<version>/images/<key>.svg")
def image(key: str, framework_id: str = "", version: str = "") -> Response:
    """Draw the picture of an achievement."""
    its = _version(framework_id, version)
    definition = next((one for one in its.definitions() if one.key == key), None)
    if definition is None:
        abort(404)
    symbol = its.skills[definition.skill].symbol
    title = its.achievement_name(definition, "en")
    drawn = badge_svg(symbol, definition.level, title=title)
    return public_document(str(drawn).encode(), "image/svg+xml", seconds=_PICTURE_SECONDS)


# --- profiles --------------------------------------------------------------------------------


@blueprint.get("/profiles/issuer")
def issuer_profile() -> Response:
    """Say who issues here, and who vouches for that."""
    now = services().now()
    with services().database.reading() as session:
        documents = endorsements.current(session, body().did, now=now)
        vouched = endorsements.shown(session, body().did, now=now)
    return _profile(body().public_profile(documents), "issuer", vouched)


@blueprint.get("/profiles/examiners")
def examiners_profile() -> Response:
    """Say who examines: a role, never a person."""
    return _profile(body().examiners_profile(), "examiners", [])


@blueprint.get("/profiles/standards-body")
def standards_profile() -> Response:
    """Say who wrote the framework."""
    return _profile(body().standards_profile(reader()), "standards-body", [])


def _profile(document: dict[str, Any], kind: str, vouched: list[Any]) -> Response:
    if wants_json():
        text = json.dumps(document, ensure_ascii=False, indent=1)
        response = public_document(text.encode(), "application/ld+json")
    else:
        response = make_response(
            render_template(
                "public/profile.html", profile=document, kind=kind, body=body(), vouched=vouched
            )
        )
    response.vary.add("Accept")
    return response


# --- keys and status -------------------------------------------------------------------------


@blueprint.get("/.well-known/did.json")
def did_document() -> Response:
    """Show the keys that sign under our name, now and in the past (did:web, 2.5.2)."""
    document = json.dumps(body().keyring.document(), indent=1)
    return public_document(document.encode(), "application/json")


@blueprint.get("/status/<int:number>")
def status_list(number: int) -> Response:
    """Give a signed status list, signed again in time (Bitstring Status List 1.0, 2.2)."""
    now, keyring = services().now(), body().keyring
    base_url, database = body().base_url, services().database
    with database.reading() as session:
        found = status_lists.current_list(session, number, keyring, now=now)
    if found is None:
        with database.transaction() as session:
            found = status_lists.publish(session, number, keyring, base_url=base_url, now=now)
    if found is None:
        abort(404)
    return public_document(
        found.text.encode(), "application/vc", seconds=status_lists.CACHE_SECONDS
    )


# --- answers ---------------------------------------------------------------------------------


def wants_json() -> bool:
    """Tell whether a document is asked for, not a page."""
    best = request.accept_mimetypes.best_match(["text/html", *_JSON_TYPES])
    return best in _JSON_TYPES


def public_document(data: bytes, media_type: str, *, seconds: int = _DOCUMENT_SECONDS) -> Response:
    """Answer with a document that anybody may keep for a while."""
    response = make_response(data)
    response.headers["Content-Type"] = media_type
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.add_etag()
    response.make_conditional(request.environ)
    return response


def reader() -> str:
    """Give the language of the edition that the visitor gets."""
    return reader_language(framework())
