"""Do the data keep what was promised of them? What the vendor's engine may not decide alone.

`suite_file` reads what was declared, `guards` knows what must not pass though the engine says
success, `records` is what is written. The engine itself stands in `adapters.expectations`.
"""

from titleholder.validation.records import Expectation, Validation

__all__ = ["Expectation", "Validation"]
