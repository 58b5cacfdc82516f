#!/usr/bin/env python3
"""Learns which pieces of a page belong to its article, and writes src/extract/weights.rs. Needs numpy, but for `rows`.

  train.py rows ROWS.jsonl GOLD.json...       run the program's own features over the pages
  train.py check ROWS.jsonl GOLD.json...      five folds by domain: the held-out figures
  train.py write ROWS.jsonl GOLD.json...      train on everything, write the weights

GOLD.json maps a page's id to {"body", "domain", "url"}, its page is html/ID.html beside it; in ROWS it is FOLDER/ID, where
FOLDER is the folder of GOLD.json.

Recipe: gradient boosting on logistic loss, trees of limited depth and leaves over binned features, grown where they gain
most, second-order leaves. A piece is
good by the share of its word 4-grams that the gold text holds. Its weight is its share of the gold's words, so that every
page counts alike; pages of the news sets count double, because news is what depeche reads.
"""
import collections, hashlib, heapq, json, os, re, subprocess, sys, tempfile

try:
    import numpy as np
except ImportError:
    np = None

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "src", "extract", "weights.rs")
TREES, DEPTH, RATE, BINS = 260, 6, 0.05, 32
LEAST_HESSIAN, L2, LEAVES = 20.0, 20.0, 31
# Of the features a tree sees so many, so that no single one carries all.
SHARE = 0.3
THRESHOLD, LEAST_WORDS = 0.42, 40
GIVE_UP = (64, 96, 180)
RANDOM = np and np.random.default_rng(7)
WORD = re.compile(r"\w+")


def rows(out, golds):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".jsonl") as pages:
        for name in golds:
            folder = os.path.dirname(os.path.abspath(name))
            for page, gold in json.load(open(name, encoding="utf-8")).items():
                path = os.path.join(folder, "html", page + ".html")
                if gold.get("body") and os.path.exists(path):
                    url = gold.get("url") or "https://example.org/"
                    pages.write(json.dumps({"id": f"{os.path.basename(folder)}/{page}", "path": path, "url": url}) + "\n")
        pages.flush()
        env = dict(os.environ, DEPECHE_PAGES=pages.name, DEPECHE_ROWS=os.path.abspath(out))
        subprocess.run(["cargo", "test", "--lib", "training"], env=env, check=True)


def load(path, golds):
    gold = {}
    for name in golds:
        folder = os.path.basename(os.path.dirname(os.path.abspath(name)))
        gold.update({f"{folder}/{k}": v for k, v in json.load(open(name, encoding="utf-8")).items()})
    pages, names = [], []
    for line in open(path, encoding="utf-8"):
        r = json.loads(line)
        g = gold.get(r["id"])
        if not g or not g.get("body") or not r["rows"]:
            continue
        names = r["names"]
        want = WORD.findall(g["body"])
        grams = {tuple(want[i:i + 4]) for i in range(len(want) - 3)}
        words = [WORD.findall(t) for t in r["texts"]]
        y = [label(words, i, grams) for i in range(len(words))]
        news = 1.0 if r["id"].startswith("wcxb") else 2.0
        w = np.minimum([len(t) + 0.5 for t in words], 400) / max(len(want), 60) * 100 * news
        pages.append({"id": r["id"], "domain": g.get("domain") or r["id"], "x": np.array(r["rows"], dtype=np.float32),
                      "y": np.array(y) > 0.5, "w": w, "texts": r["texts"], "gold": g["body"]})
    return pages, names


def label(words, i, grams):
    t = words[i]
    if len(t) >= 4:
        return sum(tuple(t[j:j + 4]) in grams for j in range(len(t) - 3)) / (len(t) - 3)
    if not t:
        return 0.0
    # Too short to tell alone: with the words around it.
    before = (words[i - 1][-3:] if i else []) + t
    after = t + (words[i + 1][:3] if i + 1 < len(words) else [])
    return float((len(before) >= 4 and tuple(before[-4:]) in grams) or (len(after) >= 4 and tuple(after[:4]) in grams))


def bins(x):
    """Cuts of each feature: between its values where they are few, else at quantiles."""
    cuts = []
    for j in range(x.shape[1]):
        values = np.unique(x[:, j])
        if len(values) > BINS:
            values = np.unique(np.quantile(x[:, j], np.linspace(0, 1, BINS + 1)))
        cuts.append(((values[1:] + values[:-1]) / 2).astype(np.float32)[:BINS - 1])
    return cuts


def binned(x, cuts):
    return np.stack([np.searchsorted(c, x[:, j], side="left").astype(np.int32) for j, c in enumerate(cuts)], 1)


