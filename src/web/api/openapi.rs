//! `/api/openapi.json`: the API described as OpenAPI 3.1. It names what is there and promises nothing else.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::answer;
use super::super::{Problem, Shared};
use crate::article::Region;

pub(in crate::web) async fn openapi(State(site): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    answer::json(&headers, &document(site.edition.public_url.as_str()))
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "description": description, "schema": schema})
}

fn text() -> Value {
    json!({"type": "string"})
}

/// The filters that feeds, lists and pages share.
fn filters() -> Vec<Value> {
    let regions: Vec<&str> = Region::all().map(Region::slug).collect();
    vec![
        parameter("country", "ISO 3166-1 alpha-2 or alpha-3, or a slug; a comma means OR", text()),
        parameter("region", "Slug of an IOM region; a comma means OR", json!({"type": "string", "enum": regions})),
        parameter("theme", "Slug of a theme; a comma means OR", text()),
        parameter("lang", "BCP 47 language; `und` where it could not be told; a comma means OR", text()),
        parameter("source", "Id of a source; a comma means OR", text()),
        parameter("q", "Words and quoted phrases that title or text hold; `-word` must not stand there", text()),
        parameter("exclude", "Words and quoted phrases that must not stand there", text()),
        parameter("since", "Published at or after: a UTC day or an RFC 3339 instant", text()),
        parameter("until", "Published at or before: a UTC day or an RFC 3339 instant", text()),
        parameter("limit", "Entries", json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})),
        parameter(
            "dedupe",
            "One entry a story and language, or every article",
            json!({"type": "string", "enum": ["story", "none"]}),
        ),
        parameter("prefer", "One entry a story, in this language where there is one", text()),
        parameter(
            "body",
            "How much of a text; a source's own setting is a ceiling",
            json!({"type": "string", "enum": ["summary", "full", "none"]}),
        ),
        parameter("explain", "1 adds the evidence of every tag", json!({"type": "string", "enum": ["0", "1"]})),
    ]
}

fn answers(description: &str, content_type: &str, schema: Value) -> Value {
    json!({
        "200": {"description": description, "content": {content_type: {"schema": schema}}},
        "304": {"description": "What the client has is fresh (RFC 9110 section 13)"},
        "400": {"description": "An unknown name or value; the detail names what is allowed", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
        "503": {"description": "With `q` or `exclude`, while the index of words is brought level with the store; or the store does not answer. Retry-After says when to ask again", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
    })
}

fn get(summary: &str, parameters: Vec<Value>, responses: Value) -> Value {
    json!({"get": {"summary": summary, "parameters": parameters, "responses": responses}})
}

fn list(of: &str) -> Value {
    json!({"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": {"$ref": format!("#/components/schemas/{of}")}}}})
}

