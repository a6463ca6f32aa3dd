"""The practical guide for other centres and sectors: one text a language, tables made from data.

``issuer/guides/<language>.md`` holds the text; ``[[name]]`` on a line of its own stands for a table
made from the framework or from a pilot's figures. The same Markdown (CommonMark with tables, no
HTML) becomes a page and, by Typst, a tagged PDF::

    text = guide_markdown(framework, "fr", figures=None)
    as_html(text), as_pdf(text, title="Guide", language="fr")
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from issuer.framework import AchievementDefinition, Framework
from issuer.framework_files import EU_ELEMENTS
from issuer.pilot import Overview
from issuer.statistics import Cell, Rate
from web.languages import N_, country_name, format_number, format_share, gettext

FOLDER = Path(__file__).parent / "guides"

_PLACE = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
_ELEMENT_NAMES = {
    "M1": N_("Identification of the learner"),
    "M2": N_("Title"),
    "M3": N_("Country of the body that awards"),
    "M4": N_("Body that awards"),
    "M5": N_("Date of issuing"),
    "M6": N_("Learning outcomes"),
    "M7": N_("Time needed"),
    "M8": N_("Level, where there is one"),
    "M9": N_("Kind of assessment"),
    "M10": N_("How one takes part"),
    "M11": N_("How quality is kept"),
    "O1": N_("What is needed before"),
    "O2": N_("Supervision and check of identity"),
    "O3": N_("Grade"),
    "O4": N_("How badges go together"),
    "O5": N_("Further information"),
}
"""Council Recommendation of 16 June 2022 on micro-credentials, Annex I."""


@dataclass(frozen=True)
class Chapter:
    """One chapter's number, title and anchor, for the table of contents."""

    number: int
    title: str
    anchor: str


