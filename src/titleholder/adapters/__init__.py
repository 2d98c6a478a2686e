"""One vendor a file; adapters do not know each other, and the domain knows none of them."""
