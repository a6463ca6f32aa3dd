"""``python -m demo``: what `make demo` runs."""

from demo import main

main()
