"""The generated reference pages are those of the present code."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import reference


@pytest.mark.parametrize("page", reference.pages(), ids=lambda path: path.stem)
def test_the_page_is_as_the_code_is(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == reference.pages()[page], "run `make reference`"


def test_the_command_line_page_has_every_command_with_its_options() -> None:
    page = reference.command_line_page()
    assert "### morphogenetic sweep resume\n" in page
    assert "| `--retry-failed` | Also retry failed trials. |" in page


def test_the_configuration_page_describes_every_key() -> None:
    rows = [row for row in reference.configuration_page().splitlines() if row.startswith("| `")]
    assert len(rows) > 60
    undescribed = [row for row in rows if row.endswith("|  |") and not row.startswith("| `type`")]
    assert not undescribed
