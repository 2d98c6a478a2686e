"""How fast titleholder is beside what would be taken instead: ``python -m benchmarks``.

CPU seconds in one process after another, on one thread; medians, and ratios to titleholder.
"""
