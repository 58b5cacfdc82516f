#![allow(clippy::unwrap_used)]
use super::*;

fn settings(allow_private: bool) -> NetSettings {
    NetSettings {
        user_agent: "depeche-test".to_owned(),
        allow_private,
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(5),
        max_body: 200_000,
        max_ratio: 100,
        hosts: HashMap::new(),
        resolver: Resolver::System,
    }
}

#[tokio::test]
async fn no_address_of_no_public_host_is_asked_however_it_is_spelt() {
    let client = Client::new(settings(false)).unwrap();
    for url in [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[fc00::1]/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[::127.0.0.1]/",
        "http://localhost/",
        "http://localhost./",
        "http://8.8.8.8:8080/",
        "http://u:p@example.org/",
        "ftp://example.org/",
    ] {
        let error = client.get(&Url::parse(url).unwrap(), &HeaderMap::new()).await.unwrap_err();
        // Not every resolver knows the name with its dot; not finding it is as safe.
        let dotted = url.contains("localhost.") && matches!(error, NetError::Resolve { .. });
        assert!(dotted || matches!(error, NetError::Refused { .. }), "{url}: {error}");
    }
}

async fn serve(answer: Vec<u8>) -> Url {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                if stream.read(&mut [0; 4096]).await.unwrap_or(0) == 0 {
                    return;
                }
                stream.write_all(&answer).await.ok();
                stream.shutdown().await.ok();
            });
        }
    });
    url
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    answer.extend(body);
    answer
}

async fn fetch(answer: Vec<u8>) -> Result<Response, NetError> {
    Client::new(settings(true)).unwrap().get(&serve(answer).await, &HeaderMap::new()).await
}

#[tokio::test]
async fn bodies_are_capped_and_broken_ones_are_errors() {
    let text = "Port-au-Prince ".repeat(4_000);
    let varied: Vec<u8> = (0..150_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let whole = gzip(b"entire");
    assert_eq!(
        fetch(answer("content-encoding: gzip\r\n", &gzip(text.as_bytes()))).await.unwrap().body.len(),
        text.len()
    );
    assert!(matches!(fetch(answer("", &varied)).await.unwrap_err(), NetError::TooLarge { .. }));
    assert!(matches!(
        fetch(answer("content-encoding: gzip\r\n", &gzip(&vec![b'a'; 190_000]))).await.unwrap_err(),
        NetError::Bomb { .. }
    ));
    assert!(matches!(
        fetch(answer("content-encoding: gzip\r\n", &whole[..whole.len() - 6])).await.unwrap_err(),
        NetError::Broken { .. }
    ));
    assert!(matches!(fetch(answer("content-encoding: rot13\r\n", b"x")).await.unwrap_err(), NetError::Broken { .. }));
    assert!(matches!(
        fetch(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec()).await.unwrap_err(),
        NetError::Broken { .. }
    ));
    let flood: String = (0..99).map(|n| format!("x-{n}: {}\r\n", "y".repeat(700))).collect();
    assert!(fetch(answer(&flood, b"x")).await.is_err());
}

#[tokio::test]
async fn a_fixed_host_gives_address_and_port_under_the_guard() {
    let url = serve(answer("", b"hello")).await;
    let mut settings = settings(false);
    settings.hosts.insert("haiti.example".to_owned(), url.socket_addrs(|| None).unwrap()[0]);
    let client = Client::new(settings).unwrap();
    assert_eq!(
        client.get(&Url::parse("http://haiti.example/x").unwrap(), &HeaderMap::new()).await.unwrap().body,
        "hello"
    );
}

#[tokio::test]
async fn truncated_bodies_of_every_coding_are_errors() {
    let varied: Vec<u8> = (0..9_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut br = Vec::new();
    brotli::BrotliCompress(&mut varied.as_slice(), &mut br, &brotli::enc::BrotliEncoderParams::default()).unwrap();
    let zstd = zstd::encode_all(varied.as_slice(), 3).unwrap();
    for (coding, body) in [("gzip", gzip(&varied)), ("br", br), ("zstd", zstd)] {
        let header = format!("content-encoding: {coding}\r\n");
        assert_eq!(fetch(answer(&header, &body)).await.unwrap().body, varied, "{coding}");
        let cut = &body[..body.len() / 2];
        assert!(matches!(fetch(answer(&header, cut)).await.unwrap_err(), NetError::Broken { .. }), "{coding}");
    }
}

#[tokio::test]
async fn the_first_bytes_are_cut_and_not_refused() {
    let client = Client::new(settings(true)).unwrap();
    let long: Vec<u8> = (0..150_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    for answer in [answer("", &long), answer("content-encoding: gzip\r\n", &gzip(&long))] {
        let url = serve(answer).await;
        let got = client.get_first(&url, &HeaderMap::new(), 1_000).await.unwrap().body;
        assert!(!got.is_empty() && long.starts_with(&got) && got.len() <= 1_000, "{}", got.len());
    }
}

#[tokio::test]
async fn many_headers_and_large_ones_are_refused() {
    let count: String = (0..101).map(|n| format!("x-{n}: y\r\n")).collect();
    assert!(fetch(answer(&count, b"x")).await.is_err());
    let size: String = (0..10).map(|n| format!("x-{n}: {}\r\n", "y".repeat(7_000))).collect();
    assert!(matches!(fetch(answer(&size, b"x")).await.unwrap_err(), NetError::Headers { .. }));
}

#[tokio::test]
async fn slow_bodies_end_by_the_read_limit_or_the_total_one() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    for (read, total) in [(100, 5_000), (5_000, 300)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n").await.unwrap();
            // Silence for the read limit; a drip that never pauses so long for the total one.
            let pause = if read < total { 10_000 } else { 30 };
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        });
        let settings = NetSettings {
            read_timeout: Duration::from_millis(read),
            total_timeout: Duration::from_millis(total),
            ..settings(true)
        };
        let began = std::time::Instant::now();
        let error = Client::new(settings).unwrap().get(&url, &HeaderMap::new()).await.unwrap_err();
        assert!(matches!(error, NetError::Timeout { .. }), "{error}");
        assert!(began.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn one_private_address_among_public_ones_is_refused() {
    let of = |all: &[&str]| -> Vec<SocketAddr> { all.iter().map(|a| a.parse().unwrap()).collect() };
    assert!(resolver::vet_all(&of(&["93.184.216.34:0", "[2606:4700::1]:0"])).is_ok());
    for private in ["10.0.0.1:0", "[::1]:0", "[64:ff9b::7f00:1]:0", "[::ffff:10.0.0.1]:0", "100.64.0.1:0"] {
        assert!(resolver::vet_all(&of(&["93.184.216.34:0", private])).is_err(), "{private}");
    }
}

#[tokio::test]
async fn what_tls_refuses_is_no_missing_connection() {
    let mut url = serve(b"HTTP/1.1 400 Bad Request\r\n\r\nThis port speaks no TLS.".to_vec()).await;
    url.set_scheme("https").unwrap();
    let error = Client::new(settings(true)).unwrap().get(&url, &HeaderMap::new()).await.unwrap_err();
    assert!(matches!(error, NetError::Tls { certificate: false, .. }), "{error:?}");
    assert!(error.may_be_ours() && error.to_string().contains("securely"), "{error}");
}
