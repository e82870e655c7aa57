"""A change of keys shows what is and what will be, and is done only while it is that; no value comes into a record."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from support.aws_moto import emulated_aws
from support.cluster_files import write_cluster
from support.kept_keys import KeptKeys, place_of

from fleetkit.config import Approval, ApprovalKind
from fleetkit.core import (
    ApprovalMissingError,
    EtcdError,
    FleetkitError,
    NotFoundError,
    SettingsError,
    StalePlanError,
)
from fleetkit.etcd import Store
from fleetkit.runs import EventKind
from fleetkit.workflows import (
    KeyChange,
    KeyPlace,
    KeysPlan,
    Reporter,
    apply_key_changes,
    approve,
    open_workspace,
    plan_key_copy,
    plan_key_deletion,
    plan_key_put,
    verify_key_changes,
    warn_of,
)

SECRET = b"hunter2-hunter2"


@pytest.fixture
def keys() -> KeptKeys:
    return KeptKeys.of({"/app/config": b'{"size": 3}', "/app/name": b"web", "/apple": b"red"})


@pytest.fixture
def place(keys: KeptKeys) -> KeyPlace:
    return place_of(keys)


def carry_out(place: KeyPlace, plan: KeysPlan, *, report: Reporter | None = None) -> tuple[str, str]:
    changed = apply_key_changes(place, approve(plan, "demo"), report=report)
    verified = verify_key_changes(place, changed, report=report)
    return str(changed), verified.outcome


def test_a_plan_shows_what_is_there_what_will_be_there_and_the_condition(place: KeyPlace) -> None:
    plan = plan_key_put(place, b"/app/config", content=b'{"size": 4}', ttl_s=60)
    assert str(plan) == (
        "Write /app/config in the v3 store of demo.\n\n"
        'now (mod_revision 2, json, 11 B, never expires):\n  {\n    "size": 3\n  }\n'
        'then (json, 11 B, expires in 60 s):\n  {\n    "size": 4\n  }\n\n'
        "It is refused if the key is not at mod_revision 2 any more."
    )
    assert carry_out(place, plan) == ("wrote /app/config, mod_revision 5", "done")


def test_a_key_whose_lease_has_run_out_is_not_said_to_stay_for_ever(place: KeyPlace, keys: KeptKeys) -> None:
    keys.kept[b"/apple"] = dataclasses.replace(keys.get(b"/apple"), ttl_s=0)
    kept = str(plan_key_put(place, b"/apple", content=b"green"))
    assert kept.count("expires in 0 s") == 2
    for_ever = str(plan_key_put(place, b"/apple", content=b"green", ttl_s=0))
    assert "then (text, 5 B, never expires):" in for_ever
    assert "/kept: text, 3 B, never expires" in str(
        KeysPlan(
            cluster="demo",
            store=Store.V3,
            changes=(
                KeyChange(key=b"/kept", before=None, content=b"red", ttl_s=0),
                KeyChange(key=b"/too", before=None, content=b"red", ttl_s=0),
            ),
        )
    )


def test_of_long_texts_what_changes_in_them_is_shown(place: KeyPlace, keys: KeptKeys) -> None:
    lines = [f"line {number}" for number in range(40)]
    keys.put(b"/long", "\n".join(lines).encode(), expected=0)
    lines[20] = "another"
    text = str(plan_key_put(place, b"/long", content="\n".join(lines).encode()))
    assert "  -line 20\n  +another\n" in text
    assert "line 5" not in text


def test_bytes_are_shown_in_hex_and_long_ones_by_their_hash_too(place: KeyPlace) -> None:
    assert "  00 ff\n" in str(plan_key_put(place, b"/bytes", content=b"\0\xff"))
    assert "… and 3.5 KiB more, sha256 " in str(plan_key_put(place, b"/bytes", content=b"\0\xff" * 2048))


def test_what_is_so_already_needs_no_approval_and_changes_nothing(place: KeyPlace, keys: KeptKeys) -> None:
    before = keys.revision
    plan = plan_key_put(place, b"/app/name", content=b"web")
    assert str(plan) == "Nothing to do: /app/name in the v3 store of demo is as asked for."
    assert str(apply_key_changes(place, approve(plan, ""))) == "nothing was done"
    assert keys.revision == before
    assert plan_key_put(place, b"/app/name", content=b"web", ttl_s=0).is_empty
    assert not plan_key_put(place, b"/app/name", content=b"web", ttl_s=60).is_empty


def test_what_has_changed_since_the_plan_is_refused(place: KeyPlace, keys: KeptKeys) -> None:
    plan = plan_key_put(place, b"/app/name", content=b"mine")
    theirs = keys.put(b"/app/name", b"theirs", expected=keys.get(b"/app/name").revision)
    with pytest.raises(StalePlanError, match=f"and it is at {theirs.revision}"):
        apply_key_changes(place, approve(plan, "demo"))
    assert keys.get(b"/app/name") == theirs
    gone = plan_key_deletion(place, b"/apple")
    keys.delete((keys.get(b"/apple"),))
    with pytest.raises(StalePlanError, match="it is gone"):
        apply_key_changes(place, approve(gone, "demo"))


def test_what_has_changed_since_somebody_read_it_is_not_even_planned(place: KeyPlace) -> None:
    with pytest.raises(StalePlanError, match="has changed since it was at 99: it is at mod_revision 3"):
        plan_key_put(place, b"/app/name", content=b"x", revision=99)
    with pytest.raises(StalePlanError, match="it is not there"):
        plan_key_put(place, b"/new", content=b"x", revision=99)
    with pytest.raises(StalePlanError, match="/app/name is there already"):
        plan_key_put(place, b"/app/name", content=b"x", revision=0)
    with pytest.raises(StalePlanError, match="since it was at 99"):
        plan_key_deletion(place, b"/app/name", revision=99)


@pytest.mark.parametrize("given", ["", "another"])
def test_nothing_is_changed_without_an_approval(place: KeyPlace, given: str) -> None:
    with pytest.raises(ApprovalMissingError):
        approve(plan_key_put(place, b"/app/name", content=b"x"), given)


def test_the_fingerprint_is_of_the_key_its_revision_and_its_value(place: KeyPlace, keys: KeptKeys) -> None:
    plan = plan_key_put(place, b"/app/name", content=b"x")
    assert plan.sha256 == plan_key_put(place, b"/app/name", content=b"x").sha256
    others = [
        plan_key_put(place, b"/app/name", content=b"y"),
        plan_key_put(place, b"/app/name", content=b"x", ttl_s=5),
        plan_key_put(place, b"/apple", content=b"x"),
        plan_key_deletion(place, b"/app/name"),
        plan_key_put(dataclasses.replace(place, owner="other"), b"/app/name", content=b"x"),
    ]
    keys.put(b"/app/name", b"moved", expected=keys.get(b"/app/name").revision)
    others.append(plan_key_put(place, b"/app/name", content=b"x"))
    assert len({plan.sha256, *(one.sha256 for one in others)}) == 7
    strict = plan_key_put(place_of(keys, rules=Approval(required=ApprovalKind.SHA256)), b"/apple", content=b"x")
    with pytest.raises(ApprovalMissingError, match="demands more"):
        approve(strict, "demo")
    assert approve(strict, strict.sha256).sha256 == strict.sha256


def test_an_etcd_without_a_cluster_file_is_approved_by_its_url(keys: KeptKeys) -> None:
    place = KeyPlace(keys=keys, owner="http://127.0.0.1:2379")
    plan = plan_key_put(place, b"/apple", content=b"green")
    assert apply_key_changes(place, approve(plan, "http://127.0.0.1:2379")).written[0].content == b"green"


def test_all_below_a_path_goes_and_each_is_named(place: KeyPlace, keys: KeptKeys) -> None:
    plan = plan_key_deletion(place, b"/app/", below=True)
    assert str(plan).startswith("Delete 2 keys from /app/config to /app/name in the v3 store of demo.")
    assert "  - /app/config: mod_revision 2, json, 11 B, never expires\n" in str(plan)
    assert carry_out(place, plan) == ("deleted /app/config\ndeleted /app/name", "done")
    assert list(keys.kept) == [b"/apple"]
    with pytest.raises(NotFoundError, match="begins with /app/"):
        plan_key_deletion(place, b"/app/", below=True)


def test_what_nobody_would_look_through_is_not_planned(keys: KeptKeys) -> None:
    many = KeptKeys.of({f"/many/{number:04}": b"x" for number in range(1001)})
    with pytest.raises(SettingsError, match="more than 1000 keys"):
        plan_key_deletion(place_of(many), b"/many/", below=True)


def test_a_copy_goes_where_nothing_is_and_never_into_itself(place: KeyPlace, keys: KeptKeys) -> None:
    plan = plan_key_copy(place, b"/app/", target=b"/kept/", below=True)
    assert carry_out(place, plan)[1] == "done"
    assert keys.get(b"/kept/config").content == b'{"size": 3}'
    with pytest.raises(StalePlanError, match="/kept/config is there already"):
        plan_key_copy(place, b"/app/", target=b"/kept/", below=True)
    with pytest.raises(SettingsError, match="lies within"):
        plan_key_copy(place, b"/app", target=b"/app/kept", below=True)
    alone = plan_key_copy(place, b"/apple", target=b"/pear")
    assert [one.key for one in alone.changes] == [b"/pear"]


def test_a_directory_of_v2_goes_with_what_is_in_it_and_is_no_key() -> None:
    place = place_of(KeptKeys.of({"/app/a": b"1", "/app/b": b"2"}, store=Store.V2))
    plan = plan_key_deletion(place, b"/app", below=True)
    assert [one.key for one in plan.changes] == [b"/app", b"/app/a", b"/app/b"]
    assert "refused if it is not what it is now, or is a directory that holds something else; what" in str(plan)
    alone = str(plan_key_deletion(place, b"/app"))
    assert alone.endswith("It is refused if the directory holds something by then.")
    with pytest.raises(SettingsError, match="/app is a directory, and cannot be made a key"):
        plan_key_put(place, b"/app", content=b"x")
    with pytest.raises(SettingsError, match="--below"):
        plan_key_copy(place, b"/app", target=b"/new")


@pytest.mark.parametrize(
    ("key", "store", "said"),
    [
        (b"/_coreos.com/fleet/job/a.service/target-state", Store.V2, "fleet's own state"),
        (b"/_coreos.com/fleet", Store.V2, "fleet's own state"),
        (b"/_coreos.com/fleet/machines/abc/object", Store.V2, "by themselves"),
        (b"/_coreos.com/fleetlock", Store.V2, ""),
        (b"/_coreos.com/fleet/job", Store.V3, ""),
        (b"/registry/pods/x", Store.V3, "Kubernetes"),
        (b"/registry", Store.V3, "Kubernetes"),
        (b"/registryother", Store.V3, ""),
        (b"/registry/x", Store.V2, ""),
        (b"/app", Store.V3, ""),
    ],
)
def test_keys_of_others_are_warned_of(key: bytes, store: Store, said: str) -> None:
    warning = warn_of(key, store=store)
    assert (said in warning) if said else not warning
    plan = plan_key_put(place_of(KeptKeys(store=store)), key, content=b"x")
    assert (f"\n\n{warning}\n\n" in str(plan)) is bool(said)


def test_what_somebody_changed_at_once_is_a_finding(place: KeyPlace, keys: KeptKeys) -> None:
    changed = apply_key_changes(place, approve(plan_key_put(place, b"/new", content=b"x"), "demo"))
    (written,) = changed.written
    keys.put(b"/new", b"theirs", expected=written.revision)
    assert "was changed since" in verify_key_changes(place, changed).findings[0]
    keys.delete((keys.get(b"/new"),))
    assert verify_key_changes(place, changed).findings == ("/new is gone: somebody deleted it",)
    gone = apply_key_changes(place, approve(plan_key_deletion(place, b"/apple"), "demo"))
    keys.put(b"/apple", b"again", expected=0)
    verified = verify_key_changes(place, gone)
    assert (verified.outcome, verified.findings) == ("findings", ("/apple is there again: somebody writes it",))


def test_the_record_has_which_keys_and_never_what_they_hold(place: KeyPlace, keys: KeptKeys) -> None:
    kept: list[tuple[EventKind, Any]] = []
    report = Reporter(record=lambda kind, data: kept.append((kind, data)))
    put, gone = plan_key_put(place, b"/app/name", content=SECRET), b"/app/name"
    carry_out(place, put, report=report)
    carry_out(place, plan_key_deletion(place, gone), report=report)
    assert [kind for kind, _ in kept] == [EventKind.APPROVAL, EventKind.CHANGE, EventKind.VERIFIED] * 2
    assert kept[0][1] == {"plan_sha256": put.sha256, "way": "name"}
    assert kept[1][1]["plan_sha256"] == put.sha256
    assert [(data["what"], data["written"], data["deleted"]) for kind, data in kept if kind is EventKind.CHANGE] == [
        ("keys", [{"key": "/app/name", "revision": 5}], []),
        ("keys", [], [{"key": "/app/name", "revision": 5}]),
    ]
    assert kept[2][1] == {"what": "keys", "ok": True, "findings": []}
    assert SECRET.decode() not in repr(kept)


def test_of_a_cluster_the_record_says_by_whose_credentials_it_was_approved(keys: KeptKeys, tmp_path: Path) -> None:
    write_cluster(tmp_path)
    kept: list[tuple[EventKind, Any]] = []
    with emulated_aws() as session:
        workspace = open_workspace("demo", folder=tmp_path, environ={"HOME": str(tmp_path)})
        place = place_of(keys, workspace=workspace)
        plan = plan_key_put(place, b"/apple", content=b"green")
        report = Reporter(record=lambda kind, data: kept.append((kind, data)))
        apply_key_changes(place, approve(plan, plan.sha256), report=report)
        arn = session.caller().arn
    assert kept[0] == (EventKind.APPROVAL, {"plan_sha256": plan.sha256, "way": "sha256", "by": {"arn": arn}})


def test_what_broke_off_says_how_far_it_came_and_is_recorded(place: KeyPlace, keys: KeptKeys) -> None:
    facts: list[Any] = []
    plan = plan_key_copy(place, b"/app/", target=b"/kept/", below=True)
    second = iter([None, True])

    def interfere() -> None:
        if next(second, None):
            keys.kept[b"/kept/name"] = dataclasses.replace(keys.get(b"/apple"), key=b"/kept/name")

    keys.before_change = interfere
    with pytest.raises(StalePlanError, match="1 of 2 were done before it"):
        apply_key_changes(place, approve(plan, "demo"), report=Reporter(record=lambda _, data: facts.append(data)))
    assert [one["key"] for one in facts[1]["written"]] == ["/kept/config"]
    assert "/kept/name has changed" in facts[1]["failed"]


@pytest.mark.parametrize(
    ("stops", "seen"),
    [
        (EtcdError("no member answers", seen="the tunnel broke", transient=True), "the tunnel broke; 2 of 3"),
        (SettingsError("it is not taken"), "2 of 3"),
        (KeyboardInterrupt(), ""),
    ],
    ids=["etcd", "settings", "ctrl-c"],
)
def test_whatever_breaks_a_deletion_off_says_what_is_gone_and_is_recorded(stops: BaseException, seen: str) -> None:
    keys = KeptKeys.of({"/app/a": b"1", "/app/b": b"2", "/app/c": b"3"}, store=Store.V2)
    place, facts = place_of(keys), list[Any]()
    changes = [KeyChange(key=one.key, before=one, deletes=True) for one in keys.kept.values()]
    plan = KeysPlan(cluster="demo", store=Store.V2, changes=tuple(changes))
    uncut = iter(range(2))

    def break_off() -> None:
        if next(uncut, None) is None:
            raise stops

    keys.before_change = break_off
    with pytest.raises(type(stops)) as broken:
        apply_key_changes(place, approve(plan, "demo"), report=Reporter(record=lambda _, data: facts.append(data)))
    assert broken.value is stops
    assert [one["key"] for one in facts[1]["deleted"]] == ["/app/c", "/app/b"]
    assert list(keys.kept) == [b"/app/a"]
    if isinstance(stops, FleetkitError):
        assert stops.seen == f"{seen} were done before it"
        assert facts[1]["failed"] == stops.without_hint
    else:
        assert facts[1]["failed"] == "it was broken off"
