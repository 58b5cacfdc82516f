//! JSON lines in, JSON lines out, in order. A bad line gives a line with its error, and the rest go on.

use std::io::{BufRead, Write};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Exit;

/// Answers each line of standard input; the exit code is 1 when one could not be.
pub(super) fn each<T: DeserializeOwned>(mut answer: impl FnMut(T) -> Result<Value, String>) -> Exit {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = false;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answered =
            serde_json::from_str(&line).map_err(|e| format!("unable to read the line: {e}")).and_then(&mut answer);
        let answered = answered.unwrap_or_else(|error| {
            failed = true;
            let id =
                serde_json::from_str::<Value>(&line).ok().and_then(|v| v.get("id").cloned()).unwrap_or(Value::Null);
            json!({"id": id, "error": error})
        });
        writeln!(out, "{answered}")?;
    }
    out.flush()?;
    Ok(u8::from(failed))
}
