"""The slow, obvious version of every kernel: tests compare the fast one with these.

Each function has the name of the public function whose kernel it checks.
"""

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise

import joyokanji

from manyo.filters.signals.characters import FULLWIDTH_KATAKANA, HIRAGANA, JAPANESE, KANA, CharacterClass, class_of


def write_token_shard(documents: list[list[int]], dtype: str) -> tuple[bytes, bytes]:
    """The `.bin` and `.idx` bytes of a token shard, one document and one number at a time."""
    kind, code = {"uint16": ("H", 8), "int32": ("i", 4)}[dtype]
    tokens = b"".join(struct.pack(f"<{kind}", token) for document in documents for token in document)
    pointers, position = [], 0
    for document in documents:
        pointers.append(position)
        position += len(document) * struct.calcsize(f"<{kind}")
    index = b"MMIDIDX\x00\x00" + struct.pack("<Q", 1) + struct.pack("<B", code)
    index += struct.pack("<Q", len(documents)) + struct.pack("<Q", len(documents) + 1)
    index += b"".join(struct.pack("<i", len(document)) for document in documents)
    index += b"".join(struct.pack("<q", pointer) for pointer in pointers)
    index += b"".join(struct.pack("<q", bound) for bound in range(len(documents) + 1))
    return tokens, index


def draw(doc_id: bytes, seed: int) -> int:
    """splitmix64's finaliser over the first eight bytes of an id and a multiple of the seed."""
    drawn = int.from_bytes(doc_id[:8], "little") ^ seed * _STEP & _MASK_64
    drawn = (drawn ^ drawn >> 30) * 0xBF58476D1CE4E5B9 & _MASK_64
    drawn = (drawn ^ drawn >> 27) * 0x94D049BB133111EB & _MASK_64
    return drawn ^ drawn >> 31


# --- dedup -------------------------------------------------------------------------------------

_MASK_64 = 0xFFFF_FFFF_FFFF_FFFF
_MIX_1, _MIX_2, _STEP = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9E3779B97F4A7C15


def _finalise(h: int) -> int:
    h = (h ^ h >> 33) * _MIX_1 & _MASK_64
    return (h ^ h >> 33) * _MIX_2 & _MASK_64


def composed(text: str) -> str:
    """`manyo.corpus.text.composed`, a run of characters at a time."""
    text = "".join("\n" if char in "\v\f\x85\u2028\u2029" else char for char in text)
    kept = [char for char in text if unicodedata.category(char) != "Cc" or char in "\t\n\r"]
    text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in kept if char != "\ufeff")
    runs = re.split("([\uf900-\ufaff\U0002f800-\U0002fa1f])", text)
    return "".join(run if i % 2 else unicodedata.normalize("NFC", run) for i, run in enumerate(runs))


