#!/usr/bin/env python3
"""Trains the letters of each language that src/enrich/language reads: data/language_model.txt.

  tests/train/language.py LABELLED.jsonl[.gz]           held-out accuracy over five folds, nothing written
  tests/train/language.py LABELLED.jsonl[.gz] --write   the same, then the model of all rows

LABELLED holds one JSON object a line: lang (ISO 639-3), text, bucket. Python 3.11, standard library only.
Made-up sentences of our own field (own.jsonl, and the cases of tests/enrich) are trained on too, in every fold.
No text goes into the model: only groups of up to four letters, and short words, with a rounded weight a language.

The function words of data/function_words.txt, written by hand, add a fixed weight on top, here and in the reader.

The model is naive Bayes over those groups, each group's weights centred on nought, so that a group that says
nothing weighs nothing; of all groups the ones that say most are kept. Texts with a common opening share a fold.
"""
import argparse, collections, gzip, json, math, os, random, re

SCRIPTS = {"latin": ["eng", "fra", "spa", "por", "ita", "cat", "ron"], "cyrillic": ["rus", "ukr"]}
TAGS = {"eng": "en", "fra": "fr", "spa": "es", "por": "pt", "ita": "it", "cat": "ca", "ron": "ro", "rus": "ru", "ukr": "uk"}
KEEP = {"latin": 20000, "cyrillic": 1500}
LONGEST, SMOOTH, FOLDS = 4, 0.1, 5
# Weights are written as one printable character: 0 stands in the middle, a step is an eighth.
MIDDLE, STEP, LOWEST, HIGHEST = 80, 8, 35, 125
WORD = re.compile(r"[^\W\d_]+")
FUNCTION = 24
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")
OUT = os.path.join(DATA, "language_model.txt")


def groups(text):
    """Counts of letter groups; words in capitals are left out, as the reader does."""
    found = collections.Counter()
    for word in WORD.findall(text):
        if len(word) > 1 and word.isupper():
            continue
        padded = "_" + word.lower() + "_"
        for n in range(1, LONGEST + 1):
            for i in range(len(padded) - n + 1):
                group = padded[i:i + n]
                if group != "_":
                    found[group] += 1
        if LONGEST < len(padded) <= 10:
            found[padded] += 1
    return found


def own_rows():
    """Sentences written for this project; none of them is ever scored."""
    here = os.path.dirname(os.path.abspath(__file__))
    alpha3 = {tag: lang for lang, tag in TAGS.items()}
    rows = []
    for name in ("own.jsonl", "../enrich/themes.jsonl", "../enrich/countries.jsonl"):
        with open(os.path.join(here, name), encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                rows.append({"lang": alpha3.get(row["lang"], row["lang"]), "groups": groups(row["text"])})
    return rows


def train(rows, langs, keep):
    count = {lang: collections.Counter() for lang in langs}
    for row in rows + [row for row in own_rows() if row["lang"] in langs]:
        count[row["lang"]].update(row["groups"])
    total = collections.Counter()
    for one in count.values():
        total.update(one)
    size = {lang: collections.Counter() for lang in langs}
    kinds = collections.Counter()
    for group in total:
        kind = min(len(group), LONGEST + 1)
        kinds[kind] += 1
        for lang in langs:
            size[lang][kind] += count[lang][group]
    scored = []
    for group, seen in total.items():
        kind = min(len(group), LONGEST + 1)
        logs = [math.log((count[l][group] + SMOOTH) / (size[l][kind] + SMOOTH * kinds[kind])) for l in langs]
        mean = sum(logs) / len(logs)
        weights = [min(HIGHEST, max(LOWEST, MIDDLE + round((x - mean) * STEP))) for x in logs]
        scored.append((-seen * (max(logs) - mean), group, weights))
    scored.sort()
    return {group: weights for _, group, weights in scored[:keep]}


def function_words():
    with open(os.path.join(DATA, "function_words.txt"), encoding="utf-8") as lines:
        return {line.split()[0]: set(line.split()[1:]) for line in lines}


def guess(model, found, langs, words, lists):
    sums = [FUNCTION * sum(word in lists.get(TAGS[l], ()) for word in words) for l in langs]
    for group, times in found.items():
        for i, weight in enumerate(model.get(group, ())):
            sums[i] += (weight - MIDDLE) * times
    best, second = sorted(sums, reverse=True)[:2]
    return langs[sums.index(best)], (best - second) / STEP


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("labelled")
    ap.add_argument("--write", action="store_true")
    ap.add_argument("--fold", type=int, help="with --write: leave this fold out, and name its rows in heldout.txt, to test the whole program")
    ap.add_argument("--margins", action="store_true", help="how right answers are by their lead over the second")
    args = ap.parse_args()
    opener = gzip.open if args.labelled.endswith(".gz") else open
    with opener(args.labelled, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    known = {lang for langs in SCRIPTS.values() for lang in langs}
    rows = [row for row in rows if row["lang"] in known]
    openings = collections.defaultdict(list)
    for row in rows:
        row["groups"] = groups(row["text"])
        openings[re.sub(r"\W+", "", row["text"].lower())[:14]].append(row)
    order = sorted(openings)
    random.Random(7).shuffle(order)
    for i, key in enumerate(order):
        for row in openings[key]:
            row["fold"] = i % FOLDS

    lists = function_words()
    hit, seen, margins = collections.Counter(), collections.Counter(), []
    for script, langs in SCRIPTS.items():
        mine = [row for row in rows if row["lang"] in langs]
        for fold in range(FOLDS):
            model = train([r for r in mine if r["fold"] != fold], langs, KEEP[script])
            for row in (r for r in mine if r["fold"] == fold):
                words = [w.lower() for w in WORD.findall(row["text"])]
                lang, lead = guess(model, row["groups"], langs, words, lists)
                key = row.get("bucket", "text"), row["lang"]
                seen[key] += 1
                hit[key] += lang == row["lang"]
                if script == "latin":
                    margins.append((lead, lang == row["lang"]))
    for bucket in sorted({b for b, _ in seen}):
        each = {l: hit[bucket, l] / seen[bucket, l] for b, l in seen if b == bucket}
        print(f"held out, {bucket}: macro {100 * sum(each.values()) / len(each):.2f} %", {l: round(100 * v, 1) for l, v in each.items()})
    if args.margins:
        for low, high in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 6), (6, 9), (9, 15), (15, 1e9)):
            part = [right for lead, right in margins if low <= lead < high]
            print(f"lead {low} to {high}: {len(part)} answers, {100 * sum(part) / max(1, len(part)):.1f} % right")
    if args.write:
        with open(OUT, "w", encoding="utf-8") as out:
            for script, langs in SCRIPTS.items():
                print("#", script, *(TAGS[lang] for lang in langs), file=out)
                model = train([r for r in rows if r["lang"] in langs and r["fold"] != args.fold], langs, KEEP[script])
                for group in sorted(model):
                    print(group + "\t" + "".join(map(chr, model[group])), file=out)
        if args.fold is not None:
            with open("heldout.txt", "w", encoding="utf-8") as out:
                print(*(row["id"] for row in rows if row["fold"] == args.fold), sep="\n", file=out)
        print(f"wrote {os.path.getsize(OUT)} bytes")


if __name__ == "__main__":
    main()
