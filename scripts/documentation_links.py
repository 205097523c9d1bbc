"""MkDocs hook: makes links from docs/ to other files of the repository work on the site."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_LINK = re.compile(r"\]\((?P<target>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the files of the repository that pages link to."""
    root = Path(config.docs_dir).parent
    wanted: set[str] = set()
    for file in list(files.documentation_pages()):
        for match in _LINK.finditer(file.content_string):
            target = _outside(match["target"], file.src_uri)
            if target is not None and (root / target).is_file():
                wanted.add(target)
    for target in sorted(wanted):
        files.append(File(target, str(root), config.site_dir, config.use_directory_urls))
    return files


# pylint: disable-next=unused-argument  # MkDocs passes it by name
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrites links out of docs/ to the copies on the site."""
    depth = page.file.src_uri.count("/")

    def led(match: re.Match[str]) -> str:
        target = _outside(match["target"], page.file.src_uri)
        if target is None or files.get_file_from_path(target) is None:
            return match[0]
        return f"]({'../' * depth}{target}{match['anchor'] or ''})"

    return _LINK.sub(led, markdown)


def _outside(target: str, page: str) -> str | None:
    """Returns the path from the repository's root; None: the link stays in docs/."""
    path = normpath(f"docs/{page}/../{target}")
    return None if path.startswith("docs/") or path.startswith("..") else path
