//! Typed identifiers: a customer's id cannot stand where a meter's is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// The longest identifier, in bytes.
pub const ID_LENGTH_MAX: usize = 512;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("an identifier is empty")]
    Empty,
    #[error("an identifier is longer than {ID_LENGTH_MAX} bytes")]
    TooLong,
    #[error("an identifier contains a control character")]
    ControlCharacter,
}

impl IdError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "id.empty",
            Self::TooLong => "id.too_long",
            Self::ControlCharacter => "id.control_character",
        }
    }
}

fn checked(text: &str) -> Result<&str, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_LENGTH_MAX {
        return Err(IdError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::ControlCharacter);
    }
    Ok(text)
}

/// One identifier type. GUIDs are compared ignoring case, so ids marked `lowercase` are kept so.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $lowercase:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(Box<str>);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let text = checked(text)?;
                if $lowercase && text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Ok(Self(text.to_ascii_lowercase().into_boxed_str()));
                }
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id_type!(
    /// An organisation: issuer towards those it bills, billed party towards those that bill it.
    OrganisationId, true
);
id_type!(
    /// A customer below a billed party.
    CustomerId, true
);
id_type!(
    /// The commercial container of usage: an Azure plan or a subscription.
    SubscriptionId, true
);
id_type!(
    /// The technical container below a subscription.
    EntitlementId, true
);
id_type!(
    /// A metered unit of service.
    MeterId, true
);
id_type!(
    /// A record id of Quittance's own usage formats. Compared to the letter.
    RecordId, false
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_and_guids_compare_ignoring_case() {
        let upper: MeterId = "0DFADAD2-6E4F-4078-85E1-90C230D4D482".parse().unwrap();
        let lower: MeterId = "0dfadad2-6e4f-4078-85e1-90c230d4d482".parse().unwrap();
        assert_eq!(upper, lower);
        assert_ne!("A".parse::<RecordId>().unwrap(), "a".parse::<RecordId>().unwrap());
        assert_eq!("".parse::<CustomerId>().unwrap_err().code(), "id.empty");
        assert_eq!("a\0b".parse::<CustomerId>().unwrap_err().code(), "id.control_character");
        assert_eq!("x".repeat(513).parse::<CustomerId>().unwrap_err().code(), "id.too_long");
    }
}
