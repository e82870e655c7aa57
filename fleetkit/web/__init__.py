"""Pages for a browser on the operator's own computer: fleet's units, and the keys of etcd's two stores.

A third face of the same views and workflows as the widgets and the commands; the only room that knows Flask.
Pages listen on 127.0.0.1 alone, ask for nothing from anywhere else, and need no script.
"""

from fleetkit.web.app import PageSettings
from fleetkit.web.change_desk import ChangeDesk
from fleetkit.web.etcd_pages import make_etcd_app
from fleetkit.web.fleet_pages import make_fleet_app
from fleetkit.web.serving import open_port, serve_pages
from fleetkit.web.sign_in import SignIn

__all__ = [
    "ChangeDesk",
    "PageSettings",
    "SignIn",
    "make_etcd_app",
    "make_fleet_app",
    "open_port",
    "serve_pages",
]