@cache
def guide_languages() -> tuple[str, ...]:
    """List the languages that the guide is written in."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.md")))


def guide_language(language: str) -> str:
    """Give the language in which a reader of `language` gets the guide."""
    return language if language in guide_languages() else "en"


def guide_markdown(framework: Framework, language: str, *, figures: Overview | None) -> str:
    """Write the guide with its tables, in one of `guide_languages()`.

    Call it while that language is spoken (`web.languages.speaking`), which the names of the tables'
    columns follow. Without `figures` the chapter on statistics says where they would stand.
    """
    tables: dict[str, Callable[[], str]] = {
        "skills": lambda: _skills(framework, language),
        "levels": lambda: _levels(framework, language),
        "rubric": lambda: _rubric(framework, language),
        "elements": lambda: _elements(framework, language),
        "links": lambda: _links(framework, language),
        "sets": lambda: _sets(framework, language),
        "figures": lambda: _figures(framework, language, figures),
    }
    text = (FOLDER / f"{language}.md").read_text("utf-8")
    return _PLACE.sub(lambda found: tables[found[1]](), text)


def chapters(markdown: str) -> list[Chapter]:
    """List the chapters: the headings of the second level."""
    titles = re.findall(r"^## (.+)$", markdown, re.MULTILINE)
    return [Chapter(number, title, f"chapter-{number}") for number, title in enumerate(titles, 1)]


def as_html(markdown: str) -> Markup:
    """Write the guide as HTML; chapters are numbered and have anchors."""
    tokens = _parse(markdown)
    number = 0
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            number += 1
            token.attrs["id"] = f"chapter-{number}"
            inline = tokens[place + 1]
            assert inline.children, "a chapter has a title"
            inline.children[0].content = f"{number}. {inline.children[0].content}"
        if token.type == "table_open":
            token.attrs["tabindex"] = "0"  # it scrolls on a phone: by keyboard too
    return Markup(_reader().renderer.render(tokens, _reader().options, {}))  # noqa: S704


def as_pdf(markdown: str, *, title: str, language: str) -> bytes:
    """Write the guide as a tagged PDF (PDF/UA-1), A4, with a table of contents."""
    import typst  # a large library: only who asks for a PDF pays for it

    return bytes(typst.compile(as_typst(markdown, title=title, language=language).encode(),
                               format="pdf", pdf_standards="ua-1"))  # fmt: skip


def as_typst(markdown: str, *, title: str, language: str) -> str:
    """Write the guide as Typst source; every text of it is a string literal, so nothing is code."""
    return "\n".join(
        (
            f"#set document(title: {_quoted(title)})",
            f"#set text(lang: {_quoted(language)}, size: 10.5pt)",
            '#set page(paper: "a4", margin: 22mm, numbering: "1")',
            "#set par(leading: 0.7em, spacing: 1em)",
            '#set heading(numbering: "1.")',
            "#set table(stroke: 0.5pt, inset: 5pt)",
            "#show table: set text(size: 9pt)",
            "#show table.cell: set par(leading: 0.55em)",
            f"#std.title()[#{_quoted(title)}]",
            "#outline(depth: 1)",
            *_typst(_parse(markdown)),
        )
    )


# --- tables from the framework ------------------------------------------------------------------


def _skills(framework: Framework, language: str) -> str:
    rows = [
        (framework.skill_name(skill, language), framework.text(language, f"skill.{skill}.about"))
        for skill in framework.skills
    ]
    return _table((gettext("Skill"), gettext("What it is")), rows)


def _levels(framework: Framework, language: str) -> str:
    rows = [
        (
            framework.achievement_name(definition, language),
            framework.i_can(definition, language),
        )
        for definition in _once(framework, language)
    ]
    return _table((gettext("Badge"), gettext("What its owner can say")), rows)


def _rubric(framework: Framework, language: str) -> str:
    parts = []
    for skill in framework.skills:
        parts.append(f"### {_cell(framework.skill_name(skill, language))}")
        parts.append(
            _table(
                (gettext("Criterion"), "0", "1", "2", "3"),
                [(line.name, *line.anchors) for line in framework.rubric(skill, language)],
            )
        )
    return "\n\n".join(parts)


def _elements(framework: Framework, language: str) -> str:
    definition = framework.definitions()[0]
    edition = framework.achievement_json(
        definition, base_url="https://badges.example", lang=language
    )
    told = {one["targetType"]: one["targetName"] for one in edition["alignment"]}
    rows = []
    for name in EU_ELEMENTS:
        carrier = framework.contents.elements[name]
        value = {
            "badge": gettext("in each badge"),
            "achievement": gettext("in the description of the badge"),
            "alignment": told.get(carrier.place, ""),
        }[carrier.kind]
        rows.append((name, gettext(_ELEMENT_NAMES[name]), value, f"`{carrier.place}`"))
    return _table((gettext("No."), gettext("Element"), gettext("Example"), gettext("Place")), rows)


def _links(framework: Framework, language: str) -> str:
    edition = framework.achievement_json(
        framework.definitions()[0], base_url="https://badges.example", lang=language
    )
    rows = [
        (one["targetFramework"], one["targetName"], one["targetCode"])
        for one in edition["alignment"]
        if not one["targetUrl"].startswith("https://badges.example")
    ]
    return _table((gettext("List"), gettext("Term"), gettext("Code")), rows)


def _sets(framework: Framework, language: str) -> str:
    rows = []
    for shape in sorted(
        framework.contents.scenarios.values(),
        key=lambda one: (list(framework.skills).index(one.skill), one.level, one.id),
    ):
        scenario = framework.scenario_by_id(shape.id, language)
        rows.append(
            (
                framework.skill_name(shape.skill, language),
                framework.level_name(shape.level, language),
                scenario.title,
                str(len(scenario.tasks)),
            )
        )
    return _table((gettext("Skill"), gettext("Level"), gettext("Task set"), gettext("Tasks")), rows)


def _once(framework: Framework, language: str) -> Iterator[AchievementDefinition]:
    """Give each level of each skill once, where a skill is assessed by language in the reader's."""
    for definition in framework.definitions():
        if definition.assessed_language in (None, language):
            yield definition


