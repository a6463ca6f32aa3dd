"""Figures that help to make the tasks and the marking better: pure arithmetic, small cells hidden.

Beside `issuer.statistics` (who reached what) this tells how examiners mark beside each other, which
criteria are hard, where people stop, and how people found it. The rule is the same: what is about
fewer than five is not here (domain B.5-24, H.4).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from issuer.statistics import SMALLEST, Rate, agreement, wilson

_RESAMPLES = 1_000
_SEED = 20_261_125
"""Any number: the same figures give the same interval each time."""


@dataclass(frozen=True)
class Marked:
    """One examiner's look at one file, with what it was aimed at."""

    examiner: str
    """Their alias."""
    file: Hashable
    skill: str
    level: int
    """Proposed: 0 to 3."""
    aim: int
    """The level that the person tried: 1 to 3."""
    marks: Mapping[str, int]


@dataclass(frozen=True)
class ExaminerFigures:
    """How one examiner marks beside the others who marked the same files."""

    alias: str
    pairs: int
    severity: float
    """Mean difference to the other examiner, in levels: below nought is stricter."""
    exact: float
    within_one: float
    weighted_kappa: float | None
    low: float | None
    high: float | None
    """A 95 % bootstrap interval of the kappa (percentiles of 1,000 resamples of the pairs)."""


@dataclass(frozen=True)
class Difficulty:
    """How often a criterion stays below the level that people aim at."""

    skill: str
    criterion: str
    below: Rate


@dataclass(frozen=True)
class Face:
    """How people answered one question: the mean of 1 to 5, and how many chose each face."""

    question: str
    answers: int
    mean: float
    counts: tuple[int | None, ...]
    """For each face; None where a single small one would tell who it was."""


@dataclass(frozen=True)
class Appeals:
    """Second looks that people asked for, and what they came to; counts below five are None."""

    made: int
    higher: int | None
    same: int | None
    lower: int | None
    open: int | None


@dataclass(frozen=True)
class Vouched:
    """How many endorsements the collected badges of one kind carry."""

    badge: str
    """Slug and level, as in the badge's address: technical-cleaning/confirmed."""
    badges: int
    endorsements: float
    """The mean number in a badge, when it was signed."""


def examiners(marked: Sequence[Marked]) -> tuple[ExaminerFigures, ...]:
    """Give the figures of each examiner with five shared files or more, by alias."""
    files: dict[Hashable, list[Marked]] = defaultdict(list)
    for one in marked:
        files[one.file].append(one)
    pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for together in files.values():
        for own in together:
            pairs[own.examiner].extend(
                (own.level, other.level) for other in together if other is not own
            )
    return tuple(
        _examiner(alias, own) for alias, own in sorted(pairs.items()) if len(own) >= SMALLEST
    )


def difficulties(marked: Sequence[Marked]) -> tuple[Difficulty, ...]:
    """Give how often each criterion was marked below the aim, the hardest first.

    One look a file counts, the first; criteria with fewer than five files are left out.
    """
    first = list({one.file: one for one in reversed(marked)}.values())
    below: Counter[tuple[str, str]] = Counter()
    all_: Counter[tuple[str, str]] = Counter()
    for one in first:
        for criterion, mark in one.marks.items():
            all_[one.skill, criterion] += 1
            below[one.skill, criterion] += mark < one.aim
    found = (
        Difficulty(skill, criterion, wilson(below[skill, criterion], number))
        for (skill, criterion), number in all_.items()
        if number >= SMALLEST
    )
    return tuple(sorted(found, key=lambda one: (-one.below.share, one.skill, one.criterion)))


def dropouts(answered: Iterable[tuple[int, bool]], tasks: int) -> tuple[Rate, ...] | None:
    """Give, for each task, the share of those who came to it and stopped there.

    `answered` holds how many tasks a person answered and whether they sent the work. None when
    fewer than five stopped anywhere: one person's place would show.
    """
    rows = list(answered)
    stopped = Counter(number for number, sent in rows if not sent)
    if sum(stopped.values()) < SMALLEST or any(
        0 < number < SMALLEST for number in stopped.values()
    ):
        return None
    came = [sum(number >= place for number, _sent in rows) for place in range(tasks)]
    return tuple(wilson(stopped[place], came[place]) for place in range(tasks) if came[place])


