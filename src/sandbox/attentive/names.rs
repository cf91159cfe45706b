//! What pipelines call identifiers and attributes, beside where a record has them.

/// By the pipeline's name: the key in `identifiers`.
pub const IDENTIFIERS: [(&str, &str); 5] = [
    ("email", "email"),
    ("phone", "phone"),
    ("client_user_id", "clientUserId"),
    ("shopify_id", "shopifyId"),
    ("klaviyo_id", "klaviyoId"),
];

/// By the pipeline's name: the path in `attributes`.
pub const FIELDS: [(&str, &str); 20] = [
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("language", "demographic.language"),
    ("date_of_birth", "demographic.dateOfBirth"),
    ("age", "demographic.age"),
    ("organization", "demographic.organization"),
    ("title", "demographic.title"),
    ("website", "demographic.website"),
    ("address", "location.address1"),
    ("address2", "location.address2"),
    ("city", "location.city"),
    ("state", "location.state"),
    ("zip_code", "location.zip"),
    ("latitude", "location.latitude"),
    ("longitude", "location.longitude"),
    ("country", "location.country"),
    ("region", "location.region"),
    ("time_zone", "location.timezone"),
    ("locale_language", "locale.language"),
    ("locale_country", "locale.country"),
];

pub fn field(path: &str) -> &str {
    FIELDS.iter().find(|(_, known)| *known == path).map_or(path, |(name, _)| name)
}

pub fn path(name: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, path)| *path)
}
