"""The standard owner's pages: side by side, checked, reviewed; closed to everybody else."""

import io
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from kinds_world import SET, folder_with_new_kinds
from standards_world import Standards, open_standards

from issuer.framework_archive import pack, read_folder
from issuer.framework_document import files_of
from issuer.framework_schema import schema_texts
from issuer.tables import Role

NAME_FR = "texts/fr/level/beginner/name"
NAME_ES = "texts/es/level/beginner/name"
GOOD = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>A dot</title></svg>'


@pytest.fixture
def house(tmp_path: Path) -> Standards:
    return open_standards(tmp_path)


def upload(client: FlaskClient, url: str, data: bytes, **fields: str) -> Any:
    form = {**fields, "file": (io.BytesIO(data), "file")}
    return client.post(url, data=form, content_type="multipart/form-data")


def imported(house: Standards, files: dict[str, bytes]) -> str:
    """Take a zip in and give the address of the draft."""
    answer = upload(house.browser(), "/standards/import", pack(files), format="zip")
    assert answer.status_code == 302, answer.text
    return str(answer.location).partition("?")[0]


# --- who may come in -------------------------------------------------------------------------


def test_nobody_else_reaches_any_of_the_pages(house):
    edition = house.draft()
    rules = [
        rule
        for rule in house.service.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in ("standards", "editor")
    ]
    assert len(rules) > 20
    values = {"edition_id": edition, "name": "x", "form": "zip", "place": 0, "slug": "a"}
    strangers = [house.service.browser()]
    for role in (Role.CANDIDATE, Role.EXAMINER, Role.OFFICER, Role.COORDINATOR):
        strangers.append(house.service.browser(f"a {role}", role))
    urls = house.service.app.url_map.bind("localhost")
    for rule in rules:
        url = urls.build(rule.endpoint, {**values, "level": "b"})
        for method in (rule.methods or set()) & {"GET", "POST"}:
            for stranger in strangers:
                answer = stranger.open(url, method=method)
                assert answer.status_code in (401, 403), (method, url)
    assert house.row(edition).revision == 1


# --- texts -----------------------------------------------------------------------------------


def test_languages_stand_side_by_side_and_what_is_missing_is_marked(house):
    edition = house.draft()
    house.change(edition, {tuple(NAME_ES.split("/")): None})
    page = house.browser().get(f"/standards/{edition}/texts?missing=yes").text
    assert f'name="{NAME_FR}"' in page
    assert f'name="{NAME_ES}"' in page
    assert page.count("missing-cell") == 1
    overview = house.browser().get(f"/standards/{edition}").text
    assert "1 text is missing" in overview
    assert f"#{NAME_ES}" in overview
    assert "texts/es.toml:" in overview


def test_a_search_finds_words_in_any_language(house):
    page = house.browser().get(f"/standards/{house.draft()}/texts?q=bicarbonate").text
    assert "bicarbonate" in page
    assert NAME_FR not in page


@pytest.mark.parametrize(
    "name",
    [
        "texts/de/level/beginner/name",
        "texts/fr/level/beginner/colour",
        "texts/fr/level",
        "framework/id",
        "framework/skill/0/code",
        "scenarios/bathroom-morning/tasks/skill",
        "pictures/dog",
        "texts/__class__/x",
    ],
)
def test_only_texts_that_there_are_can_be_written(house, name):
    edition = house.draft()
    before = house.row(edition).document
    answer = house.browser().post(
        f"/standards/{edition}/texts", data={"revision": 1, name: "x", NAME_FR: "Premier"}
    )
    assert answer.status_code == 422
    assert house.row(edition).document == before


def test_the_second_saver_sees_both_texts_and_can_save_again(house):
    edition = house.draft()
    anna, bruno = house.browser("anna"), house.browser("bruno")
    url = f"/standards/{edition}/texts"
    anna.post(url, data={"revision": 1, NAME_FR: "De Anna"})
    told = bruno.post(url, data={"revision": 1, NAME_FR: "De Bruno", NAME_ES: "Nuevo"})
    assert told.status_code == 409
    for text in ("De Anna", "De Bruno", "Nuevo", "Nothing of yours is lost", 'value="2"'):
        assert text in told.text
    assert bruno.post(url, data={"revision": 2, NAME_FR: "De Bruno"}).status_code == 302
    assert house.document(edition)["texts"]["fr"]["level"]["beginner"]["name"] == "De Bruno"


def test_markup_in_a_text_stays_a_text(house):
    edition = house.draft()
    attack = "<script>alert(1)</script>"
    house.change(edition, {tuple(NAME_FR.split("/")): attack})
    for page in ("texts?section=framework", "structure", "preview"):
        text = house.browser().get(f"/standards/{edition}/{page}").text
        assert attack not in text
    assert escape(attack) in house.browser().get(f"/standards/{edition}/texts").text


# --- structure -------------------------------------------------------------------------------