def faces(answers: Mapping[str, Sequence[int]]) -> tuple[Face, ...]:
    """Give how people answered each question, for five answers or more."""
    found = []
    for question, given in answers.items():
        if len(given) < SMALLEST:
            continue
        counts = [given.count(face) for face in range(1, 6)]
        found.append(Face(question, len(given), fmean(given), _hidden(counts)))
    return tuple(found)


def appeals(changes: Sequence[int | None]) -> Appeals | None:
    """Count appeals by their outcome: by how many levels each moved, None while it is open.

    None of fewer than five; of the counts those that would tell of fewer are hidden.
    """
    if len(changes) < SMALLEST:
        return None
    ended = [change for change in changes if change is not None]
    higher, same, lower = (
        sum(change > 0 for change in ended),
        sum(change == 0 for change in ended),
        sum(change < 0 for change in ended),
    )
    return Appeals(len(changes), *_hidden([higher, same, lower, len(changes) - len(ended)]))


def vouched(carried: Iterable[tuple[str, int]]) -> tuple[Vouched, ...]:
    """Give the mean number of endorsements by kind of badge, of five badges or more."""
    by_badge: dict[str, list[int]] = defaultdict(list)
    for badge, number in carried:
        by_badge[badge].append(number)
    return tuple(
        Vouched(badge, len(numbers), fmean(numbers))
        for badge, numbers in sorted(by_badge.items())
        if len(numbers) >= SMALLEST
    )


def share(flags: Sequence[bool]) -> Rate | None:
    """Give the share of true ones of five or more, unless one to four are on either side."""
    true = sum(flags)
    few = range(1, SMALLEST)
    if len(flags) < SMALLEST or true in few or len(flags) - true in few:
        return None
    return wilson(true, len(flags))


def bootstrap(
    pairs: Sequence[tuple[int, int]], figure: Callable[[Sequence[tuple[int, int]]], float | None]
) -> tuple[float, float] | None:
    """Give a 95 % percentile interval of a figure over resamples of pairs (Efron 1979).

    None where the figure cannot be told of one resample in ten or more.
    """
    chance = Random(_SEED)  # noqa: S311 - no secret: repeatable figures are meant
    found = sorted(
        value
        for _ in range(_RESAMPLES)
        if (value := figure(chance.choices(pairs, k=len(pairs)))) is not None
    )
    if len(found) < _RESAMPLES * 0.9:
        return None
    return found[round(0.025 * (len(found) - 1))], found[round(0.975 * (len(found) - 1))]


def _examiner(alias: str, pairs: Sequence[tuple[int, int]]) -> ExaminerFigures:
    together = agreement(pairs)
    assert together is not None, "at least five pairs"

    def kappa(some: Sequence[tuple[int, int]]) -> float | None:
        again = agreement(some)
        return again.weighted_kappa if again else None

    interval = bootstrap(pairs, kappa) if together.weighted_kappa is not None else None
    return ExaminerFigures(
        alias=alias,
        pairs=len(pairs),
        severity=fmean(own - other for own, other in pairs),
        exact=together.exact,
        within_one=together.within_one,
        weighted_kappa=together.weighted_kappa,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )


def _hidden(counts: Sequence[int]) -> tuple[int | None, ...]:
    # The total is shown, so a single hidden face could be had by subtraction.
    few = [place for place, count in enumerate(counts) if 0 < count < SMALLEST]
    rest = sorted(
        (place for place, count in enumerate(counts) if count >= SMALLEST),
        key=lambda place: counts[place],
    )
    if len(few) == 1 or 0 < sum(counts[place] for place in few) < SMALLEST:
        few.extend(rest[:1])
    return tuple(None if place in few else count for place, count in enumerate(counts))
