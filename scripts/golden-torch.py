"""Writes test/golden/torch-*.json: what torch's DataLoader, samplers, generator and default_collate do.

    python3 scripts/golden-torch.py    # needs torch (Debian: python3-torch); about half a minute

Each line of a file is one configuration, its options under Millrace's names, and what came of it. The same script
gives the same files again: the configurations come from a seed, and nothing in them depends on timing.
"""

import gc
import json
import math
import pathlib
import random
import warnings

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)
from torch.utils.data.distributed import DistributedSampler

golden = pathlib.Path(__file__).parent.parent / "test" / "golden"
choose = random.Random(2026)


# The datasets, as test/golden/torch-datasets.ts has them.


class Lengths(IterableDataset):
    """Worker w yields stride × w + i for i < lengths[w]."""

    def __init__(self, lengths, stride):
        self.lengths, self.stride = lengths, stride

    def __iter__(self):
        info = get_worker_info()
        worker = info.id if info else 0
        return iter([self.stride * worker + i for i in range(self.lengths[worker])])


class Numbers(IterableDataset):
    """0 … length-1, unless a worker_init_fn changed its data."""

    def __init__(self, length):
        self.data = list(range(length))

    def __iter__(self):
        return iter(self.data)


class Passes(IterableDataset):
    """Counts its passes on itself: 1000 × pass + 100 × worker + i."""

    def __init__(self, length):
        self.length, self.passes = length, 0

    def __iter__(self):
        self.passes += 1
        info = get_worker_info()
        worker = info.id if info else 0
        return iter([1000 * self.passes + 100 * worker + i for i in range(self.length)])


class Failing(IterableDataset):
    """As Lengths, but worker w fails where its sample failAt[w] would be."""

    def __init__(self, lengths, fail_at):
        self.lengths, self.fail_at = lengths, fail_at

    def __iter__(self):
        info = get_worker_info()
        worker = info.id if info else 0
        for i in range(self.lengths[worker]):
            if i == self.fail_at[worker]:
                raise ValueError(f"no sample {100 * worker + i}")
            yield 100 * worker + i


class FailingTens(Dataset):
    """As Tens, but there is no sample failAt."""

    def __init__(self, length, fail_at):
        self.length, self.fail_at = length, fail_at

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        if i == self.fail_at:
            raise ValueError(f"no sample {10 * i}")
        return 10 * i


class Seeds(IterableDataset):
    """Each worker's seed, once."""

    def __iter__(self):
        return iter([str(get_worker_info().seed)])


class Tens(Dataset):
    """Sample i is 10 × i."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return 10 * i


class MapSeeds(Dataset):
    """Sample i is the seed of the worker that made it."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return str(get_worker_info().seed)


def split_data(worker):
    """The worker's part of the data, as in the documentation of IterableDataset."""
    info = get_worker_info()
    share = math.ceil(len(info.dataset.data) / info.num_workers)
    info.dataset.data = info.dataset.data[worker * share : (worker + 1) * share]


def fail_in_worker_1(worker):
    if worker == 1:
        raise ValueError("worker 1 cannot begin")


# From a configuration to torch's arguments.


def generator(config):
    return torch.Generator().manual_seed(config["seed"]) if "seed" in config else None


def sampler(spec, length, random_numbers):
    """A sampler as torch makes it from {"name": …, options}; a list stands for itself."""
    if isinstance(spec, list):
        return spec
    options = {snake(key): value for key, value in spec.items() if key not in ("name", "sampler", "setEpoch")}
    source = range(length)
    drawn = {"generator": random_numbers}
    return {
        "sequential": lambda: SequentialSampler(source),
        "random": lambda: RandomSampler(source, **options, **drawn),
        "subset": lambda: SubsetRandomSampler(**options, **drawn),
        "weighted": lambda: WeightedRandomSampler(**options, **drawn),
        "distributed": lambda: DistributedSampler(source, **options),
        "batch": lambda: BatchSampler(sampler(spec["sampler"], length, random_numbers), options["batch_size"], options["drop_last"]),
    }[spec["name"]]()


def snake(name):
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


LOADER = ["batchSize", "numWorkers", "dropLast", "prefetchFactor", "persistentWorkers", "shuffle"]


