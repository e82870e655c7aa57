"""Makes the generated parts of the documentation anew; a test fails while they are not what this makes.

The picture of the architecture is drawn from the security module's table of flows: who may speak to whom.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from fleetkit.checks import load_checks
from fleetkit.config import render_reference_page, render_settings_table
from fleetkit.terraform import list_flows
from fleetkit.views import render_alerts_table, render_checks_table, render_verdicts_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.report import read_results, render_table  # noqa: E402 -- found beside this folder, not installed

sys.path.insert(0, str(ROOT / "tests"))

from support.drill_table import render_drills_table  # noqa: E402 -- the tests' own table, which the page shows

# Where each place stands in the picture: left edge, bottom edge, title. One that is not named here fails the drawing.
_PLACES = {
    "operator": (0.0, 5.0, "operator"),
    "world": (0.0, 0.6, "the world"),
    "bastion": (3.1, 5.0, "bastion\nUbuntu, public address"),
    "lb-public": (3.1, 0.6, "public web\napplication load balancer"),
    "lb-ui": (6.6, 5.9, "FleetUI, etcd-browser\ntwo internal load balancers"),
    "lb-internal": (6.4, 2.1, "internal web and SSH\nnetwork load balancer"),
    "master": (10.4, 4.6, "masters\netcd members, fleet"),
    "internal": (9.7, 2.9, "internal pool\nworkers, fleet"),
    "public": (11.35, 0.6, "public pool\nworkers, fleet"),
}
_AREAS = (
    (2.85, 0.1, 11.1, 7.6, "VPC"),
    (3.0, 0.25, 2.7, 7.0, "public subnets, one per zone"),
    (6.3, 0.25, 7.5, 7.0, "private subnets, one per zone"),
)
_BOX = (2.3, 0.95)
# What every machine does alike is said in words under the picture, and not drawn as an arrow from each.
_TO_ALL = {("bastion", "ssh"), ("world", "https"), ("world", "http")}


def read_flows() -> dict[tuple[str, str], list[str]]:
    """Return who may open connections to whom, and on which named ports: the security module's own table."""
    flows: dict[tuple[str, str], list[str]] = {}
    for flow in list_flows():
        flows.setdefault((flow.source, flow.target), []).append(flow.port)
    return flows


def draw_architecture() -> str:
    """Draw the places and who may speak to whom, as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

    figure = Figure(figsize=(13, 7.4), facecolor="#ffffff")
    axes = figure.add_axes((0.005, 0.005, 0.99, 0.99))
    for left, bottom, width, height, title in _AREAS:
        axes.add_patch(Rectangle((left, bottom), width, height, fc="#f6f8fa", ec="#8c959f", ls="--", alpha=0.7))
        axes.text(left + 0.1, bottom + height - 0.24, title, fontsize=9, color="#57606a")
    for left, bottom, title in _PLACES.values():
        style = "round,pad=0.02,rounding_size=0.08"
        axes.add_patch(FancyBboxPatch((left, bottom), *_BOX, boxstyle=style, fc="#ddf4ff", ec="#0969da", zorder=3))
        axes.text(
            left + _BOX[0] / 2,
            bottom + _BOX[1] / 2,
            title,
            fontsize=9,
            ha="center",
            va="center",
            color="#1f2328",
            zorder=4,
        )
    for (giver, taker), ports in sorted(read_flows().items()):
        shown = [port for port in dict.fromkeys(ports) if (giver, port) not in _TO_ALL or giver == "world"]
        if giver == taker or taker == "world" or not shown:
            continue
        (x0, y0), (x1, y1) = _anchors(giver, taker)
        arrow = FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=11, color="#57606a", zorder=2)
        axes.add_patch(arrow)
        words = ", ".join(shown)
        axes.text(
            x0 + (x1 - x0) * 0.42,
            y0 + (y1 - y0) * 0.42,
            words,
            fontsize=7.5,
            ha="center",
            va="center",
            color="#1f2328",
            zorder=5,
            bbox={"boxstyle": "round,pad=0.15", "fc": "#ffffff", "ec": "none", "alpha": 0.9},
        )
    words = (
        "From the bastion SSH goes to every machine; masters also speak etcd-peer among themselves; "
        "every machine fetches over https. All else is dropped."
    )
    axes.text(0.0, -0.25, words, fontsize=9, color="#1f2328")
    axes.set_xlim(-0.1, 14.1)
    axes.set_ylim(-0.5, 7.9)
    axes.set_axis_off()
    page = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "fleetkit", "font.family": "sans-serif"}):
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    drawing = page.getvalue()
    title = "The cluster: its places, and which of them may open connections to which"
    drawing = drawing[drawing.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
    return "\n".join(line.rstrip() for line in drawing.splitlines()) + "\n"


def _anchors(giver: str, taker: str) -> tuple[tuple[float, float], tuple[float, float]]:
    (left, bottom, _), (other_left, other_bottom, _) = _PLACES[giver], _PLACES[taker]
    width, height = _BOX
    if abs(left - other_left) < width:
        # Two places above each other: the arrows of the two directions run side by side.
        upwards = other_bottom > bottom
        x = (max(left, other_left) + min(left, other_left) + width) / 2 + (-0.15 if upwards else 0.15)
        return (x, bottom + height if upwards else bottom), (x, other_bottom if upwards else other_bottom + height)
    to_the_right = other_left > left
    y = bottom + height * (0.62 if to_the_right else 0.38)
    other_y = other_bottom + height * (0.62 if to_the_right else 0.38)
    return (left + width if to_the_right else left, y), (other_left if to_the_right else other_left + width, other_y)


def render_all() -> dict[Path, str]:
    """Return the text of every generated file and of every file with a generated part."""
    docs = ROOT / "docs"
    texts = {docs / "architecture.svg": draw_architecture()}
    tables = {
        "alerts.md": render_alerts_table(),
        "cluster-file.md": render_reference_page(),
        "settings.md": render_settings_table(),
    }
    for name, table in tables.items():
        page = (docs / name).read_text(encoding="utf-8")
        # The table is the first run of lines that begin with a bar; a person writes what stands around it.
        texts[docs / name] = re.sub(
            r"(?:^\|.*\n)+", lambda _found, table=table: table, page, count=1, flags=re.MULTILINE
        )
    marked = {
        ROOT / "README.md": ("bench", render_table(read_results())),
        docs / "drills.md": ("drills", render_drills_table()),
        docs / "units.md": ("verdicts", render_verdicts_table()),
        docs / "checks.md": ("checks", render_checks_table(load_checks())),
    }
    for path, (mark, text) in marked.items():
        texts[path] = re.sub(
            rf"(<!-- {mark}:start -->\n).*?(<!-- {mark}:end -->)",
            lambda found, text=text: f"{found.group(1)}{text}{found.group(2)}",
            path.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
    return texts


def main() -> int:
    """Write what has changed, or with ``--check`` say what would."""
    stale = [
        path for path, text in render_all().items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"not up to date: {path.relative_to(ROOT)}; run make docs", file=sys.stderr)
        return 1 if stale else 0
    for path, text in render_all().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
