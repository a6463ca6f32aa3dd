"""Which files a second examiner looks at too, although one would be enough (domain B.4, step 5)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom


@dataclass(frozen=True)
class Sampling:
    """An examiner's first files are all marked twice, later ones when the lot falls on them.

    The lot is cast when the first marks are in, so that nobody knows it while marking.
    """

    first_files: int = 5
    share: float = 0.1
    """Of the later files, between 0 and 1."""
    draw: Callable[[], float] = field(default=SystemRandom().random, repr=False)
    """Gives a number from 0 up to, not with, 1."""

    def falls_on(self, files_before: int) -> bool:
        """Tell whether the file of an examiner who marked `files_before` others is marked twice."""
        return files_before < self.first_files or self.draw() < self.share


NO_SAMPLING = Sampling(first_files=0, share=0)
"""One examiner is always enough below expert level."""
