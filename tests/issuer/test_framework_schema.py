"""The published schemas and the reader of frameworks know the same fields and kinds."""

import shutil
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
import tomli_w

from issuer.framework import FOLDER, FrameworkError, frameworks, load_framework
from issuer.framework_archive import read_folder
from issuer.framework_files import (
    EU_ELEMENTS,
    Level,
    Link,
    ScenarioShape,
    Skill,
    general_keys,
)
from issuer.framework_schema import schema_of, schemas
from issuer.task_shapes import KINDS, TaskKind, TaskShape

STRUCTURE, TEXTS = schemas()["framework.schema.json"], schemas()["texts.schema.json"]
TASKS = schemas()["tasks.schema.json"]
TASK = TASKS["$defs"]["task"]
FILES = [
    pytest.param(name, file, id=f"{name}/{file}")
    for name in frameworks()
    for file in read_folder(FOLDER / name)
    if file.endswith(".toml")
]


def judge(schema: str) -> Any:
    return jsonschema_rs.validator_for(schemas()[schema], validate_formats=True)


@pytest.mark.parametrize("name", sorted(schemas()))
def test_each_schema_is_a_schema_that_a_stranger_can_read(name):
    schema = schemas()[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(schema)
    nameless = [
        key
        for table in (schema, *schema.get("$defs", {}).values())
        for key, one in table.get("properties", {}).items()
        if "title" not in one
    ]
    assert schema["title"]
    assert schema["description"]
    assert not nameless


@pytest.mark.parametrize(("name", "file"), FILES)
def test_every_shipped_file_is_valid(name, file):
    content = tomllib.loads((FOLDER / name / file).read_text("utf-8"))
    assert list(judge(schema_of(file)).iter_errors(content)) == []


def names(kind: type[Any], **other: str) -> set[str]:
    """Give the names in the file of what the reader makes of it."""
    return {other.get(one.name, one.name) for one in fields(kind)}


def test_the_schema_has_every_field_that_is_read_and_no_other():
    parts = STRUCTURE["$defs"]
    assert set(parts["level"]["properties"]) == names(Level)
    assert set(parts["skill"]["properties"]) == names(Skill, links="link")
    assert set(parts["link"]["properties"]) == names(Link)
    assert set(TASK["properties"]) == names(TaskShape)
    assert set(TASKS["properties"]) == names(ScenarioShape, tasks="task") - {"id"}
    assert tuple(STRUCTURE["properties"]["eu_elements"]["properties"]) == EU_ELEMENTS


def test_the_schema_has_every_text_that_is_needed_and_no_other():
    garden = frameworks()["mycred4home"].contents
    wanted = {key.split(".")[1] for key in general_keys(garden) if key.startswith("framework.")}
    linked = {key for link in garden.links for key in (link.text, link.note)}
    linked |= {link.note for skill in garden.skills.values() for link in skill.links}
    own = wanted - {key.removeprefix("framework.") for key in linked}
    assert set(TEXTS["properties"]["framework"]["required"]) == own
    skill = TEXTS["$defs"]["skill"]
    criterion = TEXTS["$defs"]["criterion"]
    parts = [key.split(".")[2:] for key in general_keys(garden) if key.startswith("skill.")]
    criteria = {one for skill in garden.skills.values() for one in skill.criteria}
    assert {part[0] for part in parts} - criteria == set(skill["properties"])
    assert {p[1] for p in parts if p[0] in criteria} == set(criterion["required"])


def test_the_schema_has_every_kind_with_its_fields():
    kinds = {one["const"] for one in TASK["properties"]["kind"]["oneOf"]}
    assert kinds == set(KINDS) == set(get_args(TaskKind))
    for rule in TASK["allOf"]:
        kind = KINDS[rule["if"]["properties"]["kind"]["const"]]
        then = rule["then"]
        assert set(then.get("required", ())) - {"best"} == set(kind.needs)
        refused = {name for name, one in then["properties"].items() if one is False} - {"best"}
        assert refused.isdisjoint((*kind.needs, *kind.may))


@pytest.mark.parametrize("field", sorted(STRUCTURE["properties"]))
def test_what_the_schema_needs_the_reader_needs_too(tmp_path: Path, field):
    folder = shutil.copytree(FOLDER / "companionship", tmp_path / "copy")
    content = tomllib.loads((folder / "framework.toml").read_text("utf-8"))
    del content[field]
    (folder / "framework.toml").write_text(tomli_w.dumps(content), "utf-8")
    assert not judge("framework.schema.json").is_valid(content)
    with pytest.raises(FrameworkError) as refused:
        load_framework(folder)
    assert f"framework.toml: {field} is missing" in map(str, refused.value.problems)


@pytest.mark.parametrize(
    ("table", "file"), [((), "framework.toml"), (("skill", 0), "framework.toml")]
)
def test_an_unknown_field_is_known_to_neither(tmp_path: Path, table, file):
    folder = shutil.copytree(FOLDER / "companionship", tmp_path / "copy")
    content = tomllib.loads((folder / file).read_text("utf-8"))
    row = content
    for part in table:
        row = row[part]
    row["colour"] = "green"
    (folder / file).write_text(tomli_w.dumps(content), "utf-8")
    assert not judge(schema_of(file)).is_valid(content)
    with pytest.raises(FrameworkError, match="colour is not known here"):
        load_framework(folder)