def test_a_task_is_edited_field_by_field(house):
    edition = house.draft()
    key = "scenarios/bathroom-morning/tasks/task/0"
    task = house.document(edition)["scenarios"]["bathroom-morning"]["tasks"]["task"][0]
    form = {
        "revision": 1,
        "key": key,
        f"{key}/id": task["id"],
        f"{key}/kind": "choose_many",
        f"{key}/criteria": ", ".join(task["criteria"]),
        f"{key}/options": ", ".join(task["options"]),
        f"{key}/best": task["options"][0],
    }
    assert house.browser().post(f"/standards/{edition}/record", data=form).status_code == 302
    now = house.document(edition)["scenarios"]["bathroom-morning"]["tasks"]["task"][0]
    assert now["kind"] == "choose_many"
    assert now["options"] == task["options"]


@pytest.mark.parametrize(
    "key", ["framework/id", "texts/fr", "x", "", "framework/skill/99", "a/b/c/d"]
)
def test_only_records_that_there_are_can_be_written(house, key):
    edition = house.draft()
    answer = house.browser().post(
        f"/standards/{edition}/record", data={"revision": 1, "key": key, f"{key}/id": "x"}
    )
    assert answer.status_code == 422
    assert house.row(edition).revision == 1


@pytest.mark.parametrize("key", ["framework/languages", "framework", "texts/fr", "pictures"])
def test_only_lists_that_grow_can_grow(house, key):
    edition = house.draft()
    answer = house.browser().post(
        f"/standards/{edition}/list", data={"revision": 1, "key": key, "action": "add", "id": "x"}
    )
    assert answer.status_code == 422


def test_a_link_is_picked_from_the_known_terms(house):
    edition = house.draft()
    term = "http://data.europa.eu/esco/skill/51a26193-9abe-4bce-9108-f50835be1c35"
    assert term in house.browser().get(f"/standards/{edition}/structure").text
    form = {"revision": 1, "key": "framework/skill/1/link", "action": "add", "term": term}
    assert house.browser().post(f"/standards/{edition}/list", data=form).status_code == 302
    link = house.document(edition)["framework"]["skill"][1]["link"][-1]
    assert link == {"type": "ext:ESCOSkill", "url": term}
    form["term"] = "https://evil.example/term"
    assert house.browser().post(f"/standards/{edition}/list", data=form).status_code == 422


def test_a_skill_a_set_and_a_task_are_added_and_the_check_says_what_they_lack(house):
    edition, anna = house.draft(), house.browser()
    add = {"revision": 99, "action": "add"}
    url = f"/standards/{edition}"
    anna.post(f"{url}/list", data={**add, "key": "framework/skill", "id": "ironing"})
    anna.post(f"{url}/scenarios", data={**add, "name": "shirts", "skill": "ironing"})
    anna.post(f"{url}/list", data={**add, "key": "scenarios/shirts/tasks/task", "id": "fold"})
    page = anna.get(url).text
    assert "skill ironing: criteria must name at least one criterion" in page
    assert anna.get(f"{url}/scenarios/shirts").status_code == 200
    for action, place in (("up", 4), ("remove", 3)):
        form = {"revision": 99, "key": "framework/skill", "action": action, "place": place}
        assert anna.post(f"{url}/list", data=form).status_code == 302
    assert len(house.document(edition)["framework"]["skill"]) == 4
    form = {"revision": 99, "action": "remove", "name": "shirts"}
    assert anna.post(f"{url}/scenarios", data=form).status_code == 302
    assert "No problem found." in anna.get(url).text


# --- pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (b"<script>alert(1)</script>", "the element script is not allowed"),
        (b"<foreignObject/>", "the element foreignObject is not allowed"),
        (b'<image href="https://evil.example/x.png"/>', "the element image is not allowed"),
        (b'<path onclick="alert(1)"/>', "the attribute onclick is not allowed"),
        (b'<path style="fill:url(https://evil.example)"/>', "the attribute style is not allowed"),
        (b'<path fill="url(https://evil.example/x)"/>', "must not refer to anything outside"),
        (b'<use href="#x"/>', "the element use is not allowed"),
        (b'<a xmlns="http://www.w3.org/1999/xhtml">x</a>', "the element a is not allowed"),
        (b"<?xml-stylesheet href='x'?>", "the instruction xml-stylesheet is not allowed"),
        (b"<path>", "not XML"),
    ],
)
def test_a_picture_that_could_act_is_refused(house, inside, why):
    edition = house.draft()
    picture = GOOD.replace(b"</svg>", inside + b"</svg>")
    answer = upload(house.browser(), f"/standards/{edition}/pictures", picture, name="dot")
    assert answer.status_code == 422
    assert why in answer.text
    assert "dot" not in house.document(edition)["pictures"]


@pytest.mark.parametrize(
    "picture",
    [
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + GOOD,
        GOOD.replace(b"<title>A dot</title>", b""),
        b"GIF89a",
        b"",
        GOOD + b" " * 100_000,
    ],
)
def test_what_is_no_plain_drawing_is_refused(house, picture):
    answer = upload(house.browser(), f"/standards/{house.draft()}/pictures", picture, name="dot")
    assert answer.status_code == 422


