//! Sync modes, kinds of change, and the outcomes a row can have.

use serde::{Deserialize, Serialize};

/// What an activation does with a row at its destination (design: what happens to a row).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Insert,
    Update,
    Upsert,
    Mirror,
    Membership,
}

impl Mode {
    pub const ALL: [Mode; 5] = [Mode::Insert, Mode::Update, Mode::Upsert, Mode::Mirror, Mode::Membership];

    pub fn name(self) -> &'static str {
        match self {
            Mode::Insert => "insert",
            Mode::Update => "update",
            Mode::Upsert => "upsert",
            Mode::Mirror => "mirror",
            Mode::Membership => "membership",
        }
    }

    pub fn parse(name: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// Set modes keep an entry for each identifier and remove what left; records modes keep one for each key.
    pub fn is_set(self) -> bool {
        matches!(self, Mode::Mirror | Mode::Membership)
    }

    /// Whether a contact the destination does not know is created.
    pub fn creates(self) -> bool {
        matches!(self, Mode::Insert | Mode::Upsert | Mode::Mirror)
    }

    /// Whether a row that was accepted is compared again, field by field.
    pub fn compares(self) -> bool {
        matches!(self, Mode::Update | Mode::Upsert | Mode::Mirror)
    }
}

/// `added`: nothing of the row was ever acknowledged; `changed`: something was; `removed`: it left a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

impl ChangeKind {
    pub const ALL: [ChangeKind; 3] = [ChangeKind::Added, ChangeKind::Changed, ChangeKind::Removed];

    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Changed => "changed",
            ChangeKind::Removed => "removed",
        }
    }

    pub fn parse(name: &str) -> Option<ChangeKind> {
        ChangeKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What became of a row, or of a step on its way. `Found` only leads on to a next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Accepted,
    Found,
    Exists,
    Absent,
    Pending,
    Rejected,
    Failed,
    Unclear,
}

impl Verdict {
    pub const ALL: [Verdict; 8] = [
        Verdict::Accepted,
        Verdict::Found,
        Verdict::Exists,
        Verdict::Absent,
        Verdict::Pending,
        Verdict::Rejected,
        Verdict::Failed,
        Verdict::Unclear,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Found => "found",
            Verdict::Exists => "exists",
            Verdict::Absent => "absent",
            Verdict::Pending => "pending",
            Verdict::Rejected => "rejected",
            Verdict::Failed => "failed",
            Verdict::Unclear => "unclear",
        }
    }

    pub fn parse(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// The state of a ledger entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Synced,
    Owed,
    Held,
    Pending,
    Absent,
    Unclear,
    Gone,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Synced => "synced",
            State::Owed => "owed",
            State::Held => "held",
            State::Pending => "pending",
            State::Absent => "absent",
            State::Unclear => "unclear",
            State::Gone => "gone",
        }
    }
}
