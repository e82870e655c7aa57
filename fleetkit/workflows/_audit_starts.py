"""Facts of what machines start from for an audit: user data and images."""

from __future__ import annotations

import base64
import json
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fleetkit import aws, checks
from fleetkit.core import FleetkitError, NotFoundError, call_each

__all__ = ["read_given", "read_images"]

_MOST_BYTES = 16 * 1024**2
_OTHER_DOCUMENTS = "ignition.config."
_NEWEST = {aws.FLATCAR_OWNER: aws.find_newest_flatcar, aws.UBUNTU_OWNER: aws.find_newest_ubuntu}
"""By the account that publishes: a name may be given to an image by anybody."""


def read_given(
    session: aws.AwsSession, machines: Mapping[str, str], pools: Iterable[aws.ScalingGroup]
) -> tuple[checks.GivenFact, ...]:
    """Return what machines have as user data, and what all versions of pools' launch templates give.

    Parameters
    ----------
    machines
        Id of each machine to what people call it.
    """
    has = _all_of(call_each(list(machines), lambda one: aws.read_user_data(session, one)))
    templates = {
        name: one.role or one.name for one in pools for name in (one.template_id, *one.more_template_ids) if name
    }
    gives = _all_of(call_each(list(templates), lambda one: aws.list_template_versions(session, one)))
    return (
        *(
            checks.GivenFact(resource=machines[one], resource_id=one, texts=_join(_unfold(text)))
            for one, text in has.items()
        ),
        *(
            checks.GivenFact(
                resource=f"launch template of {templates[name]}, version {one.version}",
                resource_id=name,
                texts=_join(_unfold(one.user_data)),
            )
            for name, versions in gives.items()
            for one in versions
        ),
    )


def read_images(
    session: aws.AwsSession, machines: Sequence[aws.Instance], names: Mapping[str, str]
) -> tuple[checks.ImageFact, ...]:
    """Return the images that machines run from, each beside the newest of the same publisher."""
    found = aws.find_images(session, (one.image_id for one in machines))
    publishers = sorted({one.owner_id for one in found.values()} & _NEWEST.keys())
    newest = _all_of(call_each(publishers, lambda owner: _find_newest(session, owner)))
    return tuple(
        _tell_image(
            image_id,
            found.get(image_id),
            machines=tuple(names[one.instance_id] for one in machines if one.image_id == image_id),
            newest=newest,
        )
        for image_id in sorted({one.image_id for one in machines})
    )


def _all_of(found: Any) -> Any:
    for error in found.failed.values():
        raise error
    return found.ok


def _find_newest(session: aws.AwsSession, owner: str) -> aws.Image | None:
    try:
        return _NEWEST[owner](session)
    except NotFoundError:
        return None


def _tell_image(
    image_id: str, image: aws.Image | None, *, machines: tuple[str, ...], newest: Mapping[str, aws.Image | None]
) -> checks.ImageFact:
    if image is None:
        return checks.ImageFact(image_id=image_id, machines=machines, name="", available=False)
    last = newest.get(image.owner_id)
    return checks.ImageFact(
        image_id=image_id,
        machines=machines,
        name=image.name,
        available=image.state == "available",
        created=image.created,
        deprecated=image.deprecated,
        newest="" if last is None else last.name,
        newest_created=None if last is None else last.created,
    )


def _unfold(text: str) -> Iterator[tuple[str, str]]:
    """Yield each place in user data with the text there: of Ignition's document, what its files and units hold."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        yield from _walk(document, "")
    elif text:
        yield "user data", text


def _join(places: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return each place to its text; what two have in common, as files of the same path have, stands there together."""
    texts: dict[str, str] = {}
    for place, text in places:
        texts[place] = f"{texts[place]}\n{text}" if place in texts else text
    return texts


def _walk(found: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        # Files have a path, and units and users a name: that is what people know them by.
        named = found.get("path") or found.get("name")
        here = named if isinstance(named, str) else place
        for key, value in found.items():
            if key == "source" and isinstance(value, str) and value.startswith("data:"):
                text = _read_data_url(value, compressed=found.get("compression") == "gzip")
                # A document that this one is merged with, or replaced by, has files of its own.
                yield from _unfold(text) if place.startswith(_OTHER_DOCUMENTS) else [(here, text)]
            else:
                yield from _walk(value, here if key == "contents" else f"{here}.{key}" if here else str(key))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _walk(value, f"{place}[{number}]")
    elif isinstance(found, str):
        yield place, found


def _read_data_url(url: str, *, compressed: bool) -> str:
    """Return what a data URL holds (RFC 2397)."""
    kind, _, body = url.partition(",")
    content = urllib.parse.unquote_to_bytes(body)
    try:
        if kind.endswith(";base64"):
            content = base64.b64decode(content, validate=True)
        if compressed:
            content = zlib.decompressobj(wbits=31).decompress(content, _MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise FleetkitError("user data holds a data URL that cannot be read", seen=str(error)) from error
    return content.decode("utf-8", errors="replace")
