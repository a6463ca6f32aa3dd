"""An appointment as an Open Badge: what somebody may examine, in words that anybody can read.

`achievementType` is `ext:ExaminerAppointment` (domain C.6), which keeps it apart from every badge
for a skill. Its achievement says the scope: one skill, files in one language, the levels that may
be given alone, and for experts the one that takes a second examiner. Pure, but for the catalogues.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from contexts.urls import OB3
from credentials.badges import achievement_credential, check_before_signing
from credentials.status import status_entry
from issuer.appointment_tables import Nomination, Route
from issuer.framework import AchievementDefinition, Framework
from issuer.profile import IssuingBody
from issuer.status_lists import list_url
from issuer.tables import Appointment
from keys.did import did_key
from keys.material import PrivateKey
from web.languages import N_, catalogue, language_name

KIND = "ext:ExaminerAppointment"
ROLE = "Examiner"
CO_EXAMINER = "co-examiner"
_EXPERT = 3


@dataclass(frozen=True)
class Scope:
    """What an appointment covers; each scope is an achievement of its own."""

    skill: str
    language: str
    """The language of the files."""
    ceiling: int
    """The highest level that may be given alone."""
    co_examines: bool
    """By an expert badge: expert level too, together with somebody who is appointed for it."""


def scope_of(nomination: Nomination) -> Scope:
    """Give the scope of somebody's appointment."""
    return Scope(
        nomination.skill,
        nomination.language,
        nomination.level_ceiling,
        co_examines=nomination.route == Route.EXPERT,
    )


def find_scope(framework: Framework, skill: str, language: str, name: str) -> Scope | None:
    """Find a scope by the parts of its address."""
    if skill not in framework.skills or language not in framework.languages:
        return None
    if name == CO_EXAMINER:
        return Scope(skill, language, _EXPERT - 1, co_examines=True)
    level = next((one.number for one in framework.levels if one.slug == name), None)
    return None if level is None else Scope(skill, language, level, co_examines=False)


def configuration_id(skill: str) -> str:
    """Name what the issuer's metadata lists: one kind for each skill."""
    return f"examiner-{skill}"


def image_url(base_url: str) -> str:
    """Give the address of the picture of every appointment."""
    return f"{base_url}/images/examiner.svg"


def path(framework: Framework, scope: Scope) -> str:
    """Give the path of the page of a scope."""
    name = CO_EXAMINER if scope.co_examines else framework.levels[scope.ceiling - 1].slug
    return f"/achievements/examiner/{scope.skill}/{scope.language}/{name}"


def name(framework: Framework, skill: str, files: str, language: str) -> str:
    """Name an appointment, e.g. "Examiner: Home cleaning (Français)"."""
    return _say(
        language,
        N_("Examiner: %(skill)s (%(language)s)"),
        skill=framework.skill_name(skill, language, files),
        language=language_name(files),
    )


def kind_name(framework: Framework, skill: str, language: str) -> str:
    """Name the appointments for a skill, whatever the language of the files."""
    return _say(language, N_("Examiner: %(skill)s"), skill=framework.skill_name(skill, language))


def image_text(language: str) -> str:
    """Say what the picture shows."""
    return _say(language, N_("A sheet with ticks"))


def achievement(
    body: IssuingBody, framework: Framework, scope: Scope, language: str
) -> dict[str, Any]:
    """Write the achievement of a scope in one language (Open Badges 3.0, Achievement)."""
    language = framework.edition_language(language)
    identifier = f"{body.base_url}{path(framework, scope)}"
    return {
        "id": identifier,
        "type": ["Achievement"],
        "achievementType": KIND,
        "name": name(framework, scope.skill, scope.language, language),
        "inLanguage": language,
        "description": " ".join(_may(framework, scope, language)),
        "criteria": {
            "id": f"{identifier}#criteria",
            "narrative": " ".join(_earned(framework, scope, language)),
        },
        "image": {
            "id": image_url(body.base_url),
            "type": "Image",
            "caption": image_text(language),
        },
        "creator": {"id": body.did, "type": ["Profile"], "name": body.name},
        "alignment": list(_alignments(body, framework, scope, language)),
        "related": [
            {"id": f"{identifier}/{other}", "type": ["Related"], "inLanguage": other}
            for other in framework.languages
            if other != language
        ],
    }