def fit(b, y, w, cuts, log=False):
    """Trees as lists of (feature, cut, left, right) with leaves as (None, value)."""
    n = len(b)
    w = w / w.mean()
    z = np.zeros(n)
    trees = []
    alive = np.arange(n)
    for t in range(TREES):
        p = 1 / (1 + np.exp(-z))
        g, h = (p - y) * w, p * (1 - p) * w + 1e-6
        if t >= 8 and t % 4 == 0:
            # Pieces that are settled teach nothing more.
            alive = np.flatnonzero(np.abs(g) > 0.004)
        tree = grow(b, g, h, alive, cuts)
        trees.append(tree)
        z += predict_binned([tree], b)
        if log and t % 20 == 19:
            print(f"tree {t + 1}: loss {np.mean(w * np.logaddexp(0, np.where(y, -z, z))):.4f}", file=sys.stderr)
    return trees


def sums(b, g, h, rows_):
    """Gradients and curvatures of some rows, by feature and bin."""
    m = b.shape[1]
    keys = (b[rows_] + np.arange(m) * BINS).ravel()
    return np.stack([np.bincount(keys, np.repeat(v[rows_], m), m * BINS).reshape(m, BINS) for v in (g, h)])


def grow(b, g, h, alive, cuts):
    some = np.sort(RANDOM.choice(b.shape[1], int(b.shape[1] * SHARE), replace=False))
    b = np.ascontiguousarray(b[:, some])
    tree, open_nodes = [None], []

    def consider(at, rows_, depth, of):
        """A leaf for now; if a split gains by it, it waits for its turn."""
        G, H = of[0, 0].sum(), of[1, 0].sum()
        tree[at] = (None, float(-RATE * G / (H + L2)))
        if depth < DEPTH and H > 2 * LEAST_HESSIAN:
            hg, hh = of.cumsum(2)
            gain = hg ** 2 / (hh + L2) + (G - hg) ** 2 / (H - hh + L2) - G ** 2 / (H + L2)
            gain[(hh < LEAST_HESSIAN) | (H - hh < LEAST_HESSIAN)] = -1
            j, k = np.unravel_index(np.argmax(gain), gain.shape)
            if gain[j, k] > 1.0:
                heapq.heappush(open_nodes, (-gain[j, k], at, rows_, depth, of, int(j), int(k)))

    consider(0, alive, 0, sums(b, g, h, alive))
    leaves = 1
    while open_nodes and leaves < LEAVES:
        _, at, rows_, depth, of, j, k = heapq.heappop(open_nodes)
        is_left = b[rows_, j] <= k
        left, right = rows_[is_left], rows_[~is_left]
        # The larger side is what the smaller one leaves.
        if len(left) < len(right):
            of_left = sums(b, g, h, left)
            of_right = of - of_left
        else:
            of_right = sums(b, g, h, right)
            of_left = of - of_right
        tree[at] = (int(some[j]), k, len(tree), len(tree) + 1)
        tree += [None, None]
        consider(len(tree) - 2, left, depth + 1, of_left)
        consider(len(tree) - 1, right, depth + 1, of_right)
        leaves += 1
    return tree


def predict_binned(trees, b):
    z = np.zeros(len(b))
    for tree in trees:
        stack = [(0, np.arange(len(b)))]
        while stack:
            at, rows_ = stack.pop()
            node = tree[at]
            if node[0] is None:
                z[rows_] += node[1]
                continue
            left = b[rows_, node[0]] <= node[1]
            stack += [(node[2], rows_[left]), (node[3], rows_[~left])]
    return z


def folds(pages):
    return np.array([int(hashlib.md5(p["domain"].encode()).hexdigest(), 16) % 5 for p in pages])


def stacked(pages, cuts=None):
    x = np.vstack([p["x"] for p in pages])
    cuts = cuts or bins(x)
    return binned(x, cuts), np.concatenate([p["y"] for p in pages]), np.concatenate([p["w"] for p in pages]), cuts


def figures(pages, chances, threshold):
    sets = collections.defaultdict(list)
    for page, chance in zip(pages, chances):
        seen, kept = set(), []
        # The first feature: words as the program counts them, in Chinese as well.
        sizes = np.expm1(page["x"][:, 0])
        cut = threshold
        # As the program does: a page that keeps next to nothing is asked again, less strictly.
        while cut > 0.05 and sizes[chance > cut].sum() < LEAST_WORDS:
            cut *= 0.8
        for text, p in zip(page["texts"], chance):
            if p > cut and not (len(text) > 40 and text in seen):
                seen.add(text)
                kept.append(text)
        sets[page["id"].split("/")[0]].append(prf(page["gold"], "\n".join(kept)))
    out = {}
    for name, pairs in sets.items():
        P = np.mean([p for p, _ in pairs if p is not None])
        R = np.mean([r for _, r in pairs if r is not None])
        out[name] = f"P {P:.4f} R {R:.4f} F1 {2 * P * R / (P + R):.4f}"
    return out