def view(folded: str) -> str:
    """A folded text in the view for comparison, one idea after the other over the whole text."""
    letters = ""
    for character in folded:
        point = ord(character)
        if not re.match(r"\w", character) or character in "_ー":
            continue
        if character in "ヽヾ" or "ァ" <= character <= "ヶ":
            character = {"ヽ": "ゝ", "ヾ": "ゞ"}.get(character, chr(point - 0x60))
        if "\u4e00" <= character < "\ua000":
            character = joyokanji.convert(character)
        letters += character.translate(str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ"))
    spoken = ""
    while letters:
        character, letters = letters[0], letters[1:]
        if character in "〳〴" and letters[:1] == "〵" and len(spoken) > 1:
            spoken, letters = spoken + spoken[-2:], letters[1:]
        elif spoken and character in "々〻ゝ":
            spoken += spoken[-1]
        elif spoken and character == "ゞ":
            voiced = unicodedata.normalize("NFC", spoken[-1] + "\u3099")
            spoken += voiced if len(voiced) == 1 and "\u3040" <= spoken[-1] < "\u30a0" else spoken[-1]
        else:
            spoken += character
    spoken = spoken.translate(str.maketrans("ゐゑをはひふへほぢづ", "いえおわいうえおじず"))
    spoken = spoken.replace("くわ", "か").replace("ぐわ", "が")
    rows = zip("あかがさざただなばぱまやらわ", "おこごそぞとどのぼぽもよろお", strict=True)
    for a, o in rows:
        spoken = spoken.replace(a + "う", o + "う")
    for e, i in zip("えけげせぜてでねべぺめれ", "いきぎしじちじにびぴみり", strict=True):
        spoken = spoken.replace(e + "う", i + "よう")
    for i in "いきぎしじちにびぴみり":
        spoken = spoken.replace(i + "う", i + "ゆう")
    return spoken


def fold(text: str) -> str:
    """Text as dedup compares it, one character at a time."""
    folded = ""
    for character in text:
        point = ord(character)
        if unicodedata.category(character) in ("Cc", "Zs", "Zl", "Zp") or 0xFE00 <= point <= 0xFE0F:
            continue
        if unicodedata.category(character) == "Cf" or 0xE0000 <= point < 0xE1000:
            continue
        simple = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
        character = simple if len(simple) == 1 and point < 0x20000 else character
        joined = unicodedata.normalize("NFC", folded[-1:] + character)
        if character in "\u3099\u309a" and "\u3040" <= folded[-1:] < "\u3100" and len(joined) == 1:
            folded = folded[:-1] + joined
        else:
            folded += character
    return folded


def exact_hashes(folded: list[str]) -> list[int]:
    """Rotate, xor, multiply over the characters of each text."""
    hashes = []
    for text in folded:
        h = len(text) * _STEP & _MASK_64
        for character in text:
            h = ((h << 23 & _MASK_64 | h >> 41) ^ ord(character)) * _STEP & _MASK_64
        h = _finalise(h)
        hashes.append(h ^ h >> 33)
    return hashes


def shingles(text: str, shingle_chars: int) -> set[str]:
    """All substrings of a length."""
    return {text[i : i + shingle_chars] for i in range(len(text) - shingle_chars + 1)}


def minhashes(
    folded: list[str], shingle_chars: int, min_chars: int, max_chars: int, permutations: list[tuple[int, int]]
) -> list[list[int]]:
    """Signatures of the texts that have `min_chars`, one shingle and one permutation at a time."""
    signatures = []
    for text in folded:
        if len(text) < min_chars:
            continue
        hashes = []
        for shingle in shingles(text[:max_chars], shingle_chars):
            h = 0
            for character in shingle:
                h = (h * _STEP + ord(character)) & _MASK_64
            hashes.append(_finalise(h) >> 32)
        signatures.append([min((h * factor + shift) & 0xFFFF_FFFF for h in hashes) for factor, shift in permutations])
    return signatures


def band_keys(minhash: list[list[int]], bands: int, rows: int) -> list[list[int]]:
    """Keys of the bands of each signature."""
    keys = []
    for signature in minhash:
        keys.append([])
        for band in range(bands):
            h = (band + 1) * _STEP & _MASK_64
            for value in signature[band * rows : (band + 1) * rows]:
                h = (h ^ value) * _MIX_1 & _MASK_64
                h ^= h >> 32
            h = h * _MIX_2 & _MASK_64
            keys[-1].append(h ^ h >> 33)
    return keys


def shingle_sets(
    folded: list[str], shingle_chars: int, min_chars: int, max_chars: int, max_shingles: int
) -> list[list[int]]:
    """The smallest hashes of the shingles of each text, none of a text below `min_chars`."""
    sets = []
    for text in folded:
        hashes = set()
        for shingle in shingles(text[:max_chars], shingle_chars) if len(text) >= min_chars else ():
            h = 0
            for character in shingle:
                h = (h * _STEP + ord(character)) & _MASK_64
            hashes.add(_finalise(h) >> 32)
        sets.append(sorted(hashes)[:max_shingles])
    return sets


def jaccard(one: list[int], other: list[int], max_shingles: int) -> float:
    """Jaccard similarity of two sets up to where both are known."""
    known = known_members(one, other, max_shingles)
    return len(known[0] & known[1]) / len(known[0] | known[1])


def containment(one: list[int], other: list[int], max_shingles: int) -> float:
    """Share of the first set that the second holds, up to where both are known."""
    known = known_members(one, other, max_shingles)
    return len(known[0] & known[1]) / max(1, len(known[0]))


def known_members(one: list[int], other: list[int], max_shingles: int) -> list[set[int]]:
    """Two sets up to where both are known; a set of `max_shingles` is cut off at its largest."""
    known_up_to = min([members[-1] for members in (one, other) if len(members) >= max_shingles], default=2**32)
    return [{member for member in members if member <= known_up_to} for members in (one, other)]


def roots(n_docs: int, links: list[tuple[int, int]]) -> list[int]:
    """The smallest document that each can be reached from."""
    root = list(range(n_docs))
    for _ in range(n_docs):
        for one, other in links:
            root[one] = root[other] = min(root[one], root[other])
    return root


def find_clusters(
    documents: list[tuple[bytes, int, int, int, list[int], list[int]]],
    bands: int,
    rows: int,
    min_similarity: float,
    max_chars: int,
    max_shingles: int,
    min_containment: float = 2,
) -> dict[bytes, tuple[bytes, float, float]]:
    """Survivor, similarity and containment of each of (doc_id, precedence, exact_hash, chars, minhash, shingles)."""
    documents = sorted(documents, key=lambda document: (document[1], document[0]))
    min_estimate = min_similarity - 3 * (min_similarity * (1 - min_similarity) / (bands * rows)) ** 0.5
    keys = []
    first_of_key = {}
    for i, (_, _, exact_hash, _, minhash, _) in enumerate(documents):
        keys.append([exact_hash, *(band_keys([minhash], bands, rows)[0] if minhash else [])])
        for key in keys[i]:
            first_of_key.setdefault(key, i)
    survivors, alike, candidates = [], [], []
    for i, (_, _, exact_hash, chars, minhash, sets) in enumerate(documents):
        candidates.append({first_of_key[key] for key in keys[i]} - {i})
        twins = [c for c in range(i) if documents[c][2:4] == (exact_hash, chars)]
        if twins:
            survivors.append(survivors[twins[0]])
            alike.append(alike[twins[0]])
            continue
        rivals = {survivors[c] for c in candidates[i]}
        rivals |= {survivors[e] for e in range(i) if candidates[e] & candidates[i]}
        best, best_alike = i, (1.0, 1.0)
        for rival in sorted(rivals):
            _, _, _, rival_chars, rival_minhash, rival_sets = documents[rival]
            if not minhash or not rival_minhash:
                continue
            sizes = (len(sets), len(rival_sets))
            if max(sizes) == max_shingles:
                sizes = (chars, rival_chars)
            common = min(min_containment * sizes[0], sizes[1])
            least = common / (sum(sizes) - common)
            least -= 3 * (least * (1 - least) / (bands * rows)) ** 0.5
            least = min(min_estimate, least) if min_containment <= 1 else min_estimate
            if sum(a == b for a, b in zip(minhash, rival_minhash, strict=True)) < least * len(minhash):
                continue
            similarity = jaccard(sets, rival_sets, max_shingles)
            contained = containment(sets, rival_sets, max_shingles)
            if max(chars, rival_chars) > max_chars:
                similarity = min(similarity, min(chars, rival_chars) / max(chars, rival_chars))
            if chars > max_chars:
                contained = min(contained, rival_chars / chars)
            alike_enough = similarity >= min_similarity or contained >= min_containment
            if alike_enough and (best == i or similarity > best_alike[0]):
                best, best_alike = rival, (similarity, contained)
        survivors.append(best)
        alike.append(best_alike)
    return {
        document[0]: (documents[survivor][0], *values)
        for document, survivor, values in zip(documents, survivors, alike, strict=True)
    }


# --- filters -----------------------------------------------------------------------------------

_ENDS, _WEAK_ENDS = "。｡！？‼⁇⁈⁉", "!?．"
_CLOSERS = ")]}）］｝〕〉》】〙〗”’\"'｠»」』｣"
_AFTER_CLOSER = re.escape(_CLOSERS) + r"\s"
_AFTER_END = re.escape(_ENDS + _WEAK_ENDS + _CLOSERS) + r"\s"
_END = re.compile(f"[{re.escape(_ENDS + _WEAK_ENDS)}][{_AFTER_END}]*")


def _script_of(character: str) -> str:
    """The script, as far as the names of Unicode tell it."""
    name = unicodedata.name(character, "")
    if name.startswith(("HIRAGANA LETTER", "HIRAGANA ITERATION", "HIRAGANA VOICED", "HIRAGANA DIGRAPH", "HENTAIGANA")):
        return "HIRAGANA"
    if name.startswith(("HALFWIDTH KATAKANA LETTER", "HALFWIDTH KATAKANA VOICED", "HALFWIDTH KATAKANA SEMI")):
        return "HALFWIDTH_KATAKANA"
    if name == "HALFWIDTH KATAKANA-HIRAGANA PROLONGED SOUND MARK":
        return "HALFWIDTH_KATAKANA"
    if name.startswith(("KATAKANA ITERATION", "KATAKANA VOICED", "KATAKANA DIGRAPH", "KATAKANA-HIRAGANA PROLONGED")):
        return "KATAKANA_MARK"
    if name.startswith("KATAKANA LETTER"):
        return "KATAKANA"
    if name.startswith("CJK UNIFIED") or character in "々〆〇":
        return "HAN"
    if name.startswith("HANGUL SYLLABLE"):
        return "HANGUL"
    if name.startswith("FULLWIDTH LATIN"):
        return "FULLWIDTH_LATIN"
    return "LATIN" if name.startswith("LATIN") else ""


def count_characters(text: str) -> dict[str, int]:
    """Characters of each class that the names of Unicode tell apart, and white space."""
    counts = dict.fromkeys(("SPACE", "PARTICLE", "KATAKANA_PARTICLE", "CLAUSE_MARK", "REPLACEMENT", "DIGIT"), 0)
    for character in text:
        if character in "のにをはがとでても":
            name = "PARTICLE"
        elif character in "ノニヲハ":
            name = "KATAKANA_PARTICLE"
        elif character in "、，。．！？":
            name = "CLAUSE_MARK"
        elif character in "\ufffd〓":
            name = "REPLACEMENT"
        elif character.isspace():
            name = "SPACE"
        elif unicodedata.category(character) == "Nd":
            name = "FULLWIDTH_DIGIT" if "０" <= character <= "９" else "DIGIT"
        else:
            name = _script_of(character)
        counts[name] = counts.get(name, 0) + 1
    counts.pop("", None)
    return counts


def _visible(text: str) -> str:
    return "".join(character for character in text if not character.isspace())


def _quotations(line: str, max_chars: int) -> Iterator[tuple[int, int]]:
    """Where quotations and brackets begin and end, those inside of others left out."""
    i = 0
    while i < len(line):
        end = None
        if line[i] in "「『（(｢":
            closer = chr(ord(line[i]) + 1)
            depth = 1
            for j in range(i + 1, min(len(line), i + 1 + max_chars)):
                depth += (line[j] == line[i]) - (line[j] == closer)
                if depth == 0:
                    end = j + 1
                    break
        if end is not None:
            yield i, end
            i = end
        else:
            i += 1


def _sentences(line: str, max_quote_chars: int) -> Iterator[tuple[str, bool]]:
    """The sentences of a line, and whether a mark ends each: marks in quotations are taken for letters."""
    masked, cuts, is_ended = line, [0], {}
    for start, end in _quotations(line, max_quote_chars):
        said = re.sub(f"[{_AFTER_CLOSER}]+\\Z", "", line[start + 1 : end - 1])
        is_ended[end] = said[-1:] != "" and said[-1] in _ENDS + _WEAK_ENDS
        inside = "".join("字" if character in _ENDS + _WEAK_ENDS else character for character in line[start:end])
        masked = masked[:start] + inside + masked[end:]
        rest = line[end:]
        if is_ended[end] and rest.lstrip()[:1] and rest.lstrip()[0] in "「『（(｢":
            cuts.append(end)
    for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True):
        done = start
        for length, by_mark in _unquoted_sentences(masked[start:end]):
            after = len(line[: done + length].rstrip())
            yield line[done : done + length], by_mark or is_ended.get(after, False)
            done += length


