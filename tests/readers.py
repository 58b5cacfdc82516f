"""Holds every feed against validators and readers: the grammar of RFC 4287, feedparser, newsboat, and, by readers.mjs,
feedsmith. Each must see every entry of the JSON form, and no fault. Called by tests/readers."""
import copy, json, os, re, sqlite3, subprocess, sys, urllib.request

import feedparser
from lxml import etree

base, work = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
filters = ["", "limit=200", "country=HTI", "theme=displacement", "lang=fr", "lang=ar", "country=HTI&lang=fr&ui=fr", "dedupe=none&limit=200",
           "body=none&country=KEN&theme=labour-migration", "body=summary&limit=200", "prefer=fr", "limit=1&until=2020-01-01", "lang=ja"]
empty, some = {"lang=ja"}, {"limit=1&until=2020-01-01"}
ATOM, MEDIA = "{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/mrss/}"
grammar = etree.RelaxNG(etree.parse(f"{here}/schema/atom.rng"))
strict = etree.XMLParser(resolve_entities=False, recover=False)
passed = failed = 0


def check(what, ok):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED:", what)


def fetch(url):
    return urllib.request.urlopen(url).read()


def newsboat(url, home):
    """One poll with a cache of its own; gives the ids it holds, and what it complained of."""
    if not os.path.isdir(home):
        os.makedirs(home)
        open(f"{home}/urls", "w").write(url + "\n")
        open(f"{home}/config", "w").write(f"max-items 0\nerror-log {home}/errors\n")
    subprocess.run(["newsboat", "-u", f"{home}/urls", "-c", f"{home}/cache.db", "-C", f"{home}/config", "-x", "reload"],
                   check=True, stdout=subprocess.DEVNULL)
    complaints = open(f"{home}/errors").read() if os.path.exists(f"{home}/errors") else ""
    rows = sqlite3.connect(f"{home}/cache.db").execute("select guid from rss_item").fetchall()
    return sorted(row[0] for row in rows), complaints


def answers(status):
    """How many requests for feeds were answered so, as the metrics say."""
    line = re.compile(r'depeche_http_requests_total\{route="/feed[^}]*status="%d"\} (\d+)' % status)
    return sum(int(n) for n in line.findall(fetch(f"{base}/metrics").decode()))


def atom_rules(tree):
    """What the grammar says in words: an author for every entry, an alternate link or content; and ours: one alternate."""
    feed = tree.getroot()
    return feed.find(f"{ATOM}author") is not None and all(
        len([1 for l in e.findall(f"{ATOM}link") if l.get("rel") == "alternate"]) == 1
        and e.get("{http://www.w3.org/XML/1998/namespace}lang") for e in feed.findall(f"{ATOM}entry"))


# The grammar can fail: without an id, with a word for a date, with two titles.
sample = etree.fromstring(fetch(f"{base}/feed.atom"), strict)
check("the grammar takes a feed", grammar.validate(sample))
for spoil in [lambda f: f.remove(f.find(f"{ATOM}id")), lambda f: setattr(f.find(f"{ATOM}updated"), "text", "yesterday"),
              lambda f: f.append(copy.deepcopy(f.find(f"{ATOM}title")))]:
    spoilt = copy.deepcopy(sample)
    spoil(spoilt)
    check("the grammar refuses a spoilt feed", not grammar.validate(spoilt))

queries = [(f"?{f}" if f else "", f) for f in filters]
for f in ["", "country=HTI&lang=fr&ui=fr", "dedupe=none&limit=200"]:
    chain = json.loads(fetch(f"{base}/feed.json" + (f"?{f}" if f else ""))).get("next_url")
    check(f"?{f}: there is an archive", chain)
    queries += [("?" + chain.split("?", 1)[1], "archive of " + f)] if chain else []

documents, polled = [], 0
for n, (query, name) in enumerate(queries):
    raw = fetch(f"{base}/feed.json{query}")
    items = json.loads(raw)["items"]
    ids = sorted(i["id"] for i in items)
    check(f"{name}: no entry twice", len(set(ids)) == len(ids))
    check(f"{name}: something in it", bool(ids) != (name in empty) and (name not in some or len(ids) >= 1))
    for form in ("atom", "rss", "json"):
        # An archive's version is the same in every format.
        url = f"{base}/feed.{form}{query}"
        raw = fetch(url)
        path = f"{work}/{n}.{form}"
        open(path, "wb").write(raw)
        documents.append({"path": path, "format": form, "name": name, "ids": ids, "url": url})
        if form == "json":
            continue
        tree = etree.ElementTree(etree.fromstring(raw, strict))
        if form == "atom":
            check(f"{name}: RFC 4287: {grammar.error_log.last_error}", grammar.validate(tree) and atom_rules(tree))
        got = feedparser.parse(url)
        check(f"feedparser {form} {name}: well-formed, {got.get('bozo_exception')}", not got.bozo)
        check(f"feedparser {form} {name}: every item", sorted(e.id for e in got.entries) == ids)
        check(f"feedparser {form} {name}: every date", all(e.get("published_parsed") for e in got.entries))
        check(f"feedparser {form} {name}: every link and title", all(e.get("link") and e.get("title") for e in got.entries))
        for condition in ({"etag": got.get("etag")}, {"modified": got.get("modified")}):
            if all(condition.values()):
                check(f"feedparser {form} {name}: second poll is 304", feedparser.parse(url, **condition).get("status") == 304)
        home = f"{work}/{form}-{n}"
        seen, complaints = newsboat(url, home)
        check(f"newsboat {form} {name}: every item", seen == ids)
        # It writes validators down for feeds that it has in its cache, which a new one is not until its first poll is over.
        newsboat(url, home)
        before = answers(304)
        again, complaints = newsboat(url, home)
        check(f"newsboat {form} {name}: a poll with validators is 304", answers(304) == before + 1 and again == ids)
        check(f"newsboat {form} {name}: {complaints}", not complaints)
        polled += 1
json.dump(documents, open(f"{work}/documents.json", "w"))
done = subprocess.run(["node", f"{here}/readers.mjs", f"{work}/documents.json"])
check("feedsmith", done.returncode == 0)
images = sum(1 for d in documents if d["format"] == "atom" and b"media:content" in open(d["path"], "rb").read())
check("some feeds have images", images)
print(f"{len(documents)} documents; {polled} polled twice by feedparser and newsboat")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
