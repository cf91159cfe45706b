//! Who shares a key shares its limit, and no second holds more than it allows: seen in the times at which requests came in.

use super::*;

const CONNECTION: &str = r#"
title: Paced
about: The sandbox's store of objects, with a limit that it does not have.
settings:
  key: {secret: true, required: true}
base_url: "http://127.0.0.1:1"
headers:
  Authorization: "Bearer {{ setting.key }}"
  Content-Type: application/json
limits:
  all: {requests: 20, per: 10s, burst: 20}
answer:
  - {when: "status < 300", is: accepted}
  - {is: stop}
"#;

const WRITE: &str = r#"
    path: "/people/{{ record.identifier }}"
    limits: [all]
    body: $record
    record: $mapped
    repeat: safe
"#;

const PROJECT: &str = r#"
destination one = paced { base_url = "URL/http/one", key = env("BATCH_KEY") }
destination again = paced { base_url = "URL/http/one", key = env("BATCH_KEY") }
destination other = paced { base_url = "URL/http/one", key = env("OTHER_KEY") }
model customers {
  from file "customers.csv" { types { id = "varchar", city = "varchar" } }
  key id
}
activation first { from customers, to one.rows, identify { id }, map { city } }
activation second { from customers, to again.rows, after first, identify { id }, map { city { shared = true } } }
activation third { from customers, to other.rows, after second, identify { id }, map { city { shared = true } } }
"#;

/// What a bucket holds, and what flows in within a second: so little that nothing is gained while one activation gives way to
/// the next, however busy the machine is.
const BUCKET: f64 = 20.0;
const FLOW: f64 = 2.0;

const EACH: usize = 14;

#[test]
fn activations_that_share_a_key_share_its_limit() {
    let shop = Shop::of(PROJECT);
    shop.append("destinations/paced/connection.yaml", CONNECTION);
    shop.append("destinations/paced/rows.yaml", &[shop::ROWS, WRITE].concat());
    shop.write(0..EACH, |_| "Oslo");
    let output = shop.sendoff(&["run"]).env("OTHER_KEY", "another").output().unwrap();
    shop::Said::of(output).done();
    let mut came: Vec<u64> = shop.requests().iter().map(|request| request["at_ms"].as_u64().unwrap()).collect();
    came.sort();
    assert_eq!(came.len(), 3 * EACH);
    let (shared, own) = came.split_at(2 * EACH);
    assert!(keeps(shared), "two activations on one key went as if each had its own: {shared:?}");
    // Whoever has another key has a full bucket of its own, and waits for nothing.
    let took = Duration::from_millis(own[EACH - 1] - own[0]);
    assert!(took < Duration::from_secs_f64(EACH as f64 / FLOW / 2.0), "a key waits for another one: {own:?}");
}

const ONE: &str = r#"
destination one = paced { base_url = "URL/http/one", key = env("BATCH_KEY") }
model customers {
  from file "customers.csv" { types { id = "varchar", city = "varchar" } }
  key id
}
activation first { from customers, to one.rows, identify { id }, map { city } }
"#;

#[test]
fn without_a_bucket_no_second_holds_more_than_the_limit() {
    const LIMIT: usize = 40;
    let shop = Shop::of(ONE);
    let even = CONNECTION.replace("{requests: 20, per: 10s, burst: 20}", "{requests: 40, per: 1s}");
    shop.append("destinations/paced/connection.yaml", &even);
    shop.append("destinations/paced/rows.yaml", &[shop::ROWS, WRITE].concat());
    shop.write(0..4 * LIMIT, |_| "Oslo");
    shop::Said::of(shop.sendoff(&["run"]).output().unwrap()).done();
    let mut came: Vec<u64> = shop.requests().iter().map(|request| request["at_ms"].as_u64().unwrap()).collect();
    came.sort();
    assert_eq!(came.len(), 4 * LIMIT);
    // Those who come in late on a busy machine meet the ones behind them.
    let most = came.iter().map(|from| came.iter().filter(|at| (*from..from + 1_000).contains(at)).count()).max();
    assert!(most.unwrap() <= LIMIT + 2, "{most:?} in one second: {came:?}");
    let took = (came[came.len() - 1] - came[0]) as f64 / 1_000.0;
    assert!((came.len() - 1) as f64 / took >= 0.8 * LIMIT as f64, "it took {took} s");
}

/// Of any stretch of time: no more than the bucket holds, and what flows in meanwhile. Requests may come in a little closer
/// to each other than they left.
fn keeps(came: &[u64]) -> bool {
    const SLACK: f64 = 2.0;
    let kept = |from: usize, to: usize| {
        let flown = (came[to] - came[from]) as f64 / 1_000.0 * FLOW;
        (to - from + 1) as f64 <= flown + BUCKET + SLACK
    };
    (0..came.len()).all(|from| (from..came.len()).all(|to| kept(from, to)))
}