def _unquoted_sentences(line: str) -> Iterator[tuple[int, bool]]:
    """Length of each sentence, and whether a mark ends it."""
    start = 0
    for match in _END.finditer(line):
        rest = line[match.end() :]
        is_weak = not set(match.group()) & set(_ENDS) and not re.search(r"\s", match.group())
        if rest and is_weak and count_characters(rest[0]).keys() & {"LATIN", "FULLWIDTH_LATIN", "FULLWIDTH_DIGIT"}:
            continue
        if rest and is_weak and unicodedata.category(rest[0]) == "Nd":
            continue
        yield match.end() - start, True
        start = match.end()
    if _visible(line[start:]):
        yield len(line) - start, _visible(line)[-1] in "」』｣"


def _duplicates(said: list[str]) -> tuple[int, int]:
    again = [one for i, one in enumerate(said) if one in said[:i]]
    return len(again), sum(map(len, again))


def read_lines(text: str, short_line_chars: int, bullets: str, max_quote_chars: int) -> dict[str, int]:
    """Counts of lines and sentences, line by line with regular expressions."""
    lines = [line for line in text.split("\n") if _visible(line)]
    visible = [_visible(line) for line in lines]
    sentences = [sentence for line in lines for sentence in _sentences(line, max_quote_chars)]
    lengths = [len(_visible(sentence)) for sentence, _ in sentences]
    said = [_visible(sentence) for sentence, _ in sentences]
    ends = [list(_sentences(line, max_quote_chars))[-1][1] for line in lines]
    paragraphs = [[_visible(line) for line in block.split("\n")] for block in re.split(r"\n\s*?\n", text)]
    joined = ["\n".join(block) for block in paragraphs]
    joined = [re.sub("\n+", "\n", one).strip("\n") for one in joined]
    joined = [one for one in joined if one]
    return {
        "lines": len(lines),
        "short_lines": sum(len(line) <= short_line_chars for line in visible),
        "ended_lines": sum(ends),
        "marked_lines": sum(line[-1] in _ENDS + _WEAK_ENDS + "." for line in visible),
        "ellipsis_lines": sum(bool(re.search(r"(…|‥|[.・･]{3})\Z", line)) for line in visible),
        "bullet_lines": sum(line[0] in bullets for line in visible),
        "sentences": len(sentences),
        "longest_sentence": max(lengths, default=0),
        "ended_sentence_chars": sum(n for n, (_, is_ended) in zip(lengths, sentences, strict=True) if is_ended),
        "visible_chars": sum(map(len, visible)),
        "duplicate_lines": _duplicates(visible)[0],
        "duplicate_line_chars": _duplicates(visible)[1],
        "paragraphs": len(joined),
        "duplicate_paragraphs": _duplicates(joined)[0],
        "duplicate_paragraph_chars": sum(
            len(one.replace("\n", "")) for i, one in enumerate(joined) if one in joined[:i]
        ),
        "longest_line": max(map(len, visible), default=0),
        "duplicate_sentences": _duplicates(said)[0],
        "duplicate_sentence_chars": _duplicates(said)[1],
        "trailing_sentences": sum(bool(re.search(r"([…‥・･]|[.・･]{3})\Z", one)) for one in said),
    }