def loader(config):
    arguments = {snake(key): config[key] for key in LOADER if key in config}
    random_numbers = generator(config)
    for option in ["sampler", "batchSampler"]:
        if option in config:
            arguments[snake(option)] = sampler(config[option], config["length"], random_numbers)
    if config.get("shardBy") == "workerInit":
        arguments["worker_init_fn"] = split_data
    if config.get("failInWorkerInit"):
        arguments["worker_init_fn"] = fail_in_worker_1
    return DataLoader(dataset(config), generator=random_numbers, **arguments)


def dataset(config):
    if config["kind"] == "seeds":
        return Seeds() if config["dataset"] == "iterable" else MapSeeds(config["numWorkers"])
    if config["kind"] == "map":
        return FailingTens(config["length"], config["failAt"]) if "failAt" in config else Tens(config["length"])
    if "failAt" in config:
        return Failing(config["lengths"], config["failAt"])
    if config["shardBy"] == "workerInfo":
        return Passes(config["length"]) if config.get("countPasses") else Lengths(config["lengths"], config["stride"])
    return Numbers(config["length"])


def run(config, epochs):
    """The configuration with the batches of each epoch."""
    made = loader(config)
    results = []
    for epoch in range(epochs):
        if sets_epoch(config.get("sampler")):
            made.sampler.set_epoch(epoch)
        batches = []
        for batch in made:
            batches.append(plain(batch))
            if epoch == 0 and len(batches) == config.get("breakAfter"):
                break
        results.append(batches)
    length = {"loaderLength": len(made)} if config["kind"] == "map" else {}
    return {**config, **length, "epochs": results}


def sets_epoch(spec):
    return isinstance(spec, dict) and spec.get("setEpoch", False)


def plain(value):
    return value.tolist() if isinstance(value, torch.Tensor) else value


# The configurations.


def common(workers):
    """What both kinds of dataset have: batches and workers."""
    config = {"numWorkers": workers, "batchSize": choose.choice([None, 1, 2, 2, 3, 4, 5, 7])}
    if config["batchSize"] is not None and choose.random() < 0.4:
        config["dropLast"] = True
    if workers > 0:
        if choose.random() < 0.6:
            config["prefetchFactor"] = choose.choice([1, 2, 3, 4])
        if choose.random() < 0.35:
            config["persistentWorkers"] = True
    return config


def epochs_of(config):
    return 2 if config.get("persistentWorkers") or choose.random() < 0.25 else 1


def iterable_configs():
    known = {"kind": "iterable", "shardBy": "workerInfo", "stride": 100}
    yield run({**known, "numWorkers": 3, "batchSize": 2, "lengths": [5, 2, 8]}, 2)
    yield run({**known, "numWorkers": 3, "batchSize": 2, "dropLast": True, "lengths": [5, 2, 8]}, 1)
    yield run({**known, "numWorkers": 3, "batchSize": None, "lengths": [3, 0, 4]}, 1)
    yield run({**known, "numWorkers": 3, "batchSize": 1, "lengths": [0, 3, 1]}, 1)
    yield run({**known, "numWorkers": 4, "batchSize": 2, "lengths": [0, 0, 0, 0]}, 1)
    yield run({"kind": "iterable", "shardBy": "workerInit", "numWorkers": 2, "batchSize": 4, "length": 16}, 2)
    for i in range(132):
        workers = [2, 3, 1, 2, 4, 3, 2, 0, 3, 4, 2][i % 11]
        shard_by = ["workerInfo", "workerInit", "none", "workerInfo"][i % 4]
        config = {"kind": "iterable", "shardBy": shard_by, **common(workers)}
        if shard_by == "workerInfo":
            config["stride"] = choose.choice([100, 1000])
            config["lengths"] = [
                0 if choose.random() < 0.12 else choose.randrange(1, 14) for _ in range(max(1, workers))
            ]
        else:
            config["length"] = choose.choice([0, 1, 2, 3]) if choose.random() < 0.15 else choose.randrange(4, 22)
        yield run(config, epochs_of(config))
    for workers in [0, 1, 2, 3]:
        for persistent in [False, True] if workers else [False]:
            config = {"kind": "iterable", "shardBy": "workerInfo", "countPasses": True, "length": 5}
            yield run({**config, "numWorkers": workers, "batchSize": 2, "persistentWorkers": persistent}, 3)


