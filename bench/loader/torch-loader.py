"""One job with torch's DataLoader; prints one line of JSON.

    python3 torch-loader.py '{"samples": "integers", "batchSize": 64, "workers": 2, "prefetch": 2, "integers": 100000,
                              "path": "lines.txt", "bytes": 1000000, "repeats": 1}'

datasets.ts and millrace-loader.ts are the same, step by step.
"""

import json
import re
import sys
import time

import numpy
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

# Of 16 KiB to 1 MiB the fastest, here and in JavaScript.
PIECE_BYTES = 2**16


def share_of(size):
    info = get_worker_info()
    worker, workers = (info.id, info.num_workers) if info else (0, 1)
    return size * worker // workers, size * (worker + 1) // workers


class Integers(IterableDataset):
    """0, 1, 2, …: each worker a stretch of them."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        begin, end = share_of(self.count)
        yield from range(begin, end)


class Lines(IterableDataset):
    """The lines in the first `size` bytes of a text, `repeats` times: each worker those that begin in its part."""

    def __init__(self, path, size, repeats):
        self.path = path
        self.size = size
        self.repeats = repeats

    def __iter__(self):
        begin, end = share_of(self.size)
        for _ in range(self.repeats):
            yield from lines_of(self.path, begin, end)


def lines_of(path, start, stop):
    with open(path, "rb", buffering=0) as file:
        at, end = line_from(file, start), line_from(file, stop)
        file.seek(at)
        kept = b""
        while at < end:
            chunk = file.read(min(end - at, PIECE_BYTES))
            at += len(chunk)
            chunk = kept + chunk
            cut = chunk.rfind(b"\n") + 1
            lines = chunk[:cut].decode().split("\n")
            lines.pop()
            yield from lines
            kept = chunk[cut:]


def line_from(file, at):
    """Where the first line begins that begins at `at` or later."""
    if at == 0:
        return 0
    file.seek(at - 1)
    start = at - 1
    while True:
        chunk = file.read(2**16)
        found = chunk.find(b"\n")
        if found >= 0 or not chunk:
            return start + (found + 1 if chunk else 0)
        start += len(chunk)


def sum_integers(batch):
    return int(batch.sum())


def sum_bytes(batch):
    # A batch of strings is a list of them; numpy adds bytes faster than Python does.
    return int(numpy.frombuffer("".join(batch).encode(), numpy.uint8).sum())


def run(loader, sum_of):
    batches = samples = total = 0
    for batch in loader:
        batches += 1
        samples += len(batch)
        total += sum_of(batch)
    return {"batches": batches, "samples": samples, "sum": total}


def kilobytes(path, pattern):
    with open(path) as file:
        return 1024 * sum(int(number) for number in re.findall(pattern, file.read(), re.M))


def peak_bytes(loader):
    """The high-water mark of this process, and what the workers now hold that they do not share with it.

    Not resource.getrusage: its maximum begins with the memory of the process that forked this one.
    """
    peak = kilobytes("/proc/self/status", r"^VmHWM:\s*(\d+) kB")
    for worker in getattr(loader._iterator, "_workers", []):
        peak += kilobytes(f"/proc/{worker.pid}/smaps_rollup", r"^Private_\w+:\s*(\d+) kB")
    return peak


def main(job):
    lines = job["samples"] == "lines"
    dataset = Lines(job["path"], job["bytes"], job["repeats"]) if lines else Integers(job["integers"])
    workers = job["workers"]
    options = {"persistent_workers": True, "prefetch_factor": job["prefetch"]} if workers > 0 else {}
    loader = DataLoader(dataset, batch_size=job["batchSize"], num_workers=workers, **options)
    sum_of = sum_bytes if lines else sum_integers
    # Starts the workers, which stay.
    run(loader, sum_of)
    began = time.perf_counter()
    result = run(loader, sum_of)
    seconds = time.perf_counter() - began
    print(json.dumps({**result, "seconds": seconds, "peakBytes": peak_bytes(loader)}))


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(torch.__version__)
    else:
        main(json.loads(sys.argv[1]))
