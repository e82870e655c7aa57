"""Being part of the cluster: the machine's key with its heartbeat, and the engine leader's lease."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

from fleetkit.core import EtcdError
from fleetkit.sandbox.fleetd.etcd import EtcdClient
from fleetkit.sandbox.fleetd.settings import FleetdSettings

__all__ = ["Presence"]

_VERSION = "1.0.0"
_LEASE = "lease/engine-leader"
_ENGINE_VERSION = "1"
_LEASE_INTERVALS = 5
_TRIES = 4
_FIRST_RETRY_S = 1.0


class Presence:
    """Keeps a machine registered; `is_available` says whether etcd answers.

    Parameters
    ----------
    machine_id
        The machine's id, as in /etc/machine-id.
    wait
        Waits so many seconds, and says True when it is to end.
    """

    def __init__(
        self,
        etcd: EtcdClient,
        settings: FleetdSettings,
        *,
        machine_id: str,
        wait: Callable[[float], bool],
    ) -> None:
        self._etcd = etcd
        self._settings = settings
        self._wait = wait
        self._machine_id = machine_id
        self._key = f"machines/{machine_id}/object"
        self._lease = json.dumps({"MachineID": machine_id, "Version": int(_ENGINE_VERSION)})
        self._leads = False
        self.leads_since: float | None = None
        self.is_available = False
        self._object = json.dumps(
            {
                "ID": machine_id,
                "PublicIP": settings.public_ip,
                "Metadata": dict(settings.metadata),
                "Capabilities": {"GRPC": False},
                "Version": _VERSION,
            }
        )

    @property
    def leads(self) -> bool:
        """Whether this fleetd's engine places units."""
        return self._leads

    def start(self) -> None:
        """Begin to heartbeat, and to stand for election unless the engine is off."""
        threading.Thread(target=self._beat_on, name="heartbeat", daemon=True).start()
        if not self._settings.disable_engine:
            threading.Thread(target=self._stand_on, name="engine", daemon=True).start()

    def leave(self) -> None:
        """Take the machine out of the cluster, as fleetd does when it is told to end."""
        try:
            self._etcd.delete(self._key)
            if self._leads:
                self._etcd.delete(_LEASE, condition={"prevValue": self._lease})
        except EtcdError as error:
            _log(f"could not leave the cluster: {error}")

    def _beat_on(self) -> None:
        ttl_s = self._settings.agent_ttl_s
        while True:
            was, self.is_available = self.is_available, self._beat(ttl_s)
            if was != self.is_available:
                _log("joined the cluster" if self.is_available else "lost contact with etcd")
            if self._wait(ttl_s / 2 if self.is_available else _FIRST_RETRY_S):
                return

    def _beat(self, ttl_s: float) -> bool:
        """Write the machine's key, with a few tries within a third of its life where it was there before."""
        tries = _TRIES if self.is_available else 1
        for attempt in range(tries):
            try:
                self._etcd.put(self._key, self._object, ttl_s=ttl_s)
            except EtcdError as error:
                _log(f"heartbeat failed: {error}")
                if attempt + 1 < tries and self._wait(ttl_s / 3 / tries):
                    return False
            else:
                return True
        return False

    def _stand_on(self) -> None:
        interval_s = self._settings.reconcile_interval_s
        while True:
            if self.is_available:
                try:
                    self._stand(interval_s * _LEASE_INTERVALS)
                except EtcdError as error:
                    self._leads = False
                    _log(f"the engine's lease could not be taken: {error}")
            if self._wait(interval_s):
                return

    def _stand(self, ttl_s: float) -> None:
        """Renew the lease that we hold, or take one that nobody holds."""
        condition = {"prevValue": self._lease} if self._leads else {"prevExist": "false"}
        led, self._leads = self._leads, self._etcd.put(_LEASE, self._lease, ttl_s=ttl_s, condition=condition)
        if self._leads and not led:
            self.leads_since = time.time()
            self._etcd.put("engine/version", _ENGINE_VERSION, condition={"prevExist": "false"})
            _log("leads the engine")


def _log(text: str) -> None:
    sys.stderr.write(f"fleetd: {text}\n")
    sys.stderr.flush()
