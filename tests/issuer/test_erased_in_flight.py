"""Requests of somebody who is erased while they run: a clear page or a refusal, never an incident.

The person is erased after the request was let in and before its view begins, at every address that
they reach; nothing of them may come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import g
from two_centres import OWN, TwoCentres, open_two_centres, visitor

from issuer import erasure
from issuer.tables import Erasure, Person, Role

GONE = 410


@contextmanager
def erased_in_flight(centres: TwoCentres, who: str) -> Iterator[list[str]]:
    """Let somebody be erased in each request of theirs, once they are known; count them."""
    centre, begun = centres.service.centre, []
    person = centre.people[who]
    erasure.erase(
        centre.database,
        person,
        keep_badges=True,
        end_open_work=True,
        by=person,
        body=centre.body,
        now=centres.service.clock(),
    )
    erased = centres.snapshot()
    centres.put_back()

    def erase() -> None:
        if g.visitor is not None:
            begun.append(who)
            centres.put_back(erased)

    hooks = centres.service.app.before_request_funcs.setdefault(None, [])
    hooks.append(erase)
    try:
        yield begun
    finally:
        hooks.remove(erase)
        centres.put_back()


@pytest.fixture(scope="module")
def centres(tmp_path_factory: pytest.TempPathFactory) -> TwoCentres:
    return open_two_centres(tmp_path_factory.mktemp("two"))


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.OFFICER])
def test_nobody_meets_an_incident_or_comes_back_while_being_erased(
    centres: TwoCentres, role: Role
) -> None:
    who, wrong, asked = visitor(role, OWN), [], 0
    with erased_in_flight(centres, who) as begun:
        for name, rule in centres.routes():
            status = centres.ask(who, name.partition(" ")[0], rule, and_undo=False)
            if len(begun) == asked:  # nobody looks at cookies there
                continue
            asked += 1
            if status >= 500 or is_back(centres, who):
                wrong.append(f"{name}: {status}")
            centres.put_back()
    assert not wrong
    assert asked > 100


def is_back(centres: TwoCentres, who: str) -> bool:
    mine = centres.service.centre.people[who]
    with centres.service.centre.database.reading() as session:
        person, erased = session.get(Person, mine), session.get(Erasure, mine)
    return erased is None or (person is not None and bool(person.display_name))


def test_the_page_says_what_happened(centres: TwoCentres) -> None:
    who = visitor(Role.CANDIDATE, OWN)
    cookie = {"Cookie": centres.cookie(who)}
    with erased_in_flight(centres, who):
        browser = centres.service.app.test_client(use_cookies=False)
        page = browser.get("/my-data/?lang=en", headers=cookie)
        assert page.status_code == GONE
        assert "This account was erased a moment ago." in page.text
        centres.put_back()
        asked = {**cookie, "Accept": "application/json"}
        problem = browser.get("/my-data/", headers=asked).get_json()
        assert problem["type"] == "about:blank#erased"
        assert browser.get("/my-data/", headers=cookie).status_code == 401, "signed out now"
