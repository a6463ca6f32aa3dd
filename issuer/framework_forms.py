"""The forms for a framework's structure: which fields a record has, and how each is written.

A record is a table of `framework.toml` or `tasks.toml`; its place in the document says which form
it has. Lists are written with commas, pairs on lines of their own (``wool = hand``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contexts.labels import terms
from issuer.framework_document import Document, Key, get
from issuer.framework_files import BADGE_FIELDS, EU_ELEMENTS
from issuer.task_shapes import KINDS, has_field
from web.errors import Refused
from web.languages import N_
from web.pictures import SYMBOLS

MAX_FIELD = 4_000
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class FormField:
    """One field of a record: its name in the file, its label, and how its value is written."""

    name: str
    label: str
    kind: str = "text"
    hint: str = ""


_WITH_COMMAS = N_("With commas between them")
_PAIRS = N_("One line for each: name = value")

_GENERAL = (
    FormField("code", N_("Short code")),
    FormField("languages", N_("Languages"), "words", N_("The first is for all other readers")),
)
_LEVEL = (FormField("slug", N_("Name in addresses")),)
_SKILL = (
    FormField("id", N_("Name in addresses")),
    FormField("code", N_("Short code")),
    FormField("symbol", N_("Symbol"), "symbol"),
    FormField("criteria", N_("Criteria"), "words", _WITH_COMMAS),
    FormField("by_language", N_("Assessed in one language, which the badge names"), "flag"),
    FormField("workload", N_("Time needed, for each level"), "words", N_("As in PT2H, PT3H, PT4H")),
)
_LINK = (
    FormField("type", N_("Kind of link"), "text", N_("Begins with ext:")),
    FormField("url", N_("Address of the term")),
    FormField("code", N_("Code of the term")),
    FormField("levels", N_("Only for these levels"), "numbers", _WITH_COMMAS),
    FormField("language", N_("Only for this assessed language")),
    FormField("text", N_("Key of its name"), "text", N_("Where we have no name for the term")),
    FormField("note", N_("Key of a note")),
    FormField("framework", N_("Name of the other framework")),
    FormField("anchor", N_("Or: place on our own page")),
)
_SET = (
    FormField("skill", N_("Skill"), "skill"),
    FormField("level", N_("Level it is written for"), "number"),
)
_TASK = (
    FormField("id", N_("Name of the task")),
    FormField("kind", N_("Kind of task"), "task-kind"),
    FormField("criteria", N_("Criteria that it shows"), "words", _WITH_COMMAS),
    FormField("picture", N_("Picture"), "picture"),
    FormField("situation", N_("Tells a situation before the question"), "flag"),
    FormField("spoken", N_("Has words that are heard"), "flag"),
)
_OF_KINDS = (
    FormField("options", N_("Options, in the order shown"), "words", _WITH_COMMAS),
    FormField("left", N_("What each gets an option"), "words", _WITH_COMMAS),
    FormField("areas", N_("Places: left, top, width, height in percent"), "areas", _PAIRS),
    FormField("slots", N_("Times of the day"), "words", _WITH_COMMAS),
    FormField("fixed", N_("Times that are taken"), "pairs", _PAIRS),
    FormField("after", N_("Steps after the change"), "words", _WITH_COMMAS),
    FormField("option_pictures", N_("Pictures of options"), "pairs", _PAIRS),
)
_BEST = {
    "choose": "text",
    "listen": "text",
    "choose_many": "words",
    "order": "words",
    "spot": "words",
    "match": "pairs",
    "timetable": "pairs",
    "steps": "lists",
}
"""How the expected answer of each kind is written; other kinds have none."""

ELEMENTS = {
    "M1": N_("Who the learner is"),
    "M2": N_("Title of the badge"),
    "M3": N_("Country of the body that awards it"),
    "M4": N_("Body that awards it"),
    "M5": N_("Date"),
    "M6": N_("What one can do"),
    "M7": N_("Time needed"),
    "M8": N_("Level"),
    "M9": N_("Kind of assessment"),
    "M10": N_("How one takes part"),
    "M11": N_("How quality is kept"),
    "O1": N_("What is needed before"),
    "O2": N_("Who supervises"),
    "O3": N_("Result"),
    "O4": N_("How badges go together"),
    "O5": N_("Where to read more"),
}
"""The elements of an EU micro-credential in plain words (domain D)."""

_ACHIEVEMENT_FIELDS = ("name", "description", "criteria.id", "criteria.narrative")
_LINK_KINDS = (
    ("http://data.europa.eu/esco/skill/", "ext:ESCOSkill"),
    ("http://data.europa.eu/esco/occupation/", "ext:ESCOOccupation"),
    ("http://data.europa.eu/esco/isco/", "ext:ISCO08"),
    ("https://candidat.francetravail.fr/", "ext:ROME"),
    ("http://data.europa.eu/snb/eqf/", "ext:EQF"),
    ("https://www.coe.int/", "ext:CEFR"),
    ("http://data.europa.eu/snb/assessment/", "ext:EUAssessmentType"),
    ("http://data.europa.eu/snb/learning-assessment/", "ext:EUParticipation"),
    ("http://data.europa.eu/snb/learning-setting/", "ext:EULearningSetting"),
)

_ELEMENTS = "framework/eu_elements"
"""A record that can be filled in although it is not there yet."""
_SHAPES: tuple[tuple[re.Pattern[str], tuple[FormField, ...]], ...] = (
    (re.compile(r"framework"), _GENERAL),
    (re.compile(r"framework/level/\d+"), _LEVEL),
    (re.compile(r"framework/skill/\d+"), _SKILL),
    (re.compile(r"framework(/skill/\d+)?/link/\d+"), _LINK),
    (
        re.compile(_ELEMENTS),
        tuple(FormField(name, ELEMENTS[name], "carrier") for name in EU_ELEMENTS),
    ),
    (re.compile(r"scenarios/[^/]+/tasks"), _SET),
)
_TASK_PLACE = re.compile(r"scenarios/[^/]+/tasks/task/\d+")
LISTS = re.compile(r"framework/skill|framework(/skill/\d+)?/link|scenarios/[^/]+/tasks/task")
"""The lists that grow and shrink."""


def fields_of(document: Document, key: Key) -> tuple[FormField, ...]:
    """Give the fields of the record at a key; raise `LookupError` where no record is."""
    name = "/".join(key)
    if get(document, key) is None and name != _ELEMENTS:
        raise LookupError(name)
    if _TASK_PLACE.fullmatch(name):
        return _task_fields(get(document, (*key, "kind")))
    for place, fields in _SHAPES:
        if place.fullmatch(name):
            return fields
    raise LookupError(name)


def _task_fields(named: Any) -> tuple[FormField, ...]:
    kind = str(named)
    own = tuple(one for one in _OF_KINDS if has_field(kind, one.name))
    if kind not in _BEST:
        return (*_TASK, *own)
    best = FormField("best", N_("What is expected"), _BEST[kind], N_("Advice for examiners"))
    return (*_TASK, *own, best)


def changes_of(document: Document, key: Key, form: Mapping[str, str]) -> dict[Key, Any]:
    """Give the changes that the form of a record asks for; raise `Refused` for what is no value.

    The fields that a task of the new kind does not have go away with the old kind.
    """
    fields = fields_of(document, key)
    names = {"/".join((*key, field.name)): field for field in fields}
    changes: dict[Key, Any] = {}
    for name, field in names.items():
        text = form.get(name, "")
        if len(text) > MAX_FIELD:
            raise Refused(N_("That is too long. Write less."), status=422, code="field")
        changes[(*key, field.name)] = read(field.kind, text.strip())
    kind = changes.get((*key, "kind"))
    if _TASK_PLACE.fullmatch("/".join(key)) and kind != get(document, (*key, "kind")):
        kept = {field.name for field in _task_fields(kind)}
        lost = {field.name for field in fields} - kept
        changes |= dict.fromkeys(((*key, name) for name in lost), None)
    return changes


def choices(document: Document) -> dict[str, tuple[str, ...]]:
    """Give what can be chosen in the fields that are chosen from a list, by their kind."""
    skills = [get(document, ("framework", "skill", str(n), "id")) for n in range(_count(document))]
    return {
        "symbol": tuple(sorted(SYMBOLS)),
        "skill": tuple(skill for skill in skills if isinstance(skill, str)),
        "task-kind": tuple(KINDS),
        "picture": tuple(sorted(document["pictures"])),
        "carrier": _carriers(document),
    }


def _count(document: Document) -> int:
    skills = get(document, ("framework", "skill"))
    return len(skills) if isinstance(skills, list) else 0


def _carriers(document: Document) -> tuple[str, ...]:
    links = [get(document, ("framework", "link")) or []]
    links += [
        get(document, ("framework", "skill", str(n), "link")) or [] for n in range(_count(document))
    ]
    kinds = {link.get("type") for rows in links for link in rows if isinstance(link, dict)}
    return (
        *(f"badge {one}" for one in sorted(BADGE_FIELDS)),
        *(f"achievement {one}" for one in _ACHIEVEMENT_FIELDS),
        *(f"alignment {one}" for one in sorted({"ext:EUWorkload", *filter(None, kinds)})),
    )


def known_link(term: str) -> dict[str, Any]:
    """Give the link to a term that has a bundled name; raise `LookupError` for any other."""
    if not any(term in uris for uris in terms().values()):
        raise LookupError(term)
    url, _mark, code = term.partition("#")
    kind = next((kind for start, kind in _LINK_KINDS if url.startswith(start)), "ext:Other")
    return {"type": kind, "url": url, **({"code": code} if code else {})}


# --- how values are written -------------------------------------------------------------------


def written(kind: str, value: Any) -> str:
    """Write a value as people edit it."""
    if value is None:
        return ""
    if kind == "flag":
        return "yes" if value is True else ""
    if kind == "carrier" and isinstance(value, dict):
        return " ".join(f"{name} {place}" for name, place in value.items())
    if isinstance(value, dict):
        return "\n".join(f"{name} = {_commas(one)}" for name, one in value.items())
    return _commas(value)


def _commas(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def read(kind: str, text: str) -> Any:
    """Read what people wrote; None for nothing. Raises `Refused` for what is no such value."""
    if not text:
        return None
    return _READERS.get(kind, str)(text)


def _words(text: str) -> list[str]:
    return [word for one in re.split(r"[,\n]", text) if (word := one.strip())]


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise Refused(N_("Write a number."), status=422, code="field")
    return int(text)


def _side(text: str) -> int | float:
    return float(text) if re.fullmatch(r"[0-9]{1,3}\.[0-9]{1,3}", text) else _number(text)


def _pairs(text: str, value: Callable[[str], Any]) -> dict[str, Any]:
    pairs = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, mark, right = line.partition("=")
        if not mark or not name.strip():
            raise Refused(N_("Write each line as: name = value"), status=422, code="field")
        pairs[name.strip()] = value(right.strip())
    return pairs


def _carrier(text: str) -> dict[str, str]:
    name, _space, place = text.partition(" ")
    return {name: place}


_READERS: dict[str, Callable[[str], Any]] = {
    "words": _words,
    "flag": lambda text: text == "yes" or None,
    "number": _number,
    "numbers": lambda text: [_number(one) for one in _words(text)],
    "pairs": lambda text: _pairs(text, str),
    "lists": lambda text: _pairs(text, _words),
    "areas": lambda text: _pairs(text, lambda right: [_side(one) for one in _words(right)]),
    "carrier": _carrier,
}
