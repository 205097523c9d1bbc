"""Emulates the kubelet: expands variables in a container's command, `$(NAME)`, and `$$` for a dollar sign.

Source: third_party/forked/golang/expansion/expand.go of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Returns the text with the variables that are known; an unknown one stays as it is written."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        after = text[at + 1 : at + 2]
        if text[at] != "$" or not after:
            parts.append(text[at])
            at += 1
        elif after == "$":
            parts.append("$")
            at += 2
        elif after == "(" and (end := text.find(")", at)) >= 0:
            parts.append(variables.get(text[at + 2 : end], text[at : end + 1]))
            at = end + 1
        else:
            parts.append(text[at : at + 2])
            at += 2
    return "".join(parts)


def environment(written: list[dict[str, str]]) -> dict[str, str]:
    """Returns a container's `env`, each value with the variables before it."""
    variables: dict[str, str] = {}
    for each in written:
        variables[each["name"]] = expand(each["value"], variables)
    return variables
