"""How many messages a text is charged as."""

# Characters one message holds, alone and as one of several. What is not ASCII travels in 16-bit
# characters. (The network's real 7-bit alphabet differs from ASCII in a few signs.)
_ASCII = (160, 153)
_UNICODE = (70, 67)


def part_count(text: str) -> int:
    """Return how many messages `text` takes, at least 1."""
    alone, chained = _ASCII if text.isascii() else _UNICODE
    return 1 if len(text) <= alone else -(-len(text) // chained)
