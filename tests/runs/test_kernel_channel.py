"""An answer is heard although something was sent while it was waited for."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time

import pytest
import zmq
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from fleetkit.runs._kernel import make_kernel_manager

pytestmark = pytest.mark.sandbox

WITHIN_S = 5


async def hear_while_sending(channel_class):
    """Return what a wait on such a channel brings, where the answer arrives just before something else is sent."""
    session = Session(key=b"key")
    with contextlib.ExitStack() as rooms:
        kernel_context = rooms.enter_context(zmq.Context())
        kernel = rooms.enter_context(kernel_context.socket(zmq.ROUTER))
        kernel.linger = 0
        port = kernel.bind_to_random_port("tcp://127.0.0.1")
        context = rooms.enter_context(zmq.asyncio.Context())
        socket = rooms.enter_context(context.socket(zmq.DEALER))
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{port}")
        channel = channel_class(socket, session)
        channel.send(session.msg("execute_request"))
        sender, *_ = kernel.recv_multipart()
        waiting = asyncio.create_task(channel.get_msg())
        await asyncio.sleep(0.1)
        session.send(kernel, session.msg("execute_reply"), ident=sender)
        time.sleep(0.1)  # the answer has to arrive while the loop does not look
        channel.send(session.msg("comm_msg"))
        try:
            return (await asyncio.wait_for(waiting, WITHIN_S))["msg_type"]
        except TimeoutError:
            return None


def channel_class_of_runs(tmp_path):
    return make_kernel_manager("python3", folder=tmp_path).client_factory.shell_channel_class.klass


def test_the_channel_of_a_run_hears_the_answer(tmp_path):
    assert asyncio.run(hear_while_sending(channel_class_of_runs(tmp_path))) == "execute_reply"


def test_the_channel_of_jupyter_client_still_misses_it():
    """When this fails, jupyter_client has mended it, and ours can go."""
    assert asyncio.run(hear_while_sending(AsyncZMQSocketChannel)) is None


def test_a_wait_with_a_limit_ends_with_it(tmp_path):
    async def wait(limit_s):
        with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as socket:
            await channel_class_of_runs(tmp_path)(socket, Session(key=b"key")).get_msg(limit_s)

    began_s = time.monotonic()
    with pytest.raises(queue.Empty):
        asyncio.run(wait(0.5))
    assert time.monotonic() - began_s < WITHIN_S