def map_configs():
    for i in range(150):
        workers = [0, 2, 3, 0, 1, 2, 0][i % 7]
        how = ["shuffle", "none", "sampler", "shuffle", "batchSampler", "sampler"][i % 6]
        config = {"kind": "map", "length": choose.randrange(1, 41), **common(workers)}
        if how == "none" and choose.random() < 0.2:
            config["length"] = 0
        config["seed"] = choose.choice([0, 1, 7, 123, 2**31 + 5, 2**32 + 7, 2**53 - 1, -1])
        if how == "shuffle":
            config["shuffle"] = True
        elif how == "sampler":
            config["sampler"] = sampler_spec(config["length"])
        elif how == "batchSampler":
            for option in ["batchSize", "dropLast"]:
                config.pop(option, None)
            config["batchSampler"] = batch_sampler_spec(config["length"])
        yield run(config, 2)
    # A pass that is broken off has drawn from the generator too, as far as batches were asked for ahead.
    for workers, size, length in [(0, 1, 9), (0, 4, 12), (0, 5, 30), (2, 1, 40), (2, 3, 60), (3, 2, 50), (2, 2, 11)]:
        for ahead in [{}, {"prefetchFactor": 3, "persistentWorkers": True}] if workers else [{}]:
            config = {"kind": "map", "length": length, "numWorkers": workers, "batchSize": size, "shuffle": True}
            yield run({**config, **ahead, "seed": 5, "breakAfter": 3}, 3)
    many = {"name": "random", "replacement": True, "numSamples": 200}
    for workers in [0, 1, 2, 3]:
        config = {"kind": "map", "length": 90, "numWorkers": workers, "batchSize": 5, "seed": 8, "sampler": many}
        yield run({**config, "breakAfter": 4}, 2)


def sampler_spec(length):
    kind = choose.choice(["random", "random", "subset", "weighted", "distributed", "distributed", "list", "sequential"])
    if kind == "list":
        return [choose.randrange(length) for _ in range(choose.randrange(1, 12))]
    if kind == "random":
        options = choose.choice([{"replacement": True}, {"replacement": False}])
        return {"name": kind, **options, "numSamples": choose.choice([1, 5, 31, 32, 33, length, 2 * length, length + 3])}
    if kind == "subset":
        return {"name": kind, "indices": choose.sample(range(length), choose.randrange(1, length + 1))}
    if kind == "weighted":
        weights = [choose.choice([0.5, 1, 2, 0.1, 3, 7.25]) for _ in range(length)]
        replacement = choose.random() < 0.6
        most = 40 if replacement else length
        return {"name": kind, "weights": weights, "numSamples": choose.randrange(1, most + 1), "replacement": replacement}
    if kind == "distributed":
        replicas = choose.randrange(1, 6)
        return {
            "name": kind,
            "numReplicas": replicas,
            "rank": choose.randrange(replicas),
            "shuffle": choose.random() < 0.7,
            "seed": choose.choice([0, 3, 12345]),
            "dropLast": choose.random() < 0.5,
            "setEpoch": choose.random() < 0.5,
        }
    return {"name": kind}


def batch_sampler_spec(length):
    if choose.random() < 0.3:
        return [
            [choose.randrange(length) for _ in range(choose.randrange(1, 5))] for _ in range(choose.randrange(1, 7))
        ]
    spec = sampler_spec(length)
    if isinstance(spec, dict):
        spec.pop("setEpoch", None)
    return {
        "name": "batch",
        "batchSize": choose.randrange(1, 6),
        "dropLast": choose.random() < 0.4,
        "sampler": spec,
    }


def seed_configs():
    for i, workers in enumerate([1, 2, 3, 4] * 5):
        config = {"kind": "seeds", "dataset": ["iterable", "map"][i % 2], "numWorkers": workers, "batchSize": None}
        config["persistentWorkers"] = i % 3 == 0
        yield run({**config, "seed": [123, 7, 0, -1, 2**32 + 1, 424242][i % 6]}, 3)


