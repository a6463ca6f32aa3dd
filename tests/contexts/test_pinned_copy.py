"""The copy of the pinned table that is read faster says what the table says."""

from pathlib import Path

from contexts import pinned

DATA = Path(pinned.__file__).parent / "data"


def test_copy_is_the_table() -> None:
    assert (DATA / "pinned.json").read_text("utf-8") == pinned.write_copy()
