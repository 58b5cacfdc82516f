//! How often a source and its articles are asked: the adaptive interval, articles that left the listing, hosts that say no.

use std::time::Duration;

use depeche::pipeline::{Line, Recheck, Round};
use depeche::store::{SourceState, Store};
use jiff::SignedDuration;
use tempfile::tempdir;

use crate::house::House;

fn html() -> Vec<(String, String)> {
    vec![("content-type".into(), "text/html; charset=utf-8".into())]
}

fn xml() -> Vec<(String, String)> {
    vec![("content-type".into(), "application/xml; charset=utf-8".into())]
}

/// One round of `depeche run`, with the state after it and what was asked of articles.
async fn round(house: &House, line: &Line, id: &str) -> (Round, SourceState, Vec<(String, u16)>) {
    house.replay.take_asked();
    let source = house.config.source(id).unwrap();
    let round = line.check(source, Recheck::Due, &house.config.crawl).await.unwrap().unwrap();
    let state = line.store.source(&source.id).await.unwrap().unwrap();
    let mut asked = house.replay.take_asked();
    asked.retain(|(url, _)| *url != source.url.as_str() && !url.ends_with("robots.txt"));
    (round, state, asked)
}

fn empty_listing() -> Vec<u8> {
    b"<html><body><div class=\"view-content\"></div></body></html>".to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_that_left_the_listing_are_asked_for_on_the_falling_schedule() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(house.store().await).await;
    let stored = house.crawl_some(&line, "kenya").await.remove(0).1;
    let all = stored.stored + stored.duplicate;
    assert!(all >= 8, "{stored:?}");
    house.replay.answer("http://kenya.example/news", 200, &html(), empty_listing());
    let (_, _, asked) = round(&house, &line, "kenya").await;
    assert_eq!(asked, [], "nothing is an hour old");

    // Due, the longest overdue first, ten a round: each is asked for once, conditionally.
    house.later(2);
    let (first, _, asked) = round(&house, &line, "kenya").await;
    assert_eq!(first.found, 0);
    assert!(asked.len() == all.min(10) && asked.iter().all(|(_, status)| *status == 304), "{asked:?}");
    let (_, _, more) = round(&house, &line, "kenya").await;
    assert_eq!(more.len(), all - asked.len(), "{more:?}");
    assert!(more.iter().all(|one| !asked.contains(one)));
    assert_eq!(round(&house, &line, "kenya").await.2, []);

    // One is gone for good, one is missing; a third host's error keeps nobody else waiting.
    let (gone, missing, broken) = (asked[0].0.clone(), asked[1].0.clone(), asked[2].0.clone());
    house.replay.answer(&gone, 410, &html(), Vec::new());
    house.replay.answer(&missing, 404, &html(), Vec::new());
    house.replay.answer(&broken, 500, &html(), Vec::new());
    house.later(2);
    let (one, _, asked) = round(&house, &line, "kenya").await;
    assert!(asked.contains(&(gone.clone(), 410)) && asked.contains(&(missing.clone(), 404)), "{asked:?}");
    assert_eq!((one.withdrawn, one.error, one.failed.len()), (1, None, 0), "one 404 proves nothing");

    // A restart forgets nothing: what is known here is built from the store.
    drop(line);
    house.later(23);
    let line = house.line(house.store().await).await;
    let (early, _, asked) = round(&house, &line, "kenya").await;
    assert!(early.withdrawn == 0 && asked.iter().all(|(url, _)| *url != gone && *url != missing), "{asked:?}");
    house.later(1);
    let (late, _, asked) = round(&house, &line, "kenya").await;
    assert!(late.withdrawn == 1 && asked.contains(&(missing.clone(), 404)), "{late:?} {asked:?}");
    house.later(24 * 14);
    for _ in 0..3 {
        let (_, _, asked) = round(&house, &line, "kenya").await;
        assert!(
            asked.iter().all(|(url, _)| *url != gone && *url != missing),
            "withdrawn: not asked for ever: {asked:?}"
        );
    }
    assert_eq!(line.store.verify().await.unwrap().problems, Vec::<String>::new());
}

