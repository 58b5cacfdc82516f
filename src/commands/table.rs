//! The closing table of a crawl: aligned columns for people, JSON for scripts.

use std::sync::Arc;

use serde_json::json;

use crate::config::Source;
use crate::pipeline::Round;
use crate::store::StoreError;

type Rounds = [(Arc<Source>, Result<Option<Round>, StoreError>)];

/// Prints the table, the reasons of failures below it, and tells whether a source failed or was refused.
#[allow(clippy::print_stdout, reason = "commands are where printing belongs")]
pub(super) fn print(rounds: &Rounds, as_json: bool) -> bool {
    let failed = rounds.iter().any(|(_, round)| !matches!(round, Ok(Some(Round { error: None, .. }))));
    if as_json {
        let rows: Vec<_> = rounds.iter().map(|(source, round)| row_json(source, round)).collect();
        println!("{}", json!({"sources": rows}));
        return failed;
    }
    let width = rounds.iter().map(|(s, _)| s.id.as_str().len()).max().unwrap_or(0).max(6);
    println!(
        "{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}",
        "source", "found", "stored", "duplicate", "revised", "unchanged", "failed"
    );
    let mut sum = [0usize; 6];
    for (source, round) in rounds {
        match round {
            Ok(Some(r)) => {
                let cells = [r.found, r.stored, r.duplicate, r.revised, r.unchanged, r.failed.len()];
                sum.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
                println!(
                    "{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}{}",
                    source.id,
                    cells[0],
                    cells[1],
                    cells[2],
                    cells[3],
                    cells[4],
                    cells[5],
                    if r.error.is_some() { "  round failed" } else { "" }
                );
            }
            Ok(None) => println!("{:width$}  another process is at it", source.id),
            Err(_) => println!("{:width$}  the store failed", source.id),
        }
    }
    println!("{:width$}  {:>6} {:>6} {:>9} {:>7} {:>9} {:>6}", "all", sum[0], sum[1], sum[2], sum[3], sum[4], sum[5]);
    for (source, round) in rounds {
        match round {
            Ok(Some(round)) => {
                round.error.iter().for_each(|why| println!("{}: {why}", source.id));
                round.failed.iter().for_each(|failure| println!("{}: {}", source.id, failure.why));
            }
            Ok(None) => {}
            Err(error) => println!("{}: {error}", source.id),
        }
    }
    failed
}

fn row_json(source: &Source, round: &Result<Option<Round>, StoreError>) -> serde_json::Value {
    match round {
        Ok(Some(round)) => {
            let mut row = json!(round);
            row["source"] = json!(source.id);
            row
        }
        Ok(None) => json!({"source": source.id, "error": "another process is at it"}),
        Err(error) => json!({"source": source.id, "error": error.to_string()}),
    }
}
