"""Honest figures of a pilot: rates with intervals, agreement between examiners, small cells hidden.

Pure arithmetic over `Work` records; nothing here knows a database, a page or a name. What is hidden
because it counts fewer than five people is `None`, never nought (domain B.5-24, H.4). Who may see
the figures of one centre and of several together could subtract: so what counts one to four people
of other centres than the reader's is hidden too (B.5-30).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, median, quantiles

SMALLEST = 5
"""Figures about fewer people or pieces of work than this are not shown."""

LEVELS = 4
"""No level, and the three of the framework: 0 to 3."""

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Work:
    """One piece of work, without anything that tells whose it is."""

    traits: Mapping[str, str]
    """What it can be counted by, e.g. skill, language, country."""
    ended: str | None
    """`awarded`, `not_yet`, `withdrawn`, `void`; None while it is open."""
    person: Hashable
    """Whose it is, as a number that means nothing outside one count."""
    level: int | None = None
    """The level decided: 0 to 3."""
    minutes: float | None = None
    """From the first task to sending."""
    hours: float | None = None
    """From sending to the decision."""
    proposed: tuple[int, ...] = ()
    """The level that each examiner proposed without seeing the others', in order: 0 to 3."""
    elsewhere: bool = False
    """It is of another centre than the one of who reads the figures."""
    is_sent: bool = False
    is_released: bool = False
    """An officer released a badge for it."""
    is_collected: bool = False
    """The person took that badge into a wallet."""


@dataclass(frozen=True)
class Spread:
    """The middle of a set of times, and the half of it that lies around."""

    median: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Rate:
    """A share of counted cases with its 95 % interval, all between 0 and 1."""

    passed: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Give the share itself."""
        return self.passed / self.of


@dataclass(frozen=True)
class Cell:
    """The decided work of one group; all but the name is None where it is hidden."""

    name: str
    rate: Rate | None
    minutes: Spread | None
    people: int | None = None
    """How many people did that work: five or more."""


@dataclass(frozen=True)
class Agreement:
    """How two examiners who did not see each other's marks agree on the level."""

    pairs: int
    exact: float
    within_one: float
    kappa: float | None
    weighted_kappa: float | None
    """With quadratic weights: levels are ordered, so a step aside is less wrong than two."""


@dataclass(frozen=True)
class Figures:
    """What a pilot came to. Counts and figures below five are None."""

    started: int | None
    """All that was begun and is not void: a technical fault counts for nobody."""
    sent: int | None
    withdrawn: int | None
    decided: int | None
    released: int | None
    collected: int | None
    completion: float | None
    """The decided share of all that was begun (domain H.4)."""
    levels: tuple[int | None, ...] | None
    """How many came to no level, and to levels 1, 2, 3."""
    hours: Spread | None
    overall: Cell
    cuts: Mapping[str, tuple[Cell, ...]]
    agreement: Agreement | None


def figures(work: Sequence[Work], *, by: Sequence[str]) -> Figures:
    """Count a pilot, cut by the traits named in `by`."""
    counted = [one for one in work if one.ended != "void"]
    decided = [one for one in counted if one.ended in ("awarded", "not_yet")]
    stopped = [one for one in counted if one.ended == "withdrawn"]
    steps = _steps(counted, decided)
    shown = _shown(decided)
    twice = [one for one in decided if len(one.proposed) > 1]
    return Figures(
        started=steps["started"],
        sent=steps["sent"],
        withdrawn=len(stopped) if shown and not _are_few(stopped) else None,
        decided=steps["decided"],
        released=steps["released"],
        collected=steps["collected"],
        completion=len(decided) / steps["started"] if shown and steps["started"] else None,
        levels=_level_counts(decided) if shown else None,
        hours=spread(one.hours for one in decided) if shown else None,
        overall=_cell("", decided) if shown else Cell("", None, None),
        cuts={trait: cut(decided, trait) for trait in by},
        agreement=agreement([_pair(one) for one in twice]) if _shown(twice) else None,
    )


def _steps(counted: Sequence[Work], decided: Sequence[Work]) -> dict[str, int | None]:
    """Give how much work reached each step, where no step tells of a few by what lies between.

    How much was decided, and how much of it awarded, the rates tell anyway. From there outwards a
    step is shown when it is as much as the last shown one, or five or more away from it.
    """
    found: dict[str, int | None] = dict.fromkeys(
        ("started", "sent", "decided", "released", "collected")
    )
    if not _shown(decided):
        return {**found, "started": len(counted) if _shown(counted) else None}
    found["decided"] = len(decided)
    within = decided
    for name, more in (("sent", [one for one in counted if one.is_sent]), ("started", counted)):
        if not _are_few(_without(more, within)):
            found[name], within = len(more), more
    around: Sequence[Work] = [one for one in decided if one.ended == "awarded"]
    for name, fewer in (
        ("released", [one for one in decided if one.is_released]),
        ("collected", [one for one in decided if one.is_collected]),
    ):
        if not (_are_few(fewer) or _are_few(_without(around, fewer))):
            found[name], around = len(fewer), fewer
    return found


def _without(more: Sequence[Work], fewer: Sequence[Work]) -> list[Work]:
    known = {id(one) for one in fewer}
    return [one for one in more if id(one) not in known]