fn feed(items: &[(String, &str)], end: &str) -> Vec<u8> {
    let items: String = items
        .iter()
        .map(|(link, date)| {
            format!("<item><title>Note {link}</title><link>{link}</link><pubDate>{date}</pubDate><description>Le bureau de Niamey a tenu une réunion sur la route {link}.</description></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>T</title><link>http://niger.example/</link>{items}{end}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_publishes_rarely_is_asked_more_rarely_while_it_is_silent_and_no_other() {
    let folder = tempdir().unwrap();
    for (days, silence, expected) in [
        // Weekly: a tenth of the silence at first, a tenth of the gap in the end.
        (7, 0, Duration::from_secs(60)),
        (7, 50, Duration::from_secs(5 * 3600)),
        (7, 400, Duration::from_secs(168 * 360)),
        // Monthly: no longer than max_every.
        (30, 2_000, Duration::from_secs(24 * 3600)),
        // Several a day: asked at `every`, however silent it is now.
        (0, 400, Duration::from_secs(60)),
    ] {
        let house = House::open(folder.path()).await;
        let line = house.line(Store::memory()).await;
        let dates: Vec<String> = (0..6)
            .map(|n| {
                let at = house.clock.now() - SignedDuration::from_hours(24 * days * n);
                at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
            })
            .collect();
        let items: Vec<_> =
            dates.iter().enumerate().map(|(n, date)| (format!("http://niger.example/n/{n}"), date.as_str())).collect();
        for (link, _) in &items {
            // Pages cannot be had, so each entry stands for itself, and nothing but the feed is asked for.
            house.replay.answer(link, 400, &html(), Vec::new());
        }
        house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed(&items, "</channel></rss>"));
        let (first, state, _) = round(&house, &line, "niger").await;
        assert_eq!(first.stored + first.duplicate, 6, "{first:?}");
        let wait = |state: &SourceState| state.next_due.unwrap().duration_since(house.clock.now());
        assert_eq!(wait(&state).as_secs(), 60, "it just brought something: every, as written");
        house.later(silence);
        let (_, state, _) = round(&house, &line, "niger").await;
        assert_eq!(wait(&state).unsigned_abs(), expected, "{days} days apart, silent for {silence} hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_cut_off_gives_what_it_has_and_says_so() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let date = "Mon, 09 Nov 2026 10:00:00 +0000";
    let items: Vec<_> = (0..3).map(|n| (format!("http://niger.example/n/{n}"), date)).collect();
    for (end, found) in [("", 3), ("</channel>", 3), ("<item><title>Half", 3), ("</channel></rss>", 3)] {
        house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed(&items, end));
        let (round, state, _) = round(&house, &line, "niger").await;
        let said = round.failed.iter().any(|f| f.url.ends_with("rss.xml") && f.why.contains("ends before its end"));
        assert_eq!((round.found, said, state.cut), (found, end != "</channel></rss>", said), "{end}: {round:?}");
        assert_eq!(round.error, None);
        house.later(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_that_says_no_is_left_alone_and_says_nothing_against_the_source() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let date = "Mon, 09 Nov 2026 10:00:00 +0000";
    let items: Vec<_> = ["http://kenya.example/a", "http://kenya.example/b", "http://niger.example/n/1"]
        .into_iter()
        .map(|link| (link.to_owned(), date))
        .collect();
    house.replay.answer("http://kenya.example/a", 451, &html(), Vec::new());
    house.replay.answer("http://kenya.example/b", 451, &html(), Vec::new());
    house.replay.answer("http://niger.example/n/1", 500, &html(), Vec::new());
    house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed(&items, "</channel></rss>"));
    let (one, _, asked) = round(&house, &line, "niger").await;
    assert_eq!(asked.iter().filter(|(url, _)| url.contains("kenya")).count(), 1, "asked once, not twice: {asked:?}");
    assert_eq!((one.error, one.failed.len(), one.stored), (None, 2, 1));

    // The source's own host: the round ends, and the source waits.
    house.replay.answer("http://niger.example/n/2", 429, &[("retry-after".into(), "7200".into())], Vec::new());
    let items = [("http://niger.example/n/2".to_owned(), date)];
    house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed(&items, "</channel></rss>"));
    let (two, state, _) = round(&house, &line, "niger").await;
    assert!(two.error.is_some_and(|error| error.contains("429")));
    assert!(state.next_due.unwrap() >= house.clock.now() + SignedDuration::from_secs(7200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_refused_is_not_the_host_until_several_are() {
    let folder = tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let line = house.line(Store::memory()).await;
    let date = "Mon, 09 Nov 2026 10:00:00 +0000";
    // The last of the list is asked for first.
    let put = |pages: &[(usize, u16)]| {
        let items: Vec<_> = pages.iter().map(|(n, _)| (format!("http://niger.example/m/{n}"), date)).collect();
        for (n, status) in pages {
            let text = format!("<h1>Story number {n}</h1><article><p>{}</article>", "Words that are new. ".repeat(40));
            let body = if *status == 200 { text.into_bytes() } else { Vec::new() };
            house.replay.answer(&format!("http://niger.example/m/{n}"), *status, &html(), body);
        }
        house.replay.answer("http://niger.example/rss.xml", 200, &xml(), feed(&items, "</channel></rss>"));
    };
    // Two for members, one for all, two for members: the source is well enough, and the free one is stored.
    put(&[(5, 401), (4, 403), (3, 200), (2, 403), (1, 403)]);
    let (one, state, asked) = round(&house, &line, "niger").await;
    assert_eq!(asked.len(), 5, "{asked:?}");
    assert_eq!((one.error.clone(), one.failed.len(), one.stored + one.duplicate), (None, 4, 1), "{one:?}");
    assert_eq!(state.failures, 0);

    // Three in a row are all of them: it is asked no further, and the source is blocked when a second round says so.
    house.later(2);
    put(&[(9, 200), (8, 403), (7, 403), (6, 403)]);
    let (two, _, asked) = round(&house, &line, "niger").await;
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(two.error.is_some_and(|error| error.contains("403")));
    house.later(2);
    let (_, state, _) = round(&house, &line, "niger").await;
    assert_eq!(state.health.state, depeche::health::State::Blocked);
}
