//! `depeche sources`: the state of every source, why, and what to try. It asks no site.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{ask, silently};
use super::out::Out;
use super::{Exit, unsigned_configuration};
use crate::cli::SourcesArgs;
use crate::desk::{Reply, Request, SourceRow};
use crate::health::By;

/// Runs it.
pub(super) async fn run(args: SourcesArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let rows = match ask(config, Request::Sources, silently).await? {
        Ok(Reply::Sources(rows)) => rows,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    let mut out = Out::new();
    if args.json {
        let rows: Vec<Value> = rows.iter().map(row_json).collect();
        writeln!(out, "{}", json!({"sources": rows}))?;
        return Ok(0);
    }
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0).max(6);
    writeln!(
        out,
        "{:width$}  {:8}  {:20}  {:7} {:>8} {:>6}  {:20}  {:20}  {:20}",
        "source", "state", "since", "by", "articles", "listed", "last round", "last new", "next due"
    )?;
    let time = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    for row in &rows {
        let s = &row.state;
        let (state, by) = match s.last_round {
            None => ("new", "-"),
            Some(_) => (s.health.state.name(), by(s.health.by)),
        };
        writeln!(
            out,
            "{:width$}  {:8}  {:20}  {:7} {:>8} {:>6}  {:20}  {:20}  {:20}",
            row.id,
            state,
            time(s.health.since),
            by,
            s.stored,
            s.found,
            time(s.last_round),
            time(s.last_new),
            time(s.next_due)
        )?;
    }
    for row in &rows {
        explain(&mut out, row)?;
    }
    Ok(0)
}

/// Why a source is not `ok`, what to try, and what came whole last.
fn explain(out: &mut Out, row: &SourceRow) -> io::Result<()> {
    let health = &row.state.health;
    let report = health.report();
    if let Some(reason) = report.reason {
        writeln!(out, "\n{}: {reason}", row.id)?;
    } else if report.suspicion.is_some() {
        writeln!(out, "\n{}: one round saw trouble, the next one decides", row.id)?;
    }
    let mut say = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "    {name:10} {value}"),
        None => Ok(()),
    };
    if let Some(suspicion) = &report.suspicion {
        say("suspected", Some(format!("{} since {}: {}", suspicion.state, suspicion.since, suspicion.reason)))?;
    }
    let needs_a_look = health.state.needs_a_look();
    say("cause", report.cause.clone().filter(|_| needs_a_look))?;
    say("step", report.step.map(|step| step.to_string()).filter(|_| needs_a_look))?;
    say("selector", report.selector.map(str::to_owned))?;
    say("try", report.advice.map(|advice| advice.en).filter(|_| needs_a_look))?;
    let good = report.last_good.map(|good| format!("{} ({}, {})", good.title, good.url, good.at));
    say("last good", good.filter(|_| needs_a_look))
}

fn by(by: By) -> &'static str {
    match by {
        By::Profile => "profile",
        By::Generic => "generic",
    }
}

/// As `/health/sources` has it, with the names that this command always had.
fn row_json(row: &SourceRow) -> Value {
    let s = &row.state;
    let mut value = json!(s.health.report());
    let more = json!({
        "id": row.id, "name": row.name, "url": row.url, "last_round": s.last_round, "last_new": s.last_new,
        "next_due": s.next_due, "failures": s.failures, "found": s.found, "stored": s.stored, "articles": s.stored,
    });
    if let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) {
        all.extend(more);
    }
    value
}
