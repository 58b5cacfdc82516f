//! `depeche extract`: pages to JSON.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::out::{Out, say};
use super::{Exit, WRONG_USE, lines};
use crate::cli::ExtractArgs;
use crate::extract::{self, PageInput};
use crate::fetch;

#[derive(Deserialize)]
struct Line {
    id: Value,
    path: PathBuf,
    url: Url,
}

/// Runs it.
pub(super) fn run(args: &ExtractArgs) -> Exit {
    if args.jsonl {
        return lines::each(|line: Line| {
            let mut answer = page(&read(&line.path)?, &line.url)?;
            answer["id"] = line.id;
            Ok(answer)
        });
    }
    let url = match args.url.as_deref().map(Url::parse) {
        Some(Ok(url)) => url,
        other => {
            say(format_args!(
                "unable to use {:?} as --url: {}",
                args.url.as_deref().unwrap_or_default(),
                other.and_then(Result::err).map_or("it is missing".to_owned(), |e| e.to_string())
            ));
            return Ok(WRONG_USE);
        }
    };
    match read(&args.file).and_then(|bytes| page(&bytes, &url)) {
        Ok(answer) => {
            writeln!(Out::new(), "{answer:#}")?;
            Ok(0)
        }
        Err(error) => {
            say(error);
            Ok(1)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let done = match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        _ => std::fs::read(path).map(|read| bytes = read),
    };
    done.map_err(|error| format!("unable to read {}: {error}", path.display()))?;
    Ok(bytes)
}

fn page(bytes: &[u8], url: &Url) -> Result<Value, String> {
    let (html, _) = fetch::decode(bytes, None);
    let input =
        PageInput { url, html: &html, content_language: None, source_language: None, latest: None, memory: None };
    let raw = extract::article(&input, None).map_err(|error| error.to_string())?;
    Ok(json!({
        "title": raw.title,
        "text": raw.text,
        "html": raw.html,
        "published": raw.published.as_ref().map(|d| d.to_rfc3339()),
        "language": raw.declared.item.or(raw.declared.page),
        "authors": raw.authors,
        "image": raw.image,
        "summary": raw.summary,
        "attachments": raw.attachments,
        "kind": raw.kind,
    }))
}
