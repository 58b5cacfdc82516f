#![allow(clippy::unwrap_used)]
use super::*;

fn mistakes(text: &str) -> Vec<String> {
    Config::parse(text, Path::new("."), &[]).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_a_configuration_of_defaults() {
    let config = Config::parse("", Path::new("/srv"), &[]).unwrap();
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.store, StorePlace::Sled("/srv/data".into()));
    assert_eq!(config.crawl.per_host_delay, Duration::from_secs(5));
    assert_eq!(
        config.archive,
        Archive { dir: "/srv/data-archive".into(), keep: Duration::from_secs(90 * 86_400), max_size: 2 << 30 }
    );
}

#[test]
fn the_archive_is_where_the_file_says_and_never_smaller_than_a_few_pages() {
    let text = "[archive]\ndir = \"pages\"\nkeep = \"7d\"\nmax_size = \"0B\"\n";
    let config = Config::parse(text, Path::new("/srv"), &[]).unwrap();
    assert_eq!(config.archive.dir, Path::new("/srv/pages"));
    assert_eq!(config.archive.max_size, 0);
    let found = mistakes("[archive]\ndir = \"\"\nkeep = \"for ever\"\nmax_size = \"5KiB\"\n");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("2:7: ") && found[0].contains("0B"), "{found:?}");
    assert!(found[2].contains("1MiB"), "{found:?}");
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_is_allowed() {
    let text = r#"
[server]
listn = "127.0.0.1:80"
public_url = "ftp://x/"
[crawl]
every = "soon"
concurrency = 0
[[source]]
id = "Haïti"
url = "haiti.example/news"
country = "HAI"
profile = "iom"
[[source]]
name = "no id"
url = "http://x.example/"
[[profile]]
name = "broken"
listing.item = "div..x"
listing.itm = "x"
"#;
    insta::assert_snapshot!(mistakes(text).join("\n"));
}

#[test]
fn hubs_of_others_are_whole_addresses_and_few() {
    let of = |hubs: &str| {
        let text = format!("[server]\npublic_url = \"https://f.example/d/\"\n[feed]\nhubs = [{hubs}]\n");
        Config::parse(&text, Path::new("."), &[]).map(|config| config.feed.hubs).map_err(|found| found[0].to_string())
    };
    assert_eq!(of("\"https://hub.example/\", \"http://b.example/x?y=1\"").unwrap().len(), 2);
    let many: Vec<String> = (0..9).map(|n| format!("\"https://hub{n}.example/\"")).collect();
    for (hubs, named) in [
        ("\"hub.example\"", "whole address"),
        ("\"ftp://hub.example/\"", "neither http nor https"),
        ("\"https://u:T0KEN@hub.example/\"", "password"),
        ("\"https://f.example/d/hub\"", "this server's own"),
        ("\"https://hub.example/\", \"https://hub.example\"", "twice"),
        (&many.join(","), "the most are 8"),
    ] {
        let mistake = of(hubs).unwrap_err();
        assert!(mistake.starts_with("4:") && mistake.contains(named) && !mistake.contains("T0KEN"), "{mistake}");
    }
}

#[test]
fn broken_toml_is_a_mistake_with_its_place() {
    let found = mistakes("[server\nlisten = 1\n");
    assert!(found[0].starts_with("1:"), "{found:?}");
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = [("DEPECHE_SERVER__LISTEN".to_owned(), "127.0.0.1:9".to_owned())];
    let config = Config::parse("[server]\nlisten = \"127.0.0.1:8\"\n", Path::new("."), &environment).unwrap();
    assert_eq!(config.server.listen.port(), 9);
    let wrong = [("DEPECHE_SERVER__LISEN".to_owned(), "x".to_owned())];
    assert!(Config::parse("", Path::new("."), &wrong).unwrap_err()[0].message.contains("did you mean \"listen\""));
}

#[test]
fn proxies_are_networks_and_a_public_path_is_no_page_of_its_own() {
    let text = "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nrequests_per_minute = 0\npublic_url = \"https://x.example/depeche\"\n";
    let server = Config::parse(text, Path::new("."), &[]).unwrap().server;
    assert_eq!(server.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
    assert_eq!((server.requests_per_minute, server.public_url.path()), (None, "/depeche/"));
    let wrong = "[server]\ntrusted_proxies = [\"10.0.0.0/99\"]\npublic_url = \"https://x.example/api/x/\"\n";
    let found = mistakes(wrong);
    assert!(found[0].starts_with("2:20: unable to use \"10.0.0.0/99\" as a trusted proxy"), "{found:?}");
    assert!(found[1].contains("must not begin with \"api\""), "{found:?}");
}

#[test]
fn a_source_overrides_single_keys_of_its_profile() {
    let text = r#"
[[profile]]
name = "p"
listing.item = "li"
article.body = ".body"
[[source]]
id = "a"
url = "http://a.example/news"
profile = "p"
listing.item = "article"
"#;
    let config = Config::parse(text, Path::new("."), &[]).unwrap();
    let rules = config.sources[0].profile.as_ref().unwrap().rules();
    assert_eq!((rules.item.as_deref(), rules.article_body.as_deref()), (Some("article"), Some(".body")));
}

#[test]
fn a_file_in_another_encoding_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, b"[server]\n# Ha\xEFti\n").unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(error.contains("config.toml:2:5: ") && error.contains("not UTF-8"), "{error}");
}

#[test]
fn who_posts_to_no_webhook_needs_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let hook = "[[webhook]]\nname = \"x\"\nurl = \"https://hooks.example/x\"\nsecret_env = \"DEPECHE_NOWHERE\"\n";
    std::fs::write(&path, hook).unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().contains("DEPECHE_NOWHERE"));
    assert_eq!(Config::load_unsigned(&path).unwrap().webhooks.len(), 1);
}

#[test]
fn a_theme_stands_once_and_its_words_have_letters() {
    let theme = "[[theme]]\nslug = \"mines\"\nkeywords.en = [\"landmine\", \" \"]\n";
    let found = mistakes(&format!("{theme}{theme}"));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("3:28: ") && found.iter().any(|m| m.contains("twice")), "{found:?}");
}
