"""Another sector is a folder: nothing else is touched, and its people try, send and are marked."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from assessment_world import NOW, House, good_answer
from award_world import SECRET

from issuer import assessment
from issuer.answers import is_observed
from issuer.assessment import Marking
from issuer.framework import FOLDER, Framework, frameworks
from issuer.sampling import NO_SAMPLING
from issuer.tables import Submission, Table
from web.database import Database


@pytest.fixture(params=["shipped", "added"])
def sector(request: pytest.FixtureRequest, tmp_path: Path) -> Framework:
    """Give the framework of another sector: the shipped one, and a folder that somebody adds."""
    if request.param == "shipped":
        return frameworks()["companionship"]
    shutil.copytree(FOLDER / "companionship", tmp_path / "gardening")
    file = tmp_path / "gardening" / "framework.toml"
    text = file.read_text("utf-8").replace('id = "companionship"', 'id = "gardening"')
    file.write_text(text, "utf-8")
    return frameworks(tmp_path)["gardening"]


def test_another_sector_is_tried_sent_and_marked_in_every_language(sector: Framework) -> None:
    assert len(sector.skills) == 2
    for language in sector.languages:
        house = House(Database("sqlite://", Table.metadata, secret=SECRET), framework=sector)
        for skill in sector.skills:
            candidate = house.candidate(f"{skill} {language}")
            with house.database.transaction() as session:
                submission = assessment.start(
                    session,
                    sector,
                    candidate_id=candidate,
                    skill=skill,
                    language=language,
                    level=2,
                    now=NOW,
                )
                scenario = sector.scenario_by_id(submission.scenario_id, language)
                for task in scenario.tasks:
                    assessment.save_answer(session, submission, task, good_answer(task), now=NOW)
                assessment.submit(session, submission, sector, now=NOW)
                sent = submission.id
            examiner = house.examiner(language=language, skill=skill)
            criteria = sector.skills[skill].criteria
            marks = Marking(dict.fromkeys(criteria, 2), dict.fromkeys(criteria, "good"), 2)
            with house.database.transaction() as session:
                assessment.decide(
                    session,
                    sent,
                    marks,
                    sector,
                    examiner_id=examiner,
                    sampling=NO_SAMPLING,
                    now=NOW,
                )
            with house.database.reading() as session:
                assert session.get_one(Submission, sent).skill == skill


def test_another_sector_has_no_word_of_the_first(sector: Framework) -> None:
    first = frameworks()["mycred4home"]
    assert set(sector.skills).isdisjoint(first.skills)


PUBLISHED = {"1.1": "sha384-Z0wXtYULZXwfzG8x8S+uE2AYwRLFxdQGYsVc15705lz9/ZDpEkkQ80hPUS6nkm+7"}
_MOST_WORDS = 12


def sentences(texts: object) -> Iterator[str]:
    if isinstance(texts, dict):
        for one in texts.values():
            yield from sentences(one)
    elif isinstance(texts, str):
        yield from re.split(r"(?<=[.!?:;])\s+", texts)


def test_a_published_version_of_companionship_never_changes() -> None:
    shipped = frameworks()["companionship"]
    assert PUBLISHED[shipped.version] == shipped.digest, "a changed text takes a new version"


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_companionship_speaks_in_short_sentences(language: str) -> None:
    folder = FOLDER / "companionship"
    files = [folder / "texts" / f"{language}.toml", *folder.glob(f"scenarios/*/{language}.toml")]
    assert len(files) == 3
    long = [
        one
        for file in files
        for one in sentences(tomllib.loads(file.read_text("utf-8")))
        if sum(any(letter.isalnum() for letter in word) for word in one.split()) > _MOST_WORDS
    ]
    assert long == []


def test_nobody_watches_where_companionship_says_so() -> None:
    """Its tasks are all done alone; a practical that an examiner watches takes other words."""
    shipped = frameworks()["companionship"]
    assert "nobody watches" in shipped.text("en", "framework.supervision")
    for name in ("a-safe-visit", "an-afternoon-together"):
        scenario = shipped.scenario_by_id(name, "en")
        assert not any(is_observed(task) for task in scenario.tasks)
