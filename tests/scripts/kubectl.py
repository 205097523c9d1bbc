"""A kubectl whose cluster is a folder of secrets: as much as scripts/secrets.sh asks of it.

kubectl.py FOLDER ARGUMENTS...
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

VALUE = re.compile(r'\{\{index \.data "(\w+)" \| base64decode\}\}')


def main(root: Path, words: list[str]) -> int:
    """Do what kubectl would do with these words, and return its exit status."""
    namespace = "default"
    if words[0] == "--namespace":
        namespace, words = words[1], words[2:]
    match words:
        case ["kustomize", *_]:
            real = Path(sys.executable).with_name("kubectl")
            os.execv(real, [str(real), *words])
        case ["get", "namespace", name, "--output=name"]:
            return 0 if (root / name).is_dir() else 1
        case ["get", "secret", name, output]:
            return _get(root / namespace / name, output)
        case ["create", "secret", "generic", name, source]:
            return _create(root / namespace / name, *source.split("=", 1))
    print(f"kubectl: {words}: not known here", file=sys.stderr)
    return 64


def _get(secret: Path, output: str) -> int:
    if not secret.is_dir():
        return 1
    if key := VALUE.search(output):
        file = secret / key[1]
        print(file.read_text(encoding="utf-8") if file.exists() else "<no value>", end="")
    return 0


def _create(secret: Path, option: str, source: str) -> int:
    secret.mkdir(parents=True)
    text = Path(source).read_text(encoding="utf-8")
    if option == "--from-file":
        (secret / Path(source).name).write_text(text, encoding="utf-8")
    else:
        for line in text.splitlines():
            key, _, value = line.partition("=")
            (secret / key).write_text(value, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
