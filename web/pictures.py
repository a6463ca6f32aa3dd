"""Badge pictures: a symbol for the skill and one to three stars, readable in black and white."""

from markupsafe import Markup, escape

_INK = "#1f2937"
_STAR = "M0-9 2.6-2.9 9-2.9 3.9 1.2 5.8 7.6 0 3.7-5.8 7.6-3.9 1.2-9-2.9-2.6-2.9z"

# Each symbol is drawn in a 100 x 100 box around the middle of the badge.
_SYMBOLS: dict[str, tuple[str, str]] = {
    "broom": (
        "#d9f0e6",
        '<path d="M68 14 46 52" stroke-width="6"/>'
        '<path d="M38 48 58 59 50 84 Q34 86 20 76 Z" fill="#f6c667"/>'
        '<path d="M30 79 38 66M41 83 46 70M36 53 56 64"/>',
    ),
    "ear": (
        "#dfe9fb",
        '<path d="M18 44c0-16 10-26 22-26s21 9 21 21c0 14-13 16-14 27-1 8-6 12-12 12-5 0-9-3-10-7"'
        ' fill="#f3d3b8"/><path d="M28 44c0-9 5-15 12-15s11 5 11 11c0 7-7 8-10 13"/>'
        '<path d="M70 34h16M70 48h16M70 62h12" stroke-width="5"/>',
    ),
    "speech": (
        "#fbe6d8",
        '<path d="M14 24h50a6 6 0 0 1 6 6v22a6 6 0 0 1-6 6H38L24 70V58H14a6 6 0 0 1-6-6'
        'V30a6 6 0 0 1 6-6z" fill="#fff"/><path d="M20 36h38M20 46h24"/>'
        '<path d="M76 40h10a6 6 0 0 1 6 6v20a6 6 0 0 1-6 6h-4v11L70 72H54a6 6 0 0 1-6-6"'
        ' fill="none"/>',
    ),
    "clock": (
        "#efe3f7",
        '<circle cx="38" cy="46" r="28" fill="#fff"/><path d="M38 28v18l13 9" stroke-width="5"/>'
        '<path d="M74 30l5 5 9-10M74 52l5 5 9-10M74 74l5 5 9-10"/>',
    ),
    "examiner": (
        "#fdf0c8",
        '<path d="M26 16h36l14 14v54H26z" fill="#fff"/><path d="M62 16v14h14M36 44l6 6 11-12"/>'
        '<path d="M36 66h30M36 76h22"/>',
    ),
    "medal": (
        "#e8ebef",
        '<path d="M34 12 50 40 66 12" fill="none"/><circle cx="50" cy="60" r="24" fill="#fff"/>'
        '<path d="M50 46l4 9 10 1-8 6 3 10-9-6-9 6 3-10-8-6 10-1z"/>',
    ),
}
SYMBOLS = frozenset(_SYMBOLS)


def badge_svg(symbol: str, stars: int, *, title: str, language: str = "") -> Markup:
    """Draw the picture of a badge: `symbol` in a ring, `stars` of three filled below.

    Unknown symbols become a medal. With no stars (0) the row of stars is left out, for badges
    that have no level. Without a title it is decoration, which screen readers pass over. `language`
    is the title's, where that is not the page's.
    """
    tint, drawing = _SYMBOLS.get(symbol, _SYMBOLS["medal"])
    row = "".join(
        f'<path transform="translate({80 + 40 * (place - 1)} 172) scale(1.7)" d="{_STAR}" '
        f'fill="{_INK if place < stars else "#fff"}" stroke-width="1.6"/>'
        for place in range(3 if stars else 0)
    )
    spoken = f'lang="{escape(language)}" ' if language else ""
    said = f'{spoken}role="img"><title>{escape(title)}</title>' if title else 'aria-hidden="true">'
    return Markup(  # noqa: S704 - constants and an escaped title
        '<svg class="badge-picture" viewBox="0 0 160 200" '
        f'xmlns="http://www.w3.org/2000/svg" {said}'
        f'<g fill="none" stroke="{_INK}" stroke-width="3.5" stroke-linecap="round" '
        'stroke-linejoin="round">'
        f'<circle cx="80" cy="76" r="70" fill="{tint}"/>'
        '<circle cx="80" cy="76" r="62" stroke-width="1.5" stroke-dasharray="1 5"/>'
        f'<g transform="translate(30 27)">{drawing}</g>{row}</g></svg>'
    )
