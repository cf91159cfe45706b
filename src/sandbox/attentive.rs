//! Attentive's API.

use serde_json::{Map, Value, json};

use super::{Call, Holdings, Rates, Reply, Vendor};

pub struct Attentive {
    rates: Rates,
}

impl Attentive {
    pub fn new(rates: Rates) -> Self {
        Attentive { rates }
    }
}

impl Vendor for Attentive {
    fn name(&self) -> &'static str {
        "attentive"
    }

    fn answer(&mut self, _call: &Call<'_>) -> Reply {
        self.failure(501)
    }

    fn failure(&self, status: u16) -> Reply {
        Reply::json(status, &json!({"error": status}))
    }

    fn records(&self, _body: &Value) -> usize {
        0
    }

    fn state(&self) -> Value {
        json!({})
    }

    fn holdings(&self) -> Holdings {
        Holdings::default()
    }

    fn meet(&mut self, _people: Vec<Map<String, Value>>) {}

    fn load(&mut self, _state: Value) -> serde_json::Result<()> {
        Ok(())
    }

    fn reset(&mut self) {
        *self = Attentive::new(self.rates);
    }
}
