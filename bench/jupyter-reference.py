"""The reference that an execution is measured against: one Jupyter kernel, spoken to through jupyter_client.

Standard output carries one JSON object a line. The first says that the kernel is ready; then each line on standard
input, a count, is answered with the round trips of that many executions of `1+1`. The end of the input ends the kernel.
"""

import json
import sys
import time

import ipykernel
import jupyter_client
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
            answer({"roundTripMs": [round_trip_ms(client) for _ in range(int(line))]})
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