def _duplicate_ngram_chars(text: str, length: int) -> int:
    seen, covered = set(), set()
    for start in range(len(text) - length + 1):
        if text[start : start + length] in seen:
            covered.update(range(start, start + length))
        seen.add(text[start : start + length])
    return len(covered)


def _stepped_ngram_chars(text: str, length: int) -> int:
    seen, chars, start = set(), 0, 0
    while start <= len(text) - length:
        ngram = text[start : start + length]
        if ngram in seen:
            chars += length
            start += length
        else:
            seen.add(ngram)
            start += 1
    return chars


def _frequent_ngrams(text: str, length: int) -> int:
    counts = Counter(text[i : i + length] for i in range(len(text) - length + 1))
    repeated = sorted((count for count in counts.values() if count > 1), reverse=True)
    return sum(repeated[: int(len(counts) ** 0.5)])


def find_repeats(text: str, max_run_chars: int, distinct_window: int) -> dict[str, int | list[int]]:
    """Frequent and repeated n-grams, as strings in a Counter and a set."""
    runs = [(character, len(list(group))) for character, group in groupby(_visible(text))]
    sample = "".join(character * min(length, max_run_chars) for character, length in runs)
    tops = [max(Counter(sample[i : i + n] for i in range(len(sample) - n + 1)).values(), default=0) for n in (2, 3, 4)]
    return {
        "sampled_chars": len(sample),
        "top_ngrams": tops,
        "duplicate_5gram_chars": _duplicate_ngram_chars(sample, 5),
        "duplicate_10gram_chars": _duplicate_ngram_chars(sample, 10),
        "longest_run": max((length for _, length in runs), default=0),
        "distinct_chars": len(set(sample[:distinct_window])),
        "frequent_5grams": _frequent_ngrams(sample, 5),
        "stepped_chars": [_stepped_ngram_chars(sample, length) for length in range(5, 11)],
    }


