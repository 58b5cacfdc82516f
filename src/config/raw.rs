//! The configuration as it is written: every value with its place in the file, nothing judged but its type.
//! It never fills in a default; [`super::validate`] does.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::mistake::{Mistakes, suggestion};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A table being read: what is asked for is known, what is left over is a mistake.
pub(super) struct Section<'a, 'i> {
    name: &'a str,
    table: Option<&'a DeTable<'i>>,
    pub(super) span: Range<usize>,
    known: Vec<&'static str>,
    /// Values from the environment, by key.
    environment: Vec<(String, String)>,
}

impl<'a, 'i> Section<'a, 'i> {
    pub(super) fn new(name: &'a str, table: Option<&'a DeTable<'i>>, span: Range<usize>) -> Section<'a, 'i> {
        Section { name, table, span, known: Vec::new(), environment: Vec::new() }
    }

    pub(super) fn with_environment(mut self, environment: &[(String, String)]) -> Section<'a, 'i> {
        let prefix = format!("DEPECHE_{}__", self.name.to_ascii_uppercase());
        let own =
            environment.iter().filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?.to_ascii_lowercase(), v.clone())));
        self.environment = own.collect();
        self
    }

    fn get(&mut self, key: &'static str) -> Option<(&'a DeValue<'i>, Range<usize>)> {
        self.known.push(key);
        let (_, value) = self.table?.iter().find(|(k, _)| k.get_ref().as_ref() == key)?;
        Some((value.get_ref(), value.span()))
    }

    fn wrong(&self, key: &str, want: &str, got: &DeValue<'_>, at: &Range<usize>, mistakes: &mut Mistakes<'_>) {
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        mistakes.add(at, format!("unable to use {name}: it must be {want}, not {}", got.type_str()));
    }

    pub(super) fn string(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<At<String>> {
        if let Some((_, value)) = self.environment.iter().find(|(k, _)| k == key) {
            let value = value.clone();
            self.known.push(key);
            return Some(At { value, span: 0..0 });
        }
        let (value, span) = self.get(key)?;
        match value {
            DeValue::String(text) => Some(At { value: text.to_string(), span }),
            other => {
                self.wrong(key, "a string in quotes", other, &span, mistakes);
                None
            }
        }
    }

    pub(super) fn integer(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<At<u64>> {
        let from_env = self.environment.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        if let Some(text) = from_env {
            self.known.push(key);
            let value = text.parse().ok();
            if value.is_none() {
                mistakes.add(
                    &(0..0),
                    format!(
                        "unable to use DEPECHE_{}__{}: {text:?} is no whole number",
                        self.name.to_uppercase(),
                        key.to_uppercase()
                    ),
                );
            }
            return value.map(|value| At { value, span: 0..0 });
        }
        let (value, span) = self.get(key)?;
        match value {
            DeValue::Integer(n) => match u64::from_str_radix(n.as_str(), n.radix()) {
                Ok(value) => return Some(At { value, span }),
                Err(_) => mistakes.add(
                    &span,
                    format!("unable to use {}.{key}: {} is no whole number from 0 up", self.name, n.as_str()),
                ),
            },
            other => self.wrong(key, "a whole number", other, &span, mistakes),
        }
        None
    }

    pub(super) fn boolean(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<At<bool>> {
        let from_env = self.environment.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        if let Some(text) = from_env {
            self.known.push(key);
            let value = text.parse().ok();
            if value.is_none() {
                mistakes.add(
                    &(0..0),
                    format!(
                        "unable to use DEPECHE_{}__{}: {text:?} is neither true nor false",
                        self.name.to_uppercase(),
                        key.to_uppercase()
                    ),
                );
            }
            return value.map(|value| At { value, span: 0..0 });
        }
        let (value, span) = self.get(key)?;
        match value {
            DeValue::Boolean(value) => Some(At { value: *value, span }),
            other => {
                self.wrong(key, "true or false", other, &span, mistakes);
                None
            }
        }
    }

    /// A list of strings; one string stands for a list of one.
    pub(super) fn strings(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<At<String>> {
        let Some((value, span)) = self.get(key) else { return Vec::new() };
        match value {
            DeValue::String(text) => vec![At { value: text.to_string(), span }],
            DeValue::Array(items) => {
                let mut strings = Vec::new();
                for item in items.iter() {
                    match item.get_ref() {
                        DeValue::String(text) => strings.push(At { value: text.to_string(), span: item.span() }),
                        other => self.wrong(key, "a list of strings", other, &item.span(), mistakes),
                    }
                }
                strings
            }
            other => {
                self.wrong(key, "a list of strings", other, &span, mistakes);
                Vec::new()
            }
        }
    }

    /// A table inside this one.
    pub(super) fn inner(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Section<'a, 'i> {
        match self.get(key) {
            Some((DeValue::Table(table), span)) => Section::new(key, Some(table), span),
            Some((other, span)) => {
                self.wrong(key, &format!("a table, [{key}]"), other, &span, mistakes);
                Section::new(key, None, span)
            }
            None => Section::new(key, None, 0..0),
        }
    }

    /// The tables of an array of tables, `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<Section<'a, 'i>> {
        match self.get(key) {
            None => Vec::new(),
            Some((DeValue::Array(items), _)) => {
                let mut sections = Vec::new();
                for item in items.iter() {
                    match item.get_ref() {
                        DeValue::Table(table) => sections.push(Section::new(key, Some(table), item.span())),
                        other => self.wrong(key, &format!("a table, [[{key}]]"), other, &item.span(), mistakes),
                    }
                }
                sections
            }
            Some((other, span)) => {
                self.wrong(key, &format!("a list of tables, [[{key}]]"), other, &span, mistakes);
                Vec::new()
            }
        }
    }

    /// Every key that was never asked for is a mistake.
    pub(super) fn close(self, mistakes: &mut Mistakes<'_>) {
        let allowed = || self.known.join(", ");
        let place = if self.name.is_empty() { "the configuration".to_owned() } else { format!("[{}]", self.name) };
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                mistakes.add(
                    &key.span(),
                    format!(
                        "unable to use {name:?} in {place}: unknown key{}; allowed are {}",
                        suggestion(name, &self.known),
                        allowed()
                    ),
                );
            }
        }
        for (key, _) in &self.environment {
            if !self.known.contains(&key.as_str()) {
                mistakes.add(
                    &(0..0),
                    format!(
                        "unable to use DEPECHE_{}__{}: unknown key{}; allowed are {}",
                        self.name.to_uppercase(),
                        key.to_uppercase(),
                        suggestion(key, &self.known),
                        allowed()
                    ),
                );
            }
        }
    }
}
