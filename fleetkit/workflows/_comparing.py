"""Two v2 trees held against each other: what was to be there, and what is."""

from __future__ import annotations

from fleetkit.etcd import KeyNode, V2Tree

__all__ = ["compare_trees", "key_nodes"]


def compare_trees(expected: V2Tree, served: V2Tree, *, since: int | None = None) -> str:
    """Say what is served otherwise than it was backed up; what has its time to live may have ended meanwhile.

    Parameters
    ----------
    since
        The store's index from which on others wrote to it: what they changed then, and keys that were not backed up,
        are none of the backup's. None where nobody writes to it.
    """
    wanted, found = key_nodes(expected), key_nodes(served)
    wrong = [
        key
        for key, node in wanted.items()
        if key in found
        and (found[key].value, found[key].is_dir) != (node.value, node.is_dir)
        and (since is None or found[key].modified_index <= since)
    ]
    mortal = tuple(key for key, node in wanted.items() if node.ttl_s is not None)
    missing = [
        key
        for key in wanted.keys() - found.keys()
        if not any(key == one or key.startswith(f"{one}/") for one in mortal)
    ]
    strange = [] if since is not None else sorted(found.keys() - wanted.keys())
    told = [
        f"{len(keys)} keys of the v2 store {how}, the first {sorted(keys)[0]}"
        for keys, how in ((wrong, "have other values"), (missing, "are missing"), (strange, "were not backed up"))
        if keys
    ]
    return "; ".join(told)


def key_nodes(tree: V2Tree) -> dict[str, KeyNode]:
    """Return path to node, of all keys and directories."""
    return {node.key: node for node in tree.nodes()}
