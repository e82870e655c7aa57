"""Free a unit over which fleet stumbles, since a state that is none was asked of it.

fleet's own API stores any state that it is sent, and cannot take this one back: it answers 500 for the unit from then
on. The key that holds it is deleted in etcd, after which fleet takes the unit for inactive.
"""

from __future__ import annotations

from fleetkit.core import NotFoundError, PreconditionError
from fleetkit.etcd import show_content
from fleetkit.fleet import DesiredState, target_state_key
from fleetkit.workflows._keys_look import find_key
from fleetkit.workflows._keys_plan import KeysPlan
from fleetkit.workflows.changing_keys import KeyPlace, plan_key_deletion

__all__ = ["plan_unit_freeing"]


def plan_unit_freeing(place: KeyPlace, name: str) -> KeysPlan:
    """Plan that the state which was asked of a unit goes; changes nothing.

    It is applied and verified like any change of keys.

    Parameters
    ----------
    place
        The v2 store of the cluster's etcd, in which fleet keeps its state.
    name
        The unit.

    Raises
    ------
    NotFoundError
        When no state was asked of such a unit.
    PreconditionError
        When the state is one: fleet itself changes that.
    EtcdError
        When the key cannot be read.
    """
    key = target_state_key(name).encode()
    found = find_key(place.keys, key)
    if found is None:
        raise NotFoundError(
            f"no state was asked of a unit {name!r}", seen=f"etcd has no key {key.decode()}", hint="fleetkit units list"
        )
    asked = show_content(found.content or b"")
    if asked in tuple(DesiredState):
        raise PreconditionError(
            f"{name} is not poisoned: {asked} is asked of it, and fleet can be asked for another state",
            hint=f"fleetkit units status {name} says what has become of it",
        )
    return plan_key_deletion(place, key, revision=found.revision)
