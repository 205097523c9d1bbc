"""Lists vulnerabilities of Python packages, found by osv-scanner, that a newer version fixes; fails if there are any.

python scripts/mendable.py vulnerabilities.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path


def mendable(report: dict[str, object]) -> Iterator[str]:
    """Yields a line for each vulnerability of a PyPI package that has a fixed version.

    The report's format: https://google.github.io/osv-scanner/output/, https://ossf.github.io/osv-schema/
    """
    for result in _items(report, "results"):
        for package in _items(result, "packages"):
            about = package.get("package")
            if not isinstance(about, dict) or about.get("ecosystem") != "PyPI":
                continue
            for vulnerability in _items(package, "vulnerabilities"):
                if fixed := sorted(set(_fixed(vulnerability, str(about["name"])))):
                    said = f"{about['name']} {about['version']}: {vulnerability['id']}"
                    yield f"{said}, mended in {', '.join(fixed)}"


def _fixed(vulnerability: dict[str, object], name: str) -> Iterator[str]:
    for affected in _items(vulnerability, "affected"):
        package = affected.get("package")
        if isinstance(package, dict) and str(package.get("name")).lower() == name.lower():
            for versions in _items(affected, "ranges"):
                if versions.get("type") == "ECOSYSTEM":
                    yield from (str(event["fixed"]) for event in _items(versions, "events") if "fixed" in event)


def _items(value: dict[str, object], key: str) -> list[dict[str, object]]:
    found = value.get(key) or []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def main() -> None:
    """Reads the report whose name is the argument."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = list(mendable(report))
    print("\n".join(lines) or "nothing in Python packages that a newer version mends")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
