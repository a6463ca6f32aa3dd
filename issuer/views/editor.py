"""The editor of a draft: texts side by side, structure, pictures, and how people will see it."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from contexts.labels import framework_name, label, terms
from issuer import answers
from issuer import framework_editing as editing
from issuer import framework_forms as forms
from issuer import framework_texts as texts_of
from issuer.framework import Framework
from issuer.framework_document import Document, Key, files_of, get, rows_of
from issuer.framework_files import read_structure
from issuer.framework_tables import EditionState, FrameworkEdition
from issuer.recipients import NOBODY
from issuer.safe_svg import MAX_BYTES, UnsafePicture, check_svg
from issuer.statistics import SMALLEST
from issuer.tables import Role
from issuer.views.common import reader_language, require, svg, visitor
from issuer.views.public import ELEMENTS
from issuer.views.standards import done, read_edition
from web.app import services
from web.errors import Refused
from web.languages import N_, current_language

blueprint = Blueprint("editor", __name__, url_prefix="/standards/<uuid:edition_id>")

_Typed = dict[str, str]


# --- texts -----------------------------------------------------------------------------------


@blueprint.get("/texts")
@require(Role.STANDARD_OWNER)
def texts(edition_id: UUID) -> str:
    """Show a section of the texts, or what a search finds, in every language side by side."""
    return _texts_page(edition_id)


@blueprint.post("/texts")
@require(Role.STANDARD_OWNER)
def save_texts(edition_id: UUID) -> Response | tuple[str, int]:
    """Keep the texts of a page; if somebody else changed one of them, show both."""
    typed = {name: text for name, text in request.form.items() if "/" in name}
    try:
        _row, document = read_edition(edition_id)
        _save(edition_id, texts_of.changes_of(document, typed))
    except LookupError as error:
        raise Refused(N_("There is no such text."), status=422, code="unknown-text") from error
    except editing.Overtaken as refusal:
        return _texts_page(edition_id, typed=typed, refusal=refusal), refusal.status
    return redirect(url_for(".texts", edition_id=edition_id, done="saved", **_looking_at()))


def _looking_at() -> dict[str, Any]:
    names = ("section", "q", "missing")
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def _texts_page(
    edition_id: UUID, *, typed: _Typed | None = None, refusal: editing.Overtaken | None = None
) -> str:
    row, document = read_edition(edition_id)
    all_sections = texts_of.sections(document)
    looking = _looking_at()
    if not looking:
        looking = {"section": all_sections[0].id}  # all of them would be a very long page
    wanted, words = looking.get("section", ""), looking.get("q", "")
    shown = [
        section.only(words=words, missing="missing" in looking)
        for section in all_sections
        if not wanted or section.id == wanted
    ]
    return render_template(
        "standards/texts.html",
        edition=row,
        sections=[section for section in shown if section.rows],
        all_sections=all_sections,
        languages_of=read_structure(files_of(document)).languages,
        looking=looking,
        problems=_problems(row),
        typed=typed or {},
        overtaken={"/".join(key) for key in refusal.keys} if refusal else set(),
        refusal=refusal,
        is_open=row.state == EditionState.DRAFT,
        done=done(),
    )


# --- structure -------------------------------------------------------------------------------


@blueprint.get("/structure")
@require(Role.STANDARD_OWNER)
def structure(edition_id: UUID) -> str:
    """Show what is the same in every language: skills, levels, links, EU elements."""
    return _structure_page(edition_id)


@blueprint.get("/scenarios/<name>")
@require(Role.STANDARD_OWNER)
def scenario(edition_id: UUID, name: str) -> str:
    """Show a set of tasks with the fields of each."""
    return _scenario_page(edition_id, name)


@blueprint.post("/record")
@require(Role.STANDARD_OWNER)
def save_record(edition_id: UUID) -> Response | tuple[str, int]:
    """Keep one record of the structure: a skill, a link, a task."""
    key = _key()
    typed = {name: text for name, text in request.form.items() if "/" in name}
    try:
        _row, document = read_edition(edition_id)
        _save(edition_id, forms.changes_of(document, key, typed))
    except LookupError as error:
        raise _no_record() from error
    except editing.Overtaken as refusal:
        return _page_of(edition_id, key, typed=typed, refusal=refusal), refusal.status
    return _back_to(edition_id, key)


@blueprint.post("/list")
@require(Role.STANDARD_OWNER)
def change_list(edition_id: UUID) -> Response | tuple[str, int]:
    """Add to a list, take away from it, or move something up in it."""
    key = _key()
    if not forms.LISTS.fullmatch("/".join(key)):
        raise _no_record()
    _row, document = read_edition(edition_id)
    rows = list(get(document, key) or [])
    place = request.form.get("place", -1, int)
    match request.form.get("action", ""):
        case "add":
            rows.append(_new(key))
        case "remove" if 0 <= place < len(rows):
            del rows[place]
        case "up" if 0 < place < len(rows):
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
        case _:
            raise _no_record()
    try:
        _save(edition_id, {key: rows})
    except editing.Overtaken as refusal:
        return _page_of(edition_id, key, refusal=refusal), refusal.status
    return _back_to(edition_id, key)


def _new(key: Key) -> dict[str, Any]:
    if key[-1] == "link":
        term = request.form.get("term", "")
        try:
            return forms.known_link(term) if term else {"type": "ext:"}
        except LookupError as error:
            raise _no_record() from error
    name = request.form.get("id", "").strip()
    if not name:
        raise Refused(N_("Give it a name."), status=422, code="name")
    if key[-1] == "task":
        return {"id": name, "kind": "reply", "criteria": []}
    return {
        "id": name,
        "code": name[:3].upper(),
        "symbol": "medal",
        "criteria": [],
        "workload": ["PT2H", "PT3H", "PT4H"],
        "link": [],
    }


@blueprint.post("/scenarios")
@require(Role.STANDARD_OWNER)
def change_scenarios(edition_id: UUID) -> Response:
    """Add a set of tasks, or take one away with its texts."""
    name = request.form.get("name", "").strip()
    if not forms.SLUG.fullmatch(name):
        raise Refused(N_("Use small letters, digits and hyphens."), status=422, code="name")
    key = ("scenarios", name)
    _row, document = read_edition(edition_id)
    if request.form.get("action") == "remove":
        _save(edition_id, {(*key, "tasks"): None, key: None})
        return redirect(url_for("standards.edition", edition_id=edition_id, done="saved"))
    if get(document, key) is not None:
        raise Refused(N_("There is a set of this name already."), status=409, code="name")
    tasks = {"skill": request.form.get("skill", ""), "level": 1, "task": []}
    _save(edition_id, {(*key, "tasks"): tasks, (*key, "texts"): {}})
    return redirect(url_for(".scenario", edition_id=edition_id, name=name, done="saved"))


def _key() -> Key:
    return tuple(request.form.get("key", "").split("/"))


def _no_record() -> Refused:
    return Refused(N_("There is no such record."), status=422, code="unknown-record")


def _back_to(edition_id: UUID, key: Key) -> Response:
    anchor = "/".join(key)
    if key[0] == "scenarios":
        url = url_for(".scenario", edition_id=edition_id, name=key[1], done="saved", _anchor=anchor)
        return redirect(url)
    return redirect(url_for(".structure", edition_id=edition_id, done="saved", _anchor=anchor))


def _page_of(
    edition_id: UUID,
    key: Key,
    *,
    typed: _Typed | None = None,
    refusal: editing.Overtaken | None = None,
) -> str:
    if key[0] == "scenarios":
        return _scenario_page(edition_id, key[1], typed=typed, refusal=refusal)
    return _structure_page(edition_id, typed=typed, refusal=refusal)


def _structure_page(
    edition_id: UUID, *, typed: _Typed | None = None, refusal: editing.Overtaken | None = None
) -> str:
    row, document = read_edition(edition_id)
    page = _Records(row, document, typed or {})
    root = document["framework"]
    skills = [
        {
            "record": page.record(("framework", "skill", str(place)), str(skill.get("id", ""))),
            "links": page.links(("framework", "skill", str(place)), skill),
            "list": f"framework/skill/{place}/link",
            "place": place,
        }
        for place, skill in rows_of(root, "skill")
    ]
    return render_template(
        "standards/structure.html",
        edition=row,
        general=page.record(("framework",), ""),
        levels=[
            page.record(("framework", "level", str(place)), str(level.get("number", "")))
            for place, level in rows_of(root, "level")
        ],
        skills=skills,
        links=page.links(("framework",), root),
        elements=page.record(("framework", "eu_elements"), ""),
        terms=_terms(),
        choices=forms.choices(document),
        typed=typed or {},
        refusal=refusal,
        is_open=row.state == EditionState.DRAFT,
        done=done(),
    )


def _scenario_page(
    edition_id: UUID,
    name: str,
    *,
    typed: _Typed | None = None,
    refusal: editing.Overtaken | None = None,
) -> str:
    row, document = read_edition(edition_id)
    key = ("scenarios", name, "tasks")
    tasks = get(document, key)
    if not isinstance(tasks, dict):
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    page = _Records(row, document, typed or {})
    return render_template(
        "standards/scenario.html",
        edition=row,
        name=name,
        set=page.record(key, ""),
        tasks=[
            (place, page.record((*key, "task", str(place)), str(task.get("id", ""))))
            for place, task in rows_of(tasks, "task")
        ],
        choices=forms.choices(document),
        criteria=_criteria(document, tasks.get("skill")),
        typed=typed or {},
        refusal=refusal,
        is_open=row.state == EditionState.DRAFT,
        done=done(),
    )


def _criteria(document: Document, skill: Any) -> list[str]:
    rows = [
        one for _place, one in rows_of(document["framework"], "skill") if one.get("id") == skill
    ]
    lists = [row.get("criteria") for row in rows]
    return [str(one) for criteria in lists if isinstance(criteria, list) for one in criteria]


def _terms() -> list[tuple[str, list[tuple[str, str]]]]:
    language = current_language()
    groups = []
    for start, uris in terms().items():
        named = []
        for uri in uris:
            url, _mark, code = uri.partition("#")
            named.append((uri, label(url, language, code=code or None) or uri))
        groups.append((framework_name(start, language) or start, sorted(named, key=lambda n: n[1])))
    return groups


class _Records:
    """The records of a draft as a page shows them: fields, values, and what is wrong."""

    def __init__(self, row: FrameworkEdition, document: Document, typed: _Typed) -> None:
        self._document = document
        self._typed = typed
        self._problems = _problems(row)

    def record(self, key: Key, title: str) -> dict[str, Any]:
        name = "/".join(key)
        fields = []
        for field in forms.fields_of(self._document, key):
            at = "/".join((*key, field.name))
            stored = forms.written(field.kind, get(self._document, (*key, field.name)))
            value = self._typed.get(at, stored) if self._is_typed(name) else stored
            theirs = stored if value != stored else ""
            fields.append({"field": field, "name": at, "value": value, "theirs": theirs})
        wrong = [
            text
            for at, messages in self._problems.items()
            for text in messages
            if at == name or self._is_inside(at, key)
        ]
        return {"key": name, "title": title, "fields": fields, "problems": wrong}

    def links(self, key: Key, row: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"place": place, "name": _name_of(link)}
            | self.record((*key, "link", str(place)), _name_of(link))
            for place, link in rows_of(row, "link")
        ]

    def _is_typed(self, name: str) -> bool:
        return any(one.rpartition("/")[0] == name for one in self._typed)

    def _is_inside(self, at: str, key: Key) -> bool:
        """Tell whether a problem belongs to this record, and not to one within it."""
        rest = at.removeprefix("/".join(key) + "/").split("/")
        inner = {"skill", "level", "link", "task", "eu_elements"}
        return at.startswith("/".join(key) + "/") and not (rest[0] in inner and len(rest) > 1)


def _name_of(link: dict[str, Any]) -> str:
    url, code = str(link.get("url", "")), str(link.get("code", ""))
    known = label(url, current_language(), code=code)
    return known or str(
        link.get("text", "") or url or link.get("anchor", "") or link.get("type", "")
    )


def _problems(row: FrameworkEdition) -> dict[str, list[str]]:
    if row.state == EditionState.PUBLISHED:
        return {}
    found: dict[str, list[str]] = {}
    for one in editing.findings(row):
        found.setdefault("/".join(one.key), []).append(one.message)
    return found


# --- pictures --------------------------------------------------------------------------------


@blueprint.get("/pictures")
@require(Role.STANDARD_OWNER)
def pictures(edition_id: UUID) -> str:
    """Show the pictures of a version, and take one in."""
    return _pictures_page(edition_id, {})


@blueprint.post("/pictures")
@require(Role.STANDARD_OWNER)
def change_pictures(edition_id: UUID) -> Response | tuple[str, int]:
    """Add a picture, put another in its place, or take one away."""
    name = request.form.get("name", "").strip()
    try:
        if not forms.SLUG.fullmatch(name):
            raise Refused(N_("Use small letters, digits and hyphens."), status=422, code="name")
        picture = None if request.form.get("action") == "remove" else _uploaded_picture()
        _save(edition_id, {("pictures", name): picture})
    except Refused as refusal:
        return _pictures_page(edition_id, {"file": refusal.text}), refusal.status
    return redirect(url_for(".pictures", edition_id=edition_id, done="saved"))


@blueprint.get("/pictures/<name>.svg")
@require(Role.STANDARD_OWNER)
def picture(edition_id: UUID, name: str) -> Response:
    """Give a picture of a version; one that is not safe is not given."""
    _row, document = read_edition(edition_id)
    found = document["pictures"].get(name, "").encode()
    try:
        check_svg(found)
    except UnsafePicture as error:
        raise Refused(N_("There is nothing at this address."), status=404) from error
    response = svg(found)
    response.headers["Cache-Control"] = "no-store"
    return response


def _uploaded_picture() -> str:
    upload = request.files.get("file")
    data = upload.stream.read(MAX_BYTES + 1) if upload else b""
    try:
        check_svg(data)
    except UnsafePicture as error:
        raise Refused(
            N_("This picture cannot be taken (line %(line)s): %(why)s"),
            status=422,
            code="picture",
            line=error.line,
            why=error.reason,
        ) from error
    return data.decode("utf-8")


def _pictures_page(edition_id: UUID, errors: dict[str, str]) -> str:
    row, document = read_edition(edition_id)
    return render_template(
        "standards/pictures.html",
        edition=row,
        pictures=sorted(document["pictures"]),
        problems=_problems(row),
        errors=errors,
        is_open=row.state == EditionState.DRAFT,
        done=done(),
    )


# --- how people will see it ------------------------------------------------------------------


@blueprint.route("/preview/<name>/<int:place>", methods=["GET", "POST"])
@require(Role.STANDARD_OWNER)
def preview_task(edition_id: UUID, name: str, place: int) -> str | Response:
    """Show a task as candidates will see it; what is answered here is not kept."""
    framework, language = _preview(edition_id)
    try:
        shown = framework.scenario_by_id(name, language)
        task = shown.tasks[place]
    except LookupError as error:
        raise _not_ready() from error
    if request.method == "POST":
        following = (place + 1) % len(shown.tasks)
        return redirect(url_for(".preview_task", edition_id=edition_id, name=name, place=following))

    def preview_url(endpoint: str, **values: Any) -> str:
        here: dict[str, Any] = {"edition_id": edition_id, "name": name}
        match endpoint:
            case "candidate.picture":
                return url_for(".picture", edition_id=edition_id, name=values["name"])
            case "candidate.answer" | "uploads.give" | "evidence.say_about_recording":
                return url_for(".preview_task", place=place, **here)
            case "candidate.task":
                return url_for(".preview_task", place=place - 1, **here)
            case "candidate.skills":
                return url_for(".scenario", **here)
        return url_for(endpoint, **values)

    return render_template(
        "standards/preview_task.html",
        url_for=preview_url,
        submission=SimpleNamespace(
            id="preview", alias="S-000", framework_version=framework.version
        ),
        kept=None,
        done=[],
        scenario=shown,
        task=task,
        value=None,
        errors={},
        place=place + 1,
        before=shown.tasks[place - 1] if place else None,
        action=preview_url("candidate.answer"),
        next=preview_url("candidate.answer"),
        recording=True,
        takes_file=answers.takes_file(task),
        file=None,
        now=services().now(),
    )


@blueprint.get("/preview/achievements/<slug>/<level>")
@require(Role.STANDARD_OWNER)
def preview_achievement(edition_id: UUID, slug: str, level: str) -> str:
    """Show an achievement as everybody will see it."""
    framework, language = _preview(edition_id)
    try:
        definition = framework.find(slug, level)
        if definition is None:
            raise LookupError(slug)
        edition = framework.achievement_json(
            definition, base_url=services().settings.base_url, lang=language
        )
        rubric = framework.rubric(definition.skill, language)
    except (LookupError, TypeError, ValueError) as error:
        raise _not_ready() from error
    return render_template(
        "standards/preview_achievement.html",
        framework=framework,
        language=language,
        definition=definition,
        edition=edition,
        elements=ELEMENTS,
        rubric=rubric,
        body=SimpleNamespace(base_url=services().settings.base_url),
        vouched=[],
        holders=NOBODY,
        countries={},
        shown=[],
        few=SMALLEST,
    )


@blueprint.get("/preview")
@require(Role.STANDARD_OWNER)
def preview(edition_id: UUID) -> str:
    """List everything that can be looked at as others will see it."""
    row, document = read_edition(edition_id)
    framework, language = _preview(edition_id)
    try:
        achievements = [
            (one, framework.achievement_name(one, language)) for one in framework.definitions()
        ]
    except (LookupError, TypeError, ValueError) as error:
        raise _not_ready() from error
    return render_template(
        "standards/preview.html",
        edition=row,
        achievements=achievements,
        scenarios=sorted(document["scenarios"]),
    )


def _preview(edition_id: UUID) -> tuple[Framework, str]:
    _row, document = read_edition(edition_id)
    framework = Framework(read_structure(files_of(document)))
    if not framework.languages:
        raise _not_ready()
    return framework, reader_language(framework)


def _not_ready() -> Refused:
    return Refused(
        N_("Something is missing that this page shows."),
        status=409,
        code="not-ready",
        hint=N_("Look at the problems of this version first."),
    )


# --- shared ----------------------------------------------------------------------------------


def _save(edition_id: UUID, changes: editing.Changes) -> None:
    revision = request.form.get("revision", 0, int)
    with services().database.transaction() as session:
        editing.change(
            session,
            edition_id,
            changes,
            revision=revision,
            by=visitor().id,
            now=services().now(),
        )
