//! What the log of the sites proves: requests to one host never overlap and keep their pause, robots.txt comes first and is
//! obeyed, and nobody is asked before the instant that a Retry-After named.
//!
//! Pauses are exact on a busy machine, too: they are counted by us from the end of an answer, which comes after the site
//! noted it, to the start of the next request, which comes before the site can note that.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// What was found.
#[derive(Debug, Default)]
pub struct Proof {
    pub requests: usize,
    pub faults: BTreeMap<String, usize>,
    pub statuses: BTreeMap<u16, usize>,
    /// The smallest pause between two requests to one host, in milliseconds; the second is that of the host with a
    /// Crawl-delay.
    pub spacing: (f64, f64),
    /// Requests that bore a Retry-After.
    pub patience: usize,
    /// Addresses that answered 410.
    pub gone: BTreeSet<String>,
    pub wrong: Vec<String>,
}

struct Row<'a> {
    begun: f64,
    ended: f64,
    left: bool,
    clock: i64,
    until: i64,
    host: &'a str,
    path: &'a str,
}

/// Reads the log. `spacing` and `crawl_delay` are the least pauses, in milliseconds.
pub fn prove(log: &Path, spacing: f64, crawl_delay: f64) -> Proof {
    let text = std::fs::read_to_string(log).unwrap();
    let mut proof = Proof { spacing: (f64::MAX, f64::MAX), ..Proof::default() };
    let mut hosts: HashMap<&str, Vec<Row>> = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [begun, ended, left, clock, until, status, fault, host, path] = words[..] else { panic!("{line}") };
        proof.requests += 1;
        *proof.faults.entry(fault.to_owned()).or_default() += 1;
        *proof.statuses.entry(status.parse().unwrap()).or_default() += 1;
        if status == "410" {
            proof.gone.insert(format!("http://{host}{path}"));
        }
        let number = |text: &str| text.parse::<f64>().unwrap() / 1_000.0;
        let row = Row {
            begun: number(begun),
            ended: number(ended),
            left: left == "true",
            clock: clock.parse().unwrap(),
            until: until.parse().unwrap(),
            host,
            path,
        };
        hosts.entry(host.trim_start_matches("www.")).or_default().push(row);
    }
    for (name, mut rows) in hosts {
        rows.sort_by(|a, b| a.begun.total_cmp(&b.begun));
        let delayed = name == "h5.example";
        let least = if delayed { crawl_delay } else { spacing };
        let (mut greeted, mut patient) = (HashSet::new(), i64::MIN);
        let mut rules_known = false;
        for (i, row) in rows.iter().enumerate() {
            let mut wrong = |why: String| proof.wrong.push(format!("{}{}: {why}", row.host, row.path));
            if row.path.starts_with("/private/") {
                wrong("robots.txt disallows it".to_owned());
            }
            if row.path == "/robots.txt" {
                greeted.insert(row.host);
            } else if !greeted.contains(row.host) {
                wrong("asked before robots.txt".to_owned());
            }
            if row.clock < patient {
                wrong(format!("asked {} s before Retry-After ends", patient - row.clock));
            }
            if row.until > 0 {
                proof.patience += 1;
                patient = patient.max(row.until);
            }
            let Some(before) = i.checked_sub(1).map(|i| &rows[i]) else { continue };
            // The end of a request that we gave up is seen late: its pause counts from where it began.
            let blur = if before.left { 100.0 } else { 0.0 };
            let pause = row.begun - if before.left { before.begun } else { before.ended };
            if row.begun + blur < before.ended {
                wrong(format!("overlaps with {} by {:.1} ms", before.path, before.ended - row.begun));
            }
            // The Crawl-delay is known once robots.txt was read whole.
            rules_known |= before.path != "/robots.txt";
            let least = if delayed && !rules_known { spacing } else { least };
            if pause < least {
                wrong(format!("only {pause:.1} ms after {}", before.path));
            }
            let shown = if delayed { &mut proof.spacing.1 } else { &mut proof.spacing.0 };
            if !delayed || rules_known {
                *shown = shown.min(pause);
            }
        }
    }
    proof
}
