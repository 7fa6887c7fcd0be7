"""The compiled loops of dedup: fold, view, hash, sketch, key, unite, link.

Private to the typed wrappers in `exact`, `view`, `minhash`, `pairs`, `components`, `shingles` and
`verify`, each of which has a slow oracle of its own name in `tests/oracles.py`. This file imports
no other jitted code, because Numba's cache does not see changes across files.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import kernel

# Odd multipliers of MurmurHash3's 64-bit finaliser (Appleby, public domain) and of splitmix64
# (Steele, Lea, Flood 2014); any odd numbers with well spread bits would do, these are well tested.
_MIX_1 = np.uint64(0xFF51AFD7ED558CCD)
_MIX_2 = np.uint64(0xC4CEB9FE1A85EC53)
_STEP = np.uint64(0x9E3779B97F4A7C15)

#: Shingle hashes worked on at once: 16 KiB stay in the first-level cache through all permutations.
_BLOCK = 4096
#: A block is filled up to a multiple of this by repeating a hash, which no minimum notices, so
#: that the vectorised loop over it has no scalar tail.
_LANES = 32
#: Runs that shingle hashes are dealt to before they are sorted: 2 MB of counters stay in the second-level cache.
_MAX_RUNS = 1 << 18

# The hiragana block, and what the view does to a kana before う, which makes a long vowel of both.
KANA_BLOCK: Final = 0x3040
KANA_BLOCK_SIZE: Final = 96
TO_O: Final = 1  # its row's お
TO_YO: Final = 2  # its row's い, and よ between
TO_YU: Final = 3  # the same, and ゆ between

_U, _WA, _YO, _YU, _KU, _KA, _GU, _GA = (ord(kana) for kana in "うわよゆくかぐが")
_REPEATS = tuple(ord(mark) for mark in "々〻ゝ")
_VOICED_REPEAT = ord("ゞ")
# 〳〵 and 〴〵 repeat two kana or more; two is the rule.
_LONG_REPEATS = tuple(ord(mark) for mark in "〳〴")
_LONG_REPEAT_END = ord("〵")


@kernel
def _fold(data, offsets, table, voiced, semivoiced):  # type: ignore[no-untyped-def]
    """Decode UTF-8, map each character through `table` (0 drops it), join kana with their marks."""
    n_docs = len(offsets) - 1
    # A character takes at least one byte; pages that are never written are never allocated.
    codepoints = np.empty(offsets[n_docs] - offsets[0], np.uint32)
    out_offsets = np.empty(n_docs + 1, np.int64)
    out_offsets[0] = 0
    end = 0
    for doc in range(n_docs):
        begin = end
        i = offsets[doc]
        stop = offsets[doc + 1]
        while i < stop:
            lead = np.uint32(data[i])
            if lead < 0x80:
                point = lead
                i += 1
            elif lead < 0xE0:
                point = (lead & np.uint32(0x1F)) << np.uint32(6) | np.uint32(data[i + 1]) & np.uint32(0x3F)
                i += 2
            elif lead < 0xF0:
                point = (
                    (lead & np.uint32(0x0F)) << np.uint32(12)
                    | (np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(6)
                    | np.uint32(data[i + 2]) & np.uint32(0x3F)
                )
                i += 3
            else:
                point = (
                    (lead & np.uint32(0x07)) << np.uint32(18)
                    | (np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(12)
                    | (np.uint32(data[i + 2]) & np.uint32(0x3F)) << np.uint32(6)
                    | np.uint32(data[i + 3]) & np.uint32(0x3F)
                )
                i += 4
            if point < len(table):
                point = table[point]
                if point == 0:
                    continue
                if (point == 0x3099 or point == 0x309A) and end > begin:
                    base = codepoints[end - 1]
                    if 0x3040 <= base < 0x3100:
                        joined = voiced[base - 0x3040] if point == 0x3099 else semivoiced[base - 0x3040]
                        if joined:
                            codepoints[end - 1] = joined
                            continue
            elif 0xE0000 <= point < 0xE1000:
                continue
            codepoints[end] = point
            end += 1
        out_offsets[doc + 1] = end
    return codepoints[:end], out_offsets


@kernel
def _view(codepoints, offsets, is_viewed, letters, voiced, sounds, vowels, befores):  # type: ignore[no-untyped-def]
    """Each document letter by letter; `last` and `second_last` are its letters before their sounds were made one."""
    n_docs = len(offsets) - 1
    # At most one letter is put between two.
    viewed = np.empty(2 * len(codepoints), np.uint32)
    out_offsets = np.zeros(n_docs + 1, np.int64)
    end = 0
    for doc in range(n_docs):
        begin = end
        last = second_last = np.uint32(0)
        i = offsets[doc]
        while i < offsets[doc + 1]:
            point = codepoints[i]
            i += 1
            if not is_viewed[doc]:
                viewed[end] = point
                end += 1
                continue
            letter = letters[point] if point < len(letters) else point
            if letter == 0:
                continue
            n_letters = 1
            if letter in _LONG_REPEATS and second_last:
                k = i
                while k < offsets[doc + 1] and codepoints[k] < len(letters) and letters[codepoints[k]] == 0:
                    k += 1
                if k < offsets[doc + 1] and codepoints[k] == _LONG_REPEAT_END:
                    i = k + 1
                    n_letters = 2
            elif last and letter in _REPEATS:
                letter = last
            elif last and letter == _VOICED_REPEAT:
                letter = voiced[last - KANA_BLOCK] if KANA_BLOCK <= last < KANA_BLOCK + KANA_BLOCK_SIZE else last
            for _ in range(n_letters):
                if n_letters == 2:
                    letter = second_last
                second_last, last = last, letter
                is_kana = KANA_BLOCK <= letter < KANA_BLOCK + KANA_BLOCK_SIZE
                sound = sounds[letter - KANA_BLOCK] if is_kana else letter
                before = viewed[end - 1] if end > begin else np.uint32(0)
                if sound == _WA and before in (_KU, _GU):
                    # くわ was read か; くわう, which was read こう, comes after.
                    viewed[end - 1] = _KA if before == _KU else _GA
                    continue
                if sound == _U and KANA_BLOCK <= before < KANA_BLOCK + KANA_BLOCK_SIZE:
                    what = vowels[before - KANA_BLOCK]
                    if what:
                        viewed[end - 1] = befores[before - KANA_BLOCK]
                    if what in (TO_YO, TO_YU):
                        viewed[end] = _YO if what == TO_YO else _YU
                        end += 1
                viewed[end] = sound
                end += 1
        out_offsets[doc + 1] = end
    return viewed[:end].copy(), out_offsets


@kernel
def _exact_hashes(codepoints, offsets):  # type: ignore[no-untyped-def]
    """Hash each document's characters in order: rotate, xor, multiply; then MurmurHash3's finaliser."""
    n_docs = len(offsets) - 1
    hashes = np.empty(n_docs, np.uint64)
    for doc in range(n_docs):
        h = np.uint64(offsets[doc + 1] - offsets[doc]) * _STEP
        for i in range(offsets[doc], offsets[doc + 1]):
            h = (((h << np.uint64(23)) | (h >> np.uint64(41))) ^ np.uint64(codepoints[i])) * _STEP
        h = (h ^ (h >> np.uint64(33))) * _MIX_1
        h = (h ^ (h >> np.uint64(33))) * _MIX_2
        hashes[doc] = h ^ (h >> np.uint64(33))
    return hashes


@kernel
def _minhashes(codepoints, offsets, shingle_chars, min_chars, max_chars, factors, shifts):  # type: ignore[no-untyped-def]
    """Signatures of the documents that have `min_chars`, one row each, in order.

    A shingle's hash is a polynomial over its characters modulo 2^64, rolled from one shingle to
    the next and then mixed down to 32 bits. Hashes are made once, block by block; then each
    permutation `x -> factor * x + shift` modulo 2^32 runs over the block in one tight loop, which
    LLVM turns into vector multiplications and minima.
    """
    n_docs = len(offsets) - 1
    n_long = 0
    for doc in range(n_docs):
        if offsets[doc + 1] - offsets[doc] >= min_chars:
            n_long += 1
    minima = np.full((n_long, len(factors)), np.uint32(0xFFFFFFFF), np.uint32)
    oldest = np.uint64(1)  # the multiplier of the character that leaves the shingle
    for _ in range(shingle_chars - 1):
        oldest *= _STEP
    block = np.empty(_BLOCK, np.uint32)
    row = 0
    for doc in range(n_docs):
        begin = offsets[doc]
        n_chars = offsets[doc + 1] - begin
        if n_chars < min_chars:
            continue
        n_chars = min(n_chars, max_chars)
        rolled = np.uint64(0)
        for i in range(begin, begin + shingle_chars - 1):
            rolled = rolled * _STEP + np.uint64(codepoints[i])
        newest = begin + shingle_chars - 1
        stop = begin + n_chars
        while newest < stop:
            n_hashes = min(_BLOCK, stop - newest)
            for i in range(n_hashes):
                rolled = rolled * _STEP + np.uint64(codepoints[newest + i])
                h = (rolled ^ (rolled >> np.uint64(33))) * _MIX_1
                h = (h ^ (h >> np.uint64(33))) * _MIX_2
                block[i] = np.uint32(h >> np.uint64(32))
                rolled -= np.uint64(codepoints[newest + i - shingle_chars + 1]) * oldest
            n_padded = (n_hashes + _LANES - 1) // _LANES * _LANES
            for i in range(n_hashes, n_padded):
                block[i] = block[0]
            for p in range(len(factors)):
                factor = factors[p]
                shift = shifts[p]
                minimum = minima[row, p]
                for i in range(n_padded):
                    minimum = min(minimum, np.uint32(block[i] * factor + shift))
                minima[row, p] = minimum
            newest += n_hashes
        row += 1
    return minima


@kernel
def _band_keys(minhash, bands, rows):  # type: ignore[no-untyped-def]
    """A 64-bit key of each band: its number (from 1) and its values, mixed in one after another."""
    keys = np.empty((len(minhash), bands), np.uint64)
    for doc in range(len(minhash)):
        for band in range(bands):
            h = np.uint64(band + 1) * _STEP
            for row in range(band * rows, (band + 1) * rows):
                h = (h ^ np.uint64(minhash[doc, row])) * _MIX_1
                h ^= h >> np.uint64(32)
            h *= _MIX_2
            keys[doc, band] = h ^ (h >> np.uint64(33))
    return keys


@kernel
def _sorted_hashes(hashes, scattered, ends):  # type: ignore[no-untyped-def]
    """Sort numbers that are spread evenly over 32 bits, several times faster than a comparison sort.

    One pass deals them by their leading bits to about as many runs as there are numbers; what is
    left to do within the runs is little enough for an insertion sort.
    """
    n_runs = 1
    shift = 32
    while n_runs < len(hashes) and n_runs < _MAX_RUNS:
        n_runs *= 2
        shift -= 1
    ends[: n_runs + 1] = 0
    for h in hashes:
        ends[(np.uint64(h) >> np.uint64(shift)) + np.uint64(1)] += 1
    for run in range(n_runs):
        ends[run + 1] += ends[run]
    for h in hashes:
        leading = np.uint64(h) >> np.uint64(shift)
        scattered[ends[leading]] = h
        ends[leading] += 1
    for i in range(1, len(hashes)):
        h = scattered[i]
        j = i
        while j > 0 and scattered[j - 1] > h:
            scattered[j] = scattered[j - 1]
            j -= 1
        scattered[j] = h
    return scattered[: len(hashes)]


@kernel
def _shingle_sets(codepoints, offsets, shingle_chars, min_chars, max_chars, max_shingles):  # type: ignore[no-untyped-def]
    """Sorted distinct shingle hashes, as `_minhashes` makes them, of the documents that have `min_chars`.

    Of a document with more than `max_shingles` distinct ones, the smallest.
    """
    n_docs = len(offsets) - 1
    ends = np.zeros(n_docs + 1, np.int64)
    most = 0
    total = 0
    for doc in range(n_docs):
        n_chars = offsets[doc + 1] - offsets[doc]
        if n_chars >= min_chars:
            most = max(most, min(n_chars, max_chars))
            total += min(min(n_chars, max_chars), max_shingles)
    hashes = np.empty(total, np.uint32)
    buffer = np.empty(most, np.uint32)
    scattered = np.empty(most, np.uint32)
    ends_of_runs = np.empty(_MAX_RUNS + 1, np.int64)
    oldest = np.uint64(1)
    for _ in range(shingle_chars - 1):
        oldest *= _STEP
    end = 0
    for doc in range(n_docs):
        begin = offsets[doc]
        n_chars = offsets[doc + 1] - begin
        if n_chars >= min_chars:
            n_shingles = min(n_chars, max_chars) - shingle_chars + 1
            rolled = np.uint64(0)
            for i in range(begin, begin + shingle_chars - 1):
                rolled = rolled * _STEP + np.uint64(codepoints[i])
            for i in range(n_shingles):
                rolled = rolled * _STEP + np.uint64(codepoints[begin + i + shingle_chars - 1])
                h = (rolled ^ (rolled >> np.uint64(33))) * _MIX_1
                h = (h ^ (h >> np.uint64(33))) * _MIX_2
                buffer[i] = np.uint32(h >> np.uint64(32))
                rolled -= np.uint64(codepoints[begin + i]) * oldest
            ordered = _sorted_hashes(buffer[:n_shingles], scattered, ends_of_runs)
            stop = end + max_shingles
            for i in range(n_shingles):
                if i == 0 or ordered[i] != ordered[i - 1]:
                    if end == stop:
                        break
                    hashes[end] = ordered[i]
                    end += 1
        ends[doc + 1] = end
    return hashes[:end], ends


@kernel
def _pair_up(by_key, keys, precedence, id_head, number):  # type: ignore[no-untyped-def]
    """Pairs of each row and the first of its key; and a row that is one document given twice, or -1."""
    n_rows = len(keys)
    n_pairs = 0
    for i in range(1, n_rows):
        n_pairs += keys[by_key[i]] == keys[by_key[i - 1]]
    left = np.empty(n_pairs, np.uint64)
    right = np.empty(n_pairs, np.uint64)
    twice = -1
    end = 0
    begin = 0
    while begin < n_rows:
        first = by_key[begin]
        stop = begin + 1
        while stop < n_rows and keys[by_key[stop]] == keys[first]:
            row = by_key[stop]
            if precedence[row] < precedence[first] or (
                precedence[row] == precedence[first] and id_head[row] < id_head[first]
            ):
                first = row
            stop += 1
        for i in range(begin, stop):
            row = by_key[i]
            if row == first:
                continue
            if precedence[row] == precedence[first] and id_head[row] == id_head[first]:
                twice = row
            left[end] = number[row]
            right[end] = number[first]
            end += 1
        begin = stop
    return left, right, twice


@kernel
def _distinct_pairs(by_left, left, right):  # type: ignore[no-untyped-def]
    """Pairs sorted by both members, each once; `by_left` sorts them by the first."""
    ordered_left = np.empty(len(left), np.uint64)
    ordered_right = np.empty(len(left), np.uint64)
    begin = 0
    end = 0
    for row in by_left:
        if end == begin or ordered_left[end - 1] != left[row]:
            begin = end
        # A document has a few candidates, so those that it has so far are looked through.
        at = end
        while at > begin and ordered_right[at - 1] > right[row]:
            at -= 1
        if at > begin and ordered_right[at - 1] == right[row]:
            continue
        for i in range(end, at, -1):
            ordered_right[i] = ordered_right[i - 1]
        ordered_left[end] = left[row]
        ordered_right[at] = right[row]
        end += 1
    return ordered_left[:end], ordered_right[:end]


@kernel
def _unite(parent, left, right):  # type: ignore[no-untyped-def]
    """Join the trees of each `left[i]` and `right[i]` in place; a root is the smallest of its tree.

    What was never joined has the parent -1.
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
def _settle(parent):  # type: ignore[no-untyped-def]
    """Point everything at its root: a parent is never greater than its child, so it is settled before."""
    for i in range(len(parent)):
        if parent[i] >= 0:
            parent[i] = parent[parent[i]]