fn document(server: &str) -> Value {
    let with = |more: Vec<Value>| filters().into_iter().chain(more).collect::<Vec<_>>();
    let feed = |what: &str, kind: &str| {
        let mut own = filters();
        own.push(parameter("ui", "Language of titles and labels", json!({"type": "string", "enum": ["en", "fr"]})));
        own.push(parameter(
            "archive",
            "A month of first storage (RFC 5005), as links of `rel=prev-archive` and `next_url` have it",
            text(),
        ));
        own.push(parameter("v", "The archive's version, from the same link; another one answers 307", text()));
        get(&format!("The filtered feed as {what}"), own, answers("The feed", kind, text()))
    };
    let mut articles = list("Article");
    articles["required"] = json!(["data", "next", "total"]);
    articles["properties"]["next"] =
        json!({"type": ["string", "null"], "description": "Address of the next part; null at the end"});
    articles["properties"]["total"] = json!({"type": "integer", "description": "Matching articles in all"});
    let fields = parameter("fields", "Names of the fields to show, with commas", text());
    let id = json!({"name": "id", "in": "path", "required": true, "description": "UUID of the article", "schema": {"type": "string", "format": "uuid"}});
    let mut one = get(
        "One article, with its former texts",
        vec![id, fields.clone()],
        answers(
            "The article",
            "application/json",
            json!({"type": "object", "properties": {"data": {"$ref": "#/components/schemas/Article"}}}),
        ),
    );
    one["get"]["responses"]["404"] = json!({"description": "No such article"});
    one["get"]["responses"]["410"] = json!({"description": "The article was withdrawn"});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "depeche",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "News of humanitarian agencies' own pages: classified, deduplicated, in filtered feeds. Countries are ISO 3166-1 alpha-3, themes map to ReliefWeb ids, times are RFC 3339 in UTC. No key is needed.",
        },
        "servers": [{"url": server.trim_end_matches('/')}],
        "paths": {
            "/feed.atom": feed("Atom 1.0 (RFC 4287)", "application/atom+xml"),
            "/feed.rss": feed("RSS 2.0", "application/rss+xml"),
            "/feed.json": feed("JSON Feed 1.1", "application/feed+json"),
            "/opml": get("Every country and theme feed (OPML 2.0)", with(vec![parameter("ui", "Language of the names", json!({"type": "string", "enum": ["en", "fr"]}))]), answers("The list", "text/x-opml", text())),
            "/hub": hub(),
            "/api/v1/articles": get("Articles, the newest first; every article unless `dedupe` or `prefer` says otherwise", with(vec![fields, parameter("page_after", "From `next` of an earlier answer", text())]), answers("A part of the list", "application/json", articles)),
            "/api/v1/articles/{id}": one,
            "/api/v1/changes": get("Every change of what is served, the oldest first", vec![
                parameter("since", "The cursor that `next` gave; left out: from the beginning", text()),
                parameter("limit", "Changes in one answer", json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 500})),
            ], answers("Changes behind the cursor", "application/json", json!({
                "type": "object",
                "required": ["changes", "next"],
                "properties": {
                    "changes": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
                    "next": {"type": "string", "description": "Cursor for the next call; good for ever, also where the list is empty"},
                    "more": {"type": "boolean", "description": "True when more changes are there already"},
                    "reset": {"type": "boolean", "description": "True when the store was restored since: the list begins anew"},
                },
            }))),
            "/api/v1/countries": get("Countries that filters know", Vec::new(), answers("All of them", "application/json", list("Country"))),
            "/api/v1/themes": get("Themes that filters know, with their ReliefWeb themes", Vec::new(), answers("All of them", "application/json", list("Theme"))),
            "/api/v1/sources": get("Sources", Vec::new(), answers("All of them", "application/json", list("Source"))),
            "/health/sources": get("State of every source", Vec::new(), answers("All of them", "application/json", json!({"type": "object", "properties": {"sources": {"type": "array", "items": {"$ref": "#/components/schemas/SourceHealth"}}}}))),
        },
        "components": {"schemas": schemas()},
    })
}

fn hub() -> Value {
    let form = json!({"type": "object", "required": ["hub.mode", "hub.callback", "hub.topic"], "properties": {
        "hub.mode": {"type": "string", "enum": ["subscribe", "unsubscribe"]},
        "hub.callback": {"type": "string", "format": "uri", "description": "Where to push; it is asked whether it wants that"},
        "hub.topic": {"type": "string", "format": "uri", "description": "A feed's own address, as its self link has it"},
        "hub.lease_seconds": {"type": "integer", "default": 864_000, "description": "Taken as at least an hour and at most 30 days"},
        "hub.secret": {"type": "string", "maxLength": 199, "description": "Signs what is pushed: X-Hub-Signature"},
    }});
    let refused = |why: &str| json!({"description": why, "content": {"text/plain": {"schema": {"type": "string"}}}});
    json!({"post": {
        "summary": "Subscribe to a feed, or end that (W3C WebSub)",
        "requestBody": {"required": true, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "202": {"description": "The callback is asked next"},
            "400": refused("What cannot be used, and why"),
            "503": refused("As many subscriptions as can be served; Retry-After says when to ask again"),
        },
    }})
}

