//! One line of a file: members in a fixed order, each in some of the attribute sets.

use serde::Serialize;

use crate::vendor::number::JsonNumber;

use super::AttributeSet;

/// The sets that have a member, as the contract's tables mark them: full, basic, early basic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    Full,
    /// All three.
    All,
    NotBasic,
    NotEarlyBasic,
}

impl In {
    fn has(self, set: AttributeSet) -> bool {
        match (self, set) {
            (_, AttributeSet::Full) | (Self::All, _) => true,
            (Self::Full, _) => false,
            (Self::NotBasic, set) => set != AttributeSet::Basic,
            (Self::NotEarlyBasic, set) => set != AttributeSet::EarlyBasic,
        }
    }
}

/// Appends members to a line.
pub(super) struct Row<'o> {
    out: &'o mut Vec<u8>,
    set: AttributeSet,
    is_empty: bool,
}

impl<'o> Row<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>, set: AttributeSet) -> Self {
        out.push(b'{');
        Self { out, set, is_empty: true }
    }

    /// Names are written as they are, so they may hold nothing that JSON escapes.
    pub(super) fn member(&mut self, name: &str, sets: In, value: &impl Serialize) -> serde_json::Result<()> {
        if self.begin_member(name, sets) { serde_json::to_writer(&mut *self.out, value) } else { Ok(()) }
    }

    /// As [`Row::member`], without a serializer between.
    pub(super) fn number(&mut self, name: &str, sets: In, number: JsonNumber) {
        if self.begin_member(name, sets) {
            self.out.extend_from_slice(number.to_token().as_bytes());
        }
    }

    fn begin_member(&mut self, name: &str, sets: In) -> bool {
        if !sets.has(self.set) {
            return false;
        }
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        true
    }

    /// What is not known is left out.
    pub(super) fn optional(&mut self, name: &str, sets: In, value: Option<&impl Serialize>) -> serde_json::Result<()> {
        value.map_or(Ok(()), |value| self.member(name, sets, value))
    }

    pub(super) fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }
}
