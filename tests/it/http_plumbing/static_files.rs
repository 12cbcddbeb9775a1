//! The documentation as files: kept, asked for again, and compressed for those who take it so.

use std::io::Read;
use std::net::SocketAddr;

use flate2::read::GzDecoder;
use otpost::http::problem::Code;

use super::service::{Service, assert_labelled, assert_problem};
use crate::support::plain_http::{Answer, exchange, get as fetch};

const FILES: &[&str] = &[
    "/openapi.json",
    "/docs/",
    "/docs/start.js",
    "/docs/swagger-ui.css",
    "/docs/swagger-ui-bundle.js",
    "/docs/favicon-32x32.png",
    "/docs/problems",
];

/// The answer, and its body as the bytes it is.
async fn bytes_of(address: SocketAddr, method: &str, path: &str, headers: &str) -> (Answer, Vec<u8>) {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: otp.example\r\nConnection: close\r\n{headers}\r\n");
    let read = exchange(address, request.as_bytes()).await.unwrap();
    let head = read.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    (Answer::parse(&read), read[head..].to_vec())
}

#[tokio::test]
async fn a_file_is_kept_and_not_sent_again_to_whoever_has_it() {
    let service = Service::start().await;
    for path in FILES {
        let answer = fetch(service.address, path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_labelled(&answer);
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        assert_eq!(answer.header("vary"), "Accept-Encoding", "{path}");
        let tag = answer.header("etag");
        assert!(tag.len() == 34 && tag.starts_with('"'), "{path} {tag}");

        let again = fetch(service.address, path, &[&format!("If-None-Match: {tag}")]).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert_labelled(&again);
        for kept in ["etag", "cache-control", "vary"] {
            assert_eq!(again.header(kept), answer.header(kept), "{path}");
        }
    }
}

#[tokio::test]
async fn a_file_comes_compressed_to_whoever_takes_it_so() {
    let service = Service::start().await;
    for path in FILES {
        let (_, plain) = bytes_of(service.address, "GET", path, "").await;
        let (answer, compressed) =
            bytes_of(service.address, "GET", path, "Accept-Encoding: gzip, br\r\n").await;
        if plain.starts_with(b"\x89PNG") {
            assert_eq!(answer.header("content-encoding"), "", "it would grow");
            assert_eq!(compressed, plain);
            continue;
        }
        assert_eq!(answer.header("content-encoding"), "gzip", "{path}");
        assert_eq!(
            answer.header("content-length"),
            compressed.len().to_string(),
            "{path}"
        );
        assert!(compressed.len() < plain.len(), "{path}");
        let mut inflated = Vec::new();
        GzDecoder::new(&*compressed).read_to_end(&mut inflated).unwrap();
        assert!(inflated == plain, "{path}");
    }
}

#[tokio::test]
async fn its_head_alone_says_what_would_come() {
    let service = Service::start().await;
    for path in FILES {
        for headers in ["", "Accept-Encoding: gzip\r\n"] {
            let (whole, body) = bytes_of(service.address, "GET", path, headers).await;
            let (head, nothing) = bytes_of(service.address, "HEAD", path, headers).await;
            assert!(nothing.is_empty(), "{path}");
            assert_eq!(head.header("content-length"), body.len().to_string(), "{path}");
            for name in [
                "etag",
                "content-type",
                "content-encoding",
                "content-security-policy",
            ] {
                assert_eq!(head.header(name), whole.header(name), "{path} {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_a_problem() {
    let service = Service::start().await;
    for path in ["/docs/index.html", "/docs/swagger-ui.css.map", "/docs/problems/x"] {
        assert_problem(&fetch(service.address, path, &[]).await, Code::NotFound);
    }
}
