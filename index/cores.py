"""How many threads the numerical libraries may use, and how those wait for each other.

Import this before torch or faiss: OpenMP reads its environment once, when the first of them is loaded.
"""

import math
import os
from pathlib import Path

# The threads that share one matrix product wait for the slowest. By default they wait spinning, so a neighbour on the
# same cores makes them steal the time that the slowest needs: one question took 730 ms instead of 24 ms on two busy
# cores. Sleeping costs microseconds on an idle machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def available_cores() -> int:
    """The cores that this process may use, at least 1: its CPU affinity, cut to its container's quota if it has one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _container_quota()
    return max(1, cores if quota is None else min(cores, math.ceil(quota)))


def _container_quota() -> float | None:
    """CPU time per time that the container may use ("150000 100000" is 1.5 cores), None without a limit."""
    try:
        if _CGROUP_V2.exists():
            quota, period = _CGROUP_V2.read_text().split()
        else:
            quota, period = (path.read_text().strip() for path in _CGROUP_V1)
        return None if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError):
        return None  # no cgroups here, or none that limit the CPU
