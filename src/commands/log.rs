//! Logs go to standard error; `DEPECHE_LOG` chooses what is said. A value that cannot be meant ends the program: whoever
//! sets it looks for something, and silence would look like nothing to find.

use std::env;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const NAME: &str = "DEPECHE_LOG";

/// Begins to log; without `DEPECHE_LOG`, our own events of this level and the warnings of others.
pub(super) fn open(usual: &str) -> Result<(), String> {
    let filter = match env::var(NAME) {
        Ok(text) if !text.trim().is_empty() => chosen(&text)?,
        // The parser of HTML warns of markup that it puts right, which is no matter of whoever runs this.
        Ok(_) | Err(env::VarError::NotPresent) => EnvFilter::new(format!("warn,html5ever=error,depeche={usual}")),
        Err(env::VarError::NotUnicode(text)) => return Err(wrong(&text.to_string_lossy(), "it is not UTF-8")),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal())
        .with_target(false)
        .log_internal_errors(false)
        .try_init()
        .ok();
    Ok(())
}

/// Colours are for eyes; a file gets plain lines. `NO_COLOR` wins (no-color.org).
fn is_terminal() -> bool {
    std::io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn chosen(text: &str) -> Result<EnvFilter, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    // A bare word that is no level names a part of the program, of which there may be none: `debgu` would silence everything.
    for part in parts.iter().filter(|part| !part.contains(['=', '['])) {
        part.parse::<LevelFilter>().map_err(|_| wrong(text, &format!("{part:?} is no level")))?;
    }
    EnvFilter::builder().parse(parts.join(",")).map_err(|error| wrong(text, &error.to_string()))
}

fn wrong(text: &str, why: &str) -> String {
    format!(
        "unable to use {NAME}={text:?}: {why}; write off, error, warn, info, debug or trace, or a part of the program with one of them, such as depeche::fetch=trace"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_named() {
        for text in [
            "debug",
            "DEBUG",
            "off",
            "depeche::fetch=trace",
            "warn,depeche=debug",
            " info , sled=error ",
            "depeche[round{id=7}]=trace",
        ] {
            assert!(chosen(text).is_ok(), "{text}: {}", chosen(text).unwrap_err());
        }
        for (text, named) in [
            ("debgu", "\"debgu\" is no level"),
            ("warn,depeche", "\"depeche\" is no level"),
            ("depeche=debgu", "depeche=debgu"),
            ("depeche[=x", "depeche[=x"),
        ] {
            let error = chosen(text).unwrap_err();
            assert!(error.contains(named) && error.contains("such as depeche::fetch=trace"), "{text}: {error}");
        }
    }
}
