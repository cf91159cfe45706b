//! Dotdigital's API.

use serde_json::{Map, Value, json};

use super::{Call, Holdings, Rates, Reply, Vendor};

pub struct Dotdigital {
    rates: Rates,
}

impl Dotdigital {
    pub fn new(rates: Rates) -> Self {
        Dotdigital { rates }
    }
}

impl Vendor for Dotdigital {
    fn name(&self) -> &'static str {
        "dotdigital"
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
        *self = Dotdigital::new(self.rates);
    }
}