def plain_ngrams(text: str, length: int) -> Counter[str]:
    """The n-grams of a text without the newlines that begin it or follow others."""
    text = re.sub("\n+", "\n", text).lstrip("\n")
    return Counter(text[i : i + length] for i in range(len(text) - length + 1))


def _may_be_in_face(character: str, face_katakana: str) -> bool:
    scripts = (CharacterClass.HAN, *HIRAGANA, *FULLWIDTH_KATAKANA)
    return class_of(character) not in scripts or character in face_katakana


def _is_face(text: str) -> bool:
    """Whether brackets hold a face: by expressions, one for each kind of eyes."""
    beside_eyes = "[^0-9A-Za-np-z０-９Ａ-Ｚａ-ｎｐ-ｚ]"
    left, right = f"^(?:.{{0,2}}{beside_eyes})?", f"(?:{beside_eyes}.{{0,2}})?$"
    plain = "[^0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
    mouth = f"(?:{plain}{{1,3}}|[oO0ｏＯvVｖwWxX])"
    eyes = [f"([{re.escape('^＾;；°゜ﾟ￣⌒╥◕´')}]){mouth}\\1", r"\^\^", "＾＾"]
    eyes += [f"{one}{mouth}?{other}" for one, other in (("><", "＞＜", "≧≦", "´`", "´｀", "｀´"))]
    eyes += [f"{eye}(?!{eye})[_ω∀Дд▽∇ー.oOェエワヮロ^ ]{eye}" for eye in "-_＿TＴ・･"]
    open_eye = f"[{re.escape('^＾;；°゜ﾟ￣⌒╥◕´><＞＜≧≦`｀')}]"
    beside = f"{open_eye}[ω∀Дд▽]|[ω∀Дд▽]{open_eye}"
    return any(re.search(left + one + right, text, re.DOTALL) for one in eyes) or bool(re.search(beside, text))


