//! Every input that a fuzz target ever failed on, and a few pages of the fixtures, under the checks of `fuzz/`.

use std::fs;
use std::path::Path;

#[allow(dead_code, reason = "the fuzzer uses the rest")]
#[path = "../../fuzz/src/lib.rs"]
mod checks;

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_failed_once_holds_now() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashes");
    for folder in files(&root) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (_, check) =
            checks::ALL.iter().find(|(target, _)| *target == name).unwrap_or_else(|| panic!("no target {name}"));
        for path in files(&folder) {
            eprintln!("{}", path.display());
            check(&fs::read(&path).unwrap());
        }
    }
}

/// The checks see something: each runs on input that it accepts.
#[test]
fn the_checks_hold_on_whole_input() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read(root.join(path)).unwrap();
    let after = |first: &[u8], path: &str| [first, &read(path)].concat();
    let inputs: &[(&str, Vec<u8>)] = &[
        ("address", b"http://www.haiti.example:80/news/a%3B/;?utm_source=x&id=7#top".to_vec()),
        ("article", after(b"0", "fixtures/kenya/kakuma.html")),
        ("article", after(b"1", "fixtures/kenya/kakuma.html")),
        ("charset", after(b"text/html; charset=iso-8859-1\n", "fixtures/kenya/kakuma.html")),
        ("conditional", b"0gzip, br;q=0.5\n@\nSun, 06 Nov 1994 08:49:37 GMT".to_vec()),
        ("config", read("config.toml")),
        ("dates", "Publié le 3 mars 2026 à 14h05".as_bytes().to_vec()),
        ("feed", read("fixtures/niger/rss.xml")),
        ("filters", b"country=HT,kenya&lang=fr&q=%22eau+potable%22+-pluie&since=2026-01-01".to_vec()),
        ("host", b"/articles/@?ui=fr\nother.example\nother.example".to_vec()),
        ("host", b"/feed.rss?country=ht&lang=fr\nother.example".to_vec()),
        ("listing", after(b"1", "fixtures/kenya/listing-1.html")),
        ("retry_after", b"\0\0\0\0\0\0\0\x01Sun, 06 Nov 1994 08:49:37 GMT".to_vec()),
        ("robots", after(b"/fr/news/a\n", "fixtures/niger/robots.txt")),
        ("sanitiser", read("fixtures/kenya/kakuma.html")),
        ("sitemap", read("fixtures/tchad/sitemap-1.xml")),
        ("sitemap", read("fixtures/tchad/sitemap-2.xml.gz")),
    ];
    for (target, check) in checks::ALL {
        let own: Vec<_> = inputs.iter().filter(|(name, _)| name == target).collect();
        assert!(!own.is_empty(), "no input for {target}");
        own.iter().for_each(|(_, input)| check(input));
    }
}
