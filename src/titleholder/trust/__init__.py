"""What makes a published verdict believable: signed, chained, gated, and never lost.

A verdict becomes a `statement`, is sealed (`dsse`) and published (`publication`) as the next link
of a `chain`; whose seal counts is pinned (`pins`). The `gate` believes nothing else. Who holds the
title (`titles`, `promotion`), what may be excused (`waivers`), what was begun (`intents`) and what
was taken away (`removals`, `prune`) are chains of statements of the same make; `history` reads
them all. Nothing here measures or judges a model.
"""
