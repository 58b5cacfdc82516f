//! The closing table of a crawl: aligned columns for people, JSON for scripts.

use std::io::Write;

use serde_json::json;

use super::crawl::failed;
use super::out::Out;
use crate::desk::Checked;

/// Prints the table, the reasons of failures below it, and tells whether a source failed or was refused.
pub(super) fn print(rounds: &[Checked], as_json: bool) -> std::io::Result<bool> {
    let mut out = Out::new();
    let failed = failed(rounds);
    if as_json {
        let rows: Vec<_> = rounds.iter().map(row_json).collect();
        writeln!(out, "{}", json!({"sources": rows}))?;
        return Ok(failed);
    }
    let width = rounds.iter().map(|c| c.source.len()).max().unwrap_or(0).max(6);
    writeln!(
        out,
        "{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}",
        "source", "found", "stored", "duplicate", "revised", "unchanged", "failed"
    )?;
    let mut sum = [0usize; 6];
    for checked in rounds {
        let source = &checked.source;
        match (&checked.round, &checked.error) {
            (Some(r), _) => {
                let cells = [r.found, r.stored, r.duplicate, r.revised, r.unchanged, r.failed.len()];
                sum.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
                writeln!(
                    out,
                    "{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}{}",
                    source,
                    cells[0],
                    cells[1],
                    cells[2],
                    cells[3],
                    cells[4],
                    cells[5],
                    if r.error.is_some() { "  round failed" } else { "" }
                )?;
            }
            (None, None) => writeln!(out, "{source:width$}  another process is at it")?,
            (None, Some(_)) => writeln!(out, "{source:width$}  the store failed")?,
        }
    }
    writeln!(
        out,
        "{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}",
        "all", sum[0], sum[1], sum[2], sum[3], sum[4], sum[5]
    )?;
    for Checked { source, round, error } in rounds {
        if let Some(round) = round {
            for why in round.error.iter().chain(round.failed.iter().map(|failure| &failure.why)) {
                writeln!(out, "{source}: {why}")?;
            }
        }
        if let Some(error) = error {
            writeln!(out, "{source}: {error}")?;
        }
    }
    Ok(failed)
}

fn row_json(checked: &Checked) -> serde_json::Value {
    match (&checked.round, &checked.error) {
        (Some(round), _) => {
            let mut row = json!(round);
            row["source"] = json!(checked.source);
            row
        }
        (None, None) => json!({"source": checked.source, "error": "another process is at it"}),
        (None, Some(error)) => json!({"source": checked.source, "error": error}),
    }
}