def test_a_picture_that_came_in_with_a_zip_is_named_and_never_shown(house):
    files = read_folder(Path("issuer/frameworks/companionship"))
    files["pictures/rug.svg"] = GOOD.replace(b"</svg>", b"<script/></svg>")
    url = imported(house, files)
    assert "the element script is not allowed" in house.browser().get(url).text
    assert house.browser().get(f"{url}/pictures/rug.svg").status_code == 404


def test_a_good_picture_is_kept_and_shown(house):
    edition = house.draft()
    anna = house.browser()
    assert upload(anna, f"/standards/{edition}/pictures", GOOD, name="dot").status_code == 302
    assert anna.get(f"/standards/{edition}/pictures/dot.svg").data == GOOD
    bad = upload(anna, f"/standards/{edition}/pictures", GOOD, name="../dot")
    assert bad.status_code == 422


# --- as others see it ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_kind_of_task_can_be_seen_as_a_candidate_sees_it(house, tmp_path, language):
    files = read_folder(folder_with_new_kinds(tmp_path / "kinds"))
    url = imported(house, files)
    anna = house.browser()
    document = house.document(UUID(url.rpartition("/")[2]))
    for place, _task in enumerate(document["scenarios"][SET]["tasks"]["task"]):
        page = anna.get(f"{url}/preview/{SET}/{place}?lang={language}")
        assert page.status_code == 200
        assert "/me/pictures/" not in page.text
        assert anna.post(f"{url}/preview/{SET}/{place}").status_code == 302
    assert anna.get(f"{url}/preview/{SET}/99").status_code == 409


def test_an_achievement_can_be_seen_before_it_is_published(house):
    edition = house.draft()
    name = ("texts", "en", "skill", "technical-cleaning", "name")
    house.change(edition, {name: "Cleaning anew"})
    url = f"/standards/{edition}/preview/achievements/technical-cleaning/expert"
    assert "Cleaning anew - Expert" in house.browser().get(url).text
    house.change(edition, {name: None})
    assert house.browser().get(url).status_code == 409


# --- from outside to published ---------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"no zip", pack({"readme.txt": b"x"})])
def test_what_cannot_be_opened_is_said_on_the_page(house, data):
    answer = upload(house.browser(), "/standards/import", data, format="zip")
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text


def test_strange_structures_are_told_and_break_no_page(house):
    files = {
        "framework.toml": b'id = "odd"\nversion = "1.0"\nlanguages = "en"\nlevel = 7\n'
        b'skill = [1, {id = 3, link = "x", criteria = [[]]}]\nlink = [{url = 1}]\n'
        b'eu_elements = "none"\n',
        "texts/en.toml": b'framework = "text"\nskill = [1]\n',
        "scenarios/x/tasks.toml": b"task = [{kind = [1], best = {a = [[]]}}, 5]\nskill = 1\n",
        "scenarios/x/en.toml": b"a = 1\n",
    }
    url = imported(house, files)
    anna = house.browser()
    for page in ("", "/texts", "/structure", "/scenarios/x", "/pictures"):
        assert anna.get(url + page).status_code == 200, page
    assert anna.get(f"{url}/preview").status_code in (200, 409)


def test_a_framework_of_another_sector_goes_all_the_way(house):
    files = files_of(
        {
            **house.document(house.shipped()),
            "framework": {**house.document(house.shipped())["framework"], "id": "gardening"},
        }
    )
    url = imported(house, files)
    anna, bruno = house.browser("anna"), house.browser("bruno")
    assert anna.post(f"{url}/send").status_code == 302
    assert anna.post(f"{url}/publish").status_code == 403
    assert bruno.post(f"{url}/give-back", data={"comment": ""}).status_code == 422
    assert bruno.post(f"{url}/publish").status_code == 302
    page = bruno.get(url).text
    row = house.row(UUID(url.rpartition("/")[2]))
    assert escape(row.digest or "") in page
    visitor = house.service.browser()
    listed = visitor.get("/frameworks").text
    assert escape(row.digest or "") in listed
    taken = visitor.get("/frameworks/gardening/1.1/download/zip")
    assert taken.status_code == 200
    again = upload(anna, "/standards/import", taken.data, format="zip", version="1.2")
    assert again.status_code == 302
    assert visitor.get("/achievements").status_code == 200  # this service still serves its own


def test_drafts_are_not_public(house):
    house.draft()
    visitor = house.service.browser()
    assert "mycred4home 1.1" in visitor.get("/frameworks").text
    assert "mycred4home 1.2" not in visitor.get("/frameworks").text
    assert visitor.get("/frameworks/mycred4home/1.2/download/zip").status_code == 404


def test_schemas_are_public_documents(house):
    visitor = house.service.browser()
    for name, text in schema_texts().items():
        answer = visitor.get(f"/schemas/framework/{name}")
        assert answer.data == text
        assert answer.content_type == "application/schema+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert visitor.get("/schemas/framework/../framework.py").status_code == 404
