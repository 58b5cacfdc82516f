//! The Retry-After header, in both forms.

use std::time::Duration;

use depeche::fetch::retry_after;
use jiff::Timestamp;

/// Eight bytes of now, then the header's value.
pub fn check(data: &[u8]) {
    let Some((now, value)) = data.split_first_chunk::<8>() else { return };
    // Within the years that a clock may show, 0 to 9999.
    let second = i64::from_le_bytes(*now).rem_euclid(315_537_897_600) - 62_135_596_800;
    let now = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let value = String::from_utf8_lossy(value);
    let wait = retry_after(&value, now);
    assert_eq!(wait, retry_after(&value, now));
    if let Ok(seconds) = value.parse::<u64>()
        && !value.starts_with('+')
    {
        assert_eq!(wait, Some(Duration::from_secs(seconds)), "{value:?}");
    }
    if value.trim().starts_with('-') {
        assert_eq!(wait, None, "{value:?} is negative");
    }
}