def edition_bytes(body: IssuingBody, framework: Framework, scope: Scope, language: str) -> bytes:
    """Give the document that the page of a scope is for machines."""
    document = {"@context": OB3, **achievement(body, framework, scope, language)}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def credential(
    body: IssuingBody,
    framework: Framework,
    nomination: Nomination,
    appointment: Appointment,
    *,
    language: str,
) -> dict[str, Any]:
    """Write the badge of an appointment and check it as if it were signed.

    A throwaway key stands in for the holder and place 0 for the status; both are set for good
    later, as for every badge (`issuer.issuing`).
    """
    written = achievement(body, framework, scope_of(nomination), language)
    document = achievement_credential(
        credential_id=f"urn:uuid:{uuid4()}",
        issuer=body.badge_profile(),
        subject_id=did_key(PrivateKey.generate().public),
        achievement=written,
        results=[],
        awarded=_second(appointment.valid_from),
        name=written["name"],
        description=written["description"],
        image=written["image"],
        status=status_entry(list_url(body.base_url, 1), 0),
        valid_until=_second(appointment.valid_until),
        role=ROLE,
    )
    check_before_signing(document)
    return document


# --- words ----------------------------------------------------------------------------------------


def _may(framework: Framework, scope: Scope, language: str) -> Iterator[str]:
    levels = [
        framework.level_name(one.number, language)
        for one in framework.levels
        if one.number <= scope.ceiling
    ]
    yield _say(
        language,
        N_("May mark work on “%(skill)s”. Language of the work: %(language)s."),
        skill=framework.skill_name(scope.skill, language, scope.language),
        language=language_name(scope.language),
    )
    yield _say(language, N_("Levels: %(levels)s."), levels=", ".join(levels))
    if scope.co_examines:
        yield _say(
            language,
            N_("At level “%(level)s” only beside an examiner who is appointed for it."),
            level=framework.level_name(_EXPERT, language),
        )


def _earned(framework: Framework, scope: Scope, language: str) -> Iterator[str]:
    if scope.co_examines:
        yield _say(
            language,
            N_("Holds the badge “%(badge)s”."),
            badge=framework.achievement_name(_prerequisite(framework, scope), language),
        )
    else:
        yield _say(language, N_("Was named by a centre, with a reason."))
    yield _say(
        language,
        N_("Marked five sample files like those before, or two people of the centre spared that."),
    )
    yield _say(language, N_("Accepted the rules for examiners."))


def _alignments(
    body: IssuingBody, framework: Framework, scope: Scope, language: str
) -> Iterator[dict[str, Any]]:
    if scope.co_examines:
        yield _aligned(
            body,
            framework,
            _prerequisite(framework, scope),
            "ext:PrerequisiteAchievement",
            language,
        )
    for level in framework.levels:
        if level.number <= scope.ceiling:
            one = framework.achievement(scope.skill, level.number, scope.language)
            yield _aligned(body, framework, one, "ext:ExaminedAchievement", language)


def _aligned(
    body: IssuingBody, framework: Framework, one: AchievementDefinition, kind: str, language: str
) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetType": kind,
        "targetName": framework.achievement_name(one, language),
        "targetFramework": framework.text(language, "framework.body"),
        "targetCode": one.human_code,
        "targetUrl": framework.achievement_id(one, body.base_url),
    }


def _prerequisite(framework: Framework, scope: Scope) -> AchievementDefinition:
    return framework.achievement(scope.skill, _EXPERT, scope.language)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _say(language: str, message: str, /, **values: object) -> str:
    text = str(catalogue(language).ugettext(message))
    return text % values if values else text
