//! Deliveries that are shared between lanes: what ends one of them ends all, in time, and nothing that was answered repeats.

use std::collections::BTreeMap;

use super::killed::signal;
use super::*;

/// More than one lane sends so many, where there is more than one processor.
const ROWS: usize = 12_000;

const STORE: &str = r#"
destination store = tokens { base_url = "URL/http", token_url = "URL/emarsys", key = env("BATCH_KEY") }
model customers {
  from file "customers.csv" { types { id = "varchar", city = "varchar" } }
  key id
}
activation people { from customers, to store.rows, identify { id }, map { city } }
"#;

const CONNECTION: &str = r#"
title: Tokens
about: The sandbox's store of objects, behind a token that another part of it gives away.
settings:
  key: {secret: true, required: true}
  token_url: {type: url, required: true}
base_url: "http://127.0.0.1:1"
token:
  url: "{{ setting.token_url }}/oauth2/token"
  basic: [sendoff, "{{ setting.key }}"]
  form: {grant_type: client_credentials}
  gives: "{{ body.access_token }}"
  lives: "{{ body.expires_in }}"
headers:
  Authorization: "Bearer {{ token }}"
  Content-Type: application/json
answer:
  - {when: "status == 401", is: reauth, reason: the token is refused}
  - {when: "status < 300", is: read}
  - {when: "status == 422", is: rejected, reason: no such city}
  - {is: stop}
"#;

const WRITE: &str = r#"
    path: /people
    in_flight: 16
    batch: {records: 100}
    body: $records
    record: $mapped
    repeat: safe
    records:
      - {others: accepted}
"#;

fn store() -> Shop {
    let shop = Shop::of(STORE);
    shop.append("destinations/tokens/connection.yaml", CONNECTION);
    shop.append("destinations/tokens/rows.yaml", &[shop::ROWS, WRITE].concat());
    shop.write(0..ROWS, |_| "Oslo");
    shop
}

/// How often each row was taken.
fn taken(shop: &Shop) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    for request in shop.requests().iter().filter(|request| request["vendor"] == "http" && request["status"] == 200) {
        for record in request["body"].as_array().unwrap() {
            *taken.entry(record["id"].as_str().unwrap().to_string()).or_default() += 1;
        }
    }
    taken
}

fn count(shop: &Shop, vendor: &str, status: u16) -> usize {
    shop.requests().iter().filter(|request| request["vendor"] == vendor && request["status"] == status).count()
}

#[test]
fn lanes_share_a_token_and_fetch_another_together() {
    let shop = store();
    shop.misbehave(&json!({"vendor": "http", "delay_ms": 30}));
    // Refused to whoever holds it, in every lane: nobody comes with another one before all of them were.
    shop.misbehave(&json!({"vendor": "http", "status": 401, "times": 12, "delay_ms": 3_000}));
    shop.run(&[]).done().says("12,000 sent");
    assert_eq!(count(&shop, "http", 401), 12);
    // One for all, and another once that was refused: those who were refused with the same one fetch no other each.
    let tokens = count(&shop, "emarsys", 200);
    assert!((2..=4).contains(&tokens), "{tokens} tokens");
    let taken = taken(&shop);
    assert_eq!((taken.len(), taken.values().max()), (ROWS, Some(&1)));
}

#[test]
fn a_refusal_of_one_lane_ends_them_all() {
    let (shop, run) = under_way();
    shop.misbehave(&json!({"vendor": "http", "status": 403}));
    let said = shop::Said::of(run.wait_with_output().unwrap()).ends(5);
    said.says("the destination refused");
    // What was in flight when the first one was refused may be refused too, and no more.
    assert!((1..=16).contains(&count(&shop, "http", 403)));
    goes_on(&shop, &said);
}

#[test]
fn lanes_asked_to_end_finish_what_is_in_flight() {
    let (shop, run) = under_way();
    signal(&run, "TERM");
    let said = shop::Said::of(run.wait_with_output().unwrap()).ends(3);
    said.says("interrupted: what was in flight has been finished and recorded");
    goes_on(&shop, &said);
}

/// A run with some answers behind it, and several seconds before it.
fn under_way() -> (Shop, Child) {
    let shop = store();
    shop.misbehave(&json!({"vendor": "http", "delay_ms": 400}));
    let run = shop.sendoff(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("some requests were answered", || count(&shop, "http", 200) > 0);
    (shop, run)
}

/// What a run that has ended early left behind is sent, and nothing else.
fn goes_on(shop: &Shop, said: &shop::Said) {
    let before = taken(shop);
    assert!(before.len() < ROWS, "it went on");
    assert_eq!(said.number(" accepted"), before.len());
    shop.behave();
    shop.run(&[]).done();
    let after = taken(shop);
    assert_eq!((after.len(), after.values().max()), (ROWS, Some(&1)), "nothing is lost, and nothing repeats");
}

#[test]
fn a_guard_on_outcomes_ends_all_lanes() {
    let shop = store();
    shop.replace("shop.sendoff", "to store.rows,", "to store.rows, stop when rejected > 5%,");
    shop.misbehave(&json!({"vendor": "http", "status": 422, "delay_ms": 400}));
    let said = shop.run(&[]).ends(4);
    said.says("`stop when rejected > 5%` stopped it");
    let rejected = said.number(" rejected");
    assert_eq!(rejected, 100 * count(&shop, "http", 422), "each row that left has its outcome");
    assert!(rejected < ROWS, "they were sent all the same");
}