def cut(decided: Sequence[Work], trait: str) -> tuple[Cell, ...]:
    """Give one cell for each value of a trait, in order, those of fewer than five people hidden.

    When what is hidden is a single group, or fewer than five people together, the smallest other
    group is hidden with it: the total would give it away by subtraction.
    """
    groups: dict[str, list[Work]] = {}
    for one in decided:
        groups.setdefault(one.traits[trait], []).append(one)
    hidden = _with_others(
        {name for name, members in groups.items() if not _shown(members)},
        {name: _people(members) for name, members in groups.items()},
    )
    hidden = _with_enough_elsewhere(hidden, groups)
    return tuple(
        Cell(name, None, None) if name in hidden else _cell(name, groups[name])
        for name in sorted(groups)
    )


def shown_counts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Give counts of people by group, those below five hidden, and others as `cut` hides them."""
    hidden = _with_others({name for name in counts if counts[name] < SMALLEST}, counts)
    return {name: None if name in hidden else counts[name] for name in sorted(counts)}


def wilson(passed: int, of: int) -> Rate:
    """Give a share with its 95 % Wilson score interval (Wilson 1927); `of` is at least 1."""
    if not 0 <= passed <= of or of == 0:
        raise ValueError(f"{passed} of {of} is no share")
    share, spread_ = passed / of, _Z * _Z / of
    middle = (share + spread_ / 2) / (1 + spread_)
    half = _Z / (1 + spread_) * sqrt(share * (1 - share) / of + spread_ / (4 * of))
    return Rate(passed, of, max(0.0, middle - half), min(1.0, middle + half))


def spread(values: Iterable[float | None]) -> Spread | None:
    """Give median and quartiles, of five values or more."""
    known = [value for value in values if value is not None]
    if len(known) < SMALLEST:
        return None
    lower, _middle, upper = quantiles(known, n=4)
    return Spread(median(known), lower, upper)


def agreement(pairs: Sequence[tuple[int, int]]) -> Agreement | None:
    """Give how far pairs of levels agree, of five pairs or more."""
    if len(pairs) < SMALLEST:
        return None
    number = len(pairs)
    return Agreement(
        pairs=number,
        exact=sum(one == two for one, two in pairs) / number,
        within_one=sum(abs(one - two) <= 1 for one, two in pairs) / number,
        kappa=_kappa(pairs, lambda one, two: float(one != two)),
        weighted_kappa=_kappa(pairs, lambda one, two: float((one - two) ** 2)),
    )


def can_compare(cells: Sequence[Cell]) -> bool:
    """Tell whether any two shown groups differ by more than chance: their intervals lie apart."""
    rates = [cell.rate for cell in cells if cell.rate is not None]
    return any(one.high < two.low for one in rates for two in rates)


def _kappa(pairs: Sequence[tuple[int, int]], distance: Callable[[int, int], float]) -> float | None:
    # Cohen 1960 and 1968: observed disagreement beside that of independent examiners with the same
    # habits. Undefined when both give one and the same level to all.
    number = len(pairs)
    firsts = [sum(one == level for one, _ in pairs) for level in range(LEVELS)]
    seconds = [sum(two == level for _, two in pairs) for level in range(LEVELS)]
    expected = sum(
        firsts[one] * seconds[two] * distance(one, two)
        for one in range(LEVELS)
        for two in range(LEVELS)
    )
    if expected == 0:
        return None
    return 1 - number * sum(distance(one, two) for one, two in pairs) / expected


def _pair(work: Work) -> tuple[int, int]:
    return work.proposed[0], work.proposed[1]


def _cell(name: str, members: Sequence[Work]) -> Cell:
    passed = sum(one.ended == "awarded" for one in members)
    return Cell(
        name,
        wilson(passed, len(members)),
        spread(one.minutes for one in members),
        _people(members),
    )


def _people(members: Sequence[Work]) -> int:
    return len({one.person for one in members})


def _shown(members: Sequence[Work]) -> bool:
    return _people(members) >= SMALLEST and _elsewhere(members) not in _few()


def _elsewhere(members: Iterable[Work]) -> int:
    return len({one.person for one in members if one.elsewhere})


def _are_few(members: Sequence[Work]) -> bool:
    return len(members) in _few() or sum(one.elsewhere for one in members) in _few()


def _with_enough_elsewhere(hidden: set[str], groups: Mapping[str, Sequence[Work]]) -> set[str]:
    # The total is shown, so what is hidden of other centres is known in sum: of five or of none.
    found = set(hidden)
    while _elsewhere(one for name in found for one in groups[name]) in _few():
        rest = [name for name in groups if name not in found and _elsewhere(groups[name])]
        if not rest:
            return set(groups)
        found.add(min(rest, key=lambda name: (len(groups[name]), name)))
    return found


def _with_others(hidden: set[str], sizes: Mapping[str, int]) -> set[str]:
    while hidden and (len(hidden) == 1 or sum(sizes[name] for name in hidden) < SMALLEST):
        rest = [name for name in sizes if name not in hidden]
        if not rest:
            break
        hidden = {*hidden, min(rest, key=lambda name: (sizes[name], name))}
    return hidden


def _few() -> range:
    return range(1, SMALLEST)


def _level_counts(decided: Sequence[Work]) -> tuple[int | None, ...]:
    # How many came to no level is told by the rate; so two of the other three are hidden, or none.
    given = [[one for one in decided if one.level == level] for level in range(LEVELS)]
    counts = [len(some) for some in given]
    hidden = [level for level in range(1, LEVELS) if _are_few(given[level])]
    if len(hidden) == 1:
        rest = [level for level in range(1, LEVELS) if level not in hidden]
        hidden.append(min(rest, key=lambda level: (counts[level] == 0, counts[level], level)))
    return tuple(None if level in hidden else count for level, count in enumerate(counts))
