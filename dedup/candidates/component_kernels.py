"""Compiled union-find: join documents that are paired, and point each at the root of its component."""

from __future__ import annotations

from manyo.corpus.jit import Int64s, kernel


@kernel
def unite(parent: Int64s, left: Int64s, right: Int64s) -> None:
    """Join the trees of each `left[i]` and `right[i]` in place; a root is the smallest member of its tree.

    The parent of what was never joined is -1.
    """
    for i in range(len(left)):
        a = left[i]
        b = right[i]
        if parent[a] < 0:
            parent[a] = a
        if parent[b] < 0:
            parent[b] = b
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b


@kernel
def point_at_roots(parent: Int64s) -> None:
    """Point every member at its root, in place. A parent is never greater than its child, so it is settled first."""
    for i in range(len(parent)):
        if parent[i] >= 0:
            parent[i] = parent[parent[i]]
