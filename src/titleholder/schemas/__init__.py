"""JSON Schemas of what titleholder writes, for programs in other languages."""
