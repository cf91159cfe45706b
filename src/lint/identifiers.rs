//! By what destinations know people.

use std::sync::LazyLock;

use regex::Regex;

use super::activations::by_connection;
use super::{Project, Rule};
use crate::diag::Problem;
use crate::ir::catalog::{Identifier, IdentifierKind};
use crate::ir::spec::{Activation, IdentifierMapping};

const HASHES: [&str; 5] = ["md5", "sha1", "sha256", "hash", "md5_number"];

pub const HASHED: Rule = Rule {
    code: "lint::hashed_identifier",
    look: |project| {
        let addresses = mapped(project, IdentifierKind::Address);
        let told = |(_, one): (&Activation, &IdentifierMapping)| {
            let message = format!("`{}` hides what `{}` is compared by", hash(project, one)?, one.name);
            let help = "destinations look for the address itself: nobody is found";
            Some(HASHED.finds(message, one.expr.span).help(help))
        };
        addresses.filter_map(told).collect()
    },
};

pub const ADDRESS_AS_ID: Rule = Rule {
    code: "lint::address_as_id",
    look: |project| {
        let ids = mapped(project, IdentifierKind::Id).filter(|(activation, _)| activation.mode.creates());
        let told = |(_, one): (&Activation, &IdentifierMapping)| {
            let columns = &project.facts.of(&one.expr)?.columns;
            let (column, _) = columns.iter().find(|(name, _)| ADDRESS.is_match(name))?;
            let message = format!("people change their `{column}`, and who does is somebody new to `{}`", one.name);
            let help = "identify by an id that stays, and map the address to a field";
            Some(ADDRESS_AS_ID.finds(message, one.expr.span).help(help))
        };
        ids.filter_map(told).collect()
    },
};

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(.*_)?(e_?mail|phone|mobile|msisdn)(_?(address|number))?$").expect("a pattern that tests run")
});

fn mapped<'a>(
    project: &Project<'a>,
    kind: IdentifierKind,
) -> impl Iterator<Item = (&'a Activation, &'a IdentifierMapping)> {
    let all = project.spec.activations.iter().flat_map(|one| one.identify.iter().map(move |mapping| (one, mapping)));
    let declared = |one: &Activation, mapping: &IdentifierMapping| -> Option<IdentifierKind> {
        one.service.identifier(&mapping.name).and_then(|identifier: &Identifier| identifier.kind)
    };
    all.filter(move |(one, mapping)| declared(one, mapping) == Some(kind))
}

fn hash<'a>(project: &Project<'a>, mapping: &IdentifierMapping) -> Option<&'a str> {
    let mut calls = project.facts.of(&mapping.expr)?.functions.iter();
    calls.find(|call| HASHES.contains(&call.as_str())).map(String::as_str)
}

pub const OTHER_IDENTIFIER: Rule = Rule {
    code: "lint::other_identifier",
    look: |project| {
        let in_one = |all: Vec<&Activation>| {
            let known: Vec<Known<'_>> = all.into_iter().filter_map(|one| Known::new(project, one)).collect();
            let alike = known.windows(2).all(|two| two[0].way() == two[1].way());
            let ones = known.iter().filter(|_| !alike);
            ones.filter_map(|one| known.iter().find_map(|other| differ(one, other))).collect::<Vec<_>>()
        };
        by_connection(project).into_values().flat_map(in_one).collect()
    },
};

/// What an activation knows people by: its first identifier, and the hash that is made of it.
struct Known<'a> {
    of: &'a Activation,
    by: &'a IdentifierMapping,
    hash: Option<&'a str>,
}

impl<'a> Known<'a> {
    fn new(project: &Project<'a>, of: &'a Activation) -> Option<Known<'a>> {
        let by = of.identify.first()?;
        Some(Known { of, by, hash: hash(project, by) })
    }

    fn way(&self) -> (&str, Option<&str>) {
        (&self.by.name, self.hash)
    }
}

/// Told of the later one. An identifier that the other's service does not have is no choice.
fn differ(one: &Known<'_>, other: &Known<'_>) -> Option<Problem> {
    let (own, theirs) = (one.by, other.by);
    let known = other.of.service.identifier(&own.name).filter(|_| own.span > theirs.span)?;
    let message = match (own.name == theirs.name, one.hash, other.hash) {
        (false, ..) => format!(
            "`{}` knows rows by `{}`, and `{}` by `{}`, at one destination",
            one.of.name, own.name, other.of.name, theirs.name
        ),
        // A hash of an address finds nobody, which is told already.
        (true, ..) if known.kind == Some(IdentifierKind::Address) => return None,
        (true, Some(hash), None) => message_hashed(one.of, other.of, own, hash),
        (true, None, Some(hash)) => message_hashed(other.of, one.of, own, hash),
        (true, ..) => return None,
    };
    let help = "one person may become two there, unless every record has both";
    Some(OTHER_IDENTIFIER.finds(message, own.span).label(theirs.span, "here").help(help))
}

fn message_hashed(hashed: &Activation, clear: &Activation, own: &IdentifierMapping, hash: &str) -> String {
    let (name, hashed, clear) = (&own.name, &hashed.name, &clear.name);
    format!("`{hashed}` gives `{name}` as `{hash}` makes it, and `{clear}` in clear text, at one destination")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_addresses_are_told_by_their_names() {
        assert!(
            ["email", "Work_Email", "e_mail", "email_address", "phone_number", "mobile"]
                .iter()
                .all(|one| ADDRESS.is_match(one))
        );
        assert!(
            ["email_id", "customer_id", "emailed_at", "mobile_app_id", "telephone"]
                .iter()
                .all(|one| !ADDRESS.is_match(one))
        );
    }
}
