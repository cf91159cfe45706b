//! Fields: the vendor's own and the account's, and the choices that some of them have.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{Failure, done};
use crate::sandbox::Reply;

/// Characters of a field's name.
const NAME_CHARS_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    SingleChoice,
    MultiChoice,
    Date,
    Numeric,
    /// So many characters.
    Text(usize),
}

/// Ids and labels.
type Choices = Vec<(String, String)>;

/// A field as its account knows it.
pub struct Known<'a> {
    pub id: u32,
    pub string_id: &'a str,
    pub name: &'a str,
    pub kind: Kind,
    pub application_type: &'a str,
    pub read_only: bool,
    pub choices: &'a [(String, String)],
    /// Contacts can be found by it.
    pub indexed: bool,
}

/// A field that the account has made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Own {
    pub name: String,
    pub string_id: String,
    pub application_type: String,
    pub choices: Choices,
    pub indexed: bool,
}

impl Own {
    pub fn known(&self, id: u32) -> Known<'_> {
        Known {
            id,
            string_id: &self.string_id,
            name: &self.name,
            kind: kind(&self.application_type),
            application_type: &self.application_type,
            read_only: kind_is_closed(&self.application_type),
            choices: &self.choices,
            indexed: self.indexed,
        }
    }
}

fn kind(application_type: &str) -> Kind {
    match application_type {
        "singlechoice" => Kind::SingleChoice,
        "multichoice" => Kind::MultiChoice,
        "date" => Kind::Date,
        "numeric" => Kind::Numeric,
        "shorttext" => Kind::Text(60),
        "longtext" => Kind::Text(255),
        "largetext" => Kind::Text(1000),
        _ => Kind::Text(2000),
    }
}

fn kind_is_closed(application_type: &str) -> bool {
    matches!(application_type, "voucher" | "special")
}

/// Id, string id, name, type, whether it can only be read. Which of those above 16 can is likely, not documented.
const SYSTEM: [(u32, &str, &str, &str, bool); 48] = [
    (0, "interests", "Interests", "multichoice", true),
    (1, "first_name", "First name", "shorttext", false),
    (2, "last_name", "Last name", "shorttext", false),
    (3, "email", "Email", "longtext", false),
    (4, "birth_date", "Date of birth", "date", false),
    (5, "gender", "Gender", "singlechoice", false),
    (6, "marital_status", "Marital status", "singlechoice", false),
    (7, "children", "Children", "singlechoice", false),
    (8, "education", "Education", "singlechoice", false),
    (9, "title", "Title", "singlechoice", false),
    (10, "address", "Address", "longtext", false),
    (11, "city", "City", "shorttext", false),
    (12, "state", "State", "shorttext", false),
    (13, "zip_code", "ZIP code", "shorttext", false),
    (14, "country", "Country", "singlechoice", false),
    (15, "phone", "Phone", "shorttext", false),
    (16, "fax", "Fax", "shorttext", false),
    (17, "company_position", "Job position", "singlechoice", false),
    (18, "company_name", "Company", "shorttext", false),
    (19, "company_department", "Department", "singlechoice", false),
    (20, "company_industry", "Industry", "singlechoice", false),
    (21, "company_phone", "Phone (office)", "shorttext", false),
    (22, "company_fax", "Fax (office)", "shorttext", false),
    (23, "company_employees", "Number of employees", "singlechoice", false),
    (24, "company_annual_revenue", "Annual revenue", "singlechoice", false),
    (25, "url", "URL", "url", false),
    (26, "preferred_email_format", "Preferred mail format", "singlechoice", false),
    (27, "average_visit_duration", "Avg. visit length", "special", true),
    (28, "pageviews_per_day", "Page views/day", "special", true),
    (29, "days_since_last_email_sent", "Days since last mail", "special", true),
    (30, "", "Response rate", "special", true),
    (31, "optin", "Opt-in", "singlechoice", false),
    (32, "status", "User status", "singlechoice", true),
    (33, "source", "Contact source", "singlechoice", true),
    (34, "form", "Registration form", "singlechoice", true),
    (35, "registration_language", "Language", "singlechoice", false),
    (36, "newsletter", "Newsletter", "special", true),
    (37, "mobile", "Mobile", "shorttext", false),
    (38, "partner_first_name", "Partner first name", "shorttext", false),
    (39, "partner_birth_date", "Partner birth date", "date", false),
    (40, "anniversary", "Anniversary", "date", false),
    (41, "company_address", "Address (office)", "longtext", false),
    (42, "company_zip_code", "ZIP code (office)", "shorttext", false),
    (43, "company_city", "City (office)", "shorttext", false),
    (44, "company_state", "State (office)", "shorttext", false),
    (45, "company_country", "Country (office)", "singlechoice", false),
    (46, "salutation", "Salutation", "singlechoice", false),
    (47, "email_valid", "Email valid", "special", true),
];

