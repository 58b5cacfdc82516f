//! Articles as JSON: a filtered list in parts, and one by id.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answer::{self, Parameters, bad};
use super::super::{Problem, Shared, Site};
use super::vocabulary::{country_json, theme_json};
use crate::article::{Article, ArticleId, Story};
use crate::edition::{Rewording, ceiling, rewordings};
use crate::query::{Body, Dedupe, Query};
use crate::store::{Revision, StoreError};

/// The fields of an article, for `fields=`.
const FIELDS: &[&str] = &[
    "id",
    "url",
    "canonical",
    "title",
    "language",
    "primary_country",
    "country",
    "theme",
    "news",
    "published",
    "updated",
    "first_seen",
    "source",
    "story_id",
    "summary",
    "authors",
    "image",
    "attachments",
    "also",
    "translations",
    "html",
    "text",
    "rights",
    "by",
    "evidence",
];

pub(in crate::web) async fn articles(State(site): Shared, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let parameters = Parameters::of(&uri, &["page_after", "fields", "ui"]);
    parameters.interface()?;
    let mut query = parameters.query(&site.edition.vocabulary())?;
    if query.prefer.is_none() && query.dedupe.is_none() {
        query.dedupe = Some(Dedupe::None);
    }
    let after = parameters.get("page_after")?.map(|text| place(&text)).transpose()?;
    let fields = fields(parameters.get("fields")?.as_deref())?;
    let part = site.edition.part(&query, after).await?;
    let mut data = Vec::with_capacity(part.ids.len());
    for article in site.edition.articles(part.ids).await? {
        data.push(pick(view(&site, &article, &query).await?, fields.as_deref()));
    }
    let next = part.next.map(|(at, id)| {
        let own = [
            ("page_after", Some(format!("{}_{id}", at.as_second()))),
            ("fields", fields.as_ref().map(|fields| fields.join(","))),
        ];
        let mut pairs: Vec<String> = parameters.rest.split('&').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        pairs.extend(own.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))));
        format!("{}api/v1/articles?{}", site.edition.public_url, pairs.join("&"))
    });
    answer::json(&headers, &json!({"data": data, "next": next, "total": part.total}))
}

pub(in crate::web) async fn article(
    State(site): Shared,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::of(&uri, &["fields", "ui"]);
    let query = parameters.query(&site.edition.vocabulary())?;
    let fields = fields(parameters.get("fields")?.as_deref())?;
    let article = find(&site, &id).await?;
    let mut data = view(&site, &article, &query).await?;
    let full = site.edition.source(&article.source).body == Body::Full;
    data["revisions"] = revisions(site.edition.former(&article).await?, article, full).await?;
    answer::json(&headers, &json!({"data": pick(data, fields.as_deref())}))
}

/// Former texts, the oldest first, each with what became of it.
async fn revisions(former: Vec<Revision>, article: Article, full: bool) -> Result<Value, Problem> {
    let changes = reworded(&former, &article).await?;
    let unknown = former.len() - changes.len();
    let changes = std::iter::repeat_n(None, unknown).chain(changes.into_iter().map(Some));
    let shown = former.into_iter().zip(changes).map(|(former, changes)| {
        let changes = changes.map(|c| json!({"title": c.title, "text": full.then_some(c.text)}));
        json!({"until": former.until, "title": former.title, "text": full.then_some(former.text), "changes": changes})
    });
    Ok(Value::Array(shown.collect()))
}

/// What became of the last former texts. Off the async threads: long texts are compared.
pub(crate) async fn reworded(former: &[Revision], article: &Article) -> Result<Vec<Rewording>, Problem> {
    let (former, article) = (former.to_vec(), article.clone());
    let work = tokio::task::spawn_blocking(move || rewordings(&former, &article)).await;
    work.map_err(|why| {
        tracing::error!(%why, "the former texts of an article could not be compared");
        let detail = "unable to compare the former texts of this article; the log says why";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the texts could not be compared", detail)
    })
}

