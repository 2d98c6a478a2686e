"""One thread for linear algebra: a sum over two threads is rounded differently than over one.

Equal inputs must give equal records, whichever way a stage was started, and suites that run side
by side must not take one another's processors.
"""

import os
import sys

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pin() -> None:
    """Hold this process, and those that it starts, to one BLAS and OpenMP thread.

    Libraries that are not loaded yet read it from the environment; those that are, are told.
    """
    for name in _VARIABLES:
        os.environ[name] = "1"
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1)
