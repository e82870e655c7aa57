"""What is shown of where a cluster is reached: a link leads somewhere, a command is copied whole."""

from __future__ import annotations

import html
import re

import pytest

from fleetkit.views import Reach, Signpost, outputs_frame, outputs_html


def signpost(name: str, value: str, reach: Reach, *, url: str = "") -> Signpost:
    return Signpost(name=name, value=value, purpose=f"what {name} is for", reach=reach, url=url)


@pytest.mark.parametrize("reach", list(Reach), ids=lambda reach: reach.name)
def test_a_page_is_a_link_only_where_it_opens_from_anywhere_and_resolves(reach: Reach) -> None:
    page = outputs_html([signpost("page", "p", reach, url="http://p.example")])
    assert ('href="http://p.example"' in page) is (reach is Reach.ANYWHERE)


@pytest.mark.parametrize("reach", [one for one in Reach if one is not Reach.COPIED], ids=lambda reach: reach.name)
def test_what_is_reached_says_from_where(reach: Reach) -> None:
    assert f">{reach}</td>" in outputs_html([signpost("place", "10.0.0.1", reach)])


def test_a_command_is_copied_whole_by_one_click_and_what_opens_the_way_stands_before_what_needs_it() -> None:
    command = "sshuttle --ssh-cmd 'ssh -o \"A=b\"' 10.0.0.0/16 && <x>"
    page = outputs_html(
        [
            signpost("fleet_ui", "f", Reach.SSHUTTLE, url="http://f"),
            signpost("fleetctl_tunnel", "f:2222", Reach.COPIED),
            signpost("sshuttle", command, Reach.COPIED),
        ]
    )
    blocks = re.findall(r'<pre tabindex="0" style="[^"]*user-select:all[^"]*">(.*?)</pre>', page)
    assert [html.unescape(block) for block in blocks] == [command, "f:2222"]
    assert page.index("sshuttle --ssh-cmd") < page.index("http://f") < page.index("f:2222")


def test_no_table_is_shown_of_what_there_is_none_of() -> None:
    assert outputs_html([]) == ""
    assert list(outputs_frame([]).columns) == ["output", "value", "what for", "reached"]