/// The live article with this id: 404 where there is none, 410 where it was withdrawn.
pub(crate) async fn find(site: &Site, id: &str) -> Result<Article, Problem> {
    let missing = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no such article",
            "unable to find this article; ids are UUIDs, as /api/v1/articles lists them",
        )
    };
    let bare = id.strip_prefix("urn:uuid:").unwrap_or(id);
    let id = ArticleId(Uuid::parse_str(bare).map_err(|_| missing())?);
    let Some(article) = site.store.article(id).await? else { return Err(missing()) };
    if let Some(at) = site.store.withdrawn(id).await? {
        let problem =
            Problem::new(StatusCode::GONE, "withdrawn", "this article was withdrawn and is not served any more");
        return Err(problem.with("withdrawn_at", at.to_string()));
    }
    Ok(site.edition.shown(article))
}

/// `SECONDS_UUID`, or the whole address that `next` gave.
fn place(text: &str) -> Result<(Timestamp, ArticleId), Problem> {
    let bare = text.rsplit("page_after=").next().unwrap_or(text).split('&').next().unwrap_or_default();
    let parsed = bare.split_once('_').and_then(|(second, id)| {
        Some((Timestamp::from_second(second.parse().ok()?).ok()?, ArticleId(Uuid::parse_str(id).ok()?)))
    });
    parsed.ok_or_else(|| bad("page_after", text, "it must be one that `next` of an earlier answer carries"))
}

fn fields(asked: Option<&str>) -> Result<Option<Vec<String>>, Problem> {
    let Some(asked) = asked else { return Ok(None) };
    let names: Vec<String> = asked.split(',').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
    match names.iter().find(|name| !FIELDS.contains(&name.as_str()) && *name != "revisions") {
        Some(unknown) => Err(bad("fields", unknown, &format!("allowed are {}, revisions", FIELDS.join(", ")))),
        None => Ok(Some(names)),
    }
}

fn pick(mut article: Value, fields: Option<&[String]>) -> Value {
    if let (Value::Object(map), Some(fields)) = (&mut article, fields) {
        map.retain(|name, _| fields.contains(name));
    }
    article
}

/// An article as the API shows it.
async fn view(site: &Site, article: &Article, query: &Query) -> Result<Value, StoreError> {
    let edition = &site.edition;
    let card = edition.source(&article.source);
    let body = ceiling(query.body.unwrap_or(edition.feed.body), card.body);
    let story = site.store.story(article.story).await?.unwrap_or_else(|| Story::founded_by(article));
    let (also, translations) = edition.relatives(article, &story).await?;
    let primary = article.primary_country();
    let mut view = json!({
        "id": article.id,
        "url": article.url,
        "canonical": article.canonical,
        "title": article.title,
        "language": article.language.language,
        "primary_country": primary.map(country_json),
        "country": article.countries.iter().map(|tag| {
            let mut country = country_json(tag.country);
            country["primary"] = json!(Some(tag.country) == primary);
            country
        }).collect::<Vec<_>>(),
        "theme": article.themes.iter().map(|tag| theme_json(edition, &tag.theme)).collect::<Vec<_>>(),
        "news": article.news,
        "published": {
            "at": article.published.at,
            "day": article.published.day,
            "precision": article.published.precision,
            "from": article.published.from,
        },
        "updated": article.updated,
        "first_seen": article.first_seen,
        "source": {"id": article.source, "name": card.name, "url": card.url},
        "story_id": article.story,
        "authors": article.authors,
        "image": article.image,
        "attachments": article.attachments,
        "also": also.iter().map(|o| json!({"source": o.id, "name": o.name, "url": o.url})).collect::<Vec<_>>(),
        "translations": translations.iter().map(|(id, t)| json!({"id": id, "language": t.language, "url": t.url})).collect::<Vec<_>>(),
        "rights": edition.feed.rights,
        "by": article.by,
    });
    if body != Body::None {
        view["summary"] = json!(article.summary);
    }
    if body == Body::Full {
        view["html"] = json!(article.html);
        view["text"] = json!(article.text);
    }
    if query.explain {
        view["evidence"] =
            json!({"language": article.language, "countries": article.countries, "themes": article.themes});
    }
    Ok(view)
}