@kernel
def _overlap(one, other, max_shingles):  # type: ignore[no-untyped-def]
    """Jaccard similarity of two sorted sets, and the share of the first that the second holds; a set of `max_shingles`
    says nothing beyond its largest member."""
    i = j = n_union = n_common = 0
    while i < len(one) and j < len(other):
        a = one[i]
        b = other[j]
        n_union += 1
        n_common += a == b
        i += a <= b
        j += b <= a
    if i == len(one) and len(one) < max_shingles:
        n_union += len(other) - j
    elif j == len(other) and len(other) < max_shingles:
        n_union += len(one) - i
        i = len(one)
    return n_common / n_union, n_common / max(i, 1)


@kernel
def _least_estimate(n_one, n_other, min_containment, n_permutations):  # type: ignore[no-untyped-def]
    """Three standard deviations below the Jaccard similarity of two sets of which the second holds so much of the
    first."""
    common = min(min_containment * n_one, n_other)
    similarity = common / (n_one + n_other - common)
    return similarity - 3 * np.sqrt(similarity * (1 - similarity) / n_permutations)


@kernel
def _link_to_survivors(  # type: ignore[no-untyped-def]
    exact_hash,
    chars,
    minhash,
    has_minhash,
    shingles,
    shingle_offsets,
    order,
    candidate_offsets,
    candidates,
    min_similarity,
    min_estimate,
    min_containment,
    max_chars,
    max_shingles,
    max_remembered,
):
    """Give every document the survivor it repeats (itself if none), their similarity, and how much of it the survivor
    holds; a `min_containment` of 0 is off."""
    n_docs = len(chars)
    n_permutations = minhash.shape[1]
    survivor = np.empty(n_docs, np.int32)
    similarity = np.empty(n_docs, np.float32)
    containment = np.empty(n_docs, np.float32)
    # What is remembered around a candidate: a linked list of the survivors of the documents that
    # named it. A (document, candidate) pair adds one entry at most.
    first_entry = np.full(n_docs, -1, np.int64)
    n_entries_at = np.zeros(n_docs, np.int64)
    entry_survivor = np.empty(len(candidates), np.int32)
    entry_next = np.empty(len(candidates), np.int64)
    n_entries = 0
    compared_by = np.full(n_docs, -1, np.int32)
    rank = np.empty(n_docs, np.int32)
    for i in range(n_docs):
        rank[order[i]] = i
    for doc in order:
        begin = candidate_offsets[doc]
        end = candidate_offsets[doc + 1]
        twin = -1
        for k in range(begin, end):
            other = candidates[k]
            if exact_hash[other] == exact_hash[doc] and chars[other] == chars[doc]:
                twin = other
                break
        if twin >= 0:
            survivor[doc] = survivor[twin]
            similarity[doc] = similarity[twin]
            containment[doc] = containment[twin]
            continue
        best = -1
        best_similarity = best_containment = 0.0
        if has_minhash[doc]:
            for k in range(begin, end):
                other = survivor[candidates[k]]
                entry = first_entry[candidates[k]]
                while True:
                    if compared_by[other] != doc and has_minhash[other]:
                        compared_by[other] = doc
                        n_equal = 0
                        for p in range(n_permutations):
                            n_equal += minhash[doc, p] == minhash[other, p]
                        least = min_estimate
                        if min_containment > 0:
                            n_doc = shingle_offsets[doc + 1] - shingle_offsets[doc]
                            n_other = shingle_offsets[other + 1] - shingle_offsets[other]
                            if max(n_doc, n_other) == max_shingles:
                                n_doc, n_other = chars[doc], chars[other]
                            least = min(least, _least_estimate(n_doc, n_other, min_containment, n_permutations))
                        if n_equal >= least * n_permutations:
                            true, contained = _overlap(
                                shingles[shingle_offsets[doc] : shingle_offsets[doc + 1]],
                                shingles[shingle_offsets[other] : shingle_offsets[other + 1]],
                                max_shingles,
                            )
                            if max(chars[doc], chars[other]) > max_chars:
                                true = min(true, min(chars[doc], chars[other]) / max(chars[doc], chars[other]))
                            if chars[doc] > max_chars:
                                contained = min(contained, chars[other] / chars[doc])
                            if (true >= min_similarity or 0 < min_containment <= contained) and (
                                best < 0
                                or true > best_similarity
                                or (true == best_similarity and rank[other] < rank[best])
                            ):
                                best = other
                                best_similarity = true
                                best_containment = contained
                    if entry < 0:
                        break
                    other = entry_survivor[entry]
                    entry = entry_next[entry]
        survivor[doc] = doc if best < 0 else best
        similarity[doc] = 1.0 if best < 0 else best_similarity
        containment[doc] = 1.0 if best < 0 else best_containment
        for k in range(begin, end):
            at = candidates[k]
            if survivor[at] == survivor[doc] or n_entries_at[at] == max_remembered:
                continue
            entry = first_entry[at]
            while entry >= 0 and entry_survivor[entry] != survivor[doc]:
                entry = entry_next[entry]
            if entry < 0:
                entry_survivor[n_entries] = survivor[doc]
                entry_next[n_entries] = first_entry[at]
                first_entry[at] = n_entries
                n_entries_at[at] += 1
                n_entries += 1
    return survivor, similarity, containment
