#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOON: &str = "2026-11-20T12:00:00Z";

fn capture(n: usize, body: &str, when: &str) -> Capture {
    let url: Url = format!("https://kenya.example/news/{n}").parse().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "text/html; charset=utf-8".parse().unwrap());
    headers.insert("content-encoding", "gzip".parse().unwrap());
    headers.insert("content-length", "7".parse().unwrap());
    headers.insert("set-cookie", "secret=1".parse().unwrap());
    Capture {
        url: url.clone(),
        at: at(when),
        notes: Notes {
            article: url.to_string(),
            source: SourceId::new("kenya").unwrap(),
            requested: url.clone(),
            hops: vec![format!("https://kenya.example/old/{n}").parse().unwrap()],
            charset: Some("UTF-8".to_owned()),
            page: url.to_string(),
            hash: xxhash_rust::xxh3::xxh3_64(body.as_bytes()),
            title: "Un titre\u{2028}– « accentué »".to_owned(),
            date: None,
            language: Some(Language::FR),
            no_page: false,
        },
        content: Content::Page { status: 200, headers, body: Bytes::from(body.to_owned()) },
    }
}

fn archive(dir: &Path, max_size: u64) -> Archive {
    Archive::new(ArchiveSettings { dir: dir.to_owned(), keep: Duration::from_secs(90 * 86_400), max_size })
}

/// Text that does not compress to nothing.
fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((state >> 33) % 26) as u8)
    };
    (0..bytes).map(|_| step()).collect()
}

fn files(dir: &Path, end: &str) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(end));
    names.sort();
    names
}

#[tokio::test]
async fn what_is_kept_comes_back_and_only_what_changed_is_kept_again() {
    let folder = tempdir().unwrap();
    let archive = archive(folder.path(), 1 << 30);
    assert_eq!(archive.find("https://kenya.example/news/1", at(NOON)).await.unwrap(), None);
    archive.keep(capture(1, "<p>één</p>\r\n\r\nrest", NOON)).await;
    let size = archive.state().bytes;
    archive.keep(capture(1, "<p>één</p>\r\n\r\nrest", "2026-11-20T13:00:00Z")).await;
    assert_eq!(archive.state().bytes, size, "the same bytes are not kept twice");
    let found = archive.find("https://kenya.example/news/1", at(NOON)).await.unwrap().unwrap();
    let Content::Page { status, headers, body } = &found.content else { panic!("{found:?}") };
    assert_eq!((*status, &body[..]), (200, "<p>één</p>\r\n\r\nrest".as_bytes()));
    assert_eq!(headers.get("x-archive-orig-content-encoding").unwrap(), "gzip");
    assert!(headers.get("set-cookie").is_none() && headers.get("content-encoding").is_none());
    assert_eq!(headers.get("content-length").unwrap().to_str().unwrap(), body.len().to_string());
    assert_eq!((found.at, &found.notes), (at(NOON), &capture(1, "<p>één</p>\r\n\r\nrest", NOON).notes));
    archive.keep(capture(1, "<p>two</p>", NOON)).await;
    let found = archive.find("https://kenya.example/news/1", at(NOON)).await.unwrap().unwrap();
    assert!(matches!(found.content, Content::Page { body, .. } if body == "<p>two</p>"));

    let entry = Capture {
        content: Content::Entry(FeedEntry { html: "<b>x</b>".to_owned(), authors: vec!["A".to_owned()], image: None }),
        ..capture(2, "entry", NOON)
    };
    archive.keep(entry.clone()).await;
    assert_eq!(archive.find("https://kenya.example/news/2", at(NOON)).await.unwrap().unwrap(), entry);
    assert_eq!(archive.state().articles, 2);
}

