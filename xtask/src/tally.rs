//! Counting what test runners say, for the one plain last line.

use std::fmt;
use std::ops::AddAssign;

/// How many checks passed, failed, or were skipped because a part was missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped, each with a reason in the output.
    pub skipped: u64,
}

impl Tally {
    /// One check that passed or failed.
    pub fn one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), skipped: 0 }
    }

    /// From the output of `cargo test -- --show-output`. A test that prints a line starting with `SKIPPED:`
    /// has returned early; cargo counts it as passed, we do not.
    pub fn of_cargo(lines: &[String]) -> Self {
        let mut tally = Self::default();
        for line in lines {
            if let Some(counts) = line.strip_prefix("test result: ") {
                tally += Self {
                    passed: count(counts, "passed"),
                    failed: count(counts, "failed"),
                    skipped: count(counts, "ignored"),
                };
            } else if line.starts_with("SKIPPED:") {
                tally.skipped += 1;
                tally.passed = tally.passed.saturating_sub(1);
            }
        }
        tally
    }

    /// From the output of `go test -v`: a line for every test and every case of a test.
    pub fn of_go(lines: &[String]) -> Self {
        let results =
            |word: &str| lines.iter().filter(|line| line.trim_start().starts_with(word)).count() as u64;
        Self { passed: results("--- PASS:"), failed: results("--- FAIL:"), skipped: results("--- SKIP:") }
    }

    /// A runner that failed without naming a failed test has still failed.
    pub fn honest(self, succeeded: bool) -> Self {
        if succeeded || self.failed > 0 { self } else { Self { failed: 1, ..self } }
    }

    /// From the last line of pytest: `3 passed, 1 skipped in 2.05s`.
    pub fn of_pytest(lines: &[String]) -> Self {
        let summary = lines.iter().rev().find(|line| line.contains(" in ") && line.contains("ed")).cloned();
        let summary = summary.unwrap_or_default();
        Self {
            passed: count(&summary, "passed"),
            failed: count(&summary, "failed") + count(&summary, "error") + count(&summary, "errors"),
            skipped: count(&summary, "skipped"),
        }
    }
}

/// The number right before `word`.
fn count(text: &str, word: &str) -> u64 {
    let words: Vec<_> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn cargo_results_add_up_and_early_returns_are_skips() {
        let output = lines(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
             SKIPPED: no real data\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        assert_eq!(Tally::of_cargo(&output), Tally { passed: 4, failed: 1, skipped: 2 });
    }

    #[test]
    fn the_summary_of_pytest_is_read() {
        let output =
            lines("tests/a.py ..s\n====== 1 failed, 12 passed, 1 skipped, 2 errors in 20.05s ======");
        assert_eq!(Tally::of_pytest(&output), Tally { passed: 12, failed: 3, skipped: 1 });
        assert_eq!(Tally::of_pytest(&[]), Tally::default());
    }

    #[test]
    fn the_cases_of_go_tests_count() {
        let output = lines(
            "=== RUN   TestA\n--- FAIL: TestA (1.0s)\n    --- PASS: TestA/one (0.5s)\n--- SKIP: TestB (0s)\nFAIL",
        );
        assert_eq!(Tally::of_go(&output), Tally { passed: 1, failed: 1, skipped: 1 });
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_counts_as_one() {
        let passed = Tally { passed: 2, failed: 0, skipped: 0 };
        assert_eq!(passed.honest(true), passed);
        assert_eq!(passed.honest(false), Tally { failed: 1, ..passed });
    }

    #[test]
    fn the_last_line_is_plain() {
        assert_eq!(Tally { passed: 2, failed: 0, skipped: 1 }.to_string(), "2 passed, 0 failed, 1 skipped");
    }
}
