"""`mycred framework`: exit codes to rely on, problems with file and line, round trips."""

import json
import shutil
from pathlib import Path

import pytest

import cli

SHIPPED = Path(__file__).resolve().parents[2] / "issuer" / "frameworks"


def mycred(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["framework", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_a_good_framework_is_zero_and_tells_its_digest(capsys):
    assert mycred("check", SHIPPED / "mycred4home") == 0
    assert "no problem found\nsha384-" in capsys.readouterr().out


def test_a_problem_is_one_and_has_file_and_line(tmp_path, capsys):
    folder = Path(shutil.copytree(SHIPPED / "mycred4home", tmp_path / "copy"))
    file = folder / "texts" / "es.toml"
    lines = file.read_text("utf-8").split("\n")
    place = lines.index('name = "Inicial"')
    lines[place] = 'name = "  "'
    file.write_text("\n".join(lines), "utf-8")
    assert mycred("check", folder) == 1
    said = f"texts/es.toml:{place + 1}: level.beginner.name must be a text that is not empty"
    assert said in capsys.readouterr().out
    assert mycred("check", folder, "--json") == 1
    (found,) = [one for one in json.loads(capsys.readouterr().out) if not one["warning"]]
    assert (found["file"], found["line"]) == ("texts/es.toml", place + 1)


@pytest.mark.parametrize("arguments", [("check",), ("check", "/nowhere"), ("export", ".", "x")])
def test_wrong_use_is_three(arguments):
    assert mycred(*arguments) == 3


@pytest.mark.parametrize("form", ["zip", "spreadsheet"])
def test_there_and_back_is_the_same_digest(tmp_path, capsys, form):
    assert mycred("export", SHIPPED / "companionship", tmp_path / "out", "--format", form) == 0
    assert mycred("import", tmp_path / "out", tmp_path / "back", "--format", form) == 0
    digest = capsys.readouterr().out.strip()
    assert mycred("check", tmp_path / "back") == 0
    assert digest in capsys.readouterr().out
    assert mycred("import", tmp_path / "out", tmp_path / "back", "--format", form) == 1


def test_what_case_leaves_out_is_said(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert mycred("export", SHIPPED / "companionship", out, "--format", "case") == 0
    assert "left out: texts in fr, es" in capsys.readouterr().out
