"""Runs one program in Python again and again, in a process of its own. Arguments and answer: see program-runs.ts."""
import contextlib
import io
import json
import sys
import time

path, warm_up_ms, samples_ms, runs_max = sys.argv[1], *map(float, sys.argv[2:5])
with open(path, encoding="utf-8") as file:
    program = compile(file.read(), path, "exec")
namespace = {"__name__": "__main__"}


def once():
    """A program runs its `main` by itself."""
    main = namespace.get("main")
    if main is None:
        exec(program, namespace)
    else:
        main()


def run():
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        cpu, wall = time.thread_time(), time.perf_counter()
        once()
        wall_ms = (time.perf_counter() - wall) * 1000
        cpu_ms = (time.thread_time() - cpu) * 1000
    return {"wallMs": wall_ms, "cpuMs": cpu_ms}, output.getvalue()


def repeat(least, total_ms):
    runs, begun = [], time.perf_counter()
    while len(runs) < least or (time.perf_counter() - begun) * 1000 < total_ms and len(runs) < runs_max:
        runs.append(run())
    return runs


warm_up = repeat(1, warm_up_ms)
measured = repeat(3, samples_ms)
outputs = sorted({output for _, output in warm_up + measured})
print(json.dumps({"outputs": outputs, "samples": [sample for sample, _ in measured]}))
