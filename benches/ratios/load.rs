//! A load generator: the same HTTP client as sendoff's, as many requests at once, and nothing else to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Result;
use crate::project::AT_ONCE;

/// As long as a row of the bench.
const BODY: &str = r#"{"customer":"c-1000000","email":"person1000000@example.com","first_name":"Bjørn","city":"City 2405","tier":"silver","visits":107,"spend":7415.53,"score":0.561803,"vip":false,"born":"1984-03-11","seen":"2026-05-02T11:12:13Z"}"#;

/// Makes so many requests.
#[tokio::main]
pub async fn generate(url: &str, count: i64) -> Result<()> {
    let client = reqwest::Client::new();
    let left = Arc::new(AtomicI64::new(count));
    let workers = (0..AT_ONCE).map(|_| tokio::spawn(work(client.clone(), url.to_string(), left.clone())));
    for worker in workers.collect::<Vec<_>>() {
        worker.await??;
    }
    Ok(())
}

async fn work(client: reqwest::Client, url: String, left: Arc<AtomicI64>) -> std::result::Result<(), reqwest::Error> {
    while left.fetch_sub(1, Ordering::Relaxed) > 0 {
        let request = client.post(&url).header("content-type", "application/json").body(BODY);
        request.send().await?.error_for_status()?.bytes().await?;
    }
    Ok(())
}
