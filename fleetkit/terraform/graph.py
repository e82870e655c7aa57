"""What depends on what in a configuration, as ``terraform graph`` tells it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleetkit.core import TerraformError

__all__ = ["ResourceGraph"]

_NODE = re.compile(r'^\s*"([^"]+)" \[label=', re.MULTILINE)
_EDGE = re.compile(r'^\s*"([^"]+)" -> "([^"]+)";', re.MULTILINE)
_DATA = re.compile(r"(?:^|\.)data\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGraph:
    """The resources of a configuration and what each needs; instances of one resource are one node.

    Attributes
    ----------
    nodes
        Addresses without instance keys: ``module.etcd.aws_instance.member``.
    edges
        Pairs of a resource and one that it needs; what is needed by way of a data source counts too.
    """

    nodes: tuple[str, ...]
    edges: frozenset[tuple[str, str]]

    @classmethod
    def from_dot(cls, text: str) -> ResourceGraph:
        """Read what ``terraform graph`` writes.

        Raises
        ------
        TerraformError
            When the text is no graph.
        """
        if not text.lstrip().startswith("digraph"):
            raise TerraformError("the graph that Terraform wrote cannot be read", seen=repr(text[:80]))
        needs: dict[str, set[str]] = {}
        for user, needed in _EDGE.findall(text):
            needs.setdefault(user, set()).add(needed)
        nodes = tuple(dict.fromkeys(name for name in _NODE.findall(text) if not _DATA.search(name)))
        edges = {(node, other) for node in nodes for other in _managed_needs(node, needs)}
        return cls(nodes=nodes, edges=frozenset(edges))


def _managed_needs(node: str, needs: dict[str, set[str]]) -> set[str]:
    """Return the resources that ``node`` needs, looking through data sources, which are only read."""
    found: set[str] = set()
    seen: set[str] = set()
    queue = list(needs.get(node, ()))
    while queue:
        other = queue.pop()
        if other in seen:
            continue
        seen.add(other)
        if _DATA.search(other):
            queue += needs.get(other, ())
        else:
            found.add(other)
    return found - {node}
