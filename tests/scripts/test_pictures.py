"""The pictures of the documentation: what a terminal shows, as one file that loads nothing."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from scripts.pictures import terminal_svg

ROOT = Path(__file__).parents[2]


def test_a_terminal_is_drawn_with_its_colours_and_without_a_server() -> None:
    drawn = terminal_svg("\x1b[32mbest\x1b[0m trial 9\n▁▂█\n")
    assert "@font-face" not in drawn and "url(http" not in drawn
    text = "".join(ElementTree.fromstring(drawn).itertext()).replace("\xa0", " ")
    assert "best" in text and " trial 9" in text and "▁▂█" in text
    assert "#98a84b" in drawn  # green, in the theme of Rich's pictures


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    pictures = list((ROOT / "docs" / "images").iterdir())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {"report.png", "report-dark.png", "terminal.svg"} <= {each.name for each in pictures}
    assert all(f"docs/images/{name}" in readme for name in ("report.png", "report-dark.png", "terminal.svg"))
    assert all(each.stat().st_size < 200_000 for each in pictures)
