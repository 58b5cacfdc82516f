// Reads every document with feedsmith: each must be recognised as its format and give every entry. Called by readers.py.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../target/readers/", import.meta.url));
const { parseFeed } = await import(pathToFileURL(require.resolve("feedsmith")).href);

let failed = 0;
const check = (what, ok) => {
  if (!ok) {
    failed += 1;
    console.log("FAILED: feedsmith", what);
  }
};
const sorted = (list) => JSON.stringify([...list].sort());

const documents = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const { path, format, name, ids, url } of documents) {
  const what = `${format} ${name}`;
  let parsed;
  try {
    parsed = parseFeed(readFileSync(path, "utf8"));
  } catch (error) {
    check(`${what}: ${error}`, false);
    continue;
  }
  const { feed } = parsed;
  check(`${what}: recognised as ${parsed.format}`, parsed.format === format);
  const items = feed.items ?? feed.entries ?? [];
  const id = (item) => (format === "rss" ? item.guid?.value : item.id);
  check(`${what}: every item`, sorted(items.map(id)) === sorted(ids));
  const links = format === "rss" ? feed.atom?.links : feed.links;
  const own = format === "json" ? feed.feed_url : links?.find((link) => link.rel === "self")?.href;
  check(`${what}: self is ${own}`, own === url);
  const published = { rss: "pubDate", atom: "published", json: "date_published" }[format];
  const language = (item) => ({ rss: item.dc?.languages?.[0] ?? item.dc?.language, json: item.language })[format];
  for (const item of items) {
    check(`${what}: a date`, !Number.isNaN(Date.parse(item[published])));
    check(`${what}: a language`, format === "atom" || language(item));
  }
  if (format !== "json") {
    check(`${what}: archive`, name.startsWith("archive") === links.some((link) => link.rel === "current"));
  }
}
console.log(`feedsmith read ${documents.length} documents`);
process.exit(failed ? 1 : 0);