fn schemas() -> Value {
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties});
    let time = json!({"type": "string", "format": "date-time"});
    json!({
        "Article": object(&["id", "url", "title", "language", "primary_country", "country", "theme"], json!({
            "id": {"type": "string", "format": "uuid", "description": "UUIDv5 of the canonical address; for ever"},
            "url": {"type": "string", "format": "uri", "description": "The original"},
            "canonical": {"type": "string", "format": "uri"},
            "title": text(),
            "language": {"type": "string", "description": "BCP 47, `und` where it could not be told"},
            "primary_country": {"anyOf": [{"$ref": "#/components/schemas/Country"}, {"type": "null"}]},
            "country": {"type": "array", "items": {"$ref": "#/components/schemas/Country"}},
            "theme": {"type": "array", "items": {"$ref": "#/components/schemas/Theme"}},
            "news": {"type": "boolean", "description": "False for tenders and vacancies"},
            "published": object(&["at", "day", "precision"], json!({
                "at": time,
                "day": {"type": "string", "format": "date", "description": "The page's own day"},
                "precision": {"type": "string", "enum": ["day", "minute"]},
                "from": {"type": "string", "description": "Where the date was found; `first sighting` where the page has none"},
            })),
            "updated": {"type": "string", "format": "date-time", "description": "The last material change"},
            "first_seen": time,
            "source": {"type": "object", "properties": {"id": text(), "name": text(), "url": text()}},
            "story_id": {"type": "string", "format": "uuid"},
            "summary": text(),
            "authors": {"type": "array", "items": text()},
            "image": {"type": ["object", "null"], "properties": {"url": text(), "alt": text()}},
            "attachments": {"type": "array", "items": {"type": "object", "properties": {"url": text(), "name": text(), "media_type": text()}}},
            "also": {"type": "array", "description": "Copies in the same language", "items": {"type": "object"}},
            "translations": {"type": "array", "items": {"type": "object"}},
            "html": {"type": "string", "description": "With body=full, where the source allows it"},
            "text": {"type": "string", "description": "With body=full, where the source allows it"},
            "rights": {"type": ["string", "null"]},
            "by": {"description": "Which rules found the text"},
            "evidence": {"type": "object", "description": "With explain=1"},
            "revisions": {"type": "array", "description": "Former texts, the oldest first, of one article alone", "items": object(&["until", "title", "text", "changes"], json!({
                "until": time,
                "title": text(),
                "text": {"type": ["string", "null"], "description": "Null where the source allows a summary alone"},
                "changes": {"type": ["object", "null"], "description": "What the edit at `until` did, word by word: pieces of title and text with op same, removed or added, which read back as both texts. Null for all but the last 20"},
            }))},
        })),
        "Change": object(&["seq", "kind", "article_id", "story_id", "url", "at"], json!({
            "seq": {"type": "integer"},
            "kind": {"type": "string", "enum": ["created", "revised", "merged", "withdrawn"]},
            "fields": {"type": "array", "items": text(), "description": "Of `revised`: what changed"},
            "material": {"type": "boolean", "description": "Of `revised`: title, figures or more than a few words"},
            "article_id": {"type": "string", "format": "uuid"},
            "story_id": {"type": "string", "format": "uuid"},
            "url": text(),
            "at": time,
        })),
        "Country": object(&["iso3"], json!({"iso3": text(), "iso2": text(), "slug": text(), "name": text(), "name_fr": text()})),
        "Theme": object(&["slug"], json!({"slug": text(), "name": text(), "name_fr": text(), "reliefweb_theme": {"type": ["object", "null"], "properties": {"id": {"type": "integer"}, "name": text()}}})),
        "Source": object(&["id", "name", "url"], json!({"id": text(), "name": text(), "url": text(), "kind": text(), "country": {}, "language": {"type": ["string", "null"]}, "articles": {"type": "integer"}})),
        "SourceHealth": object(&["id", "state"], json!({"id": text(), "state": {"type": "string", "enum": ["ok", "quiet", "degraded", "broken", "blocked"]}, "since": {"type": ["string", "null"], "format": "date-time"}, "reason": {"type": ["string", "null"]}})),
        "Problem": object(&["title", "status"], json!({"type": text(), "title": text(), "status": {"type": "integer"}, "detail": text()})),
    })
}
