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
    """`awarded`, `not_yet`, `withdrawn`; None while it is open."""
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
    """The decided work of one group; `rate` and `minutes` are None where it is hidden."""

    name: str
    rate: Rate | None
    minutes: Spread | None


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
    withdrawn: int | None
    decided: int | None
    completion: float | None
    """The decided share of all that is not open."""
    levels: tuple[int | None, ...] | None
    """How many came to no level, and to levels 1, 2, 3."""
    hours: Spread | None
    overall: Cell
    cuts: Mapping[str, tuple[Cell, ...]]
    agreement: Agreement | None


def figures(work: Sequence[Work], *, by: Sequence[str]) -> Figures:
    """Count a pilot, cut by the traits named in `by`."""
    decided = [one for one in work if one.ended in ("awarded", "not_yet")]
    stopped = [one for one in work if one.ended == "withdrawn"]
    withdrawn = len(stopped)
    closed = len(decided) + withdrawn
    # With two of the three numbers the third is known, so a hidden one takes the completion along.
    shown = _shown(decided)
    twice = [one for one in decided if len(one.proposed) > 1]
    return Figures(
        started=len(work) if _shown(work) else None,
        withdrawn=withdrawn if shown and not _are_few(stopped) else None,
        decided=len(decided) if shown else None,
        completion=len(decided) / closed if shown and not _are_few(stopped) else None,
        levels=_level_counts(decided) if shown else None,
        hours=spread(one.hours for one in decided) if shown else None,
        overall=_cell("", decided) if shown else Cell("", None, None),
        cuts={trait: cut(decided, trait) for trait in by},
        agreement=agreement([_pair(one) for one in twice]) if _shown(twice) else None,
    )


def cut(decided: Sequence[Work], trait: str) -> tuple[Cell, ...]:
    """Give one cell for each value of a trait, in order, those of fewer than five people hidden.

    When a single group is hidden, the smallest other one is hidden with it: the total would give it
    away by subtraction.
    """
    groups: dict[str, list[Work]] = {}
    for one in decided:
        groups.setdefault(one.traits[trait], []).append(one)
    hidden = _with_a_second(
        {name for name, members in groups.items() if not _shown(members)},
        {name: len(members) for name, members in groups.items()},
    )
    hidden = _with_enough_elsewhere(hidden, groups)
    return tuple(
        Cell(name, None, None) if name in hidden else _cell(name, groups[name])
        for name in sorted(groups)
    )


def shown_counts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Give counts of people by group, those below five hidden, and a second one with a single."""
    hidden = _with_a_second({name for name in counts if counts[name] < SMALLEST}, counts)
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
    return Cell(name, wilson(passed, len(members)), spread(one.minutes for one in members))


def _shown(members: Sequence[Work]) -> bool:
    return len({one.person for one in members}) >= SMALLEST and _elsewhere(members) not in _few()


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


def _with_a_second(hidden: set[str], sizes: Mapping[str, int]) -> set[str]:
    rest = [name for name in sizes if name not in hidden]
    if len(hidden) != 1 or not rest:
        return hidden
    return {*hidden, min(rest, key=lambda name: (sizes[name], name))}


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
