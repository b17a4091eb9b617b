//! Finds where a JSON value ends, without reading what it says.

use super::DEPTH_MAX;

/// What a scanned byte means for the value that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Inside,
    /// The byte is the value's last.
    Last,
    /// The value ended before this byte.
    Before,
    /// A bracket closes what was not opened by its kind.
    Mismatch,
}

/// The state between two bytes of a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Scanner {
    depth: usize,
    /// One bit per open bracket, the innermost lowest: 1 for an object.
    kinds: u64,
    in_string: bool,
    escaped: bool,
    started: bool,
    pub(super) too_deep: bool,
}

impl Scanner {
    pub(super) fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            return self.step_in_string(byte);
        }
        let first = !std::mem::replace(&mut self.started, true);
        match byte {
            b'"' if self.depth == 0 && !first => Step::Before,
            b'"' => {
                self.in_string = true;
                Step::Inside
            }
            b'{' | b'[' if self.depth == 0 && !first => Step::Before,
            b'{' | b'[' => {
                self.open(byte == b'{');
                Step::Inside
            }
            b'}' | b']' if self.depth == 0 => Step::Before,
            b'}' | b']' => self.close(byte == b'}'),
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => Step::Before,
            _ => Step::Inside,
        }
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                if self.depth == 0 {
                    return Step::Last;
                }
            }
            _ => {}
        }
        Step::Inside
    }

    fn open(&mut self, object: bool) {
        self.depth = self.depth.saturating_add(1);
        self.too_deep |= self.depth > DEPTH_MAX;
        self.kinds = self.kinds << 1 | u64::from(object);
    }

    fn close(&mut self, object: bool) -> Step {
        // Past 64 levels the kinds of the outer brackets are lost; such a value is refused anyway.
        let matches = self.too_deep || self.kinds & 1 == u64::from(object);
        self.kinds >>= 1;
        self.depth = self.depth.saturating_sub(1);
        match (matches, self.depth) {
            (false, _) => Step::Mismatch,
            (true, 0) => Step::Last,
            (true, _) => Step::Inside,
        }
    }

    /// A number, `true`, `false` or `null` has no end of its own.
    pub(super) fn may_end_here(&self) -> bool {
        self.started && self.depth == 0 && !self.in_string
    }
}

/// Whether a complete text nests deeper than allowed.
pub(super) fn is_too_deep(text: &[u8]) -> bool {
    let mut scanner = Scanner::default();
    text.iter().any(|byte| {
        scanner.step(*byte);
        scanner.too_deep
    })
}
