"""One seed to tell a story with, ten to draw a conclusion from."""

import os
import sys
import warnings
from pathlib import Path
from unittest.mock import patch

import joblib
import keras
import numpy as np
from scipy import stats

SEED = 6            # for a single run: its networks lie close to the average of the ten
SEEDS = range(10)   # for a conclusion

# What a lesson's kernel takes and what each process beside it does, with TensorFlow: in GiB,
# measured and rounded up. With two processes beside it a lesson came to 1.9 GiB, alone to 1.3.
KERNEL, WORKER = 0.9, 0.6

# Where Linux says how much memory this container may take, in its two versions of cgroups.
LIMITS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]

# joblib replaces a process that has grown, as TensorFlow's do with every network they compile.
warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")

# Python's alias of the main module. What a lesson imports from SciPy by name, pickle would find
# there before it looks into SciPy, and joblib's processes have no such lesson.
sys.modules.pop("__mp_main__", None)


def over_seeds(experiment, seeds=SEEDS):
    """Return `experiment(seed)` for each of the seeds, as rows of an array.

    experiment: a function of a seed that returns a number or several. Each call
        begins with `keras.utils.set_random_seed(seed)`. The calls run side by
        side, in as many processes as the cores and the memory allow. What is
        random afterwards begins with `SEED`, however many there were.
    """
    def run(seed):
        keras.utils.clear_session(free_memory=False)   # True would take 0.3 s more
        keras.utils.set_random_seed(seed)
        with patch.dict(os.environ, PROGRESS="0"):   # one bar, below, counts them
            return experiment(seed)

    # max_nbytes: arrays by value; joblib waits seconds to delete shared ones
    side_by_side = joblib.Parallel(n_jobs=_processes(), return_as="generator",
                                   max_nbytes=None)
    results, bar = [], keras.utils.Progbar(len(seeds), unit_name="run")
    for result in side_by_side(joblib.delayed(run)(seed) for seed in seeds):
        results.append(result)
        if os.environ.get("PROGRESS") != "0":
            bar.update(len(results))
    keras.utils.set_random_seed(SEED)
    return np.array(results)


def interval(values):
    """Return the mean of `values`, one for each seed, and half its 95% interval.

    By Student's t distribution, since the spread, too, is estimated from the values.
    """
    n = len(values)
    return np.mean(values), stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)


def _processes():
    """Return how many runs fit side by side: into this computer, this container, or a cluster."""
    backend, _ = joblib.parallel.get_active_backend()
    if not isinstance(backend, joblib.parallel.LokyBackend):
        return -1   # all its workers
    found = [Path(limit).read_text().strip() for limit in LIMITS if Path(limit).exists()]
    memory = min((int(limit) / 2**30 for limit in found if limit.isdigit()), default=np.inf)
    return int(max(1, min(joblib.cpu_count(), (memory - KERNEL) // WORKER)))
