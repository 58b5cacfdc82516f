//! Who may import whom: the table of ARCHITECTURE.md, enforced on the text of `src/`.

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the names that no file of it may import.
const NEVER: &[(&str, &[&str])] = &[
    ("article", &["crate::"]),
    ("clock", &["crate::"]),
    (
        "archive",
        &["reqwest", "crate::fetch", "crate::extract", "crate::store", "crate::config", "crate::web", "crate::clock"],
    ),
    ("schedule", &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "std::fs", "std::net"]),
    ("extract", &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "std::fs", "std::net"]),
    ("enrich", &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "std::fs", "std::net"]),
    (
        "health",
        &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "crate::fetch", "std::fs", "std::net"],
    ),
    ("dedup", &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "std::fs", "std::net"]),
    ("query", &["tokio", "reqwest", "crate::store", "crate::web", "crate::clock", "crate::config"]),
    ("net", &["crate::extract", "crate::store", "crate::config", "crate::web"]),
    ("fetch", &["crate::extract", "crate::store", "crate::config", "crate::web"]),
    ("store", &["crate::fetch", "crate::extract", "crate::publish", "crate::web", "crate::config"]),
    ("index", &["crate::fetch", "crate::extract", "crate::pipeline", "axum"]),
    (
        "deliver",
        &["crate::fetch", "crate::extract", "crate::pipeline", "crate::config", "crate::web", "crate::clock", "axum"],
    ),
    ("publish", &["crate::fetch", "crate::extract", "crate::pipeline", "axum", "crate::clock"]),
    ("edition", &["crate::fetch", "crate::pipeline", "axum", "crate::clock"]),
    ("web", &["crate::fetch", "crate::extract", "crate::dedup", "crate::pipeline"]),
    ("pipeline", &["crate::web", "crate::publish", "crate::edition", "sled"]),
    ("config", &["crate::store", "crate::web", "crate::pipeline", "crate::fetch"]),
];

/// The wall clock is read in one file.
const NOW: &[&str] = &["Timestamp::now", "Zoned::now", "SystemTime::now", "Utc::now"];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file: comments are free to speak of anything, test modules to use anything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 30, "the walk found only {} files", paths.len());
    paths.iter().map(|p| (p.strip_prefix(&root).unwrap().display().to_string(), code(p))).collect()
}

fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(i, _)| {
        let before = code[..i].chars().next_back();
        let after = code[i + name.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word(before) && (name.ends_with("::") || !word(after))
    })
}

#[test]
fn no_module_imports_what_its_room_forbids() {
    let mut wrong = Vec::new();
    for (path, code) in all() {
        let room = path.split(['/', '.']).next().unwrap();
        for (_, never) in NEVER.iter().filter(|(module, _)| *module == room) {
            wrong.extend(never.iter().filter(|name| mentions(&code, name)).map(|name| format!("{path} uses {name}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_table_exists() {
    let files = all();
    for (module, _) in NEVER {
        assert!(files.iter().any(|(p, _)| p.split(['/', '.']).next() == Some(*module)), "there is no module {module}");
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    for (path, code) in all() {
        if path != "clock.rs" {
            NOW.iter().for_each(|name| assert!(!mentions(&code, name), "{path} calls {name}"));
        }
    }
}

#[test]
fn only_commands_print() {
    for (path, code) in all() {
        if !path.starts_with("commands/") && path != "main.rs" {
            assert!(!mentions(&code, "println!") && !mentions(&code, "print!"), "{path} prints");
        }
    }
}

#[test]
fn safe_html_has_one_constructor() {
    for (path, code) in all() {
        let made = code.matches("SafeHtml(").count() - code.matches("struct SafeHtml(").count();
        assert!(made == 0 || path == "article/html.rs", "{path} makes SafeHtml by hand");
    }
}