def prf(gold, got):
    def grams(text):
        t = WORD.findall(text)
        return collections.Counter(tuple(t[i:i + 4]) for i in range(max(1, len(t) - 3))) if t else collections.Counter()
    g, p = grams(gold), grams(got)
    tp, fp, fn = sum((g & p).values()), sum((p - g).values()), sum((g - p).values())
    return (tp / (tp + fp) if tp + fp else None), (tp / (tp + fn) if tp + fn else None)


def check(pages, names):
    f = folds(pages)
    cuts = bins(np.vstack([p["x"] for p in pages]))
    chances = [None] * len(pages)
    for k in range(5):
        learn = [p for p, fold in zip(pages, f) if fold != k]
        b, y, w, _ = stacked(learn, cuts)
        trees = fit(b, y, w, cuts)
        for i in np.flatnonzero(f == k):
            chances[i] = 1 / (1 + np.exp(-predict_binned(trees, binned(pages[i]["x"], cuts))))
        print(f"fold {k + 1} of 5", file=sys.stderr)
    for threshold in (0.3, 0.36, 0.42, 0.48, 0.54):
        for name, figure in figures(pages, chances, threshold).items():
            print(f"{threshold} {name}: {figure}")


def give_up(trees, b):
    """After how many trees a sum shows that a piece is not kept, with a margin."""
    sums_ = {}
    z = np.zeros(len(b))
    for t, tree in enumerate(trees):
        z += predict_binned([tree], b)
        if t + 1 in GIVE_UP:
            sums_[t + 1] = z.copy()
    is_kept = z > np.log(THRESHOLD / (1 - THRESHOLD))
    return [(after, sums_[after][is_kept].min() - 0.35) for after in GIVE_UP]


def number(cut):
    text = f"{float(cut):.6g}"
    return text if "." in text or "e" in text else text + ".0"


def write(pages, names):
    b, y, w, cuts = stacked(pages)
    trees = fit(b, y, w, cuts, log=True)
    used = collections.Counter(node[0] for tree in trees for node in tree if node[0] is not None)
    print("never used:", [n for j, n in enumerate(names) if j not in used], file=sys.stderr)
    roots, lines, at = [], [], 0
    for tree in trees:
        roots.append(at)
        for node in tree:
            if node[0] is None:
                lines.append(f"L({node[1]:.4f}),")
            else:
                j, k, left, right = node
                assert right == left + 1
                lines.append(f"S({j}, {number(cuts[j][k])}, {left + at}),")
        at += len(tree)
    packed, line = [], ""
    for one in lines:
        if len(line) + len(one) > 112:
            packed.append("    " + line.strip())
            line = ""
        line += " " + one.strip()
    packed.append("    " + line.strip())
    with open(TARGET, "w", encoding="utf-8") as out:
        out.write("//! The model's trees, written by `tests/train/train.py`; its head tells the recipe. Not for editing by hand.\n\n")
        out.write("use super::judge::{Node, leaf as L, split as S};\n\n")
        out.write("/// How many numbers a piece has.\n")
        out.write(f"pub(super) const FEATURES: usize = {len(names)};\n")
        out.write(f"/// How many splits are followed at most.\npub(super) const DEPTH: usize = {DEPTH};\n")
        out.write("/// From this chance on a piece is kept.\n")
        out.write(f"pub(super) const THRESHOLD: f32 = {THRESHOLD};\n")
        out.write("/// A page that keeps fewer words is asked again, less strictly.\n")
        out.write(f"pub(super) const LEAST_WORDS: u32 = {LEAST_WORDS};\n")
        out.write("/// After so many trees, what has a lower sum than this is not kept in the end: no piece of the training pages was.\n")
        hopeless = ", ".join(f"({after}, {least:.2f})" for after, least in give_up(trees, b))
        out.write(f"pub(super) const HOPELESS: &[(usize, f32)] = &[{hopeless}];\n")
        out.write("/// Where each tree begins.\n#[rustfmt::skip]\n")
        out.write(f"pub(super) const ROOTS: &[u16] = &{roots};\n")
        out.write("/// Every node of every tree.\n#[rustfmt::skip]\npub(super) const NODES: &[Node] = &[\n")
        out.write("\n".join(packed) + "\n];\n")


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("rows", "check", "write"):
        sys.exit(__doc__)
    if sys.argv[1] == "rows":
        rows(sys.argv[2], sys.argv[3:])
    elif np is None:
        sys.exit("unable to train: numpy is missing; python3 -m pip install numpy")
    else:
        {"check": check, "write": write}[sys.argv[1]](*load(sys.argv[2], sys.argv[3:]))
