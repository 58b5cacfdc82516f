//! Durations ("200ms", "2s", "30m", "2h", "1d") and sizes ("500KiB", "5MiB", "2GiB"). Nothing else is read.

use std::time::Duration;

/// Reads a duration: a whole number and one of ms, s, m, h, d.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let allowed =
        || format!("unable to read {text:?} as a duration: write a whole number and ms, s, m, h or d, such as \"30m\"");
    let number: u64 = number.parse().map_err(|_| allowed())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(allowed()),
    };
    number
        .checked_mul(milliseconds)
        .filter(|ms| *ms <= 3_660 * 86_400_000)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("unable to use {text:?}: the longest duration is \"3660d\""))
}

/// Reads a size in bytes: a whole number and one of B, KiB, MiB, GiB.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let allowed =
        || format!("unable to read {text:?} as a size: write a whole number and B, KiB, MiB or GiB, such as \"5MiB\"");
    let number: u64 = number.parse().map_err(|_| allowed())?;
    let shift = match unit {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(allowed()),
    };
    number.checked_mul(1 << shift).ok_or_else(allowed)
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}
