//! Http's API.

use serde_json::{Map, Value, json};

use super::{Call, Holdings, Reply, Vendor};

#[derive(Default)]
pub struct Http {}

impl Vendor for Http {
    fn name(&self) -> &'static str {
        "http"
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
        *self = Http::default();
    }
}