def read_tells(
    text: str, head_chars: int, stop_characters: str, separators: str, face_katakana: str, not_in_face: str
) -> dict[str, int]:
    """Small signs, each with its own search."""

    def is_japanese(character: str) -> bool:
        return character != "" and class_of(character) in JAPANESE

    parts = [part for part in text.split("。") if _visible(part)]
    segments = [one for line in text.split("\n") for one in re.findall("[^。．！？!?]+[。．！？!?]?", line)]
    digit = r"[0-9０-９\d]"
    dates = re.finditer(
        rf"(?<!{digit})(?:{digit}{{1,4}}年{digit}{{1,2}}月(?:{digit}{{1,2}}日)?|{digit}{{1,2}}月{digit}{{1,2}}日"
        rf"|{digit}{{4}}([-/.]){digit}{{1,2}}\1{digit}{{1,2}}(?!{digit}))",
        text,
    )
    in_brackets = re.findall(rf"[(（]([^{re.escape(not_in_face)}]{{0,11}})(?=[)）])", text)
    faces = [_is_face(one) for one in in_brackets if all(_may_be_in_face(c, face_katakana) for c in one)]
    tokens = re.split(r"(\s+)", text)
    urls = [url.span() for url in re.finditer(r"(?=(https?://[!-~]))", text)]
    url_chars = {i for start, _ in urls for i in range(start, start + len(re.match("[!-~]*", text[start:]).group()))}
    return {
        "urls": len(urls),
        "url_chars": len(url_chars),
        "curly_brackets": text.count("{"),
        "hash_tags": len(re.findall(r"[#＃](?=[^\s#＃])", text)),
        "stop_characters": sum(character in text for character in stop_characters),
        "head_kana": sum(class_of(character) in KANA for character in text[:head_chars]),
        "line_feeds": text.count("\n"),
        "full_stop_parts": len(parts),
        "full_stops": text.count("。"),
        "segments": len(segments),
        "segment_chars": sum(map(len, segments)),
        "longest_segment": max(map(len, segments), default=0),
        "trailing_segments": sum(one.rstrip().endswith(("・", "…")) for one in segments),
        "date_chars": sum(len(date.group()) for date in dates),
        "faces": sum(faces),
        "separators": sum(character in separators for character in text),
        "spaced_japanese": sum(
            bool(blank)
            and blank[-1] == " "
            and bool(left)
            and bool(right)
            and is_japanese(left[-1])
            and is_japanese(right[0])
            for left, blank, right in zip(tokens[::2], tokens[1::2], tokens[2::2], strict=False)
        ),
    }