def failure_configs():
    """What is given before an error of the user's code, and which error comes first."""
    for i in range(18):
        workers = [2, 0, 3, 1, 3, 2][i % 6]
        lengths = [choose.randrange(1, 12) for _ in range(max(1, workers))]
        failing = choose.randrange(len(lengths))
        fail_at = [choose.randrange(n) if w == failing or choose.random() < 0.2 else None for w, n in enumerate(lengths)]
        batch_size = choose.choice([None, 1, 2, 3])
        yield failed({"kind": "iterable", "lengths": lengths, "failAt": fail_at, "numWorkers": workers, "batchSize": batch_size})
    for i in range(12):
        length = choose.randrange(1, 20)
        config = {"kind": "map", "length": length, "failAt": choose.randrange(length), "numWorkers": i % 3}
        yield failed({**config, "batchSize": choose.choice([None, 1, 2, 4]), "shuffle": i % 2 == 0, "seed": i})
    for workers in [1, 2, 3]:
        for size in [1, 3]:
            config = {"shardBy": "workerInfo", "stride": 100, "lengths": [4] * workers, "numWorkers": workers}
            yield failed({"kind": "iterable", **config, "batchSize": size, "failInWorkerInit": True})
            yield failed({"kind": "map", "length": 9, "numWorkers": workers, "batchSize": size, "failInWorkerInit": True})


def failed(config):
    batches, raises = [], None
    try:
        for batch in loader(config):
            batches.append(plain(batch))
    except ValueError as error:
        raises = str(error).strip().split("\n")[-1].replace("ValueError: ", "")
    gc.collect()  # ends the workers here, not in a later fork, which would complain
    return {**config, "epochs": [batches], "raises": raises}


def error_configs():
    """The constructor alone: which options it refuses, one at a time and in pairs."""
    values = {
        "numWorkers": [-1, 1, 2],
        "timeoutMs": [-1, 0, 1000],
        "prefetchFactor": [0, 1, 2, 3],
        "persistentWorkers": [False, True],
        "batchSize": [None, 0, -2, 1, 1.5, 4],
        "dropLast": [False, True],
        "shuffle": [False, True],
        "sampler": [[0, 1]],
        "batchSampler": [[[0], [1]]],
    }
    single = [{key: value} for key, options in values.items() for value in options]
    pairs = [{**a, **b} for i, a in enumerate(single) for b in single[i + 1 :] if a.keys() != b.keys()]
    for kind in ["iterable", "map"]:
        for options in [{}, *single, *choose.sample(pairs, 70)]:
            yield refusal(kind, 4, options)
    yield refusal("map", 0, {})
    yield refusal("map", 0, {"shuffle": True})


def refusal(kind, length, options):
    arguments = {snake(key): value for key, value in options.items()}
    if "timeout_ms" in arguments:
        arguments["timeout"] = arguments.pop("timeout_ms") / 1000
    made = {"iterable": Numbers, "map": Tens}[kind](length)
    config = {"dataset": kind, "length": length, "options": options}
    try:
        DataLoader(made, **arguments)
        return {**config, "raises": None}
    except (ValueError, AssertionError, TypeError) as error:
        return {**config, "raises": type(error).__name__, "message": str(error)}


def collate_configs():
    """Samples as JSON; {"array": …, "dtype": …} stands for a numpy array of that type, a list for a list."""
    array = lambda values, dtype="float32": {"array": values, "dtype": dtype}
    for samples in [
        [1, 2, 3],
        [1, 2.5],
        [1.5, 2],
        [0.1],
        [True, False],
        ["a", "b", "déjà"],
        [[1, 2], [3, 4], [5, 6]],
        [[1, "x"], [2, "y"]],
        [[[1, 2], 3], [[4, 5], 6]],
        [{"x": 1, "y": 2.5}, {"x": 3, "y": 4.5}],
        [{"a": {"b": 1}, "c": "t"}, {"a": {"b": 2}, "c": "u"}],
        [{"a": [1, 2]}, {"a": [3, 4]}],
        [{"v": array([1, 2, 3]), "label": 0}, {"v": array([4, 5, 6]), "label": 1}],
        [[array([1, 2]), 7], [array([3, 4]), 8]],
        [[], []],
        [{}, {}],
        *[[array([1, 2], t), array([3, 4], t)] for t in "float32 float64 int8 uint8 int16 int32 int64".split()],
        [array([]), array([])],
        [array([1.5])],
        [array([1, 2]), array([3])],
        [[1, 2], [3]],
        [{"a": 1}, {"b": 2}],
        [{"a": 1, "b": 2}, {"a": 3}],
        [{"a": 1}, {"a": 2, "b": 3}],
        [None, None],
        [1, None],
        [1, "a"],
        ["a", 1],
        [[1, 2], 3],
    ]:
        yield collated(samples)


def collated(samples):
    try:
        return {"samples": samples, "result": described(default_collate([from_json(sample) for sample in samples]))}
    except Exception as error:
        return {"samples": samples, "raises": type(error).__name__, "message": str(error).split("\n")[0]}


