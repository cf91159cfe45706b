//! What `project { notify }` is told, by a receiver that takes what Slack would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::shop::Said;
use super::*;

/// Takes posts and hands their bodies on.
fn receiver() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (posts, posted) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let length =
                head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            posts.send(serde_json::from_slice(&body).unwrap()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").unwrap();
        }
    });
    (url, posted)
}

/// Once when something begins, once when it is over, and nothing in between.
#[test]
fn news_is_posted_once() {
    let (url, posted) = receiver();
    let shop = Shop::open(100);
    shop.append("shop.sendoff", "project { notify = env(\"ALERT_URL\", \"\") }\n");
    let run = |arguments: &[&str]| {
        let command = [&["run"], arguments].concat();
        let said = Said::of(shop.sendoff(&command).env("ALERT_URL", &url).output().unwrap());
        (said, posted.try_iter().collect::<Vec<Value>>())
    };
    let quiet = |arguments: &[&str], code| {
        let (said, posts) = run(arguments);
        said.ends(code);
        assert!(posts.is_empty(), "{posts:?}");
    };
    let news = |arguments: &[&str], code, event: &str| {
        let (said, posts) = run(arguments);
        said.ends(code);
        assert_eq!(posts.len(), 1, "{posts:?}");
        assert_eq!(posts[0]["activations"][0]["event"], event);
        assert_eq!(posts[0]["activations"][0]["activation"], "contacts");
        assert!(!posts[0].to_string().contains(KEY));
        posts[0]["text"].as_str().unwrap().to_string()
    };
    quiet(&[], 0);
    shop.write(0..100, |_| "Umeå");
    shop.replace("shop.sendoff", "  identify", "  stop when changed > 30%\n  identify");
    let text = news(&[], 4, "stopped");
    assert!(text.starts_with("sendoff: contacts stopped: `stop when changed > 30%` stopped it"), "{text}");
    quiet(&[], 4);
    quiet(&["--sandbox"], 0);
    news(&["--accept", "changed"], 0, "warning");
    assert_eq!(news(&[], 0, "recovered"), "sendoff: contacts recovered");
    let rows = fs::read(shop.path("customers.csv")).unwrap();
    fs::remove_file(shop.path("customers.csv")).unwrap();
    let text = news(&[], 5, "failed");
    assert!(text.contains("reads a file that is not there"), "{text}");
    quiet(&[], 5);
    shop.command(&["history"]).done().says("reads a file that is not there");
    fs::write(shop.path("customers.csv"), rows).unwrap();
    news(&[], 0, "recovered");
    quiet(&[], 0);
}
