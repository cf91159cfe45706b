//! Names and keys as types of their own, so that one is never taken for another.

use std::fmt;

macro_rules! name {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_string())
            }
        }
    )*};
}

name! {
    /// A source, model or segment: they share one namespace, since all of them stand after `from`.
    DatasetName,
    /// A destination as the project calls it (`destination crm = ...`).
    DestinationName,
    /// A kind of destination: the vendor's folder in `destinations/`.
    KindName,
    /// A service of a destination (`contacts`, `profiles`).
    ServiceName,
    /// An activation.
    ActivationName,
    /// A call of a service's definition.
    CallName,
    /// One run, in the order of time.
    RunId,
}

impl DatasetName {
    /// The model that an activation makes of its own `from`. Activations have a namespace of their own, so that it may meet a
    /// dataset of its name: then it stands aside.
    pub fn inline(activation: &str, taken: bool) -> Self {
        DatasetName(if taken { format!("{activation} (inline)") } else { activation.to_string() })
    }
}

/// A target field: its parts, joined by dots where it is shown (`preferences.acceptsEmail`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FieldName(pub Vec<String>);

impl FieldName {
    pub fn flat(name: &str) -> Self {
        FieldName(vec![name.to_string()])
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldName({self})")
    }
}
