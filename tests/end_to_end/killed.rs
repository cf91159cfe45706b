//! A run ended at random moments, again and again: what its ledger had marked may repeat, and nothing else.

use std::collections::BTreeMap;

use sendoff::ir::value::Value as Cell;
use sendoff::store::ledger::{self, Ledger};
use sendoff::store::{Store, StoreOptions};

use super::*;

const ROWS: usize = 50_000;

/// All of them are killed with `KILLS=30`; fewer keep the tests quick.
const KILLS: usize = 5;

/// Some 250 requests a run, at no pace but that of the two sides. A row that is there is changed in part.
pub const MEMBERS: &str = r#"
destination club = http { url = "URL/http", auth { bearer = env("BATCH_KEY") } }
model customers {
  from file "customers.csv" { types { id = "varchar", city = "varchar" } }
  key id
}
activation members {
  from customers
  to club.rows {
    batch = 200
    added { method = "PUT", path = "/members" }
    changed { method = "PATCH", path = "/members", body = ["$identifiers", "$fields"] }
  }
  identify { id }
  map { city }
}
"#;

const CITIES: [&str; 7] = ["Oslo", "Umeå", "Kiruna", "Lund", "Ystad", "Bergen", "Turku"];

#[test]
fn kills_lose_nothing_and_repeat_only_what_was_marked() {
    let wanted = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let mut club = Club::open();
    let begun = Instant::now();
    club.shop.run(&[]).done();
    let whole = begun.elapsed();
    club.note_what_came();
    club.is_as_wanted();
    club.source_changes();
    let (mut kills, mut dice) = (0, Dice(0x5eed_cafe_f00d_0001));
    while kills < wanted {
        match club.run_for(whole.mul_f64(dice.fraction())) {
            false => club.is_as_wanted(),
            true => kills += 1,
        }
        // A source that changes meanwhile: what was left behind is not sent as it was then.
        if !club.ended && dice.fraction() > 0.3 {
            continue;
        }
        club.source_changes();
    }
    club.shop.run(&[]).done();
    club.note_what_came();
    club.is_as_wanted();
    club.shop.run(&[]).done().says("nothing sent: no change");
    println!("{kills} kills of runs of {whole:.1?}: {} rows came, {} of them again", club.came, club.repeated);
    assert!(club.marked > 0, "no kill has met a request in flight");
}

/// The shop, and what is known of what it sent.
struct Club {
    shop: Shop,
    /// How often the source has changed: every customer lives in that one of [`CITIES`].
    moves: usize,
    /// Who came in since then.
    seen: BTreeSet<String>,
    /// Who may come in again: rows that were in flight when a run was killed.
    unsure: BTreeSet<String>,
    ended: bool,
    came: usize,
    repeated: usize,
    marked: usize,
}

impl Club {
    fn open() -> Club {
        let shop = Shop::of(MEMBERS);
        let (seen, unsure) = (BTreeSet::new(), BTreeSet::new());
        let mut club = Club { shop, moves: 0, seen, unsure, ended: true, came: 0, repeated: 0, marked: 0 };
        club.source_changes();
        club
    }

    fn city(&self) -> &'static str {
        CITIES[self.moves % CITIES.len()]
    }

    fn source_changes(&mut self) {
        self.moves += 1;
        self.seen.clear();
        let city = self.city();
        self.shop.write(0..ROWS, |_| city);
    }

    /// Whether the run was killed; otherwise it had ended before.
    fn run_for(&mut self, time: Duration) -> bool {
        let mut run = self.shop.sendoff(&["run"]).stdout(Stdio::null()).spawn().unwrap();
        sleep(time);
        let killed = run.try_wait().unwrap().is_none();
        run.kill().unwrap();
        run.wait().unwrap();
        self.ended = !killed;
        let came = self.note_what_came();
        let left = Left::of(&self.shop);
        if let Some(marked) = &left.marked {
            assert!(came.is_subset(marked), "a request left before its rows were marked");
        }
        self.marked += left.unsure.len();
        self.unsure = left.unsure;
        killed
    }

    /// Only the newest value is ever sent, and only what was in flight is sent twice.
    fn note_what_came(&mut self) -> BTreeSet<String> {
        let came = members(&self.shop);
        self.shop.forget();
        let city = self.city();
        for (id, cities) in &came {
            assert!(cities.iter().all(|came| came == city), "{id} came with {cities:?}, and lives in {city}");
            assert_eq!(cities.len(), 1, "{id} came twice in one run");
            if !self.seen.insert(id.clone()) {
                assert!(self.unsure.contains(id), "{id} came again, and was not in flight");
                self.repeated += 1;
            }
        }
        self.came += came.len();
        came.into_keys().collect()
    }

    fn is_as_wanted(&self) {
        let state = self.shop.state("http");
        let records = state["collections"]["members"]["records"].as_object().unwrap();
        assert_eq!(records.len(), ROWS);
        assert!(records.values().all(|record| record["city"] == self.city()), "somebody is left where they were");
    }
}

