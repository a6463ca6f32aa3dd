"""A framework as a CASE package (1EdTech CASE 1.0, CFPackage), for systems that speak it.

CASE knows one language and no tasks. It carries the skills, their criteria and levels (CFItems),
the rubric (CFRubrics) and the links to terms of other frameworks (CFAssociations), in the first
language. What it cannot carry is told, never dropped in silence. Identifiers are made from the
framework's own names: the same framework always gives the same package.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from contexts import ContextError, loads_strict
from issuer.framework_archive import ArchiveError
from issuer.framework_document import Document, get, rows_of
from issuer.framework_files import MARKS

_NAMESPACE = uuid5(NAMESPACE_URL, "https://mycred4home.example/case")
_NAMES = re.compile(r"id (?P<id>[a-z0-9-]+); code (?P<code>.+)")
_CHANGED = "1970-01-01T00:00:00+00:00"
"""CASE asks for a time of change; ours is the version, so that a package stays the same."""
_SKILL, _CRITERION, _LEVEL = "Skill", "Criterion", "Level"


# --- out --------------------------------------------------------------------------------------


def write_case(document: Document) -> tuple[bytes, list[str]]:
    """Write a document as a CFPackage, and say what is left out."""
    package = _Package(document).whole()
    text = json.dumps(package, ensure_ascii=False, indent=1)
    return text.encode(), list(_left_out(document))


def _left_out(document: Document) -> Iterator[str]:
    language, *others = document["framework"].get("languages", [""])
    if others:
        yield f"texts in {', '.join(others)}: CASE has one language, here {language}"
    if document["scenarios"]:
        yield f"{len(document['scenarios'])} sets of tasks, with their texts"
    if document.get("reference"):
        yield f"{len(document['reference'])} groups of reference files"
    if document["pictures"]:
        yield f"{len(document['pictures'])} pictures"
    yield "where each EU element stands, and the sentences of every achievement"
    own = [one for one in _links(document["framework"]) if not _is_carried(one)]
    skills = [skill for _place, skill in rows_of(document["framework"], "skill")]
    own += [one for skill in skills for one in _links(skill) if not _is_carried(one)]
    if own:
        yield f"{len(own)} links that are statements of our own, or for one language or level only"
    if any(skill.get("by_language") for skill in skills):
        yield "that a skill is assessed in one language"
    yield "the symbols on the badges, and tags"


def _links(table: Any) -> list[dict[str, Any]]:
    return [link for _place, link in rows_of(table, "link")]


def _is_carried(link: dict[str, Any]) -> bool:
    limits = ("levels", "language", "text")
    return bool(link.get("url")) and not any(link.get(one) for one in limits)


class _Package:
    def __init__(self, document: Document) -> None:
        self.root = document["framework"]
        languages = self.root.get("languages") or ["en"]
        self.language = str(languages[0])
        self.texts = document["texts"].get(self.language, {})
        self.name = f"{self.root.get('id', '')}"
        self.items: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.rubrics: list[dict[str, Any]] = []
        self.groups: dict[str, dict[str, Any]] = {}

    def whole(self) -> dict[str, Any]:
        title = self._say("framework", "name")
        document = {
            **self._named("document"),
            "creator": self._say("framework", "body"),
            "title": title,
            "lastChangeDateTime": _CHANGED,
            "subject": [self._say("framework", "field_of_study")],
            "language": self.language,
            "version": str(self.root.get("version", "")),
            "notes": f"id {self.name}; code {self.root.get('code', '')}",
        }
        for link in _links(self.root):
            self._link("document", title, link)
        for place, skill in rows_of(self.root, "skill"):
            self._skill(place, skill, title)
        return {
            "CFDocument": document,
            "CFItems": self.items,
            "CFAssociations": self.links,
            "CFDefinitions": {"CFAssociationGroupings": list(self.groups.values())},
            "CFRubrics": self.rubrics,
        }

    def _skill(self, place: int, skill: dict[str, Any], title: str) -> None:
        name = str(skill.get("id", ""))
        say = ("skill", name)
        own = f"skill/{name}"
        statement = self._say(*say, "about")
        self._item(
            own,
            _SKILL,
            statement,
            abbreviatedStatement=self._say(*say, "name"),
            alternativeLabel=name,
            humanCodingScheme=str(skill.get("code", "")),
            listEnumeration=str(place + 1),
        )
        self._child(own, statement, "document", title)
        for link in _links(skill):
            self._link(own, statement, link)
        hours = skill.get("workload", [])
        for number, level in rows_of(self.root, "level"):
            slug = str(level.get("slug", ""))
            can = self._say(*say, "can", slug)
            self._item(
                f"{own}/level/{slug}",
                _LEVEL,
                can,
                abbreviatedStatement=self._say("level", slug, "name"),
                alternativeLabel=slug,
                listEnumeration=str(level.get("number", "")),
                notes=str(hours[number]) if number < len(hours) else "",
            )
            self._child(f"{own}/level/{slug}", can, own, statement)
        lines = []
        for position, criterion in enumerate(map(str, skill.get("criteria", [])), 1):
            about = self._say(*say, criterion, "about")
            self._item(
                f"{own}/{criterion}",
                _CRITERION,
                about,
                abbreviatedStatement=self._say(*say, criterion, "name"),
                alternativeLabel=criterion,
                listEnumeration=str(position),
            )
            self._child(f"{own}/{criterion}", about, own, statement)
            lines.append(self._line(own, criterion, position, say))
        self.rubrics.append(
            {
                **self._named(f"{own}/rubric"),
                "title": self._say(*say, "name"),
                "lastChangeDateTime": _CHANGED,
                "CFRubricCriteria": lines,
            }
        )

    def _line(
        self, own: str, criterion: str, position: int, say: tuple[str, ...]
    ) -> dict[str, Any]:
        item = self._named(f"{own}/{criterion}")
        return {
            **self._named(f"{own}/rubric/{criterion}"),
            "category": self._say(*say, criterion, "name"),
            "description": self._say(*say, criterion, "about"),
            "CFItemURI": {"title": criterion, **item},
            "position": position,
            "rubricId": self._named(f"{own}/rubric")["identifier"],
            "lastChangeDateTime": _CHANGED,
            "CFRubricCriterionLevels": [
                {
                    **self._named(f"{own}/rubric/{criterion}/{mark}"),
                    "description": self._say(*say, criterion, f"mark{mark}"),
                    "quality": str(mark),
                    "score": mark,
                    "position": mark + 1,
                    "rubricCriterionId": self._named(f"{own}/rubric/{criterion}")["identifier"],
                    "lastChangeDateTime": _CHANGED,
                }
                for mark in MARKS
            ],
        }

    def _item(self, name: str, kind: str, statement: str, **more: str) -> None:
        self.items.append(
            {
                **self._named(name),
                "fullStatement": statement,
                "CFItemType": kind,
                "language": self.language,
                "lastChangeDateTime": _CHANGED,
                **{key: value for key, value in more.items() if value},
            }
        )

    def _child(self, name: str, title: str, parent: str, parent_title: str) -> None:
        origin = {"title": title, **self._named(name)}
        target = {"title": parent_title, **self._named(parent)}
        self._association(f"{name} in {parent}", "isChildOf", origin, target)

    def _link(self, name: str, title: str, link: dict[str, Any]) -> None:
        if not _is_carried(link):
            return
        kind, url = str(link.get("type", "")), str(link["url"])
        group = {"title": kind, **self._named(f"kind/{kind}")}
        self.groups.setdefault(kind, {**group, "lastChangeDateTime": _CHANGED})
        origin = {"title": title, **self._named(name)}
        code = str(link.get("code", "")) or url.rpartition("/")[2]
        target = {"title": code, "identifier": str(uuid5(NAMESPACE_URL, url)), "uri": url}
        self._association(
            f"{name} to {url}#{link.get('code', '')}",
            "isRelatedTo",
            origin,
            target,
            CFAssociationGroupingURI=group,
            **({"notes": str(link["note"])} if link.get("note") else {}),
        )

    def _association(
        self, name: str, kind: str, origin: dict[str, Any], target: dict[str, Any], **more: Any
    ) -> None:
        self.links.append(
            {
                **self._named(f"association {name}"),
                "associationType": kind,
                "originNodeURI": origin,
                "destinationNodeURI": target,
                "sequenceNumber": len(self.links) + 1,
                "lastChangeDateTime": _CHANGED,
                **more,
            }
        )

    def _named(self, name: str) -> dict[str, str]:
        identifier: UUID = uuid5(_NAMESPACE, f"{self.name}/{name}")
        return {"identifier": str(identifier), "uri": f"urn:uuid:{identifier}"}

    def _say(self, *key: str) -> str:
        found = get(self.texts, key)
        return found if isinstance(found, str) else ""


# --- in ---------------------------------------------------------------------------------------


def read_case(data: bytes) -> Document:
    """Read a CFPackage as the beginning of a framework; the check says what it still lacks."""
    try:
        package = loads_strict(data)
        if not isinstance(package, dict):
            raise ArchiveError("a CASE package is a JSON object")
        return _Reading(package).document()
    except ContextError as error:
        raise ArchiveError(error.detail) from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(f"this is not a CASE package that can be read: {error!r}") from error


class _Reading:
    def __init__(self, package: dict[str, Any]) -> None:
        self.about = package["CFDocument"]
        self.items = {str(one["identifier"]): one for one in package.get("CFItems", [])}
        self.associations = package.get("CFAssociations", [])
        self.rubrics = package.get("CFRubrics", [])
        self.texts: dict[str, Any] = {"framework": {}, "level": {}, "skill": {}}

    def document(self) -> Document:
        about = self.about
        title = str(about["title"])
        names = _NAMES.fullmatch(str(about.get("notes", "")))
        language = str(about.get("language") or "en")
        self.texts["framework"] = {
            "name": title,
            "body": str(about.get("creator", "")),
            "field_of_study": str((about.get("subject") or [""])[0]),
        }
        skills = [self._skill(one) for one in self._children(str(about["identifier"]), _SKILL)]
        framework = {
            "id": names["id"] if names else _slug(title),
            "code": names["code"] if names else _slug(title)[:4].upper(),
            "version": str(about.get("version") or "1.0"),
            "languages": [language],
            "level": self._levels(),
            "skill": skills,
            "link": self._links_of(str(about["identifier"])),
        }
        texts = _without_nothing(self.texts)
        return {"framework": framework, "texts": {language: texts}, "scenarios": {}, "pictures": {}}

    def _children(self, parent: str, kind: str) -> list[dict[str, Any]]:
        """Give what hangs on something, in order; items of no known kind count as any."""
        found = [
            self.items[str(one["originNodeURI"]["identifier"])]
            for one in self.associations
            if one["associationType"] == "isChildOf"
            and str(one["destinationNodeURI"]["identifier"]) == parent
            and str(one["originNodeURI"]["identifier"]) in self.items
        ]
        known = (_SKILL, _CRITERION, _LEVEL)
        fallback = _CRITERION if kind != _SKILL else _SKILL
        return [
            one
            for one in found
            if one.get("CFItemType") == kind
            or (one.get("CFItemType") not in known and kind == fallback)
        ]

    def _skill(self, item: dict[str, Any]) -> dict[str, Any]:
        identifier, name = str(item["identifier"]), _name_of(item)
        texts: dict[str, Any] = {
            "name": str(item.get("abbreviatedStatement", "")),
            "about": str(item.get("fullStatement", "")),
            "can": {},
        }
        hours = []
        for level in self._children(identifier, _LEVEL):
            slug = _name_of(level)
            texts["can"][slug] = str(level.get("fullStatement", ""))
            self.texts["level"][slug] = {"name": str(level.get("abbreviatedStatement", ""))}
            hours.append(str(level.get("notes", "")))
        criteria = []
        for criterion in self._children(identifier, _CRITERION):
            criteria.append(_name_of(criterion))
            texts[_name_of(criterion)] = {
                "name": str(criterion.get("abbreviatedStatement", "")),
                "about": str(criterion.get("fullStatement", "")),
                **self._marks(str(criterion["identifier"])),
            }
        self.texts["skill"][name] = texts
        return {
            "id": name,
            "code": str(item.get("humanCodingScheme", "")) or name[:3].upper(),
            "symbol": "medal",
            "criteria": criteria,
            "workload": hours or ["PT2H", "PT3H", "PT4H"],
            "link": self._links_of(identifier),
        }

    def _marks(self, criterion: str) -> dict[str, str]:
        return {
            f"mark{int(level['score'])}": str(level.get("description", ""))
            for rubric in self.rubrics
            for line in rubric.get("CFRubricCriteria", [])
            if str(line["CFItemURI"]["identifier"]) == criterion
            for level in line.get("CFRubricCriterionLevels", [])
        }

    def _levels(self) -> list[dict[str, Any]]:
        slugs = list(self.texts["level"]) or ["beginner", "confirmed", "expert"]
        return [{"number": number, "slug": slug} for number, slug in enumerate(slugs, 1)]

    def _links_of(self, origin: str) -> list[dict[str, Any]]:
        links = []
        for one in self.associations:
            target = one["destinationNodeURI"]
            if one["associationType"] == "isChildOf" or target.get("identifier") in self.items:
                continue
            if str(one["originNodeURI"]["identifier"]) != origin:
                continue
            url = str(target["uri"])
            code = str(target.get("title", ""))
            kind = one.get("CFAssociationGroupingURI", {}).get("title", "ext:CASE")
            link = {"type": kind, "url": url, "note": str(one.get("notes", ""))}
            link["code"] = "" if code == url.rpartition("/")[2] else code
            links.append({key: value for key, value in link.items() if value})
        return links


def _name_of(item: dict[str, Any]) -> str:
    return _slug(str(item.get("alternativeLabel") or item.get("abbreviatedStatement") or ""))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "unnamed"


def _without_nothing(texts: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in texts.items():
        kept = _without_nothing(value) if isinstance(value, dict) else value
        if kept:
            found[key] = kept
    return found
