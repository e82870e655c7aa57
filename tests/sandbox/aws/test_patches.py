"""Each patch makes moto do what AWS does; and without it moto does not, so the patch is still needed."""

from __future__ import annotations

import pytest
from support.patch_promises import PROMISES
from support.sandbox_moto import emulated_aws

from fleetkit.core import ServiceError
from fleetkit.sandbox.aws import patches
from fleetkit.sandbox.aws.patches import ALL_PATCHES, Patch, Replacement, applied

by_name = pytest.mark.parametrize("patch", PROMISES, ids=lambda patch: patch.name)


def test_every_patch_has_its_promise_tested() -> None:
    assert set(PROMISES) == set(ALL_PATCHES)


@by_name
def test_with_all_patches_moto_does_what_aws_does(patch: Patch) -> None:
    with emulated_aws(*ALL_PATCHES) as aws:
        PROMISES[patch](aws)


@by_name
def test_without_its_patch_moto_still_differs(patch: Patch) -> None:
    others = tuple(one for one in ALL_PATCHES if one is not patch)
    # moto fails in many ways, a bare Exception among them; what counts is that the promise does not hold.
    with emulated_aws(*others) as aws, pytest.raises((Exception, pytest.fail.Exception)):
        PROMISES[patch](aws)


def test_a_patch_refuses_a_moto_that_has_changed_and_leaves_nothing_replaced() -> None:
    from moto.ec2.models.instances import Instance

    before = Instance.terminate
    stale = Patch(
        name="stale",
        promise="none",
        replacements=(
            *patches.FREED_ADDRESSES.replacements,
            Replacement(target="moto.ec2.models.instances:Instance.stop", digest="000000000000", wrap=lambda one: one),
        ),
    )
    with pytest.raises(ServiceError, match=r"Instance\.stop is not what .* 'stale' was written for"), applied(stale):
        pass
    assert Instance.terminate is before


def test_patches_are_taken_off_again() -> None:
    from moto.ec2.models.instances import Instance
    from moto.elb.models import LoadBalancer

    before = Instance.terminate
    with applied(*ALL_PATCHES):
        assert Instance.terminate is not before
    assert Instance.terminate is before
    assert not hasattr(LoadBalancer, "canonical_hosted_zone_name_id")
