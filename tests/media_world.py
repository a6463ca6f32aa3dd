"""A centre whose candidates speak, photograph and show their work; for tests, with its app."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from assessment_world import NOW, SKILL, House
from flask import Flask
from flask.testing import FlaskClient
from media_files import photo, webm

from issuer import IssuerSettings, accounts, assessment, create_app, evidence, observations
from issuer.framework import Framework, frameworks
from issuer.framework_files import ScenarioShape
from issuer.framework_library import Library
from issuer.observations import Watching
from issuer.tables import Submission
from issuer.task_shapes import TaskKind, TaskShape
from keys.store import KeyStore
from web.app import Services
from web.database import Database

PASSPHRASE = b"a passphrase of tests"
SET = "with-evidence"
TEXTS = {
    "title": "A clean kitchen",
    "intro": "You clean a kitchen. You say, show and do.",
    "why": {"question": "Why do you clean the sink last?"},
    "tell": {"question": "Tell us how you clean a kitchen."},
    "show": {"question": "Show us your clean kitchen."},
    "do": {"question": "Clean a sink.", "gloves": "Puts on gloves.", "water": "Uses little water."},
}


def media_framework() -> Framework:
    """Give the real framework, with one set of tasks of its own for cleaning."""
    contents = frameworks()["mycred4home"].contents
    criteria = contents.skills[SKILL].criteria
    tasks = (
        _task("why", "reply", criteria),
        _task("tell", "speak", criteria),
        _task("show", "photo", criteria),
        _task("do", "checklist", criteria, options=("gloves", "water")),
    )
    others = {name: one for name, one in contents.scenarios.items() if one.skill != SKILL}
    texts = {
        language: {**tree, "scenario": {**tree["scenario"], SET: TEXTS}}
        for language, tree in contents.texts.items()
    }
    scenario = ScenarioShape(SET, SKILL, 3, tasks)
    return Framework(replace(contents, scenarios={**others, SET: scenario}, texts=texts))


def _task(
    name: str, kind: TaskKind, criteria: tuple[str, ...], options: tuple[str, ...] = ()
) -> TaskShape:
    return TaskShape(
        id=name,
        kind=kind,
        criteria=criteria,
        picture="",
        situation=False,
        spoken=False,
        options=options,
        option_pictures={},
        left=(),
        areas={},
        slots=(),
        fixed={},
        after=(),
        best=None,
    )


class MediaHouse(House):
    """A house whose candidates do the set with evidence."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, media_framework())

    def recording(self, candidate: UUID, *, agreed: bool = True) -> None:
        """Say whether a candidate wants to be recorded."""
        with self.database.transaction() as session:
            evidence.say_about_recording(session, candidate, agreed=agreed, now=NOW)

    def task(self, name: str) -> Any:
        found = self.framework.scenario_by_id(SET, "es").task(name)
        assert found is not None
        return found

    def give(
        self, work: UUID, task: str, data: bytes, *, given_at: datetime = NOW, now: datetime = NOW
    ) -> None:
        """Keep a file as an answer."""
        one = self.task(task)
        file = evidence.read_file(one, data)
        with self.database.transaction() as session:
            mine = session.get_one(Submission, work)
            evidence.keep(session, mine, one, file, given_at=given_at, now=now)

    def write(
        self, work: UUID, task: str, words: str, *, given_at: datetime = NOW, now: datetime = NOW
    ) -> None:
        """Keep words as an answer."""
        with self.database.transaction() as session:
            mine = session.get_one(Submission, work)
            assessment.save_answer(
                session, mine, self.task(task), words, now=now, given_at=given_at
            )

    def drafted(self, candidate: UUID) -> UUID:
        """Begin the set and answer all that the candidate can."""
        self.recording(candidate)
        work = self.begun(candidate)
        self.write(work, "why", "Because it is dirty.")
        self.give(work, "tell", webm(3))
        self.give(work, "show", photo())
        return work

    def sent_with_files(self, candidate: UUID) -> UUID:
        """Send the set, with a recording and a photo."""
        work = self.drafted(candidate)
        with self.database.transaction() as session:
            assessment.submit(session, session.get_one(Submission, work), self.framework, now=NOW)
        return work

    def observe(self, work: UUID, examiner: UUID, **changes: Any) -> None:
        """Write down that all was seen."""
        watching = Watching({"gloves": "seen", "water": "not_needed"}, "", NOW.date())
        with self.database.transaction() as session:
            observations.observe(
                session,
                work,
                self.task("do"),
                replace(watching, **changes),
                examiner_id=examiner,
                now=NOW,
            )


def media_app(folder: Path, clock: Callable[[], datetime], *, base_url: str) -> Flask:
    """Build an issuer with this set of tasks."""
    store = folder / "keys" / "store.json"
    KeyStore.create(store, PASSPHRASE).rotate("Ed25519", NOW)
    settings = IssuerSettings(
        base_url=base_url,
        database_url=f"sqlite:///{folder}/issuer.db",
        secret=b"s" * 32,
        body_name="Centre",
        country="Spain",
        country_code="ES",
        key_store=store,
        passphrase=PASSPHRASE,
        wallet_url="http://localhost:8002",
    )
    app = create_app(settings, clock=clock)
    body = app.extensions["issuing_body"]
    app.extensions["issuing_body"] = replace(body, library=Library(media_framework()))
    return app


def house_of(app: Flask) -> MediaHouse:
    """Give the people and work behind an app."""
    services: Services = app.extensions["mycred4home"]
    return MediaHouse(services.database)


def client_of(app: Flask, house: House, person: UUID) -> FlaskClient:
    """Sign somebody in."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    with house.database.transaction() as session:
        code = accounts.invite(session, person, now=NOW)
    assert client.post("/enter", data={"code": code}).status_code == 302
    return client
