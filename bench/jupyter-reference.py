"""The reference that an execution is measured against: one Jupyter kernel, spoken to through jupyter_client.

Standard output carries one JSON object a line. The first says that the kernel is ready; then each line on standard input is
answered. A count: with the round trips of that many executions of `1+1`, one after another. A count and how many may be under
way: with the seconds that so many take together. The end of the input ends the kernel.
"""

import json
import sys
import time

import ipykernel
import jupyter_client
import zmq
from jupyter_client.manager import KernelManager

WAIT_SECONDS_MAX = 30


def main():
    started_at = time.perf_counter()
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=WAIT_SECONDS_MAX)
        answer(
            {
                "kernelPid": manager.provisioner.pid,
                "readyMs": (time.perf_counter() - started_at) * 1000,
                "versions": {
                    "python": sys.version.split()[0],
                    "ipykernel": ipykernel.__version__,
                    "jupyter_client": jupyter_client.__version__,
                },
            }
        )
        for line in sys.stdin:
            count, *at_once = (int(word) for word in line.split())
            if at_once:
                answer({"seconds": pipelined_seconds(client, count, at_once[0])})
            else:
                answer({"roundTripMs": [round_trip_ms(client) for _ in range(count)]})
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def round_trip_ms(client):
    """From the request until both the value and the reply are here. Waiting for the kernel to be idle is not counted."""
    sent_at = time.perf_counter()
    request_id = client.execute("1+1")
    value = None
    while value is None:
        message = own_message(client.get_iopub_msg, request_id)
        if message["msg_type"] == "execute_result":
            value = message["content"]["data"]["text/plain"]
    reply = own_message(client.get_shell_msg, request_id)
    elapsed_ms = (time.perf_counter() - sent_at) * 1000
    if value != "2" or reply["content"]["status"] != "ok":
        raise RuntimeError(f"the kernel answered {value} ({reply['content']['status']})")
    while True:
        message = own_message(client.get_iopub_msg, request_id)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return elapsed_ms


def pipelined_seconds(client, count, at_once):
    """The kernel never waits for the client: requests are queued ahead of it. Done when the value and the reply of each are
    here. Over plain sockets, because the client's own start an event loop for every message."""
    context = zmq.Context()
    shell = context.socket(zmq.DEALER)
    published = context.socket(zmq.SUB)
    for socket in (shell, published):
        socket.linger = 0
        socket.rcvhwm = 0
    try:
        published.subscribe(b"")
        published.connect(f"{client.transport}://{client.ip}:{client.iopub_port}")
        shell.connect(f"{client.transport}://{client.ip}:{client.shell_port}")
        poller = zmq.Poller()
        for socket in (shell, published):
            poller.register(socket, zmq.POLLIN)
        # A subscription takes a moment: once an answer is published here, all are.
        sent, values, replies = 0, 0, 0
        send_execution(client, shell)
        while values == 0:
            if not poller.poll(WAIT_SECONDS_MAX * 1000):
                raise RuntimeError("the kernel does not answer")
            for message in received(client, published):
                values += is_value(message)
            for _ in received(client, shell):
                if values == 0:
                    send_execution(client, shell)
        while poller.poll(200):
            for socket in (shell, published):
                for _ in received(client, socket):
                    pass

        values = 0
        started_at = time.perf_counter()
        while values < count or replies < count:
            while sent < count and sent - replies < at_once:
                send_execution(client, shell)
                sent += 1
            if not poller.poll(WAIT_SECONDS_MAX * 1000):
                raise RuntimeError("the kernel does not answer")
            for message in received(client, published):
                values += is_value(message)
            for message in received(client, shell):
                if message["content"]["status"] != "ok":
                    raise RuntimeError("the kernel failed")
                replies += 1
        return time.perf_counter() - started_at
    finally:
        shell.close()
        published.close()
        context.term()


def send_execution(client, shell):
    content = {
        "code": "1+1",
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    client.session.send(shell, "execute_request", content)


def received(client, socket):
    """Whatever is there, without waiting."""
    while True:
        _, message = client.session.recv(socket, zmq.NOBLOCK)
        if message is None:
            return
        yield message


def is_value(message):
    if message["msg_type"] != "execute_result":
        return False
    if message["content"]["data"]["text/plain"] != "2":
        raise RuntimeError("the kernel answered something else")
    return True


def own_message(receive, request_id):
    while True:
        message = receive(timeout=WAIT_SECONDS_MAX)
        if message["parent_header"].get("msg_id") == request_id:
            return message


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