/// The city, or cities, that each member came in with.
pub fn members(shop: &Shop) -> BTreeMap<String, Vec<String>> {
    let mut came = BTreeMap::<String, Vec<String>>::new();
    for request in settled(shop) {
        for record in request["body"].as_array().unwrap() {
            let (id, city) = (record["id"].as_str().unwrap(), record["city"].as_str().unwrap());
            came.entry(id.into()).or_default().push(city.into());
        }
    }
    came
}

/// What came in, once what a killed process had sent by then is through.
fn settled(shop: &Shop) -> Vec<Value> {
    loop {
        let requests = shop.requests();
        sleep(Duration::from_millis(20));
        if shop.requests().len() == requests.len() {
            return requests;
        }
    }
}

/// What a run left behind in its ledger.
struct Left {
    /// The rows marked in flight by a run that is still open, answered or not.
    marked: Option<BTreeSet<String>>,
    /// Rows whose outcome nobody knows.
    unsure: BTreeSet<String>,
}

impl Left {
    /// Looks at a copy: whatever opens a ledger to write mends it.
    fn of(shop: &Shop) -> Left {
        let copy = shop.path("looked-at/members.duckdb");
        ledger::copy(&shop.path(".sendoff/default/members.duckdb"), &copy).unwrap();
        let store = Store::open(&StoreOptions::default()).unwrap();
        let ledger = Ledger::attach(&store, &copy, "left", false).unwrap();
        let ids = |sql: &str| store.rows(sql).unwrap().iter().map(|row| id(row)).collect::<BTreeSet<String>>();
        let open = ledger.has(&store, "delta").unwrap();
        let unclear = ids("SELECT k1 FROM \"left\".entry WHERE state = 'unclear'");
        let left = match open {
            false => Left { marked: None, unsure: unclear },
            true => {
                let told = |kinds: &str| {
                    ids(&format!(
                        "SELECT k1 FROM \"left\".delta d JOIN \"left\".journal j ON d.row BETWEEN j.row AND j.last WHERE j.kind IN ({kinds})"
                    ))
                };
                let (marked, answered) = (told("'flight'"), told("'outcome', 'spared'"));
                let unsure = unclear.union(&marked).filter(|id| !answered.contains(*id)).cloned().collect();
                Left { marked: Some(marked), unsure }
            }
        };
        store.detach("left").unwrap();
        ledger::remove(&copy).unwrap();
        left
    }
}

fn id(row: &[Cell]) -> String {
    match row {
        [Cell::Text(id)] => id.clone(),
        other => panic!("{other:?} is no key"),
    }
}

struct Dice(u64);

impl Dice {
    /// From 0 to 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Sends the signal, as a person or a scheduler does.
pub fn signal(run: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), run.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_run_asked_to_end_finishes_what_is_in_flight() {
    for name in ["TERM", "INT"] {
        let shop = Shop::open(2_000);
        shop.run(&[]).done();
        shop.forget();
        shop.write(0..2_000, |_| "Umeå");
        shop.misbehave(&json!({"vendor": "batch", "delay_ms": 300}));
        let run = shop.sendoff(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("a request came in", || !shop.ids().is_empty());
        signal(&run, name);
        let said = shop::Said::of(run.wait_with_output().unwrap()).ends(3);
        said.says("finishing what is in flight");
        said.says("interrupted: what was in flight has been finished and recorded");
        let before = shop.ids();
        assert!(before.len() < 2_000, "{name} has not ended it");
        assert_eq!(said.number(" rows left for the next run"), 2_000 - before.len());
        shop.behave();
        shop.run(&[]).done();
        let after = shop.ids();
        assert_eq!(after.len(), 2_000, "nothing is lost, and nothing repeats");
        assert_eq!(after.iter().collect::<BTreeSet<_>>().len(), 2_000);
        assert!(shop.cities().values().all(|city| city == "Umeå"));
    }
}

#[test]
fn asked_twice_a_run_ends_at_once() {
    let shop = Shop::open(100);
    shop.misbehave(&json!({"vendor": "batch", "delay_ms": 60_000}));
    let mut run = shop.sendoff(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a request came in", || !shop.ids().is_empty());
    // Twice at once is one word: `timeout` says it to a program and to its group.
    signal(&run, "INT");
    signal(&run, "INT");
    sleep(Duration::from_secs(1));
    assert_eq!(run.try_wait().unwrap(), None, "it finishes what is in flight");
    signal(&run, "INT");
    shop::Said::of(run.wait_with_output().unwrap()).ends(130);
    shop.behave();
    shop.run(&[]).done().says("cut short with 100 rows in flight");
}
