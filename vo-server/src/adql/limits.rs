//! How long and how deep a query may be. Checked before a syntax tree exists, because one that is too deep already
//! exhausts the stack when it is dropped.

/// The limits of a query's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text, in bytes.
    pub text_bytes: usize,
    /// Most brackets open at once.
    pub open_brackets: usize,
    /// Most parts of the syntax, such as NOT or a sign, that nest in each other besides brackets.
    pub nested_parts: usize,
    /// Longest stretch without a comma, in words and signs, summed over the brackets that are open; lists may be as
    /// long as the text.
    pub unbroken_words: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text_bytes: 1 << 20, open_brackets: 40, nested_parts: 10, unbroken_words: 2_000 }
    }
}