# --- tables from a pilot ------------------------------------------------------------------------


def _figures(framework: Framework, language: str, found: Overview | None) -> str:
    if found is None or found.figures.overall.rate is None:
        return gettext("The figures of your pilot stand here, once five people are counted.")
    overall = found.figures.overall
    names: dict[str, Callable[[str], str]] = {
        "country": country_name,
        "skill": lambda skill: framework.skill_name(skill, language),
    }
    rows = [
        _rate_row(gettext("Everybody"), overall),
        *(
            _rate_row(names[by](cell.name), cell)
            for by in ("country", "skill")
            for cell in found.figures.cuts[by]
        ),
    ]
    parts = [
        _table(
            (
                gettext("Group"),
                gettext("Reached a level"),
                gettext("Interval (95 %)"),
                gettext("Minutes, in the middle"),
            ),
            rows,
        )
    ]
    together = found.figures.agreement
    if together is not None:
        kappa = together.weighted_kappa
        parts.append(
            gettext(
                "Of %(pairs)s files marked twice, %(exact)s got the same level and %(near)s at "
                "most one level apart; the weighted kappa is %(kappa)s.",
                pairs=together.pairs,
                exact=format_share(together.exact),
                near=format_share(together.within_one),
                kappa=format_number(kappa, 2) if kappa is not None else "–",
            )
        )
    return "\n\n".join(parts)


def _rate_row(name: str, cell: Cell) -> tuple[str, ...]:
    if cell.rate is None:
        return name, gettext("hidden"), "", ""
    rate: Rate = cell.rate
    minutes = format_number(cell.minutes.median) if cell.minutes else gettext("hidden")
    return (
        name,
        f"{rate.passed} / {rate.of} = {format_share(rate.share)}",
        f"{format_share(rate.low)} – {format_share(rate.high)}",
        minutes,
    )


# --- Markdown -----------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    if text.startswith("`"):
        return text
    return re.sub(r"([\\`*_\[\]<|#])", r"\\\1", " ".join(text.split()))


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _parse(markdown: str) -> list[Token]:
    return _reader().parse(markdown)


# --- Typst --------------------------------------------------------------------------------------

_BLOCKS = {
    "paragraph_open": "#par[",
    "bullet_list_open": "#list(",
    "ordered_list_open": "#enum(",
    "list_item_open": "[",
    "thead_open": "table.header(",
    "th_open": "[",
    "td_open": "[",
}
_ENDS = {
    "paragraph_close": "]",
    "bullet_list_close": ")",
    "ordered_list_close": ")",
    "list_item_close": "],",
    "thead_close": "),",
    "th_close": "],",
    "td_close": "],",
    "heading_close": "]",
    "table_close": ")",
}


def _typst(tokens: Sequence[Token]) -> Iterator[str]:
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            yield f"#heading(level: {int(token.tag[1:]) - 1})["
        elif token.type == "table_open":
            columns = next(
                count
                for count, one in enumerate(
                    one for one in tokens[place:] if one.type in ("th_open", "tr_close")
                )
                if one.type == "tr_close"
            )
            widths = "(auto, 1fr)" if columns == 2 else f"(1fr,) * {columns}"
            yield f"#table(columns: {widths}, align: left,"
        elif token.type == "inline":
            yield "".join(_typst_inline(token.children or ()))
        elif not token.hidden:  # paragraphs inside list items have no marks of their own
            yield _BLOCKS.get(token.type, "") or _ENDS.get(token.type, "")


def _typst_inline(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "text_special"):
            yield f"#{_quoted(token.content)};"
        elif token.type == "code_inline":
            yield f"#raw({_quoted(token.content)});"
        elif token.type in ("softbreak", "hardbreak"):
            yield '#" ";'
        elif token.type == "strong_open":
            yield "#strong["
        elif token.type == "em_open":
            yield "#emph["
        elif token.type in ("strong_close", "em_close"):
            yield "];"
        else:
            raise ValueError(f"the guide holds {token.type}, which has no form in print")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