def is_kanji(character: str) -> bool:
    """Whether a character is of a block of Chinese characters."""
    point = ord(character)
    return any(
        first <= point <= last
        for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD))
    )


def rare_kanji_fraction(text: str, common: str) -> float:
    """Kanji that are, in their new forms, not among the common ones, per kanji, 20 common ones added."""
    kanji = [character for character in text if is_kanji(character)]
    return sum(joyokanji.convert(character) not in common for character in kanji) / (len(kanji) + 20)


def bigram_lift(text: str, lift_of: dict[str, dict[str, float]]) -> float:
    """Geometric mean of the lifts of all neighbours, given in bits by both characters; "漢" is any other kanji."""

    def row(character: str) -> str:
        point = ord(character)
        if "ァ" <= character <= "ヶ":
            character = chr(point - 0x60)
        character = "ゝ" if character == "ヽ" else character
        return character if character in lift_of else "漢" if is_kanji(character) else ""

    if not text:
        return 0.0
    bits = [1.0] * 20
    for line in text.split("\n"):
        rows = [row(character) for character in line if character not in " \t\u3000"]
        bits += [lift_of[a][b] for a, b in pairwise(rows) if a and b]
    return float(2 ** (sum(bits) / len(bits)))


def count_words(text: str, words: list[str]) -> tuple[int, int, int]:
    """Words of one list, their characters and how many different ones, by trying each word at each place."""
    found, chars, different, i = 0, 0, set(), 0

    def goes_on(one: str, other: str) -> bool:
        return any(re.fullmatch(f"[{kind}]{{2}}", one + other) for kind in ("ァ-ヺー-ヿ゠ァ", "A-Za-z"))

    while i < len(text):
        here = [
            word
            for word in sorted(words, key=len, reverse=True)
            if text.startswith(word, i)
            and not (i and goes_on(text[i - 1], word[0]))
            and not (i + len(word) < len(text) and goes_on(word[-1], text[i + len(word)]))
        ]
        if here:
            found, chars, i = found + 1, chars + len(here[0]), i + len(here[0])
            different.add(here[0])
        else:
            i += 1
    return found, chars, len(different)


# --- benchmarks ---------------------------------------------------------------------------------


def letters(text: str) -> str:
    """The letters and digits of a text, compatibility forms and marks taken apart, case folded."""
    folded = ""
    for character in text:
        # Han of a later Unicode than Python's is Han.
        if "\U00020000" <= character < "\U0002f800" or "\U00030000" <= character < "\U000323b0":
            folded += character
            continue
        became = unicodedata.normalize("NFKD", character).casefold() if not "가" <= character <= "힣" else character
        became = "".join(one for one in became if unicodedata.category(one)[0] in "LN")
        folded += became[: len(character.encode("utf-8"))]
    return folded


