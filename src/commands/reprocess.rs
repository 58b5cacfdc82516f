//! `depeche reprocess`: stored articles made again from their archived pages. Each change is shown before it is made;
//! `--dry-run` makes none.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use super::ask::ask;
use super::out::Out;
use super::{Exit, unsigned_configuration};
use crate::cli::ReprocessArgs;
use crate::desk::{Reply, Request};
use crate::pipeline::{Difference, Reprocessed, Step, Wanted};

/// Runs it.
pub(super) async fn run(args: ReprocessArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let wanted = Wanted { sources: args.source, dry_run: args.dry_run, stories: args.stories };
    let stories = wanted.stories;
    let differences = Arc::new(Mutex::new(Vec::new()));
    let kept = args.json.then(|| Arc::clone(&differences));
    let report = match ask(config, Request::Reprocess(wanted), async move |steps| show(steps, kept).await).await? {
        Ok(Reply::Reprocessed(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    if args.json {
        let differences = std::mem::take(&mut *differences.lock().unwrap_or_else(PoisonError::into_inner));
        let mut value = json!(report);
        value["differences"] = json!(differences);
        writeln!(Out::new(), "{value}")?;
    } else {
        print(&report, stories)?;
    }
    Ok(u8::from(report.interrupted))
}

fn print(report: &Reprocessed, stories: bool) -> io::Result<()> {
    let mut out = Out::new();
    for left in &report.left {
        writeln!(out, "left alone: {}: {}", left.url, left.why)?;
    }
    let verb = if report.dry_run { "would change" } else { "changed" };
    writeln!(
        out,
        "{} of {} articles {verb}, {} stay as they are; {} had no archived page and were judged by their stored text; {} could not be made again and stay; {} are withdrawn",
        report.changed,
        report.looked_at,
        report.unchanged,
        report.without_page,
        report.left.len(),
        report.withdrawn
    )?;
    if !report.fields.is_empty() {
        let fields: Vec<String> = report.fields.iter().map(|(field, articles)| format!("{field} {articles}")).collect();
        writeln!(out, "fields: {}", fields.join(", "))?;
    }
    if stories {
        let verb = if report.dry_run { "would move" } else { "moved" };
        writeln!(out, "{} articles {verb} to another story", report.regrouped)?;
    }
    if report.interrupted {
        writeln!(out, "it was stopped before the end; run it again to go on")?;
    } else if report.dry_run && report.changed + report.regrouped > 0 {
        writeln!(out, "nothing was changed; run it without --dry-run to change it")?;
    }
    Ok(())
}

/// Each difference as it is found: on standard output, or kept for the JSON. Progress goes to standard error.
async fn show(mut steps: UnboundedReceiver<Step>, kept: Option<Arc<Mutex<Vec<Difference>>>>) -> io::Result<()> {
    let mut out = Out::new();
    let mut written = Ok(());
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} articles looked at [{elapsed}]") {
        bar.set_style(style);
    }
    while let Some(step) = steps.recv().await {
        match (step, &kept) {
            (Step::Looked(articles), _) => bar.inc(articles as u64),
            (Step::Differs(difference), Some(kept)) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(*difference);
            }
            // The work goes on; what could not be written is told at its end.
            (Step::Differs(difference), None) if written.is_ok() => {
                written = bar.suspend(|| print_difference(&mut out, &difference));
            }
            _ => {}
        }
    }
    bar.finish_and_clear();
    written
}

fn print_difference(out: &mut Out, difference: &Difference) -> io::Result<()> {
    let how = if difference.from_page { "" } else { " (no archived page: its stored text was judged again)" };
    writeln!(out, "{} {}{how}", difference.source, difference.url)?;
    for change in &difference.fields {
        match change.field.as_str() {
            "evidence" => writeln!(out, "  evidence: what the tags rest on changed, the tags did not")?,
            "fingerprint" => writeln!(out, "  fingerprint: what copies are told by is reckoned differently")?,
            "title" | "text" | "html" | "summary" => {
                writeln!(out, "  {}:\n    - {}\n    + {}", change.field, change.before, change.after)?;
            }
            field => writeln!(out, "  {field}: {} -> {}", change.before, change.after)?,
        }
    }
    Ok(())
}