def from_json(sample):
    if isinstance(sample, dict):
        if "array" in sample:
            return np.array(sample["array"], dtype=sample["dtype"])
        return {key: from_json(value) for key, value in sample.items()}
    return [from_json(value) for value in sample] if isinstance(sample, list) else sample


def described(value):
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).replace("torch.", "")
        return {"tensor": value.flatten().tolist(), "shape": list(value.shape), "dtype": dtype}
    if isinstance(value, dict):
        return {key: described(item) for key, item in value.items()}
    return [described(item) for item in value] if isinstance(value, (list, tuple)) else value


def random_configs():
    """The generator itself, and samplers on it without a loader."""
    seeds = [0, 1, 7, 123, 2**31, 2**32 - 1, 2**32 + 7, 2**53 - 1, -1, -(2**40)]
    for seed in seeds:
        g = torch.Generator().manual_seed(seed)
        draw = lambda: str(torch.empty((), dtype=torch.int64).random_(generator=g).item())
        yield {"kind": "baseSeed", "seed": seed, "draws": [draw() for _ in range(4)]}
    for seed, length in [(0, 0), (0, 1), (1, 2), (2, 3), (3, 10), (123, 16), (7, 40), (5, 100), (-1, 33)]:
        yield {"kind": "randperm", "seed": seed, "length": length, **permutations(seed, length)}
    for seed, length in [(1, 623), (1, 624), (1, 625), (9, 1249), (4, 99999), (4, 100000), (11, 131071), (2, 1000003)]:
        result = permutations(seed, length)
        yield {"kind": "randpermSum", "seed": seed, "length": length, "sum": checksum(result["values"]), "next": result["next"]}
    for seed, high in [(0, 1), (1, 2), (1, 10), (7, 1000), (3, 2**31), (3, 2**32 - 1), (3, 2**32), (5, 2**40), (6, 2**53 - 1)]:
        g = torch.Generator().manual_seed(seed)
        values = torch.randint(high, (12,), generator=g).tolist()
        yield {"kind": "randint", "seed": seed, "high": high, "values": values, "next": next_word(g)}
    for seed in [0, 3]:
        g = torch.Generator().manual_seed(seed)
        yield {"kind": "rand", "seed": seed, "values": torch.rand(6, dtype=torch.float64, generator=g).tolist()}
    for _ in range(60):
        length, seed = choose.randrange(1, 50), choose.randrange(1000)
        spec = sampler_spec(length)
        if isinstance(spec, dict) and choose.random() < 0.3:
            spec.pop("setEpoch", None)
            spec = {"name": "batch", "batchSize": choose.randrange(1, 9), "dropLast": choose.random() < 0.5, "sampler": spec}
        if isinstance(spec, dict):
            yield {"kind": "sampler", "seed": seed, "length": length, "sampler": spec, **passes(spec, length, seed)}


def permutations(seed, length):
    g = torch.Generator().manual_seed(seed)
    return {"values": torch.randperm(length, generator=g).tolist(), "next": next_word(g)}


def passes(spec, length, seed):
    g = torch.Generator().manual_seed(seed)
    made = sampler(spec, length, g)
    results = []
    for epoch in range(2):
        if sets_epoch(spec):
            made.set_epoch(epoch)
        results.append(list(made))
    return {"samplerLength": len(made), "passes": results, "next": next_word(g)}


def next_word(g):
    """32 bits drawn last, which show that as many were drawn before."""
    return torch.randint(2**32 - 1, (1,), generator=g).item()


def checksum(values):
    total = 0
    for value in values:
        total = (total * 31 + value) % 2**32
    return total


def write(name, configs):
    lines = [json.dumps(config, ensure_ascii=False, separators=(",", ":")) for config in configs]
    text = '{"torch":%s,"configurations":[\n%s\n]}\n' % (json.dumps(torch.__version__), ",\n".join(lines))
    (golden / f"torch-{name}.json").write_text(text, encoding="utf8")
    print(f"torch-{name}.json: {len(lines)} configurations, {len(text.encode()) / 1000:.0f} kB")


warnings.filterwarnings("ignore", message="This DataLoader will create")
torch.set_num_threads(1)
write("random", random_configs())
write("iterable", iterable_configs())
write("map", map_configs())
write("seeds", seed_configs())
write("errors", error_configs())
write("collate", collate_configs())
write("failures", failure_configs())
