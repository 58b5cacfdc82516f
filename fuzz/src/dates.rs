//! Dates as pages write them.

use depeche::extract::{DateOrder, DateReader};

use super::promise;

/// Any text.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for order in [DateOrder::Dmy, DateOrder::Mdy] {
        let reader = DateReader { order, latest: Some(promise::TODAY) };
        let found = reader.read(&text, "a text");
        assert_eq!(found, reader.read(&text, "a text"), "one text has two dates");
        found.iter().for_each(promise::date);
        let unbounded = DateReader { order, latest: None }.read(&text, "a text");
        assert!(unbounded.is_some() || found.is_none(), "a bound made a date appear");
        unbounded.iter().for_each(|date| {
            date.instant();
        });
    }
}
