"""The YAML of sweep files: plain scalars become numbers and booleans, quoted ones stay text.

PyYAML reads 1e-4 (without a dot) as text; here it is a number, as in YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping

import yaml

_FLOAT = "tag:yaml.org,2002:float"
_MERGE = "tag:yaml.org,2002:merge"
_SCIENTIFIC = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d+$")
_FIRST = list("+-.0123456789")
_OBVIOUS = re.compile(r"true|false|[+-]?(0|[1-9]\d*)|0x[0-9a-f]+", re.IGNORECASE)
_VALUES = ("parameters", "experiment")
_SETTINGS = frozenset({"log", "type"})


LARGEST_FILE = 1 << 20
"""The largest sweep file, in bytes."""
MOST_VALUES = 30_000
"""The largest number of keys and values, each alias (`*name`) counted with all that it stands for."""
_DEEPEST = 100


class SweepLoader(yaml.SafeLoader):
    """A safe loader with limits, which refuses what plain YAML loading drops silently: the first of two equal keys."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._composed = self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Composes the next node, up to the limits of number and depth."""
        self._composed, self._depth = self._composed + 1, self._depth + 1
        if self._composed > MOST_VALUES:
            raise _too_large(parent.start_mark if parent else None)
        if self._depth > _DEEPEST:
            raise RecursionError  # as deeper files raise by themselves
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def get_single_node(self) -> yaml.Node | None:
        """Returns the document's node, if it is not too large with its aliases written out."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _check_size(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue  # <<: an anchor's keys, which the mapping's own may replace
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"keys must be text, but got {key!r} (quote it)", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            value: object = super().construct_object(node, deep)
            if isinstance(value, str):
                value.encode()
                if "\0" in value:
                    raise ValueError("a NUL character")
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            kind = node.tag.rsplit(":", maxsplit=1)[-1].replace("str", "Unicode text")
            problem = f"{shown(node.value)} is no {kind}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error
        return value


def _too_large(mark: yaml.Mark | None) -> yaml.constructor.ConstructorError:
    problem = f"has more than {MOST_VALUES} keys and values, aliases written out"
    return yaml.constructor.ConstructorError(None, None, problem, mark)


def _check_size(root: yaml.Node) -> None:
    """Checks how many nodes there are when every alias is replaced by what it stands for."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_nodes:
            raise yaml.constructor.ConstructorError(None, None, "an alias stands for itself", node.start_mark)
        open_nodes.add(id(node))
        total = 1 + sum(map(size, _below(node)))
        open_nodes.remove(id(node))
        if total > MOST_VALUES:
            raise _too_large(node.start_mark)
        sizes[id(node)] = total
        return total

    size(root)


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    match node:
        case yaml.MappingNode():
            for pair in node.value:
                yield from pair
        case yaml.SequenceNode():
            yield from node.value


class SweepDumper(yaml.SafeDumper):
    """A dumper that quotes text which the loader would read as a number."""

    def ignore_aliases(self, data: object) -> bool:
        return True


for _class in (SweepLoader, SweepDumper):
    _class.add_implicit_resolver(_FLOAT, _SCIENTIFIC, _FIRST)


def plain_value(text: str) -> object:
    """Returns what a plain scalar means: a number, true or false, or the text itself."""
    try:
        value = yaml.load(text, Loader=SweepLoader)  # a SafeLoader
    except (yaml.YAMLError, ValueError):
        return text
    return value if isinstance(value, (bool, int, float)) else text


def dump_yaml(written: Mapping[str, object]) -> str:
    """Returns the text of a sweep file that reads back as the same mapping."""
    return yaml.dump(written, Dumper=SweepDumper, sort_keys=False)


def surprising_scalars(text: str) -> list[str]:
    """Returns a line for each plain value of a parameter that YAML reads as something other than it looks like.

    `no` is read as false, `4:3` as 243 and 010 as 8; in quotes they are text.
    """
    root = yaml.compose(text, Loader=SweepLoader)
    if not isinstance(root, yaml.MappingNode):
        return []
    sections = [value for key, value in root.value if key.value in _VALUES]
    return [line for section in sections for line in _surprises(section)]


def _surprises(node: yaml.Node) -> Iterator[str]:
    match node:
        case yaml.MappingNode():
            for key, value in node.value:
                if key.value not in _SETTINGS:
                    yield from _surprises(value)
        case yaml.SequenceNode():
            for value in node.value:
                yield from _surprises(value)
        case yaml.ScalarNode() if node.style is None and isinstance(node.value, str):
            meant = plain_value(node.value)
            if isinstance(meant, str) or _OBVIOUS.fullmatch(node.value):
                return
            if isinstance(meant, bool) or not isinstance(meant, float) or not _is_float(node.value):
                word = {True: "true", False: "false"}[meant] if isinstance(meant, bool) else repr(meant)
                place = f"{node.start_mark.line + 1}:{node.start_mark.column + 1}"
                yield f"{place}: {node.value} is read as {word}; write '{node.value}' in quotes for text"


def _is_float(text: str) -> bool:
    return "_" not in text and ":" not in text


def shown(value: object) -> str:
    """Returns a value for a message, cut where it is long."""
    written = "nothing" if value is None else repr(value)
    return written if len(written) <= 60 else f"{written[:57]}..."