/// Those whose whole list is documented; of the others only ids are certain, so they have some without names.
static CHOICES: LazyLock<BTreeMap<u32, Choices>> = LazyLock::new(|| {
    SYSTEM.iter().filter(|field| field.3 == "singlechoice").map(|field| (field.0, choices_of(field.0))).collect()
});

fn choices_of(id: u32) -> Choices {
    let named: &[&str] = match id {
        5 => &["Male", "Female", "Prefer not to say"],
        6 => &["Single", "Married", "Partnership", "Divorced", "Widowed"],
        26 => &["Auto", "HTML", "Text"],
        31 => &["Yes", "No"],
        35 => &["English", "German", "French"],
        46 => &["Mr", "Mrs", "Miss", "Family", "Company"],
        _ => &[],
    };
    if !named.is_empty() {
        return numbered(named);
    }
    let count = if matches!(id, 14 | 45) { 250 } else { 20 };
    (1..=count).map(|choice| (choice.to_string(), label(id, choice))).collect()
}

/// Choices by ids that count from 1.
pub fn numbered(labels: &[&str]) -> Choices {
    labels.iter().zip(1..).map(|(label, id): (&&str, u32)| (id.to_string(), label.to_string())).collect()
}

fn label(field: u32, choice: u32) -> String {
    match (field, choice) {
        (14 | 45, 10) => "Austria".into(),
        (14 | 45, 17) => "Belgium".into(),
        (14 | 45, 32) => "Canada".into(),
        _ => format!("Choice {choice}"),
    }
}

pub fn system(id: u32) -> Option<Known<'static>> {
    let (id, string_id, name, application_type, read_only) = SYSTEM.iter().copied().find(|field| field.0 == id)?;
    let choices = CHOICES.get(&id).map_or(&[][..], Vec::as_slice);
    let indexed = id == 3;
    Some(Known { id, string_id, name, kind: kind(application_type), application_type, read_only, choices, indexed })
}

pub fn systems() -> impl Iterator<Item = Known<'static>> {
    SYSTEM.iter().filter_map(|field| system(field.0))
}

/// Ids of the vendor's own fields are numbers, those of the account's digits in text: both have been seen.
pub fn listing(account: &Account) -> Value {
    let row = |id: Value, field: Known<'_>| json!({"id": id, "name": field.name, "application_type": field.application_type, "string_id": field.string_id});
    let own = account.fields.iter().map(|(id, own)| row(json!(id.to_string()), own.known(*id)));
    systems().map(|field| row(json!(field.id), field)).chain(own).collect()
}

/// `GET /field/{id}/choice/translate/{lang}`, for single choices.
pub fn choices(account: &Account, id: &str) -> Result<Reply, Failure> {
    let field = id.parse().ok().and_then(|id| account.field(id)).filter(|field| field.kind == Kind::SingleChoice);
    let field = field.ok_or_else(|| Failure::new(400, 2006, format!("Invalid field id: {id}")).strange())?;
    Ok(done(&rows(&field)))
}

/// `GET /field/choices?fields=1,2&language=en`, for multiple choices.
pub fn several(account: &Account, query: &str) -> Result<Reply, Failure> {
    let wanted = query.split('&').find_map(|pair| pair.strip_prefix("fields=")).unwrap_or_default();
    let mut found = Map::new();
    for id in wanted.split(',') {
        let field = id.parse().ok().and_then(|id| account.field(id)).filter(|field| field.kind == Kind::MultiChoice);
        let field = field.ok_or_else(|| Failure::new(400, 2006, format!("Invalid field id: {id}")).strange())?;
        found.insert(id.to_string(), rows(&field));
    }
    Ok(done(&Value::Object(found)))
}

fn rows(field: &Known<'_>) -> Value {
    let bit = |at: usize| (field.kind == Kind::MultiChoice).then_some(at);
    let rows = field.choices.iter().enumerate();
    rows.map(|(at, (id, label))| json!({"id": id, "choice": label, "bit_position": bit(at)})).collect()
}

/// `POST /field`: one field; choices cannot be made this way.
pub fn create(account: &mut Account, body: &Map<String, Value>) -> Result<Reply, Failure> {
    let refused = |code, text: &str| Err(Failure::new(400, code, text));
    let text = |name| body.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let (Some(name), Some(kind)) = (text("name"), text("application_type")) else {
        return Err(Failure::new(400, 9005, "The name and the application type are required").strange());
    };
    if !["shorttext", "longtext", "largetext", "date", "url", "numeric"].contains(&kind) {
        return Err(Failure::new(400, 9006, "This application type cannot be created").strange());
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Failure::new(400, 9001, "Invalid field name").strange());
    }
    if systems().any(|field| field.name.eq_ignore_ascii_case(name)) {
        return refused(9003, "The name is reserved");
    }
    if account.fields.values().any(|field| field.name.eq_ignore_ascii_case(name)) {
        return refused(9002, "A field of this name exists");
    }
    let id = account.add_field(name, kind);
    Ok(done(&json!({"id": id})))
}
