"""Registers the suggestion service in Katib's configuration: reads objects in YAML, prints them with the service in it.

kubectl --namespace kubeflow get configmap katib-config --output=yaml |
  python scripts/katib_config.py --image registry/morphogenetic-suggestion:1.0 | kubectl replace --filename -
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

try:
    import yaml
except ImportError:
    sys.exit("katib_config.py: PyYAML is missing: pip install pyyaml, or PYTHON=.venv/bin/python")

SERVICE = Path(__file__).parents[1] / "manifests" / "options" / "suggestions" / "suggestion.yaml"
NAME = "morphogenetic-suggestion"
"""The PodTemplate of the service."""
CONFIG_MAP, KEY = "katib-config", "katib-config.yaml"
_SEPARATOR = re.compile(r"(?m)^---[ \t]*\n")


def main() -> None:
    """Reads standard input, writes standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", type=Path, default=SERVICE, help="objects, with the service's PodTemplate")
    parser.add_argument("--image", help="the service's image  [default: the PodTemplate's]")
    parser.add_argument("--no-account", action="store_true", help="for namespaces without manifests/accounts")
    given = parser.parse_args()
    try:
        entry = service_entry(given.service.read_text(encoding="utf-8"), given.image)
        if entry is not None and given.no_account:
            entry.pop("serviceAccountName", None)
        sys.stdout.write(with_service(sys.stdin.read(), entry))
    except (OSError, ValueError) as error:
        sys.exit(f"katib_config.py: {error}")


def service_entry(objects: str, image: str | None = None) -> dict[str, object] | None:
    """Returns the service as Katib's configuration describes one; None: the objects have no PodTemplate of it."""
    for document in yaml.safe_load_all(objects):
        if isinstance(document, dict) and _is(document, "PodTemplate", NAME):
            pod = document["template"]["spec"]
            (container,) = pod["containers"]
            inline = {key: value for key, value in container.items() if key not in {"name", "image"}}
            account = pod.get("serviceAccountName")
            return {
                "algorithmName": container["name"],
                "image": image or container["image"],
                **({"serviceAccountName": account} if account else {}),
                **inline,
            }
    return None


def with_service(objects: str, entry: Mapping[str, object] | None) -> str:
    """Returns objects whose katib-config has the service; all else stays as it is written.

    Raises:
        ValueError: there is no katib-config among the objects, or it is not of a form that Katib takes.
    """
    if entry is None:
        return objects
    documents = _SEPARATOR.split(objects)
    found = [place for place, each in enumerate(documents) if f"name: {CONFIG_MAP}" in each and _is_config(each)]
    if len(found) != 1:
        raise ValueError(f"standard input: must have one ConfigMap {CONFIG_MAP}, but has {len(found)}")
    documents[found[0]] = _registered(documents[found[0]], entry)
    return "---\n".join(documents)


def _registered(document: str, entry: Mapping[str, object]) -> str:
    config_map = yaml.safe_load(document)
    try:
        config = yaml.safe_load(config_map["data"][KEY])
        suggestions = config["runtime"]["suggestions"]
        kept = [each for each in suggestions if each["algorithmName"] != entry["algorithmName"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"ConfigMap {CONFIG_MAP}: {KEY}: has no list runtime.suggestions") from error
    if [dict(entry)] == [each for each in suggestions if each not in kept]:
        return document
    config["runtime"]["suggestions"] = [*kept, dict(entry)]
    config_map["data"][KEY] = yaml.dump(config, Dumper=_Plain, sort_keys=False)
    written: str = yaml.dump(config_map, Dumper=_Plain, sort_keys=False)
    return written


class _Plain(yaml.SafeDumper):  # pylint: disable=too-many-ancestors
    """Writes texts of several lines as such, and everything out in full."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Plain.add_representer(str, _text)


def _is_config(document: str) -> bool:
    loaded = yaml.safe_load(document)
    return isinstance(loaded, dict) and _is(loaded, "ConfigMap", CONFIG_MAP)


def _is(document: Mapping[str, object], kind: str, name: str) -> bool:
    metadata = document.get("metadata")
    return document.get("kind") == kind and isinstance(metadata, dict) and metadata.get("name") == name


if __name__ == "__main__":
    main()
