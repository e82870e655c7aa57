"""Widgets for people in JupyterLab: a thin face of the views and the workflows.

By hand, work runs in threads and the kernel stays free; without a person the same calls do their work at once.
"""

from fleetkit.ui.board import BoardCard, open_board
from fleetkit.ui.defragment import DefragmentGuide, begin_defragment
from fleetkit.ui.deploy import DeployGuide, DeployOutcome, begin_deploy
from fleetkit.ui.destroy import DestroyGuide, begin_destroy
from fleetkit.ui.drain import DrainGuide, begin_drain
from fleetkit.ui.keys import KeysCard, open_key_browser
from fleetkit.ui.replace import ReplaceGuide, begin_replace
from fleetkit.ui.resize import ResizeGuide, begin_resize
from fleetkit.ui.restore import RestoreGuide, begin_restore
from fleetkit.ui.rotate import RotateGuide, begin_rotate
from fleetkit.ui.sync_names import SyncNamesGuide, begin_sync_names
from fleetkit.ui.unit_browser import UnitsCard, open_unit_browser
from fleetkit.ui.units import UnitsGuide, begin_deploy_units, begin_roll_units
from fleetkit.ui.upgrade import UpgradeGuide, begin_upgrade
from fleetkit.ui.what_if import WhatIfCard, open_what_if

__all__ = [
    "BoardCard",
    "DefragmentGuide",
    "DeployGuide",
    "DeployOutcome",
    "DestroyGuide",
    "DrainGuide",
    "KeysCard",
    "ReplaceGuide",
    "ResizeGuide",
    "RestoreGuide",
    "RotateGuide",
    "SyncNamesGuide",
    "UnitsCard",
    "UnitsGuide",
    "UpgradeGuide",
    "WhatIfCard",
    "begin_defragment",
    "begin_deploy",
    "begin_deploy_units",
    "begin_destroy",
    "begin_drain",
    "begin_replace",
    "begin_resize",
    "begin_restore",
    "begin_roll_units",
    "begin_rotate",
    "begin_sync_names",
    "begin_upgrade",
    "open_board",
    "open_key_browser",
    "open_unit_browser",
    "open_what_if",
]