#[tokio::test]
async fn a_second_process_reads_the_first_ones_records_and_one_has_it_at_a_time() {
    let folder = tempdir().unwrap();
    let first = archive(folder.path(), 1 << 30);
    first.keep(capture(1, "one", NOON)).await;
    let second = archive(folder.path(), 1 << 30);
    assert!(matches!(second.find("x", at(NOON)).await, Err(ArchiveError::Held { .. })));
    second.keep(capture(2, "two", NOON)).await;
    assert!(second.state().trouble.unwrap().contains("another process"));
    drop(first);
    second.keep(capture(2, "two", NOON)).await;
    assert_eq!(second.state().trouble, None, "it recovers by itself");
    assert!(second.find("https://kenya.example/news/1", at(NOON)).await.unwrap().is_some());
    assert_eq!(files(folder.path(), ".warc.gz"), ["depeche-20261120-0001.warc.gz"]);
}

#[tokio::test]
async fn a_torn_last_member_costs_itself_alone_whatever_the_byte() {
    let folder = tempdir().unwrap();
    let (one, two) = {
        let archive = archive(folder.path(), 1 << 30);
        archive.keep(capture(1, &noise(1, 400), NOON)).await;
        let one = archive.state().bytes;
        archive.keep(capture(2, &noise(2, 400), NOON)).await;
        (one, archive.state().bytes)
    };
    let path = folder.path().join("depeche-20261120-0001.warc.gz");
    let beside = folder.path().join("depeche-20261120-0001.index.jsonl");
    let (whole, lines) = (fs::read(&path).unwrap(), fs::read(&beside).unwrap());
    assert!(one < two);
    let second = {
        let last = String::from_utf8(lines.clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
        line["offset"].as_u64().unwrap() as usize
    };
    for cut in (second..=whole.len()).step_by(7).chain([whole.len() - 1, whole.len()]) {
        for lines in [&lines[..], &lines[..lines.len() / 2], &lines[..lines.len() - 3], b"", b"{nonsense\n"] {
            fs::write(&path, &whole[..cut]).unwrap();
            fs::write(&beside, lines).unwrap();
            let archive = archive(folder.path(), 1 << 30);
            let find = async |n| archive.find(&format!("https://kenya.example/news/{n}"), at(NOON)).await.unwrap();
            assert!(find(1).await.is_some(), "cut at {cut}");
            assert_eq!(find(2).await.is_some(), cut == whole.len(), "cut at {cut}");
            archive.keep(capture(3, "three", NOON)).await;
            assert!(find(3).await.is_some() && find(1).await.is_some());
            drop(archive);
            // What stands in the file now is whole members and nothing else.
            let bytes = fs::read(&path).unwrap();
            let mut members = 0;
            assert_eq!(folder::scan(&bytes, 0, |_, _, _| members += 1), bytes.len());
            assert_eq!(members, if cut == whole.len() { 4 } else { 3 });
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_costs_one_record() {
    let folder = tempdir().unwrap();
    {
        let archive = archive(folder.path(), 1 << 30);
        for n in 1..=3 {
            archive.keep(capture(n, &noise(n, 400), NOON)).await;
        }
    }
    let path = folder.path().join("depeche-20261120-0001.warc.gz");
    let mut bytes = fs::read(&path).unwrap();
    let mut starts = Vec::new();
    folder::scan(&bytes, 0, |offset, length, _| starts.push((offset, length)));
    let (offset, length) = starts[2];
    bytes[offset + length / 2] ^= 4;
    fs::write(&path, &bytes).unwrap();
    for with_lines in [true, false] {
        if !with_lines {
            fs::remove_file(folder.path().join("depeche-20261120-0001.index.jsonl")).unwrap();
        }
        let archive = archive(folder.path(), 1 << 30);
        for (n, there) in [(1, true), (2, false), (3, true)] {
            let found = archive.find(&format!("https://kenya.example/news/{n}"), at(NOON)).await.unwrap();
            assert_eq!(found.is_some(), there, "{n}, lines {with_lines}");
        }
    }
}

#[tokio::test]
async fn files_turn_by_day_and_size_and_the_old_ones_go_whole() {
    let folder = tempdir().unwrap();
    let archive = archive(folder.path(), 64 << 10);
    for n in 0..60 {
        archive.keep(capture(n, &noise(n, 4_000), "2026-11-20T12:00:00Z")).await;
        assert!(archive.state().bytes <= 64 << 10, "{:?}", archive.state());
    }
    let names = files(folder.path(), ".warc.gz");
    assert!(names.len() > 3 && !names.contains(&"depeche-20261120-0001.warc.gz".to_owned()), "{names:?}");
    assert_eq!(files(folder.path(), ".jsonl").len(), names.len());
    assert!(archive.find("https://kenya.example/news/0", at(NOON)).await.unwrap().is_none());
    assert!(archive.find("https://kenya.example/news/59", at(NOON)).await.unwrap().is_some());
    let on_disk: u64 = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(archive.state().bytes, on_disk);
    let smaller = ArchiveSettings { dir: folder.path().to_owned(), keep: Duration::MAX, max_size: 32 << 10 };
    assert!(archive.adjust(&smaller));
    archive.tidy(at(NOON)).await;
    assert!(archive.state().bytes <= 32 << 10);
    assert!(!archive.adjust(&ArchiveSettings { dir: "elsewhere".into(), ..smaller.clone() }));
    assert!(
        !archive.adjust(&ArchiveSettings { max_size: 0, ..smaller })
            && Archive::off().adjust(&ArchiveSettings { dir: "elsewhere".into(), keep: Duration::ZERO, max_size: 0 })
    );
    assert!(archive.adjust(&ArchiveSettings {
        dir: folder.path().to_owned(),
        keep: Duration::from_secs(90 * 86_400),
        max_size: 64 << 10
    }));

    archive.keep(capture(100, "a day later", "2026-11-21T00:00:01Z")).await;
    assert_eq!(files(folder.path(), ".warc.gz").last().unwrap(), "depeche-20261121-0001.warc.gz");
    // Ninety days and one later the files of both days are too old; the newest stays.
    archive.keep(capture(101, "spring", "2027-02-20T00:00:00Z")).await;
    assert_eq!(files(folder.path(), ".warc.gz"), ["depeche-20261121-0001.warc.gz", "depeche-20270220-0001.warc.gz"]);
    archive.keep(capture(102, "spring", "2027-02-21T00:00:02Z")).await;
    assert_eq!(files(folder.path(), ".warc.gz")[0], "depeche-20270220-0001.warc.gz");
    assert!(archive.find("https://kenya.example/news/100", at(NOON)).await.unwrap().is_none());
}

#[tokio::test]
async fn erasing_leaves_no_byte_of_any_version_and_all_else() {
    let folder = tempdir().unwrap();
    let archive = archive(folder.path(), 1 << 30);
    archive.keep(capture(1, "first words", NOON)).await;
    archive.keep(capture(2, "others", NOON)).await;
    archive.keep(capture(1, "second words", "2026-11-21T12:00:00Z")).await;
    archive.keep(capture(3, "third", "2026-11-21T12:00:00Z")).await;
    let urls = ["https://kenya.example/old/1".to_owned(), "https://nowhere.example/".to_owned()];
    assert_eq!(archive.erase(&urls, at(NOON)).await.unwrap(), Erased { records: 2, files: 2 });
    assert_eq!(archive.erase(&urls, at(NOON)).await.unwrap(), Erased::default());
    for (n, there) in [(1, false), (2, true), (3, true)] {
        let found = archive.find(&format!("https://kenya.example/news/{n}"), at(NOON)).await.unwrap();
        assert_eq!(found.is_some(), there, "{n}");
    }
    for name in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(name.unwrap().path()).unwrap();
        let mut plain = String::new();
        folder::scan(&bytes, 0, |_, _, record| {
            if let record::Record::Capture(capture) = record {
                plain.push_str(&format!("{:?}", capture.content));
            }
        });
        assert!(!plain.contains("words"), "{plain}");
        assert!(!String::from_utf8_lossy(&bytes).contains("kenya.example/news/1"));
    }
    archive.keep(capture(4, "after", "2026-11-21T13:00:00Z")).await;
    assert!(archive.find("https://kenya.example/news/4", at(NOON)).await.unwrap().is_some());
}

#[tokio::test]
async fn trouble_is_told_and_an_archive_that_is_off_is_silent() {
    let folder = tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "").unwrap();
    let archive_there = archive(&blocked, 1 << 30);
    archive_there.keep(capture(1, "one", NOON)).await;
    assert!(archive_there.state().trouble.unwrap().contains("unable to write"));
    assert!(!archive_there.holds("https://kenya.example/news/1", at(NOON)).await);

    let off = archive(folder.path(), 0);
    off.keep(capture(1, "one", NOON)).await;
    assert_eq!(off.find("https://kenya.example/news/1", at(NOON)).await.unwrap(), None);
    assert_eq!(off.state(), ArchiveState::default());
    assert_eq!(off.erase(&["x".to_owned()], at(NOON)).await.unwrap(), Erased::default());
}

/// What `warcio check` and its like ask of a file, without our own reader.
#[tokio::test]
async fn a_file_is_as_the_standard_has_it() {
    use std::io::Read;
    let folder = tempdir().unwrap();
    archive(folder.path(), 1 << 30).keep(capture(1, "<p>corps</p>", NOON)).await;
    let bytes = fs::read(folder.path().join("depeche-20261120-0001.warc.gz")).unwrap();
    let mut plain = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap();
    let mask = regex::Regex::new("urn:uuid:[0-9a-f-]{36}").unwrap();
    let plain = mask.replace_all(&plain, "urn:uuid:X").replace(env!("CARGO_PKG_VERSION"), "V");
    let (head, record) = plain.split_once("\r\n\r\n\r\nWARC/1.1").unwrap();
    assert!(head.starts_with("WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:X>\r\nWARC-Date: 2026-11-20T12:00:00Z\r\nWARC-Filename: depeche-20261120-0001.warc.gz\r\nContent-Type: application/warc-fields\r\n"), "{head}");
    let (fields, block) = record.split_once("\r\n\r\n").unwrap();
    let block = block.strip_suffix("\r\n\r\n").unwrap();
    assert_eq!(
        block,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nX-Archive-Orig-content-encoding: gzip\r\nX-Archive-Orig-content-length: 7\r\nContent-Length: 12\r\n\r\n<p>corps</p>"
    );
    for field in [
        "WARC-Type: response",
        "WARC-Target-URI: https://kenya.example/news/1",
        "Content-Type: application/http;msgtype=response",
        &format!("Content-Length: {}", block.len()),
        // As `printf '<p>corps</p>' | openssl sha1 -binary | base32` gives it.
        "WARC-Payload-Digest: sha1:JUMLQ3XZTUOTSWEPC2OL3MQYTTH25JIO",
    ] {
        assert!(fields.split("\r\n").any(|line| line == field), "{field} is missing: {fields}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = record::decode(&bytes);
        folder::scan(&bytes, 0, |_, _, _| {});
    }

    #[test]
    fn any_page_comes_back(body: Vec<u8>, title in "\\PC{0,40}", value in "[ -~]{0,40}") {
        let mut before = capture(1, "", NOON);
        let mut headers = HeaderMap::new();
        headers.insert("x-any", value.trim().parse().unwrap());
        before.notes.title = title;
        before.content = Content::Page { status: 200, headers: headers.clone(), body: body.into() };
        let bytes = record::encode(&before).unwrap();
        let Ok((record::Record::Capture(after), length)) = record::decode(&bytes) else { panic!("not read") };
        proptest::prop_assert_eq!(length, bytes.len());
        proptest::prop_assert_eq!(&after.notes, &before.notes);
        let Content::Page { body, headers, .. } = &after.content else { panic!("no page") };
        let Content::Page { body: was, .. } = &before.content else { panic!("no page") };
        proptest::prop_assert_eq!(body, was);
        proptest::prop_assert_eq!(headers.get("x-any").unwrap().to_str().unwrap().trim(), value.trim());
    }
}
