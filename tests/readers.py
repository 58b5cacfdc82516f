"""Compares what feedparser and newsboat make of each feed with its JSON form. Called by tests/readers."""
import json, os, sqlite3, subprocess, sys, urllib.request

import feedparser

base, work = sys.argv[1:3]
queries = ["?limit=200", "?country=HTI", "?lang=fr", "?lang=en", "?country=HTI&lang=fr", "?dedupe=none&limit=200", "?lang=ja"]
passed = failed = 0


def check(what, ok):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED:", what)


for n, query in enumerate(queries):
    want = json.load(urllib.request.urlopen(f"{base}/feed.json{query}"))["items"]
    ids = sorted(i["id"] for i in want)
    check(f"{query}: no entry twice", len(set(ids)) == len(ids))
    check(f"{query}: something in it", bool(ids) != (query == "?lang=ja"))
    for form in ("atom", "rss"):
        url = f"{base}/feed.{form}{query}"
        got = feedparser.parse(url)
        check(f"feedparser {form}{query}: well-formed, {got.get('bozo_exception')}", not got.bozo)
        check(f"feedparser {form}{query}: every item", sorted(e.id for e in got.entries) == ids)
        check(f"feedparser {form}{query}: every date", all(e.get("published_parsed") for e in got.entries))
        check(f"feedparser {form}{query}: second poll is 304", feedparser.parse(url, etag=got.get("etag")).get("status") == 304)
        home = os.path.join(work, f"{form}-{n}")
        os.makedirs(home)
        with open(f"{home}/urls", "w") as f:
            f.write(url + "\n")
        with open(f"{home}/config", "w") as f:
            f.write("max-items 0\n")
        subprocess.run(["newsboat", "-u", f"{home}/urls", "-c", f"{home}/cache.db", "-C", f"{home}/config", "-x", "reload"], check=True, stdout=subprocess.DEVNULL)
        rows = sqlite3.connect(f"{home}/cache.db").execute("select guid from rss_item").fetchall()
        check(f"newsboat {form}{query}: every item", sorted(r[0] for r in rows) == ids)
print(f"{len(want)} entries in the last feed; readers agree with the JSON form where nothing is named above")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
