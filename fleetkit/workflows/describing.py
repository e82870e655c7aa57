"""Describe a cluster: its file opened for a form, what AWS has to choose from, and the file saved.

What is written was shown before, is legal, and goes over no change that somebody else made meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from fleetkit import aws
from fleetkit.config import ClusterPaths, Settings, find_cluster, read_cluster_data, write_cluster_file
from fleetkit.core import ClusterFileError, FleetkitError, call_each, on_one_line
from fleetkit.views import ClusterForm, Offer, Offers
from fleetkit.workflows._aws_share import share_of
from fleetkit.workflows.initialize import Answers, draft_cluster, propose_unasked

__all__ = ["draft_description", "list_choices", "open_description", "save_description"]


def open_description(
    name_or_path: str | None = None, *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> ClusterForm:
    """Return the form of a cluster file; nobody is asked for that, so it is there at once.

    A name that has no file yet gets what can be proposed unasked; `draft_description` finds out the rest.

    Parameters
    ----------
    name_or_path, folder, environ
        As for `open_workspace`.

    Raises
    ------
    ClusterFileError
        When the file cannot be read or is not TOML, or no cluster was named and there is not exactly one.
    SettingsError
        When a setting or a new cluster's name is not legal.
    """
    folder = Path.cwd() if folder is None else folder
    settings = Settings.from_environment(os.environ if environ is None else environ)
    wanted = name_or_path or settings.cluster
    if wanted and not wanted.endswith(".toml") and "/" not in wanted:
        paths = ClusterPaths(folder, wanted)
        if not paths.file.exists():
            return ClusterForm(propose_unasked(wanted), file=paths.file, new=True)
    file = find_cluster(wanted, folder=folder).file
    read_cluster_data(file)  # says by line and column what is no TOML
    return ClusterForm(_read_text(file), file=file)


def draft_description(name: str, settings: Settings, *, region: str = "") -> tuple[str, dict[str, Offers]]:
    """Return the draft that ``fleetkit init`` would write, and by path why what it lacks could not be found out.

    Parameters
    ----------
    name
        The new cluster's name.
    settings
        The settings in force.
    region
        The region to look in; the environment's own where empty.
    """
    draft = draft_cluster(name, settings=settings, answers=Answers(region=region or None))
    return draft.text, {path: _unread(error) for path, error in draft.failed.items()}


def save_description(form: ClusterForm) -> Path:
    """Write what the form says into the cluster's file, and return the file; the form goes on from there.

    Raises
    ------
    ClusterFileError
        When something is not legal, or the file has changed since the form read it; nothing is written then.
    OSError
        When it cannot be written; what was there stays.
    """
    problems = [str(problem) for found in form.problems().values() for problem in found]
    if problems:
        raise ClusterFileError(f"{form.file} was not written: it would not be legal", problems=problems)
    if not form.new and _read_text(form.file) != form.seen:
        raise ClusterFileError(
            f"{form.file} was not written",
            seen="somebody has changed it since the form read it",
            hint="open the form anew, so that their change is not lost",
        )
    text = form.text()
    write_cluster_file(form.file, text, new=form.new)
    form.new = False
    form.restart(text)
    return form.file


def list_choices(settings: Settings, *, region: str = "", vpc_id: str = "") -> dict[str, Offers]:
    """Return what AWS has to choose from, by the path of the field; what cannot be read says why.

    Parameters
    ----------
    settings
        The settings in force.
    region
        The region to look in; the environment's own where empty.
    vpc_id
        An existing VPC, whose subnets are told.
    """
    session = aws.open_session(region or None, share=share_of(settings))
    questions: dict[str, Callable[[], dict[str, tuple[Offer, ...]]]] = {
        "region": lambda: {"region": _plain(aws.list_regions(session))},
        "zones": lambda: dict.fromkeys(("zones", "masters.NAME.zone"), _plain(aws.list_zones(session))),
        "key_name": lambda: {
            "key_name": tuple(Offer(value=pair.name, about=pair.kind) for pair in aws.list_key_pairs(session))
        },
        "operator_cidr": lambda: {"operator_cidr": _plain([f"{aws.read_public_address(settings.address_url)}/32"])},
        "network.vpc_id": lambda: {
            "network.vpc_id": tuple(
                Offer(value=vpc.vpc_id, about=", ".join(vpc.cidrs)) for vpc in aws.list_vpcs(session)
            )
        },
    }
    if vpc_id:
        questions["network.public_subnet_ids"] = lambda: _subnets(session, vpc_id)
    answers = call_each(list(questions), lambda path: questions[path](), catch=FleetkitError)
    found = {path: Offers(options=options) for answer in answers.ok.values() for path, options in answer.items()}
    failed = {path: _unread(error) for path, error in answers.failed.items() if isinstance(error, FleetkitError)}
    for path, like in (("masters.NAME.zone", "zones"), ("network.private_subnet_ids", "network.public_subnet_ids")):
        if like in failed:
            failed[path] = failed[like]
    return found | failed


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ClusterFileError(f"cannot read the cluster file {file}", seen=error.strerror or str(error)) from error


def _unread(error: FleetkitError) -> Offers:
    """Say why something could not be read, and what lies behind that, whatever it was that was asked for."""
    behind = "; ".join(filter(None, (error.seen or error.what, error.hint)))
    return Offers(unknown=on_one_line(str(error)), cause=behind)


def _plain(values: list[str] | tuple[str, ...]) -> tuple[Offer, ...]:
    return tuple(Offer(value=value) for value in values)


def _subnets(session: aws.AwsSession, vpc_id: str) -> dict[str, tuple[Offer, ...]]:
    """Return a VPC's subnets: those that an internet gateway serves are public."""
    public: list[Offer] = []
    private: list[Offer] = []
    for subnet in aws.list_subnets(session, vpc_id):
        offer = Offer(value=subnet.subnet_id, about=f"{subnet.cidr} in {subnet.zone}")
        (public if subnet.default_route.startswith("igw-") else private).append(offer)
    return {"network.public_subnet_ids": tuple(public), "network.private_subnet_ids": tuple(private)}
