//! JSON lines in, JSON lines out, in order. A bad line gives a line with its error, and the rest go on.

use std::io::{BufRead, Write};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Exit;
use super::out::Out;

/// Answers each line of standard input; the exit code is 1 when one could not be.
pub(super) fn each<T: DeserializeOwned>(mut answer: impl FnMut(T) -> Result<Value, String>) -> Exit {
    let mut out = std::io::BufWriter::new(Out::new());
    let mut failed = false;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if out.get_ref().is_unheard() {
            break;
        }
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
        writeln!(out, "{}", one_line(&answered.to_string()))?;
    }
    out.flush()?;
    Ok(u8::from(failed))
}

/// Characters that many tools take for the end of a line, escaped: they stand only inside strings.
fn one_line(json: &str) -> String {
    json.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_is_one_line_to_every_tool() {
        let json = serde_json::json!({"text": "a\u{85}b\u{2028}c\u{2029}d\u{b}\u{1c}e"});
        let line = super::one_line(&json.to_string());
        assert!(!line.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{1c}']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).ok(), Some(json));
    }
}