def edit_distance(first: str, second: str) -> int:
    """Letters to put in, leave out or replace, so that one string becomes the other."""
    costs = list(range(len(second) + 1))
    for row, one in enumerate(first, start=1):
        before, costs[0] = costs[0], row
        for column, other in enumerate(second, start=1):
            before, costs[column] = (
                costs[column],
                min(before + (one != other), costs[column] + 1, costs[column - 1] + 1),
            )
    return costs[-1]


def count_runs(words: list[str]) -> dict[str, int | list[int]]:
    """Characters in the most frequent and in repeated runs of words, as datatrove counts them on strings."""
    top_chars, stepped_chars = [], []
    for length in (2, 3, 4):
        runs = Counter(" ".join(words[i : i + length]) for i in range(len(words) - length + 1))
        run, count = runs.most_common(1)[0] if runs else ("", 0)
        top_chars.append(len(run) * count)
    for length in range(5, 11):
        seen, chars, start = set(), 0, 0
        while start <= len(words) - length:
            run = tuple(words[start : start + length])
            chars += sum(map(len, run)) if run in seen else 0
            start += length if run in seen else 1
            seen.add(run)
        stepped_chars.append(chars)
    counts = Counter(tuple(words[i : i + 7]) for i in range(len(words) - 6))
    repeated = sum(count for count in counts.values() if count > 1)
    return {"top_chars": top_chars, "stepped_chars": stepped_chars, "repeated_7word_runs": repeated}


# --- bytes of a page ----------------------------------------------------------------------------


def find_marks(data: bytes) -> dict[str, int | bool]:
    """Marks of Japanese in bytes, by name; those that looking may end at are counted to the end."""
    character = re.compile(rb"[\x00-\x7f]|[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xff][\x80-\xbf]{3}")
    cut = re.compile(rb"(?:[\xc0-\xff]|[\xe0-\xff][\x80-\xbf]|[\xf0-\xff][\x80-\xbf]{2})?\Z")
    at = 0
    while match := character.match(data, at):
        at = match.end()
    numbers = [
        int(decimal) if decimal else int(other, 16)
        for decimal, other in re.findall(rb"&#(?:(\d+)|[xX]([0-9a-fA-F]+))", data)
    ]
    return {
        "utf_8_kana": len(
            re.findall(rb"\xe3(?:\x81[\x81-\xbf]|[\x82\x83][\x80-\xbf])|\xef(?:\xbd[\xa6-\xbf]|\xbe[\x80-\x9f])", data)
        ),
        "reference_kana": sum(0x3041 <= number <= 0x30FF or 0xFF66 <= number <= 0xFF9F for number in numbers),
        "is_utf_8": cut.match(data, at) is not None,
        "has_escapes": b"\x1b" in data,
        "has_zeros": b"\0" in data,
    }


def count_pairs(data: bytes) -> dict[str, int]:
    """Marks of the encodings of two bytes, by name."""
    euc_jp = 0
    for run in re.findall(rb"[\x80-\xff]+", data):
        i = 0
        while i < len(run):
            while run[i : i + 1] == b"\x8f":  # stands before two others
                i += 1
            pair = run[i : i + 2]
            is_kana = len(pair) == 2 and (
                (pair[0] in (0xA4, 0xA5) and 0xA1 <= pair[1] <= 0xF6) or (pair[0] == 0x8E and 0xA6 <= pair[1] <= 0xDF)
            )
            euc_jp += is_kana
            i += 2
    return {
        "shift_jis_leads": data.count(b"\x82") + data.count(b"\x83"),
        "euc_jp_kana": euc_jp,
        "half_width_pairs": len(re.findall(rb"[\xa6-\xdf](?=[\xa6-\xdf])", data)),
        "high_bytes": sum(byte > 0x7F for byte in data),
        "top_bytes": sum(byte > 0xDF for byte in data),
    }
