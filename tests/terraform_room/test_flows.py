"""The table of flows is read as it stands in the security module; a plan of Terraform is compared with it elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetkit.core import TerraformError
from fleetkit.terraform import flows, list_flows


def test_the_way_in_a_certificate_and_a_deploy_host_bring_flows_of_their_own() -> None:
    plain = {one.name for one in list_flows()}
    assert {one.name for one in list_flows(https=True)} - plain == {"https-from-world-to-lb-public"}
    assert "ssh-from-bastion-to-deploy" in {one.name for one in list_flows(deploy_host=True)} - plain
    vpn = {one.name for one in list_flows(vpn=True)}
    assert "ssh-from-vpn-to-master" in vpn
    assert not any("bastion" in name or "operator" in name for name in vpn)


@pytest.mark.parametrize(
    "table",
    ["", '{ from = "a", to = "b", port = "c" }', '[for x in y : { from = x, to = "b", port = "c", why = "d" }]'],
    ids=["empty", "an entry without its reason", "an unknown loop"],
)
def test_a_table_of_another_shape_is_refused_and_not_read_in_part(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "modules" / "security"
    module.mkdir(parents=True)
    (module / "flows.tf").write_text(table)
    monkeypatch.setattr(flows, "data_folder", lambda _name: tmp_path)
    with pytest.raises(TerraformError, match=r"flows\.tf"):
        list_flows()
